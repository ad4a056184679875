"""The unsharded copy: the same rows in one database, asked through the bare driver. It knows nothing of shardkit.

On SQLite, money is stored as whole pennies and times as ISO text, so its sums are exact without any help of ours.
Invariant: an answer holds the Python values that PyMySQL would give.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from examples import mysql
from examples.demo.load import insert_text
from examples.demo.questions import Question
from examples.demo.records import ITEM_COLUMNS, ORDER_COLUMNS, Record, Row

PORTION = 500
SQLITE_SCHEMA = """
CREATE TABLE t_order (
  memberId INTEGER, orderId INTEGER, status TEXT, amount INTEGER, currency TEXT, createdAt TEXT, country TEXT,
  invoice TEXT, PRIMARY KEY (memberId, orderId));
CREATE INDEX t_order_createdAt ON t_order (createdAt, orderId);
CREATE INDEX t_order_status ON t_order (status, createdAt, orderId);
CREATE TABLE t_order_item (
  memberId INTEGER, orderId INTEGER, lineNo INTEGER, sku TEXT, description TEXT, quantity INTEGER, price INTEGER,
  PRIMARY KEY (memberId, orderId, lineNo));
"""


class Copy(Protocol):
    """One unsharded copy."""

    def insert(self, records: Sequence[Record], tick: Callable[[int], None]) -> None:
        """Store the records in one transaction; `tick` gets rows stored."""

    def ask(self, question: Question) -> list[Row]:
        """All rows of the answer."""

    def close(self) -> None:
        """Let go of the database."""


class SqliteCopy:
    """The copy as one SQLite file. The file must not exist."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise FileExistsError(path)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(SQLITE_SCHEMA)

    def insert(self, records: Sequence[Record], tick: Callable[[int], None]) -> None:
        """See Copy."""
        orders, items = insert_text("t_order", ORDER_COLUMNS), insert_text("t_order_item", ITEM_COLUMNS)
        self._connection.execute("BEGIN")
        for start in range(0, len(records), PORTION):
            part = records[start : start + PORTION]
            rows = [_stored(item) for record in part for item in record.items]
            self._connection.executemany(_marks(orders), [_stored(record.order) for record in part])
            self._connection.executemany(_marks(items), rows)
            tick(len(part) + len(rows))
        self._connection.execute("COMMIT")

    def ask(self, question: Question) -> list[Row]:
        """See Copy."""
        found = self._connection.execute(_marks(question.sql), question.params)
        readers = [READERS[kind] for kind in question.kinds]
        return [
            tuple(None if value is None else read(value) for read, value in zip(readers, row, strict=True))
            for row in found
        ]

    def close(self) -> None:
        """See Copy."""
        self._connection.close()


class MySqlCopy:
    """The copy as one MySQL database with the shop's own tables."""

    def __init__(self, url: str, database: str, schema: str) -> None:
        with mysql.connect(url) as server, server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{database}`")
        self._connection = mysql.connect(url, database)
        with self._connection.cursor() as cursor:
            for statement in statements(schema):
                cursor.execute(statement)

    def insert(self, records: Sequence[Record], tick: Callable[[int], None]) -> None:
        """See Copy."""
        orders, items = insert_text("t_order", ORDER_COLUMNS), insert_text("t_order_item", ITEM_COLUMNS)
        self._connection.begin()
        with self._connection.cursor() as cursor:
            for start in range(0, len(records), PORTION):
                part = records[start : start + PORTION]
                rows = [item for record in part for item in record.items]
                cursor.executemany(orders, [record.order for record in part])
                cursor.executemany(items, rows)
                tick(len(part) + len(rows))
        self._connection.commit()

    def ask(self, question: Question) -> list[Row]:
        """See Copy."""
        with self._connection.cursor() as cursor:
            cursor.execute(question.sql, question.params)
            return list(cursor.fetchall())

    def close(self) -> None:
        """See Copy."""
        self._connection.close()


def statements(schema: str) -> list[str]:
    """The statements of a schema file of ours: no semicolon in texts, comments on lines of their own."""
    lines = [line for line in schema.splitlines() if not line.lstrip().startswith("--")]
    return [text.strip() for text in "\n".join(lines).split(";") if text.strip()]


def _cents(value: int) -> Decimal:
    return Decimal(value).scaleb(-2)


def _same(value: Any) -> Any:
    return value


READERS: dict[str, Callable[[Any], Any]] = {
    "": _same,
    "cents": _cents,
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
}


def _stored(row: Row) -> Row:
    return tuple(_stored_value(value) for value in row)


def _stored_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value.scaleb(2))
    return value.isoformat(" ") if isinstance(value, datetime) else value


def _marks(sql: str) -> str:
    return sql.replace("%s", "?")
