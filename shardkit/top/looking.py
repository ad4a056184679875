"""One look: a few questions for each server.

What an account may not see is None, never nought: PROCESS for the open transactions of others, XA_RECOVER_ADMIN for
branches, the performance schema for rows.
Invariant: a question that one server refuses is left out there; the others are asked all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from shardkit.errors import Error
from shardkit.rules import Rules
from shardkit.session.branches import read_branch
from shardkit.telemetry import sanitised
from shardkit.top.published import Process, read_published
from shardkit.values import Params, Row, ShardId

Ask = Callable[[ShardId, str, Params], Sequence[Row]]
"""Runs one statement on a shard's server and gives its rows. Raises errors of shardkit.errors."""

COUNTERS = ("Questions", "Threads_running", "Threads_connected", "Innodb_row_lock_current_waits")
_ROWS = """
SELECT OBJECT_SCHEMA, SUM(COUNT_READ), SUM(COUNT_WRITE) FROM performance_schema.table_io_waits_summary_by_table
WHERE OBJECT_SCHEMA IN ({holes}) GROUP BY OBJECT_SCHEMA
"""
_WORKING = frozenset({"Query", "Execute"})


class Working(NamedTuple):
    """A statement that an account of the rules runs on a server."""

    server: str
    shard: str | None  # the first shard that its text names
    seconds: float
    state: str
    statement: str  # without its values


class ServerLook(NamedTuple):
    """One server. `error`: it did not answer."""

    name: str
    error: str | None = None
    counters: Mapping[str, int] = {}
    transactions: int | None = None
    began: tuple[float, ...] | None = None  # when its prepared branches of ours began
    working: tuple[Working, ...] = ()
    rows: Mapping[str, tuple[int, int]] = {}  # database -> rows read and written since the server started


class Look(NamedTuple):
    """Everything at one moment, in seconds since 1970."""

    at: float
    servers: tuple[ServerLook, ...]
    shards: tuple[str, ...]
    processes: tuple[Process, ...]


def look(rules: Rules, ask: Ask, now: Callable[[], float], folder: str | None) -> Look:
    """Ask every server that is not embedded, and read what processes have published in `folder`."""
    shards = [shard for shard in rules.shards if not rules.servers[shard.server].embedded]
    one_of_each = {shard.server: shard for shard in reversed(shards)}
    servers = tuple(_server(rules, shard, ask) for _, shard in sorted(one_of_each.items()))
    processes = read_published(folder, now()) if folder is not None else ()
    return Look(now(), servers, tuple(map(str, rules.shards)), processes)


def _server(rules: Rules, shard: ShardId, ask: Ask) -> ServerLook:
    try:
        names = ", ".join(f"'{name}'" for name in COUNTERS)
        status = ask(shard, f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})", ())
        listed = ask(shard, "SHOW FULL PROCESSLIST", ())
    except Error as error:
        return ServerLook(shard.server, str(error))
    databases = [one.database for one in rules.shards if one.server == shard.server]
    user = rules.servers[shard.server].url.username
    working = (_working(shard.server, databases, row) for row in listed if row[1] == user and row[4] in _WORKING)
    return ServerLook(
        shard.server, None, {str(name): int(value) for name, value in status}, _transactions(shard, ask),
        _branches(shard, ask), tuple(one for one in working if one is not None), _rows(shard, databases, ask),
    )  # fmt: skip


def _working(server: str, databases: Sequence[str], row: Row) -> Working | None:
    """A line of the process list; None for the question that shows it."""
    text = row[7].decode("utf-8", "replace") if isinstance(row[7], bytes) else str(row[7] or "")
    if not text or text.startswith("SHOW FULL PROCESSLIST"):
        return None
    places = [(text.find(f"`{name}`"), name) for name in databases if f"`{name}`" in text]
    shard = f"{server}/{min(places)[1]}" if places else None
    return Working(server, shard, float(row[5] or 0), str(row[6] or ""), sanitised(text))


def _transactions(shard: ShardId, ask: Ask) -> int | None:
    try:
        ((count,),) = ask(shard, "SELECT COUNT(*) FROM information_schema.INNODB_TRX", ())
    except Error:
        return None  # the account lacks PROCESS: not known, which the picture says
    return int(count)


def _branches(shard: ShardId, ask: Ask) -> tuple[float, ...] | None:
    try:
        found = [read_branch(tuple(row)) for row in ask(shard, "XA RECOVER", ())]
    except Error:
        return None  # as above, XA_RECOVER_ADMIN
    return tuple(branch.began for branch in found if branch is not None)


def _rows(shard: ShardId, databases: Sequence[str], ask: Ask) -> dict[str, tuple[int, int]]:
    try:
        found = ask(shard, _ROWS.format(holes=", ".join(["%s"] * len(databases))), tuple(databases))
    except Error:
        return {}  # as above, the performance schema
    return {str(name): (int(read), int(written)) for name, read, written in found}
