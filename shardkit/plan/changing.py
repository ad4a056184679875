"""UPDATE and DELETE whose rows are found first: a SELECT … FOR UPDATE of keys (and values), then writes by key.

    UPDATE t_order SET remark = 'x' ORDER BY created_at LIMIT 3
        ->  SELECT memberId, orderId FROM t_order ORDER BY created_at LIMIT 3 FOR UPDATE
        ->  UPDATE order_03.t_order SET remark = 'x' WHERE (memberId = 7 AND orderId IN (1, 2))

New values that read another table, or a volatile function on copies, are read with the rows; others stay the user's
text.
Invariant: each row found is written exactly once, on every place that holds it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shardkit.errors import CrossShardRefused
from shardkit.flow import Assignment, Description, Stage, Statement, TableInfo, Task, Writes
from shardkit.plan.carry import Carrier, more_digits
from shardkit.plan.clocks import reads_clock
from shardkit.plan.composed import Composed, Part
from shardkit.plan.identity import Identity, key_of
from shardkit.plan.moving import Moved, Mover
from shardkit.rewrite import Around, among, quote, runs
from shardkit.route import Router, check_scatter
from shardkit.rules import BroadcastTable, ShardedTable
from shardkit.values import Params, PhysicalTable, Row

MOST = 500
"""Rows of one statement by key."""


class Changing:
    """How executions of one UPDATE or DELETE are staged; made when the text first needs it."""

    def __init__(self, statement: Statement, router: Router, infos: Mapping[str, TableInfo]) -> None:
        change = statement.change
        assert change is not None
        self.statement, self.router, self.change = statement, router, change
        self._check_loose()
        written = [use.index for use in statement.tables if use.written]
        self.parts = [
            _Part(Identity(router, use, infos[statement.tables[use].name]), statement, self._reads(use))
            for use in written
        ]
        self._clock = reads_clock(statement, infos)
        self.find = self._find(tuple(infos.values()))

    def stage(self, params: Params) -> Stage:
        """One execution. Raises ScatterWriteRefused."""
        for part in self.parts:
            self._check_scan(part.identity.use, params)
        args, strict = self.find.args(params), not self.change.ignore
        return Stage(self.find.text, args, lambda head, rows: self._writes(params, head, rows), strict)

    def _check_loose(self) -> None:
        found = self.change.loose
        if found is not None:
            raise CrossShardRefused(found.what, where=found.where, why=found.why, instead=found.instead)
        if self.change.ignore and self.change.moved:
            raise CrossShardRefused(
                "UPDATE IGNORE that moves rows", why="a row that another shard does not take could not stay",
                instead="UPDATE without IGNORE",
            )  # fmt: skip

    def _reads(self, use: int) -> bool:
        """Whether the new values of a table are read with the rows, because no shard can compute them from its row."""
        copies = isinstance(self.router.tables[use], BroadcastTable)
        far = self.change.several or any(one.far for one in self.change.assignments)
        return far or (copies and (self.statement.volatile or self.statement.clock))

    def _check_scan(self, use: int, params: Params) -> None:
        table = self.router.tables[use]
        if not isinstance(table, ShardedTable) or table.layout.slots == 1:
            return
        if self.router.use_slots(use, params) == table.sharding.all_slots:
            check_scatter(self.router, (use,))

    def _find(self, infos: Collection[TableInfo]) -> Composed:
        parts: list[Part] = [self.change.prefix, "SELECT "]
        for number, part in enumerate(self.parts):
            parts.append(("" if number == 0 else ", ") + ", ".join(part.identity.items()))
            for one in part.read:
                column = part.column(one)
                text = self.statement.text[slice(*one.span)]
                parts += [", (", one.span, f"){more_digits(text, column, infos)}"]
        parts += [" FROM ", self.change.sources]
        for span in (self.change.where, self.change.order, self.change.limit):
            parts += [" ", span] if span is not None else []
        return Composed(self.statement, [*parts, " FOR UPDATE"])

    def _writes(self, params: Params, head: Description, rows: Sequence[Row]) -> Writes:
        tasks: list[Task] = []
        counted: list[bool] = []
        moved: list[Moved] = []
        at = 0
        for part in self.parts:
            width = len(part.identity.columns) + len(part.read)
            kinds = [column[1] for column in (head or ())[at : at + width]]
            found = part.rows([row[at : at + width] for row in rows], kinds)
            for (slot, _), group in found.items():
                for number, place in enumerate(part.identity.places(slot)):
                    made = part.tasks(place, slot, group, params)
                    tasks += made
                    counted += [number == 0] * len(made)
            moved += part.moved(found)
            at += width
        moves = tuple(move for one in moved for move in one.moves())
        return Writes(tuple(tasks), tuple(counted), moves, moment=self._clock)


class _Part:
    """What happens to the rows of one written table."""

    def __init__(self, identity: Identity, statement: Statement, reads: bool) -> None:
        change = statement.change
        assert change is not None
        self.identity, self.statement, self.change, self.reads = identity, statement, change, reads
        mine = [one for one in change.assignments if one.use == identity.use]
        moves = identity.use in change.moved
        keys = {column.name.lower() for column in identity.columns} if moves else set()
        self.set = mine
        self.read = [one for one in mine if not one.default and (reads or one.column in keys)]
        self._check(mine, keys)
        self.mover = Mover(identity) if moves else None
        self._text = None if reads or not mine else self._text_around()
        self._places = {one.column: len(identity.columns) + at for at, one in enumerate(self.read)}

    def _check(self, mine: Sequence[Assignment], keys: set[str]) -> None:
        for one in mine:
            if one.late and one in self.read:
                raise CrossShardRefused(
                    f"a new value for {one.column} that reads a column which the statement assigns too",
                    why="values that are read with the rows all see the rows as they were",
                    instead="two UPDATEs, or the expression in place of the column",
                )  # fmt: skip
            if one.default and one.column in keys:
                raise CrossShardRefused(f"DEFAULT for the key {one.column}", why="the row's place must be known",
                                        instead="the value")  # fmt: skip

    def column(self, one: Assignment) -> Any:
        """The column that an assignment writes."""
        return next(column for column in self.identity.info.columns if column.name.lower() == one.column)

    def _text_around(self) -> Around:
        change = self.change
        gap = change.where or (change.sets[1], change.sets[1])
        cut = [span for span in (change.order, change.limit) if span is not None]
        return Around(self.statement, gap, cut)

    def rows(self, rows: Sequence[Row], kinds: Sequence[Any]) -> dict[tuple[int, Row], list[Row]]:
        """The rows found, each once, by slot and by the values they get (where these are written as values)."""
        width = len(self.identity.columns)
        carriers = [Carrier(kind, self.column(one)) for kind, one in zip(kinds[width:], self.read, strict=True)]
        seen: dict[tuple[int, Row], Row] = {}
        for row in rows:
            if any(value is None for value in key_of(self.identity, row)):
                continue  # an outer join found no row of this table
            given = tuple(carrier.carry(value) for carrier, value in zip(carriers, row[width:], strict=True))
            whole = (*row[:width], *given)
            slot = self.identity.slot(row[:width])
            before = seen.setdefault((slot, tuple(map(repr, key_of(self.identity, row)))), whole)
            if repr(before) != repr(whole):
                raise CrossShardRefused(
                    f"an UPDATE that finds several new values for one row of {self.identity.table.name}",
                    why="which of them MySQL would take depends on the order in which it reads",
                    instead="a join that finds one row for each, or MIN() or MAX() in a subquery",
                )  # fmt: skip
        found: dict[tuple[int, Row], list[Row]] = {}
        for (slot, _), whole in seen.items():
            alike = tuple(map(repr, whole[width:])) if self.reads else ()
            found.setdefault((slot, alike), []).append(whole)
        return found

    def tasks(self, place: PhysicalTable, slot: int, rows: Sequence[Row], params: Params) -> list[Task]:
        """The statements that change these rows in one physical table."""
        made = []
        for run in runs(rows, MOST):
            where, args = among(self.identity.key_names, [key_of(self.identity, row) for row in run])
            if self._text is not None:
                target = self.identity.target(place, slot)
                sql, given = self._text.render(target, params, f" WHERE {where} ", args)
            else:
                sql, given = self._own(place, run[0], where, args)
            made.append(Task(place.shard, sql, given, self.statement.needs_database))
        return made

    def _own(self, place: PhysicalTable, row: Row, where: str, args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        table = f"{quote(place.shard.database)}.{quote(place.name)}".replace("%", "%%")
        ignore = "IGNORE " if self.change.ignore else ""
        if not self.set:
            return f"DELETE {ignore}FROM {table} WHERE {where}", args
        sets, values = [], []
        for one in self.set:
            name = quote(one.column).replace("%", "%%")
            sets.append(f"{name} = DEFAULT" if one.default else f"{name} = %s")
            values += [] if one.default else [row[self._places[one.column]]]
        return f"UPDATE {ignore}{table} SET {', '.join(sets)} WHERE {where}", (*values, *args)

    def moved(self, found: Mapping[tuple[int, Row], Sequence[Row]]) -> list[Moved]:
        """Those of the rows that get another slot."""
        if self.mover is None:
            return []
        pairs = []
        for (slot, _), rows in found.items():
            for row in rows:
                new = [row[self._places.get(column.name.lower(), at)] for at, column in
                       enumerate(self.identity.columns)]  # fmt: skip
                pairs.append((slot, tuple(new)))
        return self.mover.moved(pairs)
