"""Ending branches that their coordinator left prepared: any process may do it, many at the same time.

Each server is asked for its prepared branches. For each transaction the deciding shard, which the branch names, tells
the outcome; where nothing is written there, an abort is, and then no coordinator can commit any more.
Invariant: a branch that is not ours is never touched; a branch of ours is committed only if its decision says so.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

from shardkit.errors import Error
from shardkit.flow import Op, Opened, Outside, Task
from shardkit.rules import Rules
from shardkit.session.branches import TABLE, UNKNOWN_XID, Branch, deciding_mark, read_branch, shards_by_mark
from shardkit.session.two_phase import SETTLE, is_prepared, settle
from shardkit.values import ShardId

KEEP = "1 DAY"
"""How long a decision is kept: far longer than any coordinator can be on its way."""

_UNKNOWN_TABLE = 1146


class Ended(NamedTuple):
    """What became of one prepared branch: `committed`, `rolled back`, or `left` with the reason."""

    gtrid: str
    place: str  # the branch's shard, or its server where the rules do not know the shard
    outcome: str
    reason: str = ""


class Recovery(NamedTuple):
    """One round: the branches found, the servers that did not answer, and how many old decisions were dropped."""

    branches: tuple[Ended, ...]
    silent: Mapping[str, str]
    dropped: int


class _Found(NamedTuple):
    server: ShardId  # any shard of the server that lists the branch
    branch: Branch


def recover(rules: Rules, now: float, older_than: float) -> Generator[Op, Any, Recovery]:
    """End every branch of ours that began more than `older_than` seconds before `now` (seconds since 1970).

    A younger one may belong to a commit that is on its way; to end it would be safe, but make that commit fail.
    """
    silent: dict[str, str] = {}
    found = yield from _prepared(rules, silent)
    marks = shards_by_mark(rules)
    by_gtrid: dict[str, list[_Found]] = {}
    for one in found:
        by_gtrid.setdefault(one.branch.gtrid, []).append(one)
    ended: list[Ended] = []
    for branches in by_gtrid.values():
        ended += yield from _end(branches, marks, now - older_than)
    dropped = 0 if silent else (yield from _drop_old(rules, by_gtrid, silent))
    return Recovery(tuple(ended), silent, dropped)


def _prepared(rules: Rules, silent: dict[str, str]) -> Generator[Op, Any, list[_Found]]:
    found = []
    for shard in one_of_each_server(rules):
        try:
            opened: Opened = yield Outside(Task(shard, "XA RECOVER"), SETTLE)
        except Error as error:
            silent[shard.server] = str(error)
            continue
        branches = (read_branch(row) for row in opened.first.rows)
        found += [_Found(shard, branch) for branch in branches if branch is not None]
    return found


def one_of_each_server(rules: Rules) -> list[ShardId]:
    """Servers that can have branches, each by one of its shards."""
    shards = {shard.server: shard for shard in reversed(rules.shards) if not rules.servers[shard.server].embedded}
    return list(shards.values())


def _end(branches: list[_Found], marks: Mapping[str, ShardId], before: float) -> Generator[Op, Any, list[Ended]]:
    """Decide one transaction and end its branches."""
    first = branches[0].branch
    deciding = marks.get(deciding_mark(first))
    if first.began > before:
        return [_left(one, marks, "its commit may still be on its way") for one in branches]
    if deciding is None:
        return [_left(one, marks, "the rules do not know the shard that holds its decision") for one in branches]
    outcome = yield from settle(deciding, first.gtrid)
    if outcome is None:
        return [_left(one, marks, f"{deciding}, which holds its decision, does not answer") for one in branches]
    ended = []
    for one in branches:
        ended.append((yield from _end_one(one, marks, outcome)))
    return ended


def _end_one(one: _Found, marks: Mapping[str, ShardId], outcome: str) -> Generator[Op, Any, Ended]:
    verb, done = ("COMMIT", "committed") if outcome == "commit" else ("ROLLBACK", "rolled back")
    try:
        yield Outside(Task(one.server, f"XA {verb} {one.branch.xid}"), SETTLE)
    except Error as error:
        if error.errno != UNKNOWN_XID:
            return _left(one, marks, str(error))
        if (yield from is_prepared(one.server, one.branch.bqual, one.branch.gtrid)):
            return _left(one, marks, "the connection that prepared it is still open")
    return Ended(one.branch.gtrid, _place(one, marks), done)


def _left(one: _Found, marks: Mapping[str, ShardId], reason: str) -> Ended:
    return Ended(one.branch.gtrid, _place(one, marks), "left", reason)


def _place(one: _Found, marks: Mapping[str, ShardId]) -> str:
    shard = marks.get(one.branch.bqual)
    return str(shard) if shard is not None else one.server.server


def _drop_old(rules: Rules, listed: Mapping[str, object], silent: dict[str, str]) -> Generator[Op, Any, int]:
    """Drop decisions that nobody can ask for any more. Called only when every server has told its branches."""
    dropped = 0
    keep = "".join(f" AND gtrid <> '{gtrid}'" for gtrid in listed)
    for shard in rules.shards:
        if rules.servers[shard.server].embedded:
            continue
        sql = f"DELETE FROM `{shard.database}`.`{TABLE}` WHERE decided_at < NOW() - INTERVAL {KEEP}{keep}"
        try:
            opened: Opened = yield Outside(Task(shard, sql), SETTLE)
        except Error as error:
            if error.errno != _UNKNOWN_TABLE:
                silent[shard.server] = str(error)
            continue
        dropped += opened.rowcount
    return dropped
