"""One SQL text made ready: its router and templates, kept for as long as the text is cached.

Invariant: planning an execution touches no parser; all that depends on the text alone happened before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from shardkit.errors import CrossShardRefused, NotYetError, ParameterError
from shardkit.flow import (
    NO_HINTS,
    Blocker,
    Hints,
    Kind,
    ParamRef,
    Pick,
    Plan,
    Route,
    Statement,
    TableInfo,
    Target,
    Task,
    Value,
    Window,
)
from shardkit.plan.batching import batch, one_plain_row
from shardkit.plan.clocks import left_to_chance, reads_clock
from shardkit.plan.federated import Federated
from shardkit.plan.filling import Filling
from shardkit.plan.hinted import bound, budget_of, together
from shardkit.plan.point import point_of
from shardkit.plan.staging import Staging
from shardkit.rewrite import Blanks, Merging, Template, choice_edit, labels, merging, name_edits
from shardkit.route import Placed, Router, placed
from shardkit.route.solve import equal, value_of
from shardkit.route.writes import last_id
from shardkit.rules import BroadcastTable, Rules, ShardedTable
from shardkit.values import Params, ShardId

NO_WINDOW = Window()
MOST_PLACES = 256
"""Places of hints for which one text keeps what it has made."""
_MOST = 2**64 - 1  # the largest LIMIT MySQL reads


class Prepared:
    """A SELECT or write whose names are resolved."""

    def __init__(self, statement: Statement, rules: Rules, infos: Mapping[str, TableInfo], blanks: Blanks) -> None:
        self.statement = statement
        self.rules = rules
        self._infos = infos
        columns = {name: {column.name.lower(): column for column in info.columns} for name, info in infos.items()}
        self.router = Router(statement, rules, columns)
        self._blanks = blanks
        reads = statement.kind in (Kind.SELECT, Kind.DDL)
        self._size = 32 if any(server.embedded for server in rules.servers.values()) else 500
        self._staging = None if reads else Staging(statement, self.router, infos, self._size)
        moves = statement.change is not None and statement.change.moved
        short = statement.hints is NO_HINTS and not moves and not (self._staging is not None and self._staging.always)
        self.point = point_of(statement, self.router) if short else None
        self.filling: Filling | None = None  # of an INSERT whose table has generated ids
        self._clock = not reads and reads_clock(statement, infos)
        self._check_features()
        self._plain = Template(statement, name_edits(statement))
        self._split: Template | None = None
        self._merge: tuple[Merging, Template] | None = None
        self._federate: Federated | None = None
        self._whole: Prepared | None = None
        self._placed: dict[Any, Prepared] = {}

    def plan(self, params: Params, prefer: Collection[ShardId] = (), around: Hints | None = None) -> Plan:
        """What one execution will do; `around`: hints that do not stand in its text.

        Raises ParameterError, NotSupportedError, ShardKeyError, HintError.
        """
        self.check_params(params)
        if around is None and self.statement.hints is NO_HINTS:
            return self._planned(params, prefer)
        hints = self.hints(params, around)
        plan = (self._at(hints) if hints.placed else self)._planned(params, prefer)
        return plan._replace(budget=budget_of(hints, self.rules.defaults.budget), hints=hints)

    def hints(self, params: Params, around: Hints | None) -> Hints:
        """The hints of one execution."""
        return bound(together(self.statement.hints, around), params)

    def _at(self, hints: Hints) -> Prepared:
        """The same statement at the place that the hints say."""
        router = placed(self.router, hints)
        found = self._placed.get(router.placement)
        if found is None:
            found = copy(self)
            found.router, found.point = router, None
            if self._staging is not None:
                found._staging = Staging(self.statement, router, self._infos, self._size)
            if len(self._placed) >= MOST_PLACES:
                self._placed.pop(next(iter(self._placed)), None)
            self._placed[router.placement] = found
        return found

    def sample(self, params: Params, around: Hints | None = None) -> Plan:
        """What an execution would do, with stand-ins for ids that are generated when it runs."""
        self.check_params(params)
        if self.filling is None:
            return self.plan(params, (), around)
        return self.filling.sample(params, self.hints(params, around))

    def needs_ids(self, filling: Filling) -> None:
        """Its ids are to be generated: from now on it is run as the filling says."""
        self.filling, self.point = filling, None

    def _planned(self, params: Params, prefer: Collection[ShardId]) -> Plan:
        statement = self.statement
        if self._staging is not None and self._staging.always:
            return self._staging.first(params)
        try:
            route = self.router.route(params, prefer)
        except CrossShardRefused as refusal:
            if self._staging is not None:
                return self._staging.instead(params, refusal)
            return self._federated(params, prefer, refusal)
        if len(route.targets) == 1 and len(route.rows) < 2:
            return (self._staging and self._staging.moves(route, params)) or self._passed(route, params)
        if statement.kind is Kind.SELECT:
            return self._merged(route, params, prefer)
        assert self._staging is not None
        return self._staging.several(route, params) or self._written(route, params)

    def _passed(self, route: Route, params: Params) -> Plan:
        """One shard does it all."""
        statement, target = self.statement, route.targets[0]
        sql, args = self._plain.render(target, params, {}, None)
        task = Task(target.shard, sql, args, statement.needs_database)
        shown = labels(statement, target) if statement.shown else ()
        plan = Plan(statement.kind, route, (task,), None, NO_WINDOW, statement.locking, labels=shown)
        if self.point is not None and args is params and route.narrowed:
            self.point.learn(plan)
        return plan

    def whole(self) -> Prepared:
        """The same SELECT without its LIMIT, whose rows FOUND_ROWS() counts."""
        if self._whole is None:
            statement, select = self.statement, self.statement.select
            assert select is not None
            cut = statement.cut if select.limit_span is None else (*statement.cut, select.limit_span)
            select = replace(select, limit=None, offset=None, limit_span=None)
            self._whole = Prepared(replace(statement, select=select, cut=cut), self.rules, self._infos, self._blanks)
        return self._whole

    def _check_features(self) -> None:
        """Refuse writes that would need what this version of shardkit does not carry out."""
        table = self.router.tables[0] if self.router.tables else None
        if self.statement.kind is Kind.SELECT:
            return
        if isinstance(table, BroadcastTable) and table.name in self._infos and len(table.layout.shards) > 1:
            left = left_to_chance(self.statement, self._infos[table.name])
            if left:
                raise CrossShardRefused(f"an INSERT that leaves {table.name}.{left} to its default",
                                        why="each copy of the table would get a value of its own",
                                        instead="the value, computed in the program, as a parameter")  # fmt: skip
        if not isinstance(table, ShardedTable):
            return
        version = "this version of shardkit does not carry it out"
        if table.indexes:
            raise NotYetError(f"writing table {table.name}, which has index tables", why=version,
                              instead="a table without indexes in the rules")  # fmt: skip

    # --- reads ------------------------------------------------------------------------------------------------------

    def _federated(self, params: Params, prefer: Collection[ShardId], why: CrossShardRefused) -> Plan:
        return self._federation().plan(self.router, params, prefer, why)

    def _federation(self) -> Federated:
        if self._federate is None:
            self._federate = Federated(self.statement, self.rules, self._infos)
        return self._federate

    def _merged(self, route: Route, params: Params, prefer: Collection[ShardId]) -> Plan:
        merging, template = self._merging()
        if merging.spec is None:
            why = _refusal(merging.blockers[0])
            return self._federation().finish(route, params, self._choose, why) or self._federated(params, prefer, why)
        window = self._window(params)
        limit = min(window.offset + window.limit, _MOST) if merging.push_limit and window.limit is not None else None
        tasks = []
        for target in route.targets:
            chosen = self._choose(target, params)
            sql, args = template.render(target, params, chosen, limit)
            tasks.append(Task(target.shard, sql, args, self.statement.needs_database))
        shown = labels(self.statement, route.targets[0]) if self.statement.shown else ()
        return Plan(Kind.SELECT, route, tuple(tasks), merging.spec, window, labels=shown)

    def _merging(self) -> tuple[Merging, Template]:
        if self._merge is None:
            found = merging(self.statement, self._blanks)
            self._merge = found, Template(self.statement, found.edits)
        return self._merge

    def _window(self, params: Params) -> Window:
        shape = self.statement.select
        if shape is None or (shape.limit is None and shape.offset is None):
            return NO_WINDOW
        limit = _count(shape.limit, params, "LIMIT") if shape.limit is not None else None
        offset = _count(shape.offset, params, "OFFSET") if shape.offset is not None else 0
        return Window(offset, limit)

    def _choose(self, target: Target, params: Params) -> dict[int, Sequence[int]]:
        """For each IN list on a shard key: the entries that this target can have."""
        chosen: dict[int, Sequence[int]] = {}
        if isinstance(self.router, Placed):
            return chosen  # the hint says where, whatever the list says
        for number, pick in enumerate(self.statement.picks):
            entries = self._entries(pick, target, params)
            if entries:
                chosen[number] = entries
        return chosen

    def _entries(self, pick: Pick, target: Target, params: Params) -> list[int]:
        table, column = self.router.tables[pick.use], self.router.columns[pick.use].get(pick.column)
        if not isinstance(table, ShardedTable) or column is None:
            return []
        values = [value_of(value, params) for value in pick.values]
        return [i for i, value in enumerate(values) if target.slot in equal(table, column, value)]

    # --- writes -----------------------------------------------------------------------------------------------------

    def _written(self, route: Route, params: Params) -> Plan:
        if route.copies and (self.statement.volatile or self.statement.clock):
            raise CrossShardRefused(
                "a function such as NOW() or UUID() in a write on a broadcast table",
                why="each copy would get its own value",
                instead="compute the value in the program and give it as a parameter",
            )  # fmt: skip
        template = self._split_template()
        rows = self.statement.insert.rows if self.statement.insert is not None else None
        tasks = []
        for number, target in enumerate(route.targets):
            chosen = {0: route.rows[number]} if rows is not None and route.rows else self._choose(target, params)
            sql, args = template.render(target, params, chosen, None)
            tasks.append(Task(target.shard, sql, args, self.statement.needs_database))
        counted = route.copies and self.statement.insert is not None and bool(self.statement.insert.auto)
        moment = route.copies or self._clock
        insert = self.statement.insert
        given = last_id(insert, params) if insert is not None and not route.copies else None
        return Plan(self.statement.kind, route, tuple(tasks), moment=moment, same_ids=counted, last_id=given)

    def _split_template(self) -> Template:
        """The template of a write over several shards: each has its own rows or its own IN entries."""
        if self._split is None:
            statement = self.statement
            edits = name_edits(statement)
            if statement.insert is not None:
                if statement.insert.rows is not None:
                    edits.append(choice_edit(statement, 0, statement.insert.rows))
            else:
                edits += [choice_edit(statement, number, pick) for number, pick in enumerate(statement.picks)]
            self._split = Template(statement, edits)
        return self._split

    def batch(self, rows: Sequence[Params], size: int, hints: Hints = NO_HINTS) -> list[Plan] | None:
        """Plans that insert many rows, each given as the parameters of one, in statements of at most `size` rows.

        None when the statement is not a plain INSERT of one row with all its %s inside the row, or its hint says where
        with a value of each row.
        """
        if not self.batches or isinstance(hints.key, ParamRef):
            return None
        return batch(self._at(hints) if hints.placed else self, rows, size, hints)

    @property
    def batches(self) -> bool:
        """Whether it is a plain INSERT of one row with all its %s inside the row."""
        return not (self._staging is not None and self._staging.always) and one_plain_row(self)

    def repeated(self, target: Target, times: int) -> str:
        """The SQL of such an INSERT with its row so many times."""
        return self._split_template().repeat(target, 0, times)

    # --- parameters -------------------------------------------------------------------------------------------------

    def check_params(self, params: Params) -> None:
        """Raise ParameterError if they do not fit the placeholders."""
        statement = self.statement
        if statement.named is None:
            return
        if statement.named:
            missing = [p.key for p in statement.params if p.key not in params]  # type: ignore[operator]
            if missing:
                raise ParameterError(f"no value for placeholder %({missing[0]})s")
        elif params is not None and len(params) != len(statement.params) + statement.hints.placeholders:
            count = len(statement.params) + statement.hints.placeholders
            raise ParameterError(f"{count} placeholders %s but {len(params)} parameters were given")

    @property
    def writes_copies(self) -> bool:
        """Whether it writes a broadcast table."""
        tables = self.router.tables
        return self.statement.kind is not Kind.SELECT and bool(tables) and isinstance(tables[0], BroadcastTable)


def _refusal(blocker: Blocker) -> CrossShardRefused:
    return CrossShardRefused(blocker.what, where=blocker.where, why=blocker.why, instead=blocker.instead)


def _count(value: Value, params: Params, what: str) -> int:
    found = value_of(value, params)
    if type(found) is not int or found < 0:
        raise ParameterError(
            f"{what} takes a whole number that is not negative, not {type(found).__name__}", errno=1064
        )
    return found
