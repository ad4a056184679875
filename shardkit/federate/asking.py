"""The statements of a pull, and how the values of one table leave rows of another behind (a semi-join).

Invariant: what is left out joins with nothing that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from shardkit.federate.tables import quote
from shardkit.flow import Ask, Join, Pull, Task
from shardkit.values import ShardId

KEYS = 5_000
"""The most values that are sent in place of the rows they spare."""

SOURCE_ROWS = 50_000
"""The largest table whose values are looked through."""


class Among(NamedTuple):
    """Pull only rows whose column is among the values; `mine` gives those that one slot can hold."""

    join: Join
    values: Sequence[Any]
    mine: Callable[[int], Sequence[Any]]


def keys(join: Join) -> str:
    """The statement that reads the values of a join from the workspace."""
    column = quote(join.source_column)
    return f"SELECT DISTINCT {column} FROM {join.source} WHERE {column} IS NOT NULL LIMIT {KEYS + 1}"


def tasks(pull: Pull, among: Among | None = None) -> tuple[Task, ...]:
    """What every shard is asked, for rows that travel."""
    made = (_task(pull, ask, ask.select, among) for ask in pull.asks)
    return tuple(Task(ask.shard, *task) for ask, task in zip(pull.asks, made, strict=True) if task is not None)


def here(pull: Pull, ask: Ask, workspace: ShardId, among: Among | None, most: int) -> Task | None:
    """One shard's part as a statement of the workspace, which takes at most `most` rows; None if there is none."""
    task = _task(pull, ask, ask.insert, among)
    if task is None:
        return None
    sql, args = task
    return Task(workspace, sql if "LIMIT" in pull.tail else f"{sql} LIMIT {most:d}", args)


def _task(pull: Pull, ask: Ask, sql: str, among: Among | None) -> tuple[str, Any] | None:
    parts = [condition.sql for condition in pull.where]
    args: Any = pull.where_args if ask.args is None and pull.columns else ask.args
    if among is not None:
        values = among.mine(ask.slot) if ask.slot >= 0 else among.values
        if not values:
            return None
        name = quote(among.join.column.name).replace("%", "%%")
        parts.append(f"{name} IN ({', '.join(['%s'] * len(values))})")
        args = (*args, *values)
    where = f" WHERE {' AND '.join(parts)}" if parts else ""
    tail = f" {pull.tail}" if pull.tail else ""
    return f"{sql}{where}{tail}", args
