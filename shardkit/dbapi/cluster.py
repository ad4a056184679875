"""What the connections of one process share: rules, pools, threads, plan cache and catalog.

Invariant: closing a cluster closes its pools; connections still open then fail with InterfaceError.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from os import PathLike
from types import TracebackType

from shardkit.dbapi.connection import Connection
from shardkit.dbapi.publisher import Publisher
from shardkit.dbapi.recoverer import Recoverer
from shardkit.dbapi.watching import Told, watching
from shardkit.observe import Observer
from shardkit.plan import Catalog, Planner
from shardkit.rules import Rules, load
from shardkit.runtime.sync import Engine
from shardkit.session.recovery import Recovery, recover
from shardkit.telemetry import Figures


class Cluster:
    """All shards of one rules file. Threads may share it; each takes connections of its own from it.

    cluster = shardkit.Cluster("shard-rules.yaml")
    with cluster.connect() as connection: ...
    """

    def __init__(
        self, rules: str | PathLike[str] | Rules, *, observers: Iterable[Observer] = (), found_rows: bool = False
    ) -> None:
        """`rules`: the file's path, or rules that are loaded. Raises RulesError. Connects to nothing yet.

        `observers` hear of every statement, see shardkit.observe. `found_rows`: an UPDATE counts the rows that match,
        not only those that change; SQLAlchemy and Django need it.
        """
        rules = rules if isinstance(rules, Rules) else load(rules)
        self.rules = rules.counting_matches() if found_rows else rules
        self.watch = watching(self.rules, observers)
        self.catalog = Catalog()
        self.planner = Planner(self.rules, self.catalog)
        self.engine = Engine(self.rules, watch=self.watch)
        self._told = Told(self.watch, self.rules, self.engine.pool_states)
        self._recoverer: Recoverer | None = None
        self._publishers: list[Publisher] = []

    def connect(self, *, autocommit: bool = False, local_infile: bool = False) -> Connection:
        """A new PEP 249 connection. It takes server connections only when it needs them.

        `local_infile`: LOAD DATA LOCAL INFILE may read files of this machine.
        """
        lanes = self.engine.open(self.rules.defaults.budget)
        connection = Connection(self.planner, lanes, autocommit=autocommit, local_infile=local_infile)
        connection.session.watch = self.watch
        return connection

    def recover(self, *, older_than: float = 10.0) -> Recovery:
        """End branches of transactions over several shards that a process left prepared, as their decision says.

        `older_than`: seconds; younger ones are left, because their commit may be on its way. Safe to call at any
        time, in many processes at once.
        """
        connection = self.connect(autocommit=True)
        try:
            found: Recovery = connection.run_for(recover(self.rules, time.time(), older_than))
            self._told.recovered(found)
        finally:
            connection.close()
        return found

    def start_recovery(self, *, every: float = 60.0, older_than: float = 10.0) -> None:
        """Call `recover` in the background, every so many seconds, until the cluster is closed."""
        if self._recoverer is None:
            self._recoverer = Recoverer(lambda: self.recover(older_than=older_than), every)

    def publish(self, figures: Figures, folder: str | PathLike[str], *, every: float = 1.0) -> None:
        """Write the figures into a file in `folder`, every so many seconds, until the cluster is closed.

        cluster.publish(figures, "/run/shardkit")      # then: shardkit top RULES --figures /run/shardkit
        """
        self._publishers.append(Publisher(figures, folder, every))

    def close(self) -> None:
        """Close the pools. Connections in use are closed when they are given back."""
        recoverer, self._recoverer = self._recoverer, None
        if recoverer is not None:
            recoverer.stop()
        for publisher in self._publishers:
            publisher.stop()
        self.engine.close()
        self._told.closed()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    rules: str | PathLike[str] | Rules,
    *,
    autocommit: bool = False,
    local_infile: bool = False,
    observers: Iterable[Observer] = (),
) -> Connection:
    """A PEP 249 connection with a cluster of its own, which is closed with it.

    A service that opens many connections makes one Cluster and calls its `connect`.
    """
    cluster = Cluster(rules, observers=observers)
    connection = cluster.connect(autocommit=autocommit, local_infile=local_infile)
    connection.owns(cluster.close)
    return connection
