"""What the grammar selects from: tables and joins that stay on one shard row by row, and their columns.

Invariant: every source's `unique` columns together are a key of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Col:
    """One column: how to write it, its kind, and values to compare it with."""

    sql: str
    kind: str
    values: Sequence[Any] = ()

    @property
    def name(self) -> str:
        """Its bare name."""
        return self.sql.split(".")[-1]


@dataclass(frozen=True, slots=True)
class Source:
    """A FROM clause and what can be selected from it."""

    sql: str
    key: str
    unique: tuple[str, ...]
    columns: tuple[Col, ...]
    group_keys: tuple[Col, ...]

    @property
    def numbers(self) -> tuple[Col, ...]:
        """Columns that can be summed."""
        return tuple(column for column in self.columns if column.kind in ("integer", "decimal", "double"))

    @property
    def conditions(self) -> tuple[Col, ...]:
        """Columns that WHERE may test; the shard key more often than the others."""
        tested = tuple(column for column in self.columns if column.values)
        keys = tuple(column for column in tested if column.sql == self.key)
        return tested + keys * (len(tested) // 4)


IDS = (1, 2, 3, 7, 20, 40, 77, -1, -5, 0, 123, "2", 9223372036854775807, 5555)
NAMES = ("a", "A ", "zoe", "o'brien", "東京", "", "b", "100%")

MEMBER = (
    Col("m.memberId", "integer", IDS),
    Col("m.memberName", "text", NAMES),
    Col("m.nick", "text", NAMES),
    Col("m.country", "text", ("CN", "de", "XX")),
    Col("m.level", "enum", ("gold", "bronze")),
    Col("m.tags", "set"),
    Col("m.balance", "decimal", ("0", "1.000001", "-1.000001", 12)),
    Col("m.score", "double", ("1.5", 2, 0)),
    Col("m.born", "date", ("1970-01-01", "2000-02-29")),
    Col("m.registered", "datetime", ("2024-02-01", "2024-01-31 23:59:59.999999")),
    Col("m.worked", "time", ("-01:00:00", "00:00:00")),
    Col("m.yr", "year", (2000, 2024)),
    Col("m.raw", "binary"),
    Col("m.note", "text"),
)
MEMBER_GROUPS = (
    *(column for column in MEMBER if column.name not in ("memberId", "raw", "yr")),
    Col("YEAR(m.born)", "expression"),
    Col("DATE(m.registered)", "expression"),
)
ORDER = (
    Col("o.memberId", "integer", IDS),
    Col("o.orderId", "integer", (1, 1001, 1050, 1100)),
    Col("o.status", "text", ("new", "PAID", "refund", "x")),
    Col("o.amount", "decimal", ("19.99", "0.01", 100, "-5.00")),
    Col("o.created_at", "datetime", ("2024-01-31", "2024-02-01 10:00:00", "2024-02-02")),
    Col("o.sellerId", "integer", (1, 3, 5)),
    Col("o.remark", "text", ("a", "coop", "ss", "é")),
)
ORDER_GROUPS = (
    *(column for column in ORDER if column.name not in ("memberId", "orderId")),
    Col("DATE(o.created_at)", "expression"),
    Col("MONTH(o.created_at)", "expression"),
    Col("o.orderId % 4", "expression"),
)
ITEM = (
    Col("i.itemId", "integer", (1, 2, 3)),
    Col("i.sku", "text", ("S-1", "u-1", "S-2")),
    Col("i.quantity", "integer", (1, 2, -1)),
    Col("i.price", "decimal", ("0.10", "19.99", 1)),
)
ITEM_GROUPS = tuple(column for column in ITEM if column.name != "price")
COUNTRY = (Col("c.name", "text", ("France", "中国")), Col("c.region", "text", ("Europe", "ASIA")))

BOUND = "o.memberId = i.memberId AND o.orderId = i.orderId"
ITEM_ID = (Col("i.memberId", "integer", IDS), Col("i.orderId", "integer", (1001, 1050)))
ORDER_ITEM = ("o.memberId", "o.orderId", "i.itemId")

SOURCES = (
    Source("member m", "m.memberId", ("m.memberId",), MEMBER, MEMBER_GROUPS),
    Source("t_order AS o", "o.memberId", ("o.memberId", "o.orderId"), ORDER, ORDER_GROUPS),
    Source("t_order_item i", "i.memberId", ("i.memberId", "i.orderId", "i.itemId"), ITEM_ID + ITEM, ITEM_GROUPS),
    Source(
        f"t_order o JOIN t_order_item i ON {BOUND}", "o.memberId", ORDER_ITEM, ORDER + ITEM, ORDER_GROUPS + ITEM_GROUPS
    ),
    Source(
        f"t_order o LEFT JOIN t_order_item i ON {BOUND}",
        "o.memberId",
        ORDER_ITEM,
        ORDER + ITEM,
        ORDER_GROUPS + ITEM_GROUPS,
    ),
    Source(
        "member m JOIN country c ON c.code = m.country",
        "m.memberId",
        ("m.memberId",),
        MEMBER + COUNTRY,
        MEMBER_GROUPS + COUNTRY,
    ),
    Source(
        "member m LEFT JOIN country c ON c.code = m.country",
        "m.memberId",
        ("m.memberId",),
        MEMBER + COUNTRY,
        MEMBER_GROUPS + COUNTRY,
    ),
)
