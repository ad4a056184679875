"""Where a statement goes when a hint says so: `shard=` names the place, `key=` a value of the shard key.

The hint stands instead of the statement's conditions: every sharded table is taken to be what lies on the slots that
were said, whatever the WHERE says of its shard key. Other tables are read as always.
Invariant: no row is written on a slot where a search by its shard key would not look for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from shardkit.errors import HintError, NotSupportedError
from shardkit.flow import Hints, Kind, Literal, Route
from shardkit.route.router import Router, Unit
from shardkit.route.solve import equal
from shardkit.rules import BroadcastTable, Rules, ShardedTable
from shardkit.values import Params, ShardId


class Placement(NamedTuple):
    """What the hints of one execution mean for the tables of its statement."""

    slots: tuple[frozenset[int], ...]  # of each table use; empty for a table without slots
    shard: ShardId | None  # the database that was named, by a slot of these tables or itself
    named: bool  # a place was named, and not a key
    said: str


class Placed(Router):
    """Routes executions of one statement to one placement."""

    def __init__(self, router: Router, placement: Placement) -> None:
        self.__dict__.update(router.__dict__)
        self._point = None
        self.placement = placement
        self.chosen = placement.named

    def route(self, params: Params, prefer: Collection[ShardId]) -> Route:
        """The targets that were said. Raises HintError, NotSupportedError, and what routing raises."""
        _, shard, named, said = self.placement
        written = [self.tables[use.index] for use in self.statement.tables if use.written]
        if named and self.statement.kind is not Kind.SELECT:
            for table in written:
                if isinstance(table, BroadcastTable):
                    raise NotSupportedError(
                        f"a write on one copy of broadcast table {table.name}", where=said,
                        why="its copies would differ", instead="the write without the hint: it reaches every copy",
                    )  # fmt: skip
        near = prefer if shard is None else (shard,)
        found = super().route(params, near)
        return found._replace(reason=f"{said}; {found.reason}") if self.sharded or shard is not None else found

    def use_slots(self, use: int, params: Params) -> frozenset[int]:
        """The slots that were said."""
        return self.placement.slots[use]

    def unit_slots(self, unit: Unit, params: Params) -> frozenset[int]:
        """The slots that were said: tables joined on their shard keys have the same ones."""
        first, *others = (self.placement.slots[use] for use in unit.uses)
        return first.intersection(*others)

    def slot_of(self, use: int, values: Mapping[str, Any]) -> int:
        """The slot of a row, which must be among those that were said. Raises HintError, ShardKeyError."""
        slot = super().slot_of(use, values)
        if slot not in self.placement.slots[use]:
            table = self.tables[use]
            assert isinstance(table, ShardedTable)
            raise HintError(
                f"{self.placement.said}: a row of {table.name} belongs, by its shard key, to slot {slot} "
                f"({table.layout.place(slot, table.name)}), not where the hint says; leave the hint out"
            )
        return slot


def placed(router: Router, hints: Hints) -> Placed:
    """The router under hints that say where. A key is a Literal by now. Raises HintError, ShardKeyError."""
    shard = _shard(router, hints)
    slots = tuple(_slots(router, use, hints) for use in range(len(router.tables)))
    return Placed(router, Placement(slots, shard, hints.shard is not None, hints.said))


def check_shard(rules: Rules, hints: Hints) -> None:
    """Raise HintError for a shard that no statement can go to."""
    if isinstance(hints.shard, str) and hints.shard not in map(str, rules.shards):
        raise HintError(f"{hints.said}: the rules have no shard {hints.shard!r}; they have {_some(rules.shards)}")
    most = max((layout.slots for layout in rules.layouts.values()), default=0)
    if isinstance(hints.shard, int) and not 0 <= hints.shard < most:
        raise HintError(f"{hints.said}: no layout has a slot {hints.shard}; they count from 0 to at most {most - 1}")


def _shard(router: Router, hints: Hints) -> ShardId | None:
    """The database that is meant; None where only slots are known."""
    if isinstance(hints.shard, str):
        check_shard(router.rules, hints)
        return next(shard for shard in router.rules.shards if str(shard) == hints.shard)
    layouts = {table.layout for table in router.tables if isinstance(table, ShardedTable)}
    if hints.shard is None or not layouts:
        return None
    if len(layouts) > 1:
        names = ", ".join(sorted(layout.name for layout in layouts))
        raise HintError(
            f"{hints.said}: a number means a slot, and the tables have those of several layouts ({names}); "
            "name a database, such as 'rds0/order_03'"
        )
    (layout,) = layouts
    if not 0 <= hints.shard < layout.slots:
        raise HintError(f"{hints.said}: layout {layout.name} has the slots 0 to {layout.slots - 1}")
    return layout.shard_of(hints.shard)


def _slots(router: Router, use: int, hints: Hints) -> frozenset[int]:
    table = router.tables[use]
    if not isinstance(table, ShardedTable):
        return frozenset()
    if isinstance(hints.shard, int):
        return frozenset((hints.shard,))
    if hints.shard is not None:
        layout = table.layout
        found = frozenset(slot for slot in range(layout.slots) if str(layout.shard_of(slot)) == hints.shard)
        if not found:
            raise HintError(f"{hints.said}: no part of table {table.name} lies there, but on {_some(layout.shards)}")
        return found
    return _slots_of_key(router, use, table, hints)


def _slots_of_key(router: Router, use: int, table: ShardedTable, hints: Hints) -> frozenset[int]:
    columns = set(table.sharding.columns)
    if len(columns) > 1:
        raise HintError(
            f"{hints.said}: table {table.name} is sharded by {' and '.join(sorted(columns))}, and one value does not "
            "say where; use shard="
        )
    assert isinstance(hints.key, Literal)
    column = router.columns[use][columns.pop()]
    if hints.key.value is None:
        raise HintError(f"{hints.said}: NULL is no value of the shard key {table.name}.{column.name}")
    found = equal(table, column, hints.key.value)
    if not found:
        raise HintError(f"{hints.said}: no slot of table {table.name} is for this value of {column.name}")
    return found


def _some(shards: Collection[ShardId]) -> str:
    names = [str(shard) for shard in shards]
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:2])} … {names[-1]} ({len(names)} in all)"
