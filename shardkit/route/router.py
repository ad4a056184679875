"""Where one execution of a statement goes. Built once per text; `route` runs per execution and does no I/O.

Sharded uses that are joined on their shard keys form one *unit* with one slot set; every other sharded use is a unit of
its own. One slot for each unit on one shard is a pass; one unit with several slots may be merged; all else is refused.
Invariant: a target holds every row its shard can contribute, and no two targets hold the same row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shardkit.errors import NotYetError, ShardKeyError, UnknownTable
from shardkit.flow import Column, Eq, Kind, Route, Statement, TableUse, Target
from shardkit.route import writes
from shardkit.route.canonical import check_key_column
from shardkit.route.refusals import listed, refused
from shardkit.route.solve import equal, slots, value_of
from shardkit.rules import BroadcastTable, Layout, Rules, ShardedTable, SingleTable
from shardkit.values import Params, ShardId


@dataclass(frozen=True, slots=True)
class Unit:
    """Uses that always share a slot, and those of them whose conditions tell which."""

    uses: tuple[int, ...]
    deciding: tuple[int, ...]


class Router:
    """Routes the executions of one statement."""

    chosen = False
    """Whether the user named the shard, so that nothing is written everywhere by accident."""

    def __init__(self, statement: Statement, rules: Rules, columns: Mapping[str, Mapping[str, Column]]) -> None:
        self.statement, self.rules = statement, rules
        self.tables = [self._table(use) for use in statement.tables]
        self.columns: list[dict[str, Column]] = [self._keys(i, columns) for i in range(len(self.tables))]
        self.sharded = [i for i, table in enumerate(self.tables) if isinstance(table, ShardedTable)]
        self.units = self._units()
        self._targets: dict[int, Target] = {}
        self._point = self._point_column()
        self._point_reason = f"{self.columns[0][self._point].name} decides one slot" if self._point else ""

    def _table(self, use: TableUse) -> ShardedTable | BroadcastTable | SingleTable:
        table = self.rules.find(use.name)
        if table is None:
            raise UnknownTable(f"Table '{use.name}' doesn't exist: neither the rules nor their databases name it")
        if isinstance(table, ShardedTable) and table.not_yet:
            raise NotYetError(
                f"table {table.name} ({', '.join(table.not_yet)})",
                why="this version of shardkit does not carry it out",
                instead="one shard key with hash, mod, range, list or date",
            )  # fmt: skip
        return table

    def _keys(self, use: int, columns: Mapping[str, Mapping[str, Column]]) -> dict[str, Column]:
        table = self.tables[use]
        if not isinstance(table, ShardedTable) or self.statement.kind is Kind.DDL:
            return {}
        known = columns.get(self.statement.tables[use].name, {})
        found = {}
        for name in table.sharding.columns:
            if name not in known:
                raise ShardKeyError(f"table {table.name} has no column {name}, which the rules shard it by")
            check_key_column(table.name, known[name])
            found[name] = known[name]
        return found

    def _units(self) -> tuple[Unit, ...]:
        grouped = [tuple(sorted(group)) for group in self.statement.colocated]
        taken = {use for group in grouped for use in group}
        grouped += [(use,) for use in self.sharded if use not in taken]
        return tuple(Unit(group, self._deciding(group)) for group in grouped)

    def _deciding(self, group: tuple[int, ...]) -> tuple[int, ...]:
        """Whose conditions say where rows of the answer lie: those of a subquery or a missing side do not."""
        uses = self.statement.tables
        outer = tuple(use for use in group if uses[use].scope == 0) or group
        return tuple(use for use in outer if not uses[use].optional) or outer

    def _point_column(self) -> str | None:
        """The shard key, when the whole routing is one `key = value` of one table."""
        statement = self.statement
        if len(statement.tables) != 1 or statement.insert is not None or statement.kind is Kind.DDL or not self.sharded:
            return None
        predicate = statement.predicates[0]
        return predicate.column if isinstance(predicate, Eq) else None

    # --- per execution ----------------------------------------------------------------------------------------------

    def route(self, params: Params, prefer: Collection[ShardId]) -> Route:
        """The targets of one execution; `prefer` names shards that serve best when any would do.

        Raises CrossShardRefused, ScatterWriteRefused, ShardKeyError.
        """
        if self._point is not None:
            table, predicate = self.tables[0], self.statement.predicates[0]
            assert isinstance(table, ShardedTable)
            assert isinstance(predicate, Eq)
            found = equal(table, self.columns[0][self._point], value_of(predicate.value, params))
            if len(found) == 1:
                return Route((self.target(next(iter(found))),), self._point_reason)
        if self.statement.insert is not None and isinstance(self.tables[0], ShardedTable):
            return writes.inserted(self, params)
        if self.statement.kind is not Kind.SELECT and any(use.written for use in self.statement.tables):
            written = [self.tables[use.index] for use in self.statement.tables if use.written]
            if not all(isinstance(table, ShardedTable) for table in written):
                return writes.unsharded(self, written, params, prefer)
        sets = [self.unit_slots(unit, params) for unit in self.units]
        if all(len(found) <= 1 for found in sets):
            return self.pass_to(sets, prefer)
        return self._several(sets)

    def target(self, slot: int) -> Target:
        """The target of a slot."""
        target = self._targets.get(slot)
        if target is None:
            table = self.tables[self.sharded[0]]
            assert isinstance(table, ShardedTable)
            shard = table.layout.shard_of(slot)
            target = Target(shard, slot, tuple(self._name(t, slot) for t in self.tables))
            self._targets[slot] = target
        return target

    def slot_of(self, use: int, values: Mapping[str, Any]) -> int:
        """The slot of a row of this table use with these values of its shard key. Raises ShardKeyError."""
        return writes.slot_of(self, use, values)

    def use_slots(self, use: int, params: Params) -> frozenset[int]:
        """The slots on which rows of one sharded use that matter may lie."""
        unit = next(unit for unit in self.units if use in unit.uses)
        if use in unit.deciding and not self.statement.tables[use].optional:
            return self.unit_slots(unit, params)
        table = self.tables[use]
        assert isinstance(table, ShardedTable)
        return slots(self.statement.predicates[use], table, self.columns[use], params)

    def _name(self, table: ShardedTable | BroadcastTable | SingleTable, slot: int) -> str:
        match table:
            case ShardedTable():
                return table.layout.place(slot, table.name).name
            case SingleTable():
                return table.physical.name
            case BroadcastTable():
                return table.name

    def unit_slots(self, unit: Unit, params: Params) -> frozenset[int]:
        """The slots on which rows of the unit that matter may lie."""
        found = None
        for use in unit.deciding:
            table = self.tables[use]
            assert isinstance(table, ShardedTable)
            mine = slots(self.statement.predicates[use], table, self.columns[use], params)
            found = mine if found is None else found & mine
        assert found is not None
        return found

    def pass_to(self, sets: list[frozenset[int]], prefer: Collection[ShardId]) -> Route:
        """Every unit has one slot (or none: then any shard may say so)."""
        decided = {
            self._layout(unit).shard_of(next(iter(found)))
            for unit, found in zip(self.units, sets, strict=True)
            if found
        }
        fixed = {table.shard for table in self.tables if isinstance(table, SingleTable)}
        shards = decided | fixed
        if len(shards) > 1:
            raise refused("tables of different shards in one statement", f"they lie on {listed(shards)}")
        shard = next(iter(shards)) if shards else self._any_shard(prefer)
        names: dict[int, str] = {}
        slot = 0
        for unit, found in zip(self.units, sets, strict=True):
            slot = next(iter(found)) if found else self._slot_on(unit, shard)
            for use in unit.uses:
                names[use] = self._name(self.tables[use], slot)
        self.check_broadcast(frozenset([shard]))
        ordered = tuple(names.get(i) or self._name(table, 0) for i, table in enumerate(self.tables))
        return Route((Target(shard, slot, ordered),), self._pass_reason(sets))

    def _pass_reason(self, sets: list[frozenset[int]]) -> str:
        if not self.units:
            return "no sharded table: any shard can answer" if self.tables else "no table: any shard can answer"
        if not all(sets):
            return "no row can match: one shard answers for all"
        keys = sorted({column.name for use in self.sharded for column in self.columns[use].values()})
        return f"{', '.join(keys)} decide{'s' if len(keys) == 1 else ''} one slot"

    def _layout(self, unit: Unit) -> Layout:
        table = self.tables[unit.uses[0]]
        assert isinstance(table, ShardedTable)
        return table.layout

    def _slot_on(self, unit: Unit, shard: ShardId) -> int:
        layout = self._layout(unit)
        for slot in range(layout.slots):
            if layout.shard_of(slot) == shard:
                return slot
        raise refused("tables of different layouts in one statement", f"none of its slots lies on {shard}")

    def _any_shard(self, prefer: Collection[ShardId]) -> ShardId:
        candidates = self.rules.shards
        for table in self.tables:
            if isinstance(table, (BroadcastTable, ShardedTable)):
                candidates = tuple(shard for shard in candidates if shard in table.layout.shards)
        if not candidates:
            raise refused("tables of different layouts in one statement", "no shard holds them all")
        return next((shard for shard in candidates if shard in prefer), candidates[0])

    def _several(self, sets: list[frozenset[int]]) -> Route:
        """One unit over several slots; its other tables must be on every one of its shards."""
        if len(self.units) > 1:
            raise refused(
                "a statement over several shards whose tables are not joined on their shard keys",
                "rows that belong together may lie on different shards",
            )
        if any(isinstance(table, SingleTable) for table in self.tables):
            raise refused("a join with a single table over several shards", "it lies on one shard only")
        unit, found = self.units[0], sets[0]
        if all(self.statement.tables[use].scope for use in unit.uses):
            raise refused("a subquery over several shards", "its rows may lie on other shards than its row's")
        if any(self.statement.tables[use].optional for use in unit.deciding):
            raise refused(
                "a broadcast table on the preserved side of an outer join",
                "each shard would give its rows again", "the sharded table on the preserved side",
            )  # fmt: skip
        targets = tuple(self.target(slot) for slot in sorted(found))
        self.check_broadcast(frozenset(target.shard for target in targets))
        everything = self._everything(unit)
        narrowed = len(found) < len(everything)
        if self.statement.kind is not Kind.SELECT and not narrowed:
            writes.check_scatter(self, unit.uses)
        keys = ", ".join(sorted({column.name for use in unit.uses for column in self.columns[use].values()}))
        reason = f"conditions on {keys} leave {len(found)} of {len(everything)} slots" if narrowed else (
            f"no condition on {keys} narrows it down: all {len(everything)} slots"
        )  # fmt: skip
        return Route(targets, reason, narrowed)

    def _everything(self, unit: Unit) -> frozenset[int]:
        table = self.tables[unit.uses[0]]
        assert isinstance(table, ShardedTable)
        return table.sharding.all_slots

    def check_broadcast(self, shards: frozenset[ShardId]) -> None:
        """Refuse when a broadcast table has no copy on one of these shards."""
        for table in self.tables:
            if isinstance(table, BroadcastTable) and not shards <= set(table.layout.shards):
                missing = shards - set(table.layout.shards)
                why = f"it has no copy on {listed(missing)}"
                raise refused(f"a join with broadcast table {table.name}", why, "tables of one layout")
