"""INSERT and REPLACE … SELECT: the SELECT is planned like any other, its rows are inserted as values, shard by shard.

Invariant: every row read is inserted once, where its shard key belongs, in the order in which it was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shardkit.errors import CrossShardRefused, ShardKeyError, UnknownColumn
from shardkit.flow import Again, Column, Description, FillShape, Stage, Statement, TableInfo, Target, Task, Writes
from shardkit.plan.batching import numbered
from shardkit.plan.carry import Carrier, short_of_digits
from shardkit.plan.clocks import reads_clock
from shardkit.plan.composed import Composed, Part
from shardkit.rewrite import Around, quote, runs, values
from shardkit.route import Router, ids_refused
from shardkit.route.writes import brought
from shardkit.rules import BroadcastTable, ShardedTable
from shardkit.values import Params, Row


class FromSelect:
    """How executions of one INSERT … SELECT are staged."""

    def __init__(self, statement: Statement, router: Router, infos: Mapping[str, TableInfo], size: int) -> None:
        fill = statement.fill
        assert fill is not None
        if fill.loose is not None:
            blocker = fill.loose
            raise CrossShardRefused(blocker.what, where=blocker.where, why=blocker.why, instead=blocker.instead)
        self.statement, self.router, self.fill, self.size = statement, router, fill, size
        self.table = router.tables[0]
        info = infos[statement.tables[0].name]
        by_name = {column.name.lower(): column for column in info.columns}
        self._infos = infos
        self._clock = reads_clock(statement, infos)
        self.columns = [_known(by_name, name) for name in fill.columns]
        self._check_keys(fill, info)
        self.find = Composed(statement, [fill.query])
        self._text = Around(statement, fill.query)

    def _check_keys(self, fill: FillShape, info: TableInfo) -> None:
        if isinstance(self.table, ShardedTable):
            for name in self.table.sharding.columns:
                if name not in fill.columns:
                    raise ShardKeyError(
                        f"Field '{name}' doesn't have a default value: it is the shard key of {self.table.name}",
                        errno=1364,
                    )
        self._auto = None
        counted = next((column.name.lower() for column in info.columns if column.auto_increment), None)
        if counted is not None and self._spread():
            if counted not in fill.columns:
                raise ids_refused()
            self._auto = fill.columns.index(counted)

    def _spread(self) -> bool:
        match self.table:
            case ShardedTable():
                return self.table.layout.slots > 1
            case BroadcastTable():
                return len(self.table.layout.shards) > 1
            case _:
                return False

    def stage(self, params: Params) -> Stage:
        """One execution."""
        args = self.find.args(params)
        return Stage(
            self.find.text, args, lambda head, rows: self._writes(params, head, rows), strict=not self.fill.ignore
        )  # fmt: skip

    def _writes(self, params: Params, head: Description, rows: Sequence[Row]) -> Writes | Again:
        kinds = [column[1] for column in head or ()]
        if len(kinds) != len(self.columns):
            raise UnknownColumn("Column count doesn't match value count at row 1", errno=1136)
        short = [at for at, kind in enumerate(kinds) if short_of_digits(kind, self.columns[at])]
        exact = self._exact(short) if short else None
        if exact is not None:
            return Again(exact.text, exact.args(params))
        carriers = [Carrier(kind, column) for kind, column in zip(kinds, self.columns, strict=True)]
        tasks: list[Task] = []
        counted: list[bool] = []
        places: list[tuple[int, ...]] = []
        for targets, mine, numbers in self._dealt(carriers, rows):
            for run, own in numbered(runs(mine, self.size), numbers):
                sql, args = values(run)
                for number, target in enumerate(targets):
                    tasks.append(Task(target.shard, *self._text.render(target, params, sql, args)))
                    counted.append(number == 0)
                    places.append(own)
        auto = None if self._auto is None or not rows else brought(carriers[self._auto].carry(rows[-1][self._auto]))
        return Writes(tuple(tasks), tuple(counted), rows=tuple(places), last_id=auto, moment=self._clock)

    def _exact(self, short: Sequence[int]) -> Composed | None:
        """The statement with ` + 0e0` behind these values of its SELECT, or None where they cannot be found."""
        fill, end = self.fill, len(self.statement.text)
        if fill.star is not None:
            source = [use for use in self.statement.tables if not use.written]
            columns = self._infos[source[0].name].columns if len(source) == 1 else ()
            if len(columns) != len(self.columns):
                return None
            names = [f"{quote(one.name)}{' + 0e0' if at in short else ''}" for at, one in enumerate(columns)]
            return Composed(self.statement, [(0, fill.star[0]), ", ".join(names), (fill.star[1], end)])
        if len(fill.items) != len(self.columns):
            return None
        parts: list[Part] = []
        position = 0
        for at in short:
            start, stop = fill.items[at]
            parts += [(position, start), "(", (start, stop), ") + 0e0"]
            position = stop
        return Composed(self.statement, [*parts, (position, end)])

    def _dealt(
        self, carriers: Sequence[Carrier], rows: Sequence[Row]
    ) -> list[tuple[Sequence[Target], Sequence[Row], Sequence[int]]]:
        """The rows as they are written, by the places that get them, and their numbers."""
        ready = [tuple(one.carry(value) for one, value in zip(carriers, row, strict=True)) for row in rows]
        if self._auto is not None and any(row[self._auto] in (None, 0, "0") for row in ready):
            raise ids_refused()
        if not isinstance(self.table, ShardedTable):
            return [(self._everywhere(), ready, range(len(ready)))]
        at = {name: self.fill.columns.index(name) for name in self.table.sharding.columns}
        slots: dict[int, list[Row]] = {}
        numbers: dict[int, list[int]] = {}
        for number, (read, row) in enumerate(zip(rows, ready, strict=True)):
            slot = self.router.slot_of(0, {name: read[place] for name, place in at.items()})
            slots.setdefault(slot, []).append(row)
            numbers.setdefault(slot, []).append(number)
        return [([self._target(self.table, slot)], mine, numbers[slot]) for slot, mine in slots.items()]

    def _target(self, table: ShardedTable, slot: int) -> Target:
        place = table.layout.place(slot, table.name)
        return Target(place.shard, slot, self._names(place.name))

    def _everywhere(self) -> list[Target]:
        shards = self.table.layout.shards if isinstance(self.table, BroadcastTable) else [self.table.shard]  # type: ignore[union-attr]
        return [Target(shard, 0, self._names(self.table.name)) for shard in shards]

    def _names(self, first: str) -> tuple[str, ...]:
        return (first, *(use.name for use in self.statement.tables[1:]))


def _known(by_name: Mapping[str, Column], name: str) -> Column:
    found: Any = by_name.get(name)
    if found is None:
        raise UnknownColumn(f"Unknown column '{name}' in 'field list'")
    assert isinstance(found, Column)
    return found
