"""From an engine's URL to a cluster, which all connections of the engine share.

    mysql+shardkit:///shard-rules.yaml                    relative to the working directory
    mysql+shardkit:////etc/app/shard-rules.yaml           absolute
    mysql+shardkit:///shard-rules.yaml?budget_rows=5_000_000&budget_time=2m

Invariant: a cluster made here is closed once its engine is disposed of and its last connection is closed; a cluster
that was given is its owner's.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util.concurrency import await_

from shardkit.dbapi import Cluster, Connection, aio
from shardkit.errors import InterfaceError
from shardkit.flow import Budget
from shardkit.rules import Rules, load
from shardkit.rules.units import seconds, size

C = TypeVar("C", Cluster, aio.Cluster)

Settings = Mapping[str, Any]


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return text.lower() == "true"


OPTIONS: dict[str, Callable[[str], Any]] = {
    "budget_rows": int,
    "budget_memory": size,
    "budget_time": seconds,
    "local_infile": _truth,
    "recover_every": seconds,
}
"""What may follow `?` in the URL: the budget of a statement in place of the rules', LOAD DATA LOCAL, recovery."""


def settings(url: URL) -> dict[str, Any]:
    """The rules file and the options of a URL. Raises ArgumentError, which says what is wrong with it."""
    if url.host or url.username or url.password or url.port:
        raise ArgumentError("the servers stand in the rules file: write mysql+shardkit:///path/to/shard-rules.yaml")
    found: dict[str, Any] = {"rules": url.database} if url.database else {}
    for name, value in url.query.items():
        if name not in OPTIONS:
            raise ArgumentError(f"unknown option {name!r} of mysql+shardkit; known: {', '.join(OPTIONS)}")
        if not isinstance(value, str):
            raise ArgumentError(f"option {name!r} of mysql+shardkit is given twice")
        try:
            found[name] = OPTIONS[name](value)
        except ValueError as error:
            raise ArgumentError(f"option {name!r} of mysql+shardkit: {error}") from error
    return found


OBJECTS = ("rules", "cluster", "observers")
"""What `connect_args` may hold besides the options."""


def check_given(given: Settings) -> None:
    """Raise ArgumentError for what a connection cannot be told, and for what a given cluster has decided already."""
    unknown = sorted(given.keys() - OPTIONS.keys() - set(OBJECTS))
    if unknown:
        raise ArgumentError(
            f"unknown connect_args of mysql+shardkit: {', '.join(unknown)}; known: {', '.join((*OBJECTS, *OPTIONS))}. "
            "What concerns the connections to servers stands in the rules file"
        )
    decided = sorted(given.keys() - {"cluster", "local_infile"})
    cluster = given.get("cluster")
    if cluster is not None and decided:
        raise ArgumentError(f"a cluster was given, which has its own: {', '.join(decided)}; give them to the cluster")
    if cluster is not None and not cluster.rules.counts_matches:
        raise ArgumentError(
            "the ORM compares the rows that an UPDATE matched with those it meant, and this cluster counts only those "
            "that changed: make it with found_rows=True"
        )


def rules_of(given: Settings) -> Rules:
    """The rules of an engine: loaded if need be, with the options' budget."""
    rules = given.get("rules")
    if rules is None:
        raise ArgumentError("which rules? write mysql+shardkit:///path/to/shard-rules.yaml")
    rules = rules if isinstance(rules, Rules) else load(rules)
    old = rules.defaults.budget
    budget = Budget(
        given.get("budget_rows", old.rows), given.get("budget_memory", old.memory), given.get("budget_time", old.time)
    )
    return replace(rules, defaults=replace(rules.defaults, budget=budget))


def made(given: Settings, make: Callable[..., C]) -> C:
    """A cluster of the engine's own. Rows that match count as affected.

    SQLAlchemy compares the affected rows with those it meant to change; MySQL's count without CLIENT_FOUND_ROWS leaves
    out rows that have the new values already.
    """
    return make(rules_of(given), observers=given.get("observers", ()), found_rows=True)


class Shared(Generic[C]):
    """One cluster and how many connections of it are open."""

    def __init__(self, given: Settings, make: Callable[..., C]) -> None:
        check_given(given)
        self._own = given.get("cluster") is None
        self.cluster: C = made(given, make) if self._own else given["cluster"]
        self.local_infile = bool(given.get("local_infile"))
        self._open = 0
        self._retired = False
        self._lock = threading.Lock()
        if self._own and given.get("recover_every"):
            self.cluster.start_recovery(every=given["recover_every"])

    def entered(self) -> None:
        """There is one connection more."""
        with self._lock:
            self._open += 1

    def left(self) -> bool:
        """There is one connection less; whether the cluster is to be closed now."""
        with self._lock:
            self._open -= 1
            return self._unused()

    def retired(self) -> bool:
        """There will be no more connections; whether the cluster is to be closed now."""
        with self._lock:
            self._retired = True
            return self._unused()

    def _unused(self) -> bool:
        return self._own and self._retired and self._open <= 0


class Opening(ABC, Generic[C]):
    """Where an engine's connections come from: a cluster that is made with the first of them."""

    make: Callable[..., C]

    def __init__(self) -> None:
        self._shared: Shared[C] | None = None
        self._lock = threading.Lock()

    @property
    def cluster(self) -> C:
        """The cluster of the connections there are. Raises InterfaceError before the first one."""
        if self._shared is None:
            raise InterfaceError("the engine has opened no connection yet")
        return self._shared.cluster

    def shared(self, given: Settings) -> Shared[C]:
        """The cluster for one connection more."""
        with self._lock:
            if self._shared is None:
                self._shared = Shared(given, type(self).make)
            self._shared.entered()
            return self._shared

    def dispose(self) -> None:
        """The engine was disposed of; its next connection, if there is one, makes a new cluster."""
        with self._lock:
            shared, self._shared = self._shared, None
        if shared is not None and shared.retired():
            self.close(shared.cluster)

    @abstractmethod
    def close(self, cluster: C) -> None:
        """Close the cluster."""


class ThreadOpening(Opening[Cluster]):
    """Of an engine whose connections belong to threads."""

    make = Cluster

    def connect(self, given: Settings) -> Connection:
        """A new connection of the engine's cluster."""
        shared = self.shared(given)
        connection = shared.cluster.connect(local_infile=shared.local_infile)

        def left() -> None:
            if shared.left():
                self.close(shared.cluster)

        connection.owns(left)
        return connection

    def close(self, cluster: Cluster) -> None:
        """Close the cluster."""
        cluster.close()


class LoopOpening(Opening[aio.Cluster]):
    """Of an engine whose connections belong to one event loop."""

    make = aio.Cluster

    def connect(self, given: Settings) -> aio.Connection:
        """A new connection of the engine's cluster."""
        shared = self.shared(given)
        connection = shared.cluster.connect(local_infile=shared.local_infile)

        async def left() -> None:
            if shared.left():
                await shared.cluster.close()

        connection.owns(left)
        return connection

    def close(self, cluster: aio.Cluster) -> None:
        """Close the cluster, from within SQLAlchemy's greenlet."""
        await_(cluster.close())
