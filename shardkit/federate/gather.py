"""Which rows of which tables a SELECT needs in one place: the base form of federation.

    every table use  ->  one workspace table with the columns it needs, filled from its shards' rows that may matter;
    the user's text  ->  runs on the workspace, with only its table names changed

Uses of one logical table share one pull, so that they see one state of it; the others get copies, because MySQL
cannot open a temporary table twice. Tables of which little is expected are pulled first: their values then say which
rows of the others can matter.
Invariant: the final statement finds in each table every row that can change its answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from shardkit.federate.tables import bounded, create, quote, spelling
from shardkit.flow import Ask, Condition, Family, Join, Literal, Need, ParamRef, Pull, Statement, Value
from shardkit.values import Params, PhysicalTable, ShardId

PREFIX = "sk__w"


class Source(NamedTuple):
    """Where the rows of one table use lie, and in which slots. `key` is unique over all places, or ()."""

    places: tuple[tuple[PhysicalTable, int], ...]
    key: tuple[str, ...]


def gather(
    statement: Statement, sources: Sequence[Source], place: ShardId, params: Params, embedded: bool
) -> tuple[tuple[Pull, ...], tuple[str, ...]]:
    """The pulls in their order, and for each table use the name of its workspace table (in `place`'s database)."""
    uses: dict[str, list[int]] = {}
    for one in statement.tables:
        uses.setdefault(one.name, []).append(one.index)
    gathering = _Gathering(statement, sources, place, params, embedded)
    waiting = sorted(uses.items(), key=lambda item: gathering.weight(item[1]))
    pulls: list[Pull] = []
    done: set[int] = set()
    while waiting:
        # One that is linked to what is there already comes before a lighter one that is not.
        chosen = next((item for item in waiting if gathering.linked(item[1], done)), waiting[0])
        waiting.remove(chosen)
        pulls.append(gathering.pull(*chosen, done))
        done.update(chosen[1])
    return tuple(pulls), tuple(f"{PREFIX}{one.index}" for one in statement.tables)


class _Gathering:
    def __init__(
        self, statement: Statement, sources: Sequence[Source], place: ShardId, params: Params, embedded: bool
    ) -> None:
        self.statement, self.sources, self.place = statement, sources, place
        self.params, self.embedded = params, embedded

    def weight(self, uses: list[int]) -> tuple[bool, int]:
        """How much is expected: tables without conditions, then by the number of their places."""
        free = any(not self.statement.needs[use].conditions for use in uses)
        count = max(len(self.sources[use].places) for use in uses)
        return free and count > 1, count

    def linked(self, uses: list[int], done: set[int]) -> bool:
        """Whether a table that is there already says which rows are needed."""
        return len(uses) == 1 and any(link.other in done for link in self.statement.needs[uses[0]].links)

    def pull(self, table: str, uses: list[int], done: set[int]) -> Pull:
        """The pull of one logical table."""
        need = merged([self.statement.needs[use] for use in uses])
        places = dict.fromkeys(place for use in uses for place in self.sources[use].places)
        first, *others = (self.name(use) for use in uses)
        key = self.sources[uses[0]].key
        made = create(first, need.columns, key, need.joined, self.embedded)
        copies: list[str] = []
        for other in others:
            copies.append(create(other, need.columns, key, need.joined, self.embedded))
            copies.append(f"INSERT INTO {other} SELECT * FROM {first}")
        values = (value for condition in need.conditions for value in condition.values)
        joins = (Join(link.column, self.name(link.other), link.other_column) for link in need.links
                 if link.other in done)  # fmt: skip
        return Pull(
            table, first, made, need.columns, tuple(self.ask(place, slot, need, first) for place, slot in places),
            where=need.conditions, where_args=tuple(self.value(value) for value in values), tail=self.tail(need),
            joins=tuple(dict.fromkeys(joins)) if len(uses) == 1 else (), copies=tuple(copies),
        )  # fmt: skip

    def name(self, use: int) -> str:
        """The workspace table of a use."""
        return f"{quote(self.place.database)}.{quote(f'{PREFIX}{use}')}"

    def ask(self, place: PhysicalTable, slot: int, need: Need, into: str) -> Ask:
        """One physical table's part."""
        physical = f"{quote(place.shard.database)}.{quote(place.name)}".replace("%", "%%")
        items = ", ".join(spelling(column, self.embedded) for column in need.columns)
        insert = ""
        near = place.shard.server == self.place.server and not self.embedded
        if near and bounded(need.columns) and not _zoned(need):
            names = ", ".join(quote(column.name).replace("%", "%%") for column in need.columns)
            insert = f"INSERT INTO {into.replace('%', '%%')} SELECT {names} FROM {physical}"
        return Ask(place.shard, slot, f"SELECT {items} FROM {physical}", insert)

    def tail(self, need: Need) -> str:
        """What follows WHERE."""
        parts = []
        if need.top is not None:
            counts = [self.value(value) for value in (need.top.limit, need.top.offset) if value is not None]
            if all(type(count) is int and count >= 0 for count in counts):
                parts += [need.top.order, f"LIMIT {sum(counts):d}"]
        return " ".join(filter(None, [*parts, self.statement.lock]))

    def value(self, value: Value) -> Any:
        """A literal, or the parameter of this execution."""
        if isinstance(value, Literal):
            return value.value
        assert isinstance(value, ParamRef)
        return self.params[value.key]  # type: ignore[index]


def _zoned(need: Need) -> bool:
    """Whether a condition looks at a moment: a workspace that is being filled has not the session's time zone."""
    moments = [quote(column.name).replace("%", "%%") for column in need.columns if column.family is Family.TIMESTAMP]
    return any(moment in condition.sql for moment in moments for condition in need.conditions)


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
