"""Two looks as one picture: what happened between them, by the second, and what is so at the second one.

Invariant: what is not known is None; a counter that went back (a server was started anew) gives None, not a rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from shardkit.top.looking import Look, ServerLook
from shardkit.top.published import Process

Data: TypeAlias = dict[str, Any]
Pair: TypeAlias = tuple[Process | None, Process]
"""A process at the look before, if it was there, and now."""


def picture(before: Look, after: Look, long: float = 1.0) -> Data:
    """The picture as plain data; statements of at least `long` seconds are named."""
    seconds = after.at - before.at
    earlier = {server.name: server for server in before.servers}
    known = {(one.name, one.since): one for one in before.processes}
    alive = [one for one in after.processes if one.silent is None]
    pairs = [(known.get((one.name, one.since)), one) for one in alive]
    working = [one._asdict() for server in after.servers for one in server.working if one.seconds >= long]
    return {
        "at": after.at,
        "seconds": seconds,
        "servers": [_server(earlier.get(one.name), one, after.at, seconds) for one in after.servers],
        "shards": _shards(before, after, pairs, seconds),
        "long": sorted(working, key=lambda one: -one["seconds"]),
        "processes": [
            *(_process(was, one) for was, one in pairs),
            *({"name": one.name, "silent": one.silent} for one in after.processes if one.silent is not None),
        ],
    }


def _rate(before: float | None, after: float | None, seconds: float) -> float | None:
    if before is None or after is None or after < before or seconds <= 0:
        return None
    return (after - before) / seconds


def _server(before: ServerLook | None, after: ServerLook, at: float, seconds: float) -> Data:
    if after.error is not None:
        return {"name": after.name, "error": after.error}
    asked = before.counters.get("Questions") if before is not None else None
    branches = after.began
    return {
        "name": after.name,
        "error": None,
        "statements_per_second": _rate(asked, after.counters.get("Questions"), seconds),
        "threads_running": after.counters.get("Threads_running"),
        "threads_connected": after.counters.get("Threads_connected"),
        "open_transactions": after.transactions,
        "lock_waits": after.counters.get("Innodb_row_lock_current_waits"),
        "in_doubt": None if branches is None else len(branches),
        "oldest_in_doubt": at - min(branches) if branches else None,
    }


def _shards(before: Look, after: Look, pairs: Sequence[Pair], seconds: float) -> list[Data]:
    """Rows as the servers count them; statements as the processes do."""
    rows_before, rows_after = _rows(before), _rows(after)
    found = []
    for name in after.shards:
        was, now = rows_before.get(name), rows_after.get(name)
        parts = [_part(one, two, name) for one, two in pairs]
        told = [part for part in parts if part is not None]
        counts = sum(part.statements for part in told)
        found.append({
            "name": name,
            "rows_read_per_second": _rate(was and was[0], now and now[0], seconds),
            "rows_written_per_second": _rate(was and was[1], now and now[1], seconds),
            "statements_per_second": sum(part.rate for part in told) if told else None,
            "milliseconds": 1000 * sum(part.seconds for part in told) / counts if counts else None,
            "running": sum(part.running for part in told) if told else None,
        })  # fmt: skip
    return found


def _rows(at: Look) -> dict[str, tuple[int, int]]:
    return {f"{one.name}/{database}": rows for one in at.servers for database, rows in one.rows.items()}


class _Part(NamedTuple):
    """What one process did on one shard between two of its own writings."""

    statements: int
    seconds: float
    running: int
    rate: float


def _part(before: Process | None, after: Process, name: str) -> _Part | None:
    now = after.figures["shards"].get(name)
    if now is None:
        return None
    was = before.figures["shards"].get(name, {}) if before is not None else {}
    statements = now["statements"] - was.get("statements", 0)
    return _Part(statements, now["seconds"] - was.get("seconds", 0.0), now["running"],
                 statements / _span(before, after))  # fmt: skip


def _span(before: Process | None, after: Process) -> float:
    """Seconds that the figures of a process tell of, by its own clock; one that is new tells of its whole life."""
    since = before.figures["at"] if before is not None else after.since
    return max(float(after.figures["at"] - since), 0.001)


def _process(before: Process | None, after: Process) -> Data:
    """One process: what it did since the look before."""
    was, now = (before.figures if before is not None else {}), after.figures
    seconds = _span(before, after)

    def more(group: str, name: str | None = None) -> float:
        counts = now[group]
        if not isinstance(counts, dict):
            return float(counts - was.get(group, 0))
        former, names = was.get(group, {}), counts if name is None else [name]
        return float(sum(counts.get(one, 0) - former.get(one, 0) for one in names))

    statements, looked = more("statements"), more("plan_cache")
    return {
        "name": after.name,
        "silent": None,
        "statements_per_second": statements / seconds,
        "running": now["running"],
        "errors_per_second": more("errors") / seconds,
        "rows_per_second": more("rows") / seconds,
        "scatter_share": more("scatter") / statements if statements else None,
        "plan_cache_share": more("plan_cache", "hits") / looked if looked else None,
        "pool_waits_per_second": more("pool_waits") / seconds,
        "in_doubt": now["transactions"].get("in doubt", 0),
        "longest": now["longest"][:3],
    }
