"""Segments of buyers, against plain Python over the same orders."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from examples.order_center.database import Row
from examples.order_center.models import ORDER_COLUMNS
from examples.order_center.segments import NAMES
from examples.order_center.tests.conftest import Shop

START = datetime(2024, 6, 1)
UNTIL = "2024-06-30"
STATUSES = ("paid", "shipped", "received", "closed", "created", "cancelled")


@pytest.fixture(scope="module")
def orders(shop: Shop) -> list[Row]:
    """Orders of 43 buyers, with ties in everything, put into the table as they are."""
    found: list[Row] = []
    for number in range(240):
        member = 1 + number * number % 43
        created = START + timedelta(days=number * 13 % 36)
        amount = Decimal(number * 37 % 400 + 1)
        status, currency = STATUSES[number % 6], "EUR" if number % 19 == 0 else "CNY"
        found.append((member, 1000 + number, 1, 9, status, 1, amount, currency, "CN", created, created))
    database = shop.api.app.state.database
    for row in found:
        shop.api.run(database.transact(lambda link, row=row: link.insert("t_order", ORDER_COLUMNS, [row])))
    return found


def fifths(values: dict[int, Any]) -> dict[int, int]:
    """NTILE(5) over the values, ties by member."""
    ranked = sorted(values, key=lambda member: (values[member], member))
    size, more = divmod(len(ranked), 5)
    tiles = [tile for tile in range(1, 6) for _ in range(size + (tile <= more))]
    return dict(zip(ranked, tiles, strict=True))


def named(recency: int, frequency: int, amount: int) -> str:
    """The segment of three scores."""
    if recency >= 4 and frequency >= 4 and amount >= 4:
        return "champions"
    if recency >= 3 and frequency >= 4:
        return "loyal"
    if recency >= 3 and amount >= 4:
        return "big-spenders"
    if recency >= 4 and frequency <= 2:
        return "new"
    if recency <= 2:
        return "at-risk" if frequency >= 4 or amount >= 4 else "hibernating"
    return "regular"


@pytest.fixture(scope="module")
def expected(orders: list[Row]) -> dict[str, list[tuple[Decimal, int, int]]]:
    """The members of each segment as (amount, member, orders), those who spent most first."""
    end = datetime.fromisoformat(UNTIL) + timedelta(days=1)
    sums: dict[int, list[Row]] = defaultdict(list)
    for row in orders:
        if row[4] in STATUSES[:4] and row[7] == "CNY" and row[9] < end:
            sums[row[0]].append(row)
    recency = fifths({member: max(row[9] for row in rows) for member, rows in sums.items()})
    frequency = fifths({member: len(rows) for member, rows in sums.items()})
    spent = {member: sum((row[6] for row in rows), Decimal(0)) for member, rows in sums.items()}
    amount = fifths(spent)
    found: dict[str, list[tuple[Decimal, int, int]]] = {name: [] for name in NAMES}
    for member, rows in sums.items():
        found[named(recency[member], frequency[member], amount[member])].append((spent[member], member, len(rows)))
    return {name: sorted(members, reverse=True) for name, members in found.items()}


def test_segments_are_cut_over_all_shards(shop: Shop, expected: dict[str, list[tuple[Decimal, int, int]]]) -> None:
    found = shop.api.get(f"/segments?asOf={UNTIL}")
    assert [segment["segment"] for segment in found] == list(NAMES)
    assert sum(1 for members in expected.values() if members) >= 5
    for segment in found:
        members = expected[segment["segment"]]
        assert segment["members"] == len(members)
        assert segment["orders"] == sum(count for _, _, count in members)
        assert Decimal(segment["amount"]) == sum(amount for amount, _, _ in members)


def test_members_of_a_segment_come_page_by_page(
    shop: Shop, expected: dict[str, list[tuple[Decimal, int, int]]]
) -> None:
    for name in ("loyal", "hibernating"):
        found, cursor = [], ""
        for _ in range(100):
            page = shop.api.get(f"/segments/{name}/members?asOf={UNTIL}&limit=2{cursor}")
            found += [(Decimal(one["amount"]), int(one["memberId"]), one["orders"]) for one in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == expected[name]


def test_orders_of_today_count_from_tomorrow_on(shop: Shop, orders: list[Row]) -> None:
    shop.offer("mug", seller=1, pieces=5)
    shop.move(shop.order(999, {"mug": 1}), "pay")
    today = datetime.now(UTC).date()
    counts = [sum(one["members"] for one in shop.api.get(path)) for path in ("/segments", f"/segments?asOf={today}")]
    assert counts[1] == counts[0] + 1
    assert "champions" in shop.api.get("/segments/nobody/members", status=404)["detail"]


def test_days_that_no_calendar_has_are_refused(shop: Shop) -> None:
    for day in ("9999-12-31", "0999-12-31", "2024-02-30", "yesterday"):
        shop.api.get(f"/segments?asOf={day}", status=422)
    for day in ("9999-12-30", "1000-01-01"):
        shop.api.get(f"/segments?asOf={day}")


def test_nobody_spends_money_with_cents(shop: Shop) -> None:
    assert {one["amount"] for one in shop.api.get("/segments?asOf=2000-01-01")} == {"0.00"}
