"""Rows whose shard key an UPDATE has changed where they lie: how they are read, deleted, and put where they belong.

The shard that held the row has computed all its new values, so the row travels whole and every column as it is.
Invariant: a row leaves its place only in the transaction that puts it into the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from shardkit.federate import spelling
from shardkit.flow import Column, Family, Move, Task
from shardkit.plan.identity import Identity, key_of
from shardkit.rewrite import among, bound, quote, runs
from shardkit.rules import ShardedTable
from shardkit.values import PhysicalTable, Row

MOST = 200


class Moved(NamedTuple):
    """Rows that leave one place, by their new keys."""

    mover: Mover
    place: PhysicalTable
    keys: Sequence[Row]

    def moves(self) -> Iterable[Move]:
        """What moves them, some at a time."""
        return (self.mover.move(self.place, run) for run in runs(self.keys, MOST))


class Mover:
    """Moves rows of one table."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.columns = tuple(column for column in identity.info.columns if not column.generated)
        names = [column.name.lower() for column in self.columns]
        place = identity.places(0)[0]
        self._embedded = identity.router.rules.servers[place.shard.server].embedded
        self._at = [names.index(column.name.lower()) for column in identity.columns]

    def moved(self, rows: Iterable[tuple[int, Row]]) -> list[Moved]:
        """Of rows given as (slot, new values of `identity.columns`) those that belong elsewhere now."""
        table = self.identity.table
        assert isinstance(table, ShardedTable)
        leaving: dict[int, list[Row]] = {}
        for slot, new in rows:
            if self.identity.slot(new) != slot:
                leaving.setdefault(slot, []).append(new)
        return [Moved(self, table.layout.place(slot, table.name), keys) for slot, keys in leaving.items()]

    def move(self, place: PhysicalTable, keys: Sequence[Row]) -> Move:
        """The statements for some rows of one place."""
        where, args = among(self.identity.key_names, [key_of(self.identity, key) for key in keys])
        table = _name(place)
        items = ", ".join(spelling(column, self._embedded) for column in self.columns)
        read = Task(place.shard, f"SELECT {items} FROM {table} WHERE {where}", args)
        return Move(read, len(keys), Task(place.shard, f"DELETE FROM {table} WHERE {where}", args), self.place)

    def place(self, rows: Sequence[Row]) -> tuple[Task, ...]:
        """The statements that put rows, as `move` reads them, where they belong."""
        found: dict[int, list[Row]] = {}
        for row in rows:
            found.setdefault(self._slot(row), []).append(row)
        return tuple(task for slot, mine in found.items() for task in self._inserts(slot, mine))

    def _slot(self, row: Row) -> int:
        return self.identity.slot([row[at] for at in self._at])

    def _inserts(self, slot: int, rows: Sequence[Row]) -> Iterable[Task]:
        table = self.identity.table
        assert isinstance(table, ShardedTable)
        place = table.layout.place(slot, table.name)
        names = ", ".join(quote(column.name).replace("%", "%%") for column in self.columns)
        for run in runs(rows, MOST):
            cells = [self._cell(column, value) for row in run for column, value in zip(self.columns, row, strict=True)]
            width = len(self.columns)
            lists = (", ".join(sql for sql, _ in cells[at : at + width]) for at in range(0, len(cells), width))
            sql = f"INSERT INTO {_name(place)} ({names}) VALUES {', '.join(f'({one})' for one in lists)}"
            yield Task(place.shard, sql, tuple(value for _, value in cells))

    def _cell(self, column: Column, value: Any) -> tuple[str, Any]:
        """A value as `spelling` reads it, as SQL that stores it where the session's time zone is UTC."""
        if column.family is Family.TIMESTAMP and value is not None and not self._embedded:
            return ("FROM_UNIXTIME(%s)", value) if Decimal(value) else ("%s", "0000-00-00 00:00:00")
        return "%s", bound(value)


def _name(place: PhysicalTable) -> str:
    return f"{quote(place.shard.database)}.{quote(place.name)}".replace("%", "%%")
