"""The questions the demo asks twice: of sixteen databases through shardkit, and of one unsharded copy.

Invariant: every question has one right answer: each ORDER BY is total, so equal means equal row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from examples.demo.records import Dataset, Row

COLUMNS = "memberId, orderId, status, amount, currency, createdAt, country, invoice"
COLUMN_KINDS = ("", "", "", "cents", "", "moment", "", "")
NEWEST_FIRST = "ORDER BY createdAt DESC, orderId DESC"


@dataclass(frozen=True, slots=True)
class Question:
    """One SELECT. `kinds` says how the SQLite copy stores each result column: cents, moment, day, or as it is."""

    title: str
    sql: str
    params: Row
    kinds: tuple[str, ...]


def page(title: str, number: int, size: int = 20, where: str = "", params: tuple[Any, ...] = ()) -> Question:
    """A page of everybody's orders, the newest first; `where` is a fixed text with placeholders for `params`."""
    sql = f"SELECT {COLUMNS} FROM t_order {where} {NEWEST_FIRST} LIMIT %s OFFSET %s".replace("  ", " ")
    return Question(title, sql, (*params, size, (number - 1) * size), COLUMN_KINDS)


def everything() -> Question:
    """All orders in their total order."""
    return Question("all orders, in order", f"SELECT {COLUMNS} FROM t_order {NEWEST_FIRST}", (), COLUMN_KINDS)


def lines_of(record_key: tuple[int, int]) -> Question:
    """One order's lines with a fact of the order: a join of bound tables on one shard."""
    sql = (
        "SELECT o.createdAt, i.lineNo, i.sku, i.description, i.quantity, i.price FROM t_order o"
        " JOIN t_order_item i ON i.memberId = o.memberId AND i.orderId = o.orderId"
        " WHERE o.memberId = %s AND o.orderId = %s ORDER BY i.lineNo"
    )
    return Question("lines of one order (one shard)", sql, record_key, ("moment", "", "", "", "", "cents"))


def questions(data: Dataset) -> list[Question]:
    """All questions, fitted to the data: the deep page lies in the middle of the orders."""
    middle = max(1, len(data.records) // 40)
    biggest = max(data.records, key=lambda record: len(record.items))
    return [
        page("page 1 of all orders", 1),
        page(f"page {middle:,} of all orders", middle),
        page("page 3 of the cancelled ones", 3, where="WHERE status = %s", params=("cancelled",)),
        lines_of(biggest.key),
        Question(
            "sums by day",
            "SELECT DATE(createdAt) AS day, COUNT(*), SUM(amount) FROM t_order GROUP BY DATE(createdAt) ORDER BY day",
            (),
            ("day", "", "cents"),
        ),
        Question(
            "sums by country",
            "SELECT country, COUNT(*), SUM(amount), MIN(createdAt), MAX(amount) FROM t_order"
            " GROUP BY country ORDER BY country",
            (),
            ("", "", "cents", "moment", "cents"),
        ),
        Question(
            "orders by status",
            "SELECT status, COUNT(*) AS orders FROM t_order GROUP BY status ORDER BY status",
            (),
            ("", ""),
        ),
        Question(
            "lines, pieces and value of all items",
            "SELECT COUNT(*), SUM(quantity), SUM(quantity * price) FROM t_order_item",
            (),
            ("", "", "cents"),
        ),
        everything(),
    ]
