"""The tables of the differential world as the fuzzer sees them: columns with kinds, unique keys, sizes.

A kind says which expressions and comparisons a column takes: id (huge integers), int, dec, dbl (inexact sums), flt,
text, str (computed ASCII text without case), enum, set, bin, bit, json, date, dt, ts, time, year.
Invariant: the columns of `unique` together tell a table's rows apart and can be sorted by.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

SAMPLES: dict[str, tuple[Any, ...]] = {
    "id": (1, 2, 3, 7, 1001, 1050, 20, 77, -1, 0, 5, "2", 9223372036854775807, -9223372036854775808, 4294967296),
    "int": (1, 2, 3, 0, -1, 12, "1", Decimal("1.5"), 5, None, True, 2.0),
    "dec": (Decimal("19.99"), 0, Decimal("0.01"), 100, "-5.00", Decimal("1.000001"), "33.33", 1, 19.99, None),
    "dbl": ("1.5", 2, 0, Decimal("-1.5"), "abc"),
    "flt": (Decimal("0.5"), 1, "1.25", 0),
    "text": (
        "a",
        "A ",
        "zoe",
        "o'brien",
        "東京",
        "",
        "b",
        "100%",
        "paid",
        "NEW",
        "S-1",
        "ä",
        "coop",
        "ss",
        "😀",
        "1",
        0,
        None,
        "%s",
        "Zoë",
    ),
    "str": ("1", "a", "", "10", "2024-01", "7E"),
    "enum": ("gold", "bronze", "äon", "none", 2),
    "set": ("a", "a,b", "", "c"),
    "bin": (b"a", b"", b"\x00\xff", "a"),
    "bit": (0, 1, 5, 128),
    "json": ("[]", "null"),
    "date": ("2000-02-29", date(1999, 12, 31), "1970-01-01", "1999-12-31", "2024-02-01"),
    "dt": (
        "2024-02-01",
        datetime(2024, 2, 1, 12),
        date(2024, 2, 2),
        "2024-01-31 23:59:59.999999",
        "2024-02-01 10:00:00",
        "2024-02-29 12:00:00",
        "1999-12-31",
    ),
    "ts": ("2024-02-29 12:00:00", "2001-09-09", "2038-01-01"),
    "time": ("00:00:00", "-01:00:00", "09:00:00", "838:59:59"),
    "year": (2000, 2024, "1901", 0),
}
"""Values to compare with, by kind: some match, some do not, some are of another type."""


@dataclass(frozen=True, slots=True)
class Col:
    """One column: how to write it, its kind, and the column of the world's schema that tells its collation."""

    sql: str
    kind: str
    collated: str = ""

    @property
    def bare(self) -> str:
        """Its name alone."""
        return self.sql.rsplit(".", maxsplit=1)[-1]

    def of(self, table: str) -> Col:
        """The column written with its table."""
        return replace(self, sql=f"{table}.{self.bare}")


@dataclass(frozen=True, slots=True)
class Table:
    """What can stand in FROM: a table's name, or a query in brackets. `size` is about how many rows it has."""

    sql: str
    columns: tuple[Col, ...]
    unique: tuple[str, ...] = ()
    size: int = 10
    stored: bool = True
    indexes: tuple[str, ...] = field(default=())


def _table(name: str, columns: str, unique: str, size: int, indexes: tuple[str, ...] = ("PRIMARY",)) -> Table:
    found = []
    for part in columns.split():
        column, kind, *collated = part.split(":")
        texts = kind in ("text", "enum", "set")
        found.append(Col(column, kind, collated[0] if collated else column if texts else ""))
    return Table(name, tuple(found), tuple(unique.split()), size, indexes=indexes)


ORDER = _table(
    "t_order",
    "memberId:id orderId:id status:text amount:dec created_at:dt sellerId:int remark:text",
    "memberId orderId", 172, ("by_time", "PRIMARY"),
)  # fmt: skip
ITEM = _table(
    "t_order_item",
    "memberId:id orderId:id itemId:int sku:text quantity:int price:dec",
    "memberId orderId itemId", 260,
)  # fmt: skip
MEMBER = _table(
    "member",
    "memberId:id memberName:text nick:text country:text level:enum tags:set balance:dec score:dbl ratio:flt born:date "
    "registered:dt seen:ts worked:time flags:bit raw:bin doc:json yr:year note:text",
    "memberId", 47,
)  # fmt: skip
COUPON = _table("coupon", "code:text memberId:id amount:dec", "code", 6)
EVENT = _table("event", "at:dt seq:int memberId:id kind:text", "at seq", 22)
ARCHIVE = _table("archive", "memberId:id archiveId:id amount:dec reason:text", "memberId archiveId", 1)
BADGE = _table("badge", "memberId:id badgeId:id title:text points:int", "memberId badgeId", 1)
COUNTRY = _table("country", "code:text:name name:text region:text", "code", 6)
CONFIG = _table("config", "k:text v:text", "k", 3)

TABLES = (ORDER, MEMBER, ITEM, *(ORDER, MEMBER, ITEM, EVENT) * 3, COUPON, COUNTRY, CONFIG, ARCHIVE, BADGE)
"""Every table; those with most rows more often."""

SHARED = {
    ("t_order", "t_order_item"): ("memberId", "orderId"),
    ("t_order", "coupon"): ("memberId", "amount"),
    ("member", "coupon"): ("memberId",),
    ("member", "event"): ("memberId",),
    ("coupon", "event"): ("memberId",),
    ("t_order", "archive"): ("memberId", "amount"),
    ("t_order_item", "badge"): ("memberId",),
    ("member", "badge"): ("memberId",),
}
"""The columns that two tables have in common: NATURAL joins and USING."""
