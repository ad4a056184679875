"""Which rows of which tables a SELECT needs in one place: the base form of federation.

    every table use  ->  one workspace table with the columns it needs, filled from its shards' rows that may matter;
    the user's text  ->  runs on the workspace, with only its table names changed

Uses of one logical table share one pull, so that they see one state of it; the others get copies, because MySQL
cannot open a temporary table twice.
Invariant: the final statement finds in each table every row that can change its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from shardkit.federate.tables import create, quote, spelling
from shardkit.flow import Condition, Literal, Need, Pull, Statement, Task
from shardkit.values import Params, PhysicalTable, ShardId

PREFIX = "sk__w"


class Source(NamedTuple):
    """Where the rows of one table use lie. `key` is unique over all places, or ()."""

    places: tuple[PhysicalTable, ...]
    key: tuple[str, ...]


def gather(
    statement: Statement, sources: Sequence[Source], place: ShardId, params: Params, embedded: bool
) -> tuple[tuple[Pull, ...], tuple[str, ...]]:
    """The pulls, and for each table use the name of its workspace table (in the database of `place`)."""
    uses: dict[str, list[int]] = {}
    for one in statement.tables:
        uses.setdefault(one.name, []).append(one.index)
    pulls: list[Pull] = []
    names: dict[int, str] = {}
    for table, mine in uses.items():
        for use in mine:
            names[use] = f"{PREFIX}{use}"
        pulls.append(_Gathering(statement, sources, place, params, embedded).pull(table, mine))
    return tuple(pulls), tuple(names[one.index] for one in statement.tables)


class _Gathering:
    def __init__(
        self, statement: Statement, sources: Sequence[Source], place: ShardId, params: Params, embedded: bool
    ) -> None:
        self.statement, self.sources, self.place = statement, sources, place
        self.params, self.embedded = params, embedded

    def pull(self, table: str, uses: list[int]) -> Pull:
        need = merged([self.statement.needs[use] for use in uses])
        places = dict.fromkeys(place for use in uses for place in self.sources[use].places)
        first, *others = (f"{quote(self.place.database)}.{quote(f'{PREFIX}{use}')}" for use in uses)
        key = self.sources[uses[0]].key
        made = create(first, need.columns, key, need.joined, self.embedded)
        copies: list[str] = []
        for other in others:
            copies.append(create(other, need.columns, key, need.joined, self.embedded))
            copies.append(f"INSERT INTO {other} SELECT * FROM {first}")
        tasks = tuple(self.task(place, need) for place in places)
        return Pull(table, first, made, need.columns, tasks, copies=tuple(copies))

    def task(self, place: PhysicalTable, need: Need) -> Task:
        items = ", ".join(spelling(column, self.embedded) for column in need.columns)
        physical = f"{quote(place.shard.database)}.{quote(place.name)}".replace("%", "%%")
        sql = f"SELECT {items} FROM {physical}"
        if need.conditions:
            sql += " WHERE " + " AND ".join(condition.sql for condition in need.conditions)
        if self.statement.lock:
            sql += f" {self.statement.lock}"
        values = (value for condition in need.conditions for value in condition.values)
        return Task(place.shard, sql, tuple(_bound(value, self.params) for value in values))


def merged(parts: Sequence[Need]) -> Need:
    """What several uses of one table need together."""
    if len(parts) == 1:
        return parts[0]
    # The columns of all are in the table's order, so a use that needs all of them gives the order of the others.
    order: dict[Any, None] = {}
    for part in sorted(parts, key=lambda part: -len(part.columns)):
        order.update(dict.fromkeys(part.columns))
    joined = tuple(sorted({name for part in parts for name in part.joined}))
    conditions: tuple[Condition, ...] = ()
    if all(part.conditions for part in parts):
        either = [f"({' AND '.join(condition.sql for condition in part.conditions)})" for part in parts]
        values = tuple(value for part in parts for condition in part.conditions for value in condition.values)
        conditions = (Condition(f"({' OR '.join(either)})", values),)
    return Need(tuple(order), conditions, joined)


def _bound(value: Any, params: Params) -> Any:
    if isinstance(value, Literal):
        return value.value
    return params[value.key]  # type: ignore[index]
