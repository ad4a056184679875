"""What the connections of one event loop share; the twin of dbapi.cluster.

Invariant: closing a cluster closes its pools; connections still open then fail with InterfaceError.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from os import PathLike
from types import TracebackType

from shardkit.backends.aio.shelter import sheltered
from shardkit.dbapi.aio.connection import Connection
from shardkit.dbapi.aio.recoverer import Recoverer
from shardkit.dbapi.publisher import Publisher
from shardkit.dbapi.watching import Told, watching
from shardkit.observe import Observer
from shardkit.plan import Catalog, Planner
from shardkit.rules import Rules, load
from shardkit.runtime.aio.engine import Engine
from shardkit.runtime.aio.lanes import Lanes
from shardkit.session.recovery import Recovery, recover
from shardkit.telemetry import Figures


class Cluster:
    """All shards of one rules file, for the tasks of one event loop; each takes connections of its own from it.

    async with shardkit.aio.Cluster("shard-rules.yaml") as cluster:
        async with cluster.connect() as connection: ...
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
        """A new connection. It takes server connections only when it needs them, so there is nothing to await.

        `local_infile`: LOAD DATA LOCAL INFILE may read files of this machine.
        """
        self.engine.check_open()
        lanes = Lanes(self.engine, self.rules.defaults.budget)
        connection = Connection(self.planner, lanes, autocommit=autocommit, local_infile=local_infile)
        connection.session.watch = self.watch
        return connection

    async def recover(self, *, older_than: float = 10.0) -> Recovery:
        """End branches of transactions over several shards that a process left prepared, as their decision says.

        `older_than`: seconds; younger ones are left, because their commit may be on its way. Safe to call at any
        time, in many processes at once.
        """
        connection = self.connect(autocommit=True)
        try:
            found: Recovery = await connection.run_for(recover(self.rules, time.time(), older_than))
            self._told.recovered(found)
        finally:
            await connection.close()
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

    async def close(self) -> None:
        """Close the pools. Connections in use are closed when they are given back."""
        recoverer, self._recoverer = self._recoverer, None
        try:
            if recoverer is not None:
                await recoverer.stop()
        finally:
            await sheltered(self._close())

    async def _close(self) -> None:
        for publisher in self._publishers:
            await asyncio.to_thread(publisher.stop)
        await self.engine.close()
        self._told.closed()

    async def __aenter__(self) -> Cluster:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def connect(
    rules: str | PathLike[str] | Rules,
    *,
    autocommit: bool = False,
    local_infile: bool = False,
    observers: Iterable[Observer] = (),
) -> Connection:
    """A connection with a cluster of its own, which is closed with it.

        connection = await shardkit.aio.connect("shard-rules.yaml")

    A service makes one Cluster and calls its `connect`.
    """
    cluster = Cluster(rules, observers=observers)
    connection = cluster.connect(autocommit=autocommit, local_infile=local_infile)
    connection.owns(cluster.close)
    return connection
