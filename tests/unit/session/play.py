"""Drives session scripts by hand: every Op is written down and answered from a list of given answers.

Invariant: an answer that is an exception is thrown into the script, as the runtimes do it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, TypeAlias

from shardkit.flow import (
    CloseQuery,
    Command,
    Describe,
    DescribeCollation,
    Each,
    Enlist,
    Fetch,
    Finish,
    Head,
    NewName,
    Opened,
    Outside,
    Query,
    RowBatch,
    Rows,
    SetState,
)
from shardkit.session import metadata, statements
from shardkit.session.branches import mark
from shardkit.values import Params, Row, ShardId
from tests.plan.offline import Offline
from tests.unit.route.tables import RULES, TABLES

Script: TypeAlias = Generator[Any, Any, Any]
SHARDS = tuple(ShardId("rds0" if number < 2 else "rds1", f"m_{number}") for number in range(4))


class Refused(NamedTuple):
    """The answer to an Enlist, Command or SetState that fails."""

    error: Exception


def opened(*rows: Row, source: int = 0, last: bool = True, width: int = 1, count: int | None = None) -> Opened:
    """A statement that has started and gave these rows first."""
    description = tuple((f"c{number}", 3, None, None, None, None, True) for number in range(width))
    return Opened(description, RowBatch(source, rows, last), len(rows) if count is None else count, None)


def wrote(count: int, lastrowid: int | None = None) -> Opened:
    """A write's counts."""
    return Opened(None, RowBatch(0, (), True), count, lastrowid)


class Play:
    """A session over the tables of the routing tests, in which nothing happens but what the test says."""

    def __init__(self, defaults: str = "transactions: best_effort", *, autocommit: bool = False) -> None:
        self._offline = Offline(RULES.replace("transactions: best_effort", defaults), TABLES)
        self.session = self._offline.session
        self.session.autocommit = autocommit
        self.ops: list[Any] = []
        self.emitted: list[Head | Rows] = []

    def execute(self, text: str, *answers: Any, params: Params = None) -> list[Head | Rows]:
        """One statement; what it emits. `answers` go to its Queries, Fetches and Finishes in turn."""
        self.know_tables(text, params)
        return self.run(statements.execute(self.session, text, params), *answers)

    def know_tables(self, text: str, params: Params) -> None:
        """Metadata is not what these tests look at."""
        self._offline.run(metadata.prepared(self.session, text, params))

    def run(self, script: Script, *answers: Any) -> list[Head | Rows]:
        """Run a script to its end."""
        given = list(answers)
        self.ops, self.emitted = [], []
        step = self._next(script, None)
        while step is not None:
            if isinstance(step, (Head, Rows)):
                self.emitted.append(step)
                step = self._next(script, None)
                continue
            self.ops.append(step)
            step = self._next(script, self._answer(step, given))
        assert not given, f"answers that nobody asked for: {given}"
        return self.emitted

    def _next(self, script: Script, answer: Any) -> Any:
        try:
            return script.throw(answer) if isinstance(answer, BaseException) else script.send(answer)
        except StopIteration:
            return None

    def _answer(self, op: Any, given: list[Any]) -> Any:
        match op:
            case Query() | Fetch():
                assert given, f"no answer given for {op}"
                return given.pop(0)
            case Finish(shards, _):
                return given.pop(0) if given and _is_finish(given[0], len(shards)) else (None,) * len(shards)
            case Enlist() | Command() | SetState():
                return given.pop(0).error if given and isinstance(given[0], Refused) else None
            case Each(shards):
                mine = given and isinstance(given[0], tuple) and len(given[0]) == len(shards)
                return given.pop(0) if mine and not isinstance(given[0], Opened) else (None,) * len(shards)
            case Outside():
                assert given, f"no answer given for {op}"
                return given.pop(0)
            case NewName():
                return "t0-1"
            case CloseQuery():
                return None
            case Describe() | DescribeCollation():
                raise AssertionError(f"metadata should be known: {op}")
            case _:
                raise AssertionError(f"not an Op: {op}")

    def told(self) -> list[str]:
        """What happened, short: `enlist m_0 m_1: START TRANSACTION`, `query m_0: SQL`, `finish m_0: COMMIT` …"""
        return [line for op in self.ops for line in _told(op)]


def _is_finish(answer: Any, count: int) -> bool:
    errors = isinstance(answer, tuple) and all(one is None or isinstance(one, BaseException) for one in answer)
    return errors and len(answer) == count and any(answer)


def _told(op: Any) -> list[str]:
    match op:
        case Query(tasks):
            return [f"query {task.shard.database}: {_bare(task.sql)}" for task in tasks]
        case Fetch(sources):
            return [f"fetch {' '.join(map(str, sources))}"]
        case CloseQuery():
            return ["close"]
        case Enlist(shards, lines, own) if own:
            each = zip(shards, own, strict=True)
            return [f"enlist {shard.database}: {_short('; '.join((*first, *lines)))}" for shard, first in each]
        case Enlist(shards, lines):
            return [f"enlist {_names(shards)}: {'; '.join(lines)}"]
        case Command(shards, sql):
            return [f"command {_names(shards)}: {sql}"]
        case Finish(shards, sql):
            return [f"finish {_names(shards)}: {sql}"]
        case Each(shards, lines, finish):
            verb = "end" if finish else "each"
            return [
                f"{verb} {shard.database}: {_short('; '.join(own))}" for shard, own in zip(shards, lines, strict=True)
            ]
        case Outside(task):
            return [f"outside {task.shard.database}: {_short(_bare(task.sql))}"]
        case NewName():
            return []
        case SetState(lines, probe):
            return [f"state {probe.database}: {'; '.join(lines)}"]
        case _:
            raise AssertionError(f"unexpected: {op}")


def _short(text: str) -> str:
    """XA statements with the shard's database instead of their xid; the decision without its columns."""
    for shard in SHARDS:
        text = re.sub(rf"'sk1-[^']*','{mark(shard)}',\d+", shard.database, text)
    for shard in SHARDS:
        text = text.replace(f"sk1-t0-1-{mark(shard)}", f"decided by {shard.database}")
    return _bare(text)


def _names(shards: Sequence[ShardId]) -> str:
    return " ".join(shard.database for shard in shards)


def _bare(sql: str) -> str:
    for shard in SHARDS:
        sql = sql.replace(f"`{shard.database}`.", "")
    return sql.replace("`", "")
