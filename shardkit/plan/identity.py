"""How the rows of one written table are told apart and found again: by primary key, on the shard of their shard key.

Invariant: two rows with one identity are one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shardkit.errors import CrossShardRefused
from shardkit.flow import Column, Family, TableInfo, Target
from shardkit.rewrite import quote
from shardkit.route import Router
from shardkit.rules import BroadcastTable, ShardedTable
from shardkit.values import PhysicalTable, Row

_FIRM = frozenset({
    Family.INTEGER, Family.DECIMAL, Family.TEXT, Family.BINARY, Family.DATE, Family.DATETIME, Family.TIME, Family.YEAR,
    Family.ENUM,
})  # fmt: skip
"""Types whose values, given back to a server, find the rows they came from."""


class Identity:
    """The identity of the rows of one table use: `key` (the primary key) and the shard key."""

    def __init__(self, router: Router, use: int, info: TableInfo) -> None:
        self.use, self.table, self.info = use, router.tables[use], info
        self.router = router
        by_name = {column.name.lower(): column for column in info.columns}
        self.key = tuple(by_name[name.lower()] for name in info.primary_key)
        sharding = self.table.sharding.columns if isinstance(self.table, ShardedTable) else ()
        held = {column.name.lower() for column in self.key}
        self.shard_key = tuple(dict.fromkeys(sharding))
        self.columns: tuple[Column, ...] = (
            *self.key, *(by_name[name] for name in self.shard_key if name not in held),
        )  # fmt: skip
        loose = next((column for column in self.key if column.family not in _FIRM), None)
        if not self.key or loose is not None:
            problem = "it has no primary key" if loose is None else f"its key {loose.name} is {loose.type_text}"
            raise CrossShardRefused(
                f"a write that must find rows of {self.table.name} first", why=problem,
                instead="a primary key of numbers, texts or dates, or a write that names one shard",
            )  # fmt: skip

    @property
    def name(self) -> str:
        """What the statement calls the table."""
        use = self.router.statement.tables[self.use]
        return use.alias or use.name

    @property
    def key_names(self) -> tuple[str, ...]:
        """The primary key's columns."""
        return tuple(column.name for column in self.key)

    def items(self) -> list[str]:
        """The select items that give `columns`."""
        return [f"{quote(self.name)}.{quote(column.name)}" for column in self.columns]

    def slot(self, row: Sequence[Any]) -> int:
        """Where a row with these values of `columns` belongs; 0 for tables without slots. Raises ShardKeyError."""
        if not isinstance(self.table, ShardedTable):
            return 0
        values = {column.name.lower(): value for column, value in zip(self.columns, row, strict=True)}
        return self.router.slot_of(self.use, {name: values[name] for name in self.shard_key})

    def places(self, slot: int) -> tuple[PhysicalTable, ...]:
        """The physical tables that hold a row of this slot: several for a broadcast table."""
        match self.table:
            case ShardedTable():
                return (self.table.layout.place(slot, self.table.name),)
            case BroadcastTable():
                return tuple(PhysicalTable(shard, self.table.name) for shard in self.table.layout.shards)
            case _:
                return (PhysicalTable(self.table.shard, self.table.name),)

    def target(self, place: PhysicalTable, slot: int) -> Target:
        """The place as a target of the statement's text, in which only this table stands."""
        names = [use.name for use in self.router.statement.tables]
        names[self.use] = place.name
        return Target(place.shard, slot, tuple(names))


def key_of(identity: Identity, row: Row) -> Row:
    """The primary key among the values of `identity.columns`."""
    return row[: len(identity.key)]
