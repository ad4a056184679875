"""Whether an execution of a write must read first, and what it then reads.

A write goes to its shards as it stands wherever that means the same as on one server; what depends on rows that lie
together nowhere is staged.
Invariant: a write that is not staged gives on its shards what it would give on one server.
"""

from __future__ import annotations

from collections.abc import Mapping

from shardkit.errors import CrossShardRefused
from shardkit.flow import Cell, Plan, Route, Stage, Statement, TableInfo
from shardkit.plan.changing import Changing
from shardkit.plan.computing import Computing, wanted
from shardkit.plan.from_select import FromSelect
from shardkit.route import Router
from shardkit.route.solve import value_of
from shardkit.rules import ShardedTable
from shardkit.values import Params


class Staging:
    """The staged ways of one write; each is made when it is first needed."""

    def __init__(self, statement: Statement, router: Router, infos: Mapping[str, TableInfo], size: int) -> None:
        self.statement, self.router, self.infos, self._size = statement, router, infos, size
        table = router.tables[0] if router.tables else None
        self._sharded = isinstance(table, ShardedTable)
        self._computed = set(table.sharding.columns if isinstance(table, ShardedTable) else ())
        fills = statement.fill is not None and isinstance(table, ShardedTable) and table.layout.slots > 1
        self.always = fills or bool(self._first())
        """Every execution reads first, wherever it goes."""
        self._changing: Changing | None = None
        self._from_select: FromSelect | None = None

    def _first(self) -> tuple[Cell, ...]:
        return wanted(self.statement, lambda cell: self._sharded and (cell.query or cell.column in self._computed))

    def first(self, params: Params) -> Plan:
        """The plan of a statement that always reads first."""
        cells = self._first()
        if cells:
            self._check_own_rows(cells)
            return self._compute(cells, params, "values that are computed first")
        return self._plan(self._fill().stage(params), "the rows of the SELECT are read, and inserted shard by shard")

    def _check_own_rows(self, cells: tuple[Cell, ...]) -> None:
        """Rows of one INSERT come one after another: a subquery of a later one could see an earlier one."""
        target, *others = self.statement.tables
        insert = self.statement.insert
        reads = any(cell.query for cell in cells) and any(other.name == target.name for other in others)
        if insert is not None and len(insert.keys) > 1 and reads:
            raise CrossShardRefused(
                f"an INSERT of several rows whose subqueries read {target.name}",
                why="a later row's subquery would see the rows before it", instead="one INSERT for each row",
            )  # fmt: skip

    def instead(self, params: Params, why: CrossShardRefused) -> Plan:
        """The plan of an execution that no shard can carry out alone. Raises `why` if reading first does not help."""
        statement = self.statement
        if statement.fill is not None:
            return self._plan(self._fill().stage(params), why.why)
        if statement.change is not None:
            return self._change(params, why.why)
        cells = wanted(statement, lambda cell: cell.query)
        if cells and statement.insert is not None and statement.insert.loose is None:
            return self._compute(cells, params, why.why)
        raise why

    def several(self, route: Route, params: Params) -> Plan | None:
        """The staged plan of an execution over several shards; None: its statements go out as they are."""
        statement, change = self.statement, self.statement.change
        if statement.fill is not None:
            return self._plan(self._fill().stage(params), "the rows are read once for all copies")
        moment = statement.clock or (route.copies and statement.volatile)
        if change is None:
            cells = wanted(statement, lambda cell: cell.clock or (route.copies and statement.volatile))
            return self._compute(cells, params, "one moment and one value for all shards") if cells else None
        if route.copies and moment:
            return self._change(params, "each copy would get its own value")
        if change.volatile:
            raise self._volatile()
        if statement.blockers:
            return self._change(params, statement.blockers[0].why)
        return self._change(params, "rows that change their shard key may have to move") if change.moved else None

    def moves(self, route: Route, params: Params) -> Plan | None:
        """The staged plan of an UPDATE of one shard that may send rows to another."""
        change = self.statement.change
        if change is None or not change.moved or self._stays(route, params):
            return None
        return self._change(params, "rows that change their shard key may have to move")

    def _stays(self, route: Route, params: Params) -> bool:
        """Whether the new shard keys are known and belong to the slot in which the rows lie."""
        change = self.statement.change
        assert change is not None
        for use in change.moved:
            table = self.router.tables[use]
            assert isinstance(table, ShardedTable)
            given = {one.column: one.value for one in change.assignments if one.use == use and one.value is not None}
            if len(table.sharding.columns) != 1 or table.sharding.columns[0] not in given or len(self.router.units) > 1:
                return table.layout.slots == 1
            key = {name: value_of(given[name], params) for name in table.sharding.columns}
            if self.router.slot_of(use, key) != route.targets[0].slot:
                return False
        return True

    def _change(self, params: Params, reason: str) -> Plan:
        change = self.statement.change
        assert change is not None
        if change.volatile:
            raise self._volatile()
        if self._changing is None:
            self._changing = Changing(self.statement, self.router, self.infos)
        return self._plan(self._changing.stage(params), f"rows are found first: {reason}")

    def _fill(self) -> FromSelect:
        if self._from_select is None:
            self._from_select = FromSelect(self.statement, self.router, self.infos, self._size)
        return self._from_select

    def _compute(self, cells: tuple[Cell, ...], params: Params, reason: str) -> Plan:
        return self._plan(Computing(self.statement, self.infos, cells).stage(params), reason)

    def _plan(self, stage: Stage, reason: str) -> Plan:
        return Plan(self.statement.kind, Route((), reason), (), stage=stage)

    def _volatile(self) -> CrossShardRefused:
        return CrossShardRefused(
            "a function such as RAND() in the conditions of a write over several shards",
            why="which rows are meant would differ from shard to shard and from one look to the next",
            instead="SELECT the keys first, then write by key",
        )  # fmt: skip
