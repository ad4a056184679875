"""Nasty rows for the schema: NULLs, ties, mixed case, accents, blanks, control characters, long decimals, extremes.

Invariant: the same rows on every run and every flavor; nothing here asks a clock or an unseeded random.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

TEXTS = (
    "a", "A", "ä", "Ä", "á", "a ", "a  ", "a\t", "a\x01", "a\n", " a", "", " ", "ab", "aB", "b", "B", "ss", "ß", "SS",
    "co\u00adop", "coop", "co\u200bop", "Zoë", "zoe", "ZOE ", "東京", "东京", "とうきょう", "😀", "😀a", "😁",
    "O'Brien", "o'brien", "back\\slash", "100%", "100%s",
    "q?mark", ":name", "-- dash", "/* c */", '"quoted"', "`tick`", "İ", "ı",
    "i", "I", "Æ", "ae", "ﬁ", "fi", "ÿ", "y", "x\x7f", "x", "1", "10", "9", "Ⅷ", "é", "e\u0301",
)  # fmt: skip
"""Texts that collations treat in surprising ways. No NUL: MySQL allows it, terminals and diffs do not love it."""

MEMBER_IDS = (*range(1, 41), 123, 1000, 4294967296, 9007199254740993, 2**63 - 1, -(2**63), -1, -5, 0, 77, 78, 79)

MEMBER = (
    "memberId", "memberName", "nick", "country", "level", "tags", "balance", "score", "ratio", "born", "registered",
    "seen", "worked", "flags", "raw", "doc", "yr", "note",
)  # fmt: skip


@cache
def rows() -> dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]:
    """table -> (columns, rows), the same on every call."""
    dice = random.Random(20091201)
    orders = _orders(dice)
    order = ("memberId", "orderId", "status", "amount", "created_at", "sellerId", "remark")
    item = ("memberId", "orderId", "itemId", "sku", "quantity", "price")
    return {
        "member": (MEMBER, _members(dice)),
        "t_order": (order, orders),
        "t_order_item": (item, _items(dice, orders)),
        "coupon": (("code", "memberId", "amount"), COUPONS),
        "event": (("at", "seq", "memberId", "kind"), _events(dice)),
        "archive": (("memberId", "archiveId", "amount", "reason"), []),
        "badge": (("memberId", "badgeId", "title", "points"), [(7, 1, "Ärger ", None)]),
        "country": (("code", "name", "region"), COUNTRIES),
        "config": (("k", "v"), [("limit", "10"), ("motto", "it's 100% \\ ok"), ("empty", None)]),
    }


def _maybe(dice: random.Random, values: tuple[Any, ...], null: float = 0.15) -> Any:
    return None if dice.random() < null else dice.choice(values)


BALANCES = tuple(
    map(Decimal, ("0", "1.000001", "-1.000001", "99999999999999.999999", "-99999999999999.999999", "12.5", "0.000001"))
)
SCORES = (0.0, 1.5, -1.5, 0.1, 1e15, 3.141592653589793, 2.0, 1e-9)
RATIOS = (0.5, 1.25, -2.75, 3.0, 0.0)
BORN = tuple(date(*day) for day in ((1970, 1, 1), (2000, 2, 29), (1999, 12, 31), (1000, 1, 1), (9999, 12, 31)))
MOMENTS = (
    datetime(2024, 1, 31, 23, 59, 59, 999999),
    datetime(2024, 2, 1),
    datetime(2024, 2, 1, 0, 0, 0, 1),
    datetime(1999, 12, 31, 12),
)
SEEN = (datetime(2001, 9, 9, 1, 46, 40), datetime(2024, 2, 29, 12), datetime(2038, 1, 19, 3, 14, 7))
REPEATED = {77: datetime(2024, 10, 27, 0, 30), 78: datetime(2024, 10, 27, 1, 30), 79: datetime(2024, 10, 27, 1, 30, 1)}
"""Members who were seen in the hour that Central Europe has twice, in UTC: 2:30, 2:30 again, 2:30:01."""
WORKED = tuple(
    timedelta(**part)
    for part in (
        {"hours": -1},
        {"hours": 0},
        {"milliseconds": -1},
        {"hours": 838, "minutes": 59, "seconds": 59},
        {"hours": -838},
        {"hours": 9, "milliseconds": 500},
    )
)
DOCS = ('{"a": 1, "b": [1, 2, {"c": "é"}]}', "[]", '"text"', "null", '{"a": 10, "n": -0.5}')


def _members(dice: random.Random) -> list[tuple[Any, ...]]:
    members = []
    for number, member in enumerate(MEMBER_IDS):
        text = TEXTS[number % len(TEXTS)]
        nick = _maybe(dice, TEXTS)
        country = _maybe(dice, ("CN", "DE", "FR", "de", "XX", "GB"))
        level = _maybe(dice, ("bronze", "silver", "gold", "Äon"))
        tags = _maybe(dice, ("", "a", "b", "c", "c,a", "b,a", "c,b,a"))
        money = (_maybe(dice, BALANCES), _maybe(dice, SCORES), _maybe(dice, RATIOS))
        times = (_maybe(dice, BORN), _maybe(dice, MOMENTS), _maybe(dice, SEEN), _maybe(dice, WORKED))
        raw = _maybe(dice, (b"", b"\x00", b"\x00\xff", b"a", b"A", b"a ", b"\xff\xfe%s"))
        last = (_maybe(dice, (0, 1, 5, 128, 255)), raw, _maybe(dice, DOCS), _maybe(dice, (1901, 2000, 2155, 2024)))
        times = (*times[:2], REPEATED.get(member, times[2]), times[3])
        members.append((member, text, nick, country, level, tags, *money, *times, *last, _maybe(dice, TEXTS)))
    return members


def _orders(dice: random.Random) -> list[tuple[Any, ...]]:
    statuses = ("new", "NEW", "paid", "Paid", "paid ", "shipped", "refund")
    amounts = tuple(map(Decimal, ("0.00", "0.01", "19.99", "19.99", "-5.00", "100.00", "9999999999.99", "33.33")))
    times = tuple(datetime(2024, 1, 30) + timedelta(hours=7 * step) for step in range(16))
    orders = []
    for number in range(170):
        # Members 31 to 40 and a few others have no orders; members 1 to 3 have many.
        member = dice.choice((1, 2, 3, *MEMBER_IDS[:30], *MEMBER_IDS[40:47]))
        sellers, texts = _maybe(dice, (1, 2, 3, 4, 5)), _maybe(dice, TEXTS, 0.3)
        row = (member, 1000 + number, dice.choice(statuses), dice.choice(amounts), dice.choice(times), sellers, texts)
        orders.append(row)
    # The same orderId under two members: the key is (memberId, orderId).
    orders += [(1, 1, "new", Decimal("7.77"), times[0], None, None), (2, 1, "paid", Decimal("7.77"), times[0], 1, "a")]
    return orders


def _items(dice: random.Random, orders: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    prices = tuple(map(Decimal, ("0.10", "0.20", "1.05", "3.33", "19.99")))
    items = []
    for order in orders:
        for item in range(dice.choice((0, 0, 1, 2, 2, 3))):
            sku = dice.choice(("S-1", "s-1", "S-2", "Ü-1", "U-1", "S-1 "))
            items.append((order[0], order[1], item + 1, sku, dice.choice((1, 2, 3, -1, 12)), _maybe(dice, prices)))
    # Items whose order is not there: left joins from the items' side find nothing.
    items += [(5, 999001, 1, "S-9", 1, Decimal("1.00")), (2**63 - 1, 999002, 1, "S-9", 2, None)]
    return items


COUPONS: list[tuple[Any, ...]] = [
    ("abc", 1, Decimal("1.00")),
    ("ABC", 2, Decimal("2.00")),
    ("äbc", None, Decimal("3.50")),
    ("it's", 3, None),
    ("😀", 4, Decimal("-1.00")),
    ("100%s", 5, Decimal("0.01")),
]

COUNTRIES: list[tuple[Any, ...]] = [
    ("CN", "中国", "Asia"),
    ("DE", "Deutschland", "Europe"),
    ("FR", "France", "europe"),
    ("GB", "Great Britain", "Europe "),
    ("JP", "日本", "Asia"),
    ("ZZ", "Nowhere", None),
]


def _events(dice: random.Random) -> list[tuple[Any, ...]]:
    edges = [datetime(2023, 12, 31, 23, 59, 59), datetime(2024, 1, 1), datetime(2024, 2, 29, 12), datetime(2025, 3, 1)]
    moments = edges + [datetime(2024, 1, 15) + timedelta(days=11 * step) for step in range(18)]
    kinds = ("login", "Login", "pay", "ä")
    return [
        (moment, number, dice.choice(MEMBER_IDS[:10]), _maybe(dice, kinds)) for number, moment in enumerate(moments)
    ]
