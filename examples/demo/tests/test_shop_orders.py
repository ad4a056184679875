"""Placing, reading and moving one buyer's orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.demo.shop import service
from examples.demo.shop.model import (
    Line,
    NewOrder,
    OrderConflict,
    OrderKey,
    OrderNotFound,
    Page,
    Status,
    WrongStatus,
    total,
)

NOW = datetime(2024, 6, 1, 9, 30, 0)
LINES = (
    Line(1, "85048", '15CM "CHRISTMAS" GLASS BALL; 100% ', 12, Decimal("6.95")),
    Line(2, "22041", "RECORD FRAME 7\" 'SINGLE' SIZE", 3, Decimal("2.10")),
    Line(3, "POST", "Porto für 北京 😀", 1, Decimal("0.07")),
)


@pytest.fixture(scope="module")
def connection(open_example: Callable[[Path], Any]) -> Any:
    return open_example(Path(__file__).parents[1] / "shop")


def new_order(member_id: int, order_id: int, minutes: int = 0) -> NewOrder:
    return NewOrder(OrderKey(member_id, order_id), NOW + timedelta(minutes=minutes), "Côte d'Ivoire", LINES)


def test_a_placed_order_comes_back_with_its_lines(connection: Any) -> None:
    placed = service.place_order(connection, new_order(1, 11))
    assert placed.lines == LINES
    assert placed.order.amount == Decimal("89.77")
    assert placed.order.status is Status.NEW
    assert (placed.order.created_at, placed.order.country, placed.order.invoice) == (NOW, "Côte d'Ivoire", None)
    assert service.find_order(connection, OrderKey(1, 11)) == placed


def test_placing_twice_is_placing_once_also_after_a_step(connection: Any) -> None:
    service.place_order(connection, new_order(1, 12))
    service.advance_order(connection, OrderKey(1, 12), Status.PAID)
    again = service.place_order(connection, new_order(1, 12))
    assert again.order.status is Status.PAID
    assert again.lines == LINES


def test_another_order_under_a_taken_id_is_refused(connection: Any) -> None:
    service.place_order(connection, new_order(1, 13))
    with pytest.raises(OrderConflict):
        service.place_order(connection, replace(new_order(1, 13), lines=LINES[:2]))
    with pytest.raises(OrderConflict):
        service.place_order(connection, replace(new_order(1, 13), currency="EUR"))
    assert service.get_order(connection, OrderKey(1, 13)).lines == LINES


def test_an_order_whose_lines_fail_is_not_stored(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(
        "INSERT INTO t_order_item (memberId, orderId, lineNo, sku, description, quantity, price)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (1, 14, 2, "X", "in the way", 1, Decimal("1.00")),
    )
    with pytest.raises(OrderNotFound):
        service.place_order(connection, new_order(1, 14))
    stored = service.member_orders(connection, 1, Page(1, 1000))
    assert 14 not in [order.key.order_id for order in stored]


def test_lines_are_unique_priced_in_cents_and_at_least_one() -> None:
    with pytest.raises(ValueError, match="lines"):
        replace(new_order(1, 1), lines=())
    with pytest.raises(ValueError, match="lines"):
        replace(new_order(1, 1), lines=(LINES[0], LINES[0]))
    with pytest.raises(ValueError, match="cents"):
        replace(new_order(1, 1), lines=(replace(LINES[0], price=Decimal("0.001")),))


def test_total_is_exact() -> None:
    assert total(Line(n, "a", "b", 1, Decimal("0.10")) for n in range(1000)) == Decimal("100.00")


def test_a_buyers_pages_are_newest_first_and_complete(connection: Any) -> None:
    for number in range(7):
        service.place_order(connection, new_order(2, 20 + number, minutes=number // 2))
    pages = [service.member_orders(connection, 2, Page(number, 3)) for number in (1, 2, 3, 4)]
    assert [[order.key.order_id for order in page] for page in pages] == [[26, 25, 24], [23, 22, 21], [20], []]
    assert service.member_orders(connection, 3) == []


def test_pages_count_from_one() -> None:
    assert Page(3, 20).offset == 40
    for page in (Page(0, 20), Page(1, 0)):
        with pytest.raises(ValueError, match="at least 1"):
            assert page.offset


def test_steps_lead_from_new_to_paid_to_shipped(connection: Any) -> None:
    key = service.place_order(connection, new_order(4, 41)).order.key
    with pytest.raises(WrongStatus):
        service.advance_order(connection, key, Status.SHIPPED)
    assert service.advance_order(connection, key, Status.PAID).status is Status.PAID
    assert service.advance_order(connection, key, Status.PAID).status is Status.PAID
    assert service.advance_order(connection, key, Status.SHIPPED).status is Status.SHIPPED
    with pytest.raises(ValueError, match="cancel_order"):
        service.advance_order(connection, key, Status.CANCELLED)


def test_an_order_is_cancelled_until_it_is_shipped(connection: Any) -> None:
    key = service.place_order(connection, new_order(4, 42)).order.key
    assert service.cancel_order(connection, key).status is Status.CANCELLED
    assert service.cancel_order(connection, key).status is Status.CANCELLED
    shipped = service.place_order(connection, new_order(4, 43)).order.key
    service.advance_order(connection, shipped, Status.PAID)
    service.advance_order(connection, shipped, Status.SHIPPED)
    with pytest.raises(WrongStatus) as caught:
        service.cancel_order(connection, shipped)
    assert caught.value.status is Status.SHIPPED
    assert service.get_order(connection, shipped).order.status is Status.SHIPPED


def test_unknown_orders_are_refused(connection: Any) -> None:
    assert service.find_order(connection, OrderKey(404, 1)) is None
    with pytest.raises(OrderNotFound):
        service.cancel_order(connection, OrderKey(404, 1))
    service.place_order(connection, new_order(5, 51))
    with pytest.raises(OrderNotFound):
        service.get_order(connection, OrderKey(6, 51))
