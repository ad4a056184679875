"""What a statement answers: columns, rows and counts, or an error. Read from any DB-API connection.

Invariant: an answer holds everything that is compared, so that comparing never talks to a server about rows again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from shardkit.errors import Error, NotSupportedError
from shardkit.values import Params, Row


class Cursor(Protocol):
    """The part of PEP 249's cursor that comparing needs; every driver's has it."""

    @property
    def description(self) -> Any:
        """Seven-tuples, or None for a statement without rows."""

    @property
    def rowcount(self) -> Any:
        """Affected rows."""

    @property
    def lastrowid(self) -> Any:
        """The id that an INSERT made."""

    def execute(self, query: str, args: Any = None) -> Any:
        """Run one statement."""

    def fetchmany(self, size: int) -> Any:
        """At most `size` more rows."""

    def fetchall(self) -> Any:
        """All rows that are left."""

    def close(self) -> Any:
        """End the result."""


class Connection(Protocol):
    """The part of PEP 249's connection that comparing needs."""

    def cursor(self) -> Any:
        """A new cursor."""

    def close(self) -> Any:
        """Close it."""


FAMILIES: dict[int, str] = {
    **dict.fromkeys((1, 2, 3, 8, 9), "integer"),
    **dict.fromkeys((0, 246), "decimal"),
    **dict.fromkeys((4, 5), "float"),
    **dict.fromkeys((15, 249, 250, 251, 252, 253, 254, 247, 248), "text"),
    **dict.fromkeys((10, 14), "date"),
    6: "null",
    7: "timestamp",
    11: "time",
    12: "datetime",
    13: "integer",  # YEAR(x) is a YEAR or an INT, depending on whether MySQL used a temporary table; both show numbers
    16: "bit",
    245: "json",
}
"""MySQL's type codes as the families that a client can tell apart."""

SCALED = frozenset({"decimal", "float", "time", "datetime", "timestamp"})
TOO_MANY_ROWS = 1041
"""The number of the failure of an answer that is longer than was asked for."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One column as the client sees it. `scale` is the decimals of types that have them, else None."""

    name: str
    family: str
    scale: int | None

    def __str__(self) -> str:
        return f"{self.name} {self.family}" + (f"({self.scale})" if self.scale is not None else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """A statement that succeeded."""

    columns: tuple[Shown, ...]
    rows: tuple[Row, ...]
    rowcount: int
    lastrowid: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A statement that raised. `refused` is shardkit's typed refusal."""

    errno: int
    text: str
    refused: bool = False


def shown(description: Any) -> tuple[Shown, ...]:
    """PEP 249's description as compared columns; a type that is not known stays a family of its own."""
    if description is None:
        return ()
    columns = []
    for column in description:
        family = FAMILIES.get(column[1], f"type {column[1]}")
        columns.append(Shown(column[0], family, column[5] if family in SCALED else None))
    return tuple(columns)


def ask(connection: Connection, sql: str, params: Params = None, most: int | None = None) -> Answer | Failure:
    """Run one statement and read all of it, but at most `most` rows: a longer answer is a Failure.

    Errors of shardkit.errors become a Failure, others (bugs) pass.
    """
    cursor: Cursor | None = None
    try:
        cursor = connection.cursor()
        cursor.execute(sql, params)
        columns = shown(cursor.description)
        rows = _rows(cursor, most) if columns else ()
        if rows is None:
            return Failure(TOO_MANY_ROWS, f"more than {most} rows")
        # PyMySQL says None where it knows of no id, MySQL's protocol says 0.
        return Answer(columns, rows, cursor.rowcount, cursor.lastrowid or 0)
    except NotSupportedError as error:
        return Failure(error.errno, str(error), refused=True)
    except Error as error:
        return Failure(error.errno, str(error))
    finally:
        if cursor is not None:
            cursor.close()


def _rows(cursor: Cursor, most: int | None) -> tuple[Row, ...] | None:
    """All rows, or None when there are more than `most`."""
    if most is None:
        return tuple(cursor.fetchall())
    rows: list[Row] = []
    while part := cursor.fetchmany(min(1000, most + 1 - len(rows))):
        rows += part
        if len(rows) > most:
            return None
    return tuple(rows)
