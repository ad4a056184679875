"""What a statement answers: columns, rows and counts, or an error. Read from any DB-API connection.

Invariant: an answer holds everything that is compared, so that comparing never talks to a server about rows again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import pymysql

from shardkit import errors
from shardkit.values import Row

Params: TypeAlias = Sequence[Any] | Mapping[str, Any] | None


class Cursor(Protocol):
    """The part of PEP 249's cursor that the tests use; PyMySQL's and shardkit's both have it."""

    @property
    def description(self) -> Any: ...
    @property
    def rowcount(self) -> Any: ...
    @property
    def lastrowid(self) -> Any: ...
    def execute(self, query: str, args: Any = None) -> Any: ...
    def fetchall(self) -> Any: ...
    def close(self) -> Any: ...


class Connection(Protocol):
    """The part of PEP 249's connection that the tests use."""

    def cursor(self) -> Any: ...
    def close(self) -> Any: ...


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
WRONG_PARAMETERS = 1210
"""MySQL's number for a wrong count of parameters. PyMySQL formats them itself and raises errors without a number."""

SCALED = frozenset({"decimal", "float", "time", "datetime", "timestamp"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One column as the client sees it. `scale` is the decimals of types that have them, else None."""

    name: str
    family: str
    scale: int | None


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
    """PEP 249's description as compared columns; a column without a known type is a mistake of its own."""
    if description is None:
        return ()
    columns = []
    for column in description:
        family = FAMILIES.get(column[1], f"type {column[1]}")
        columns.append(Shown(column[0], family, column[5] if family in SCALED else None))
    return tuple(columns)


def ask(connection: Connection, sql: str, params: Params = None) -> Answer | Failure:
    """Run one statement and read all of it. Errors of the database become a Failure, others (bugs) pass."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, params)
        columns = shown(cursor.description)
        rows = tuple(cursor.fetchall()) if columns else ()
        # PyMySQL says None where it knows of no id, MySQL's protocol says 0.
        return Answer(columns, rows, cursor.rowcount, cursor.lastrowid or 0)
    except errors.NotSupportedError as error:
        return Failure(error.errno, str(error), refused=True)
    except errors.Error as error:
        return Failure(error.errno, str(error))
    except pymysql.MySQLError as error:
        number = error.args[0] if error.args else None
        return Failure(number if isinstance(number, int) else WRONG_PARAMETERS, str(error))
    except (TypeError, KeyError) as error:
        if not isinstance(connection, pymysql.Connection):
            raise
        return Failure(WRONG_PARAMETERS, f"{type(error).__name__}: {error}")
    finally:
        cursor.close()
