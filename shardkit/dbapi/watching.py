"""Who watches a cluster: the observers it was given, and those that its rules ask for.

Invariant: with neither there is no Watch, and nothing of observing runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from shardkit.observe import (
    BranchRecovered,
    ClusterCloses,
    ClusterOpens,
    Observer,
    PoolState,
    ServerAddress,
    Watch,
)
from shardkit.rules import Rules
from shardkit.session.recovery import Recovery
from shardkit.telemetry import SlowLog


def watching(rules: Rules, observers: Iterable[Observer]) -> Watch | None:
    """The Watch of a cluster, if it has any observers."""
    slow = rules.defaults.slow_statement
    found = [*observers, *([SlowLog(slow)] if slow is not None else [])]
    return Watch(found) if found else None


class Told:
    """The beginning and the end of a cluster, told once each."""

    def __init__(self, watch: Watch | None, rules: Rules, pools: Callable[[], Sequence[PoolState]]) -> None:
        self._watch = watch
        self._opened: ClusterOpens | None = ClusterOpens(addresses(rules), pools)
        if watch is not None:
            watch.tell(self._opened)

    def closed(self) -> None:
        """The cluster is closed. A second call does nothing."""
        opened, self._opened = self._opened, None
        if self._watch is not None and opened is not None:
            self._watch.tell(ClusterCloses(opened))

    def recovered(self, done: Recovery) -> None:
        """A round of recovery."""
        if self._watch is not None:
            for branch in done.branches:
                self._watch.tell(BranchRecovered(*branch))


def addresses(rules: Rules) -> Mapping[str, ServerAddress]:
    """Where the servers are."""
    return {
        name: ServerAddress(None, None, True)
        if server.embedded
        else ServerAddress(server.url.host or "localhost", server.url.port or 3306, False)
        for name, server in rules.servers.items()
    }
