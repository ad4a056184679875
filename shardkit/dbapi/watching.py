"""Who watches a cluster: the observers it was given, and those that its rules ask for.

Invariant: with neither there is no Watch, and nothing of observing runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shardkit.observe import Observer, ServerAddress, Watch
from shardkit.rules import Rules
from shardkit.telemetry import SlowLog


def watching(rules: Rules, observers: Iterable[Observer]) -> Watch | None:
    """The Watch of a cluster, if it has any observers."""
    slow = rules.defaults.slow_statement
    found = [*observers, *([SlowLog(slow)] if slow is not None else [])]
    return Watch(found) if found else None


def addresses(rules: Rules) -> Mapping[str, ServerAddress]:
    """Where the servers are."""
    return {
        name: ServerAddress(None, None, True)
        if server.embedded
        else ServerAddress(server.url.host or "localhost", server.url.port or 3306, False)
        for name, server in rules.servers.items()
    }
