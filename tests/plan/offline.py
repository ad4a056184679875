"""A session without servers: its scripts run, metadata is answered from given tables, and nothing else is.

Invariant: a script that would touch a shard's rows fails the test.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

from shardkit.flow import Describe, DescribeCollation, Head, Op, Plan, SetState, TableInfo
from shardkit.parse import Ddl
from shardkit.plan import Catalog, Planner, Prepared
from shardkit.rules import loads
from shardkit.session import Session, metadata, statements
from shardkit.values import Params
from tests.plan import catalog as known


class Offline:
    """A session over rules and tables. `session` and `planner` are the real ones."""

    def __init__(self, rules: str = known.RULES, tables: Iterable[TableInfo] | None = None) -> None:
        self.tables = {info.name: info for info in (known.tables().values() if tables is None else tables)}
        self.catalog = Catalog()
        self.catalog.connection_collation = known.DEFAULT
        self.planner = Planner(loads(rules), self.catalog)
        self.session = Session(self.planner, autocommit=True)

    def execute(self, sql: str) -> None:
        """A SET or another statement that asks no shard."""
        self.run(statements.execute(self.session, sql, None))

    def explain(self, sql: str, params: Params = None) -> dict[str, Any]:
        """The explanation as JSON."""
        found: dict[str, Any] = self.run(statements.explain(self.session, sql, params)).json()
        return found

    def prepared(self, sql: str, params: Params = None) -> Prepared:
        """A SELECT or write made ready."""
        ready = self.run(metadata.prepared(self.session, sql, params))
        assert isinstance(ready, Prepared)
        return ready

    def plan(self, sql: str, params: Params = None) -> Plan:
        """The plan of one execution."""
        ready = self.run(metadata.prepared(self.session, sql, params))
        if isinstance(ready, Ddl):
            return self.session.planner.spread(ready)
        assert isinstance(ready, Prepared)
        if ready.filling is not None:
            return ready.sample(params, self.session.hints)
        return ready.plan(params, self.session.enlisted, self.session.hints)

    def slots(self, sql: str, params: Params = None) -> list[int]:
        """The slots one execution goes to."""
        return [target.slot for target in self.plan(sql, params).route.targets]

    def run(self, script: Generator[Any, Any, Any]) -> Any:
        """Run a script to its end; gives what it returns."""
        answer: Any = None
        while True:
            try:
                step = script.send(answer)
            except StopIteration as end:
                return end.value
            answer = self._answer(step)

    def _answer(self, step: Op | Head) -> Any:
        match step:
            case Describe(_, table):
                return self.tables.get(table) or self.tables.get(table.rsplit("_", 1)[0])
            case DescribeCollation(_, names):
                return tuple(one for one in known.COLLATIONS if one.name in names)
            case SetState() | Head():
                return None
            case _:
                raise AssertionError(f"planning asked a shard: {step}")
