"""Questions about all buyers, checked against plain Python over the same orders."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.demo.shop import overview, service
from examples.demo.shop.model import Line, NewOrder, Order, OrderKey, Page, Status

START = datetime(2024, 6, 1)
COUNT = 60


@pytest.fixture(scope="module")
def connection(open_example: Callable[[Path], Any]) -> Any:
    return open_example(Path(__file__).parents[1] / "shop")


def place(connection: Any, number: int) -> Order:
    """Order `number`: ties in time, two currencies, every fifth cancelled and every third paid."""
    line = Line(1, "sku", "a thing", 1 + number % 4, Decimal(number * 37 % 1000).scaleb(-2))
    new = NewOrder(
        OrderKey(number * 31 % 17, 1000 + number),
        START + timedelta(hours=number // 3 * 3),
        ("France", "Österreich", "日本")[number % 3],
        (line,),
        currency="EUR" if number % 7 == 0 else "GBP",
    )
    order = service.place_order(connection, new).order
    if number % 5 == 0:
        return service.cancel_order(connection, order.key)
    return service.advance_order(connection, order.key, Status.PAID) if number % 3 == 0 else order


@pytest.fixture(scope="module")
def orders(connection: Any) -> list[Order]:
    """All stored orders, the newest first."""
    placed = [place(connection, number) for number in range(COUNT)]
    return sorted(placed, key=lambda order: (order.created_at, order.key.order_id), reverse=True)


def test_pages_of_all_buyers_put_together_are_all_orders(connection: Any, orders: list[Order]) -> None:
    pages = [overview.recent_orders(connection, Page(number, 7)) for number in range(1, 11)]
    assert [order for page in pages for order in page] == orders
    assert len(pages[8]) == COUNT % 7
    assert pages[9] == []


def test_pages_by_status(connection: Any, orders: list[Order]) -> None:
    cancelled = [order for order in orders if order.status is Status.CANCELLED]
    assert overview.orders_by_status(connection, Status.CANCELLED, Page(1, 100)) == cancelled
    assert overview.orders_by_status(connection, Status.CANCELLED, Page(2, 5)) == cancelled[5:10]
    assert overview.orders_by_status(connection, Status.SHIPPED) == []


def test_sums_by_day_leave_out_what_was_cancelled(connection: Any, orders: list[Order]) -> None:
    sums: dict[tuple[date, str], list[Decimal]] = defaultdict(list)
    since, until = START + timedelta(hours=6), START + timedelta(days=2)
    for order in orders:
        if order.status is not Status.CANCELLED and since <= order.created_at < until:
            sums[order.created_at.date(), order.currency].append(order.amount)
    expected = [(*key, len(amounts), sum(amounts)) for key, amounts in sorted(sums.items())]
    assert [tuple(row) for row in overview.sums_by_day(connection, since, until)] == expected


def test_sums_by_country(connection: Any, orders: list[Order]) -> None:
    sums: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for order in orders:
        if order.status is not Status.CANCELLED:
            sums[order.country, order.currency].append(order.amount)
    expected = [(*key, len(amounts), sum(amounts)) for key, amounts in sorted(sums.items())]
    found = overview.sums_by_country(connection, START, START + timedelta(days=99))
    assert [tuple(row) for row in found] == expected
    assert overview.sums_by_country(connection, START - timedelta(days=9), START) == []


def test_counts_by_status_name_every_status(connection: Any, orders: list[Order]) -> None:
    counted = Counter(order.status for order in orders)
    assert overview.counts_by_status(connection) == {status: counted[status] for status in Status}
