"""What the connections of one process share: rules, pools, threads, plan cache and catalog.

Invariant: closing a cluster closes its pools; connections still open then fail with InterfaceError.
"""

from __future__ import annotations

from os import PathLike
from types import TracebackType

from shardkit.dbapi.connection import Connection
from shardkit.plan import Catalog, Planner
from shardkit.rules import Rules, load
from shardkit.runtime.sync import Engine


class Cluster:
    """All shards of one rules file. Threads may share it; each takes connections of its own from it.

    cluster = shardkit.Cluster("shard-rules.yaml")
    with cluster.connect() as connection: ...
    """

    def __init__(self, rules: str | PathLike[str] | Rules) -> None:
        """`rules`: the file's path, or rules that are loaded. Raises RulesError. Connects to nothing yet."""
        self.rules = rules if isinstance(rules, Rules) else load(rules)
        self.catalog = Catalog()
        self.planner = Planner(self.rules, self.catalog)
        self.engine = Engine(self.rules)

    def connect(self, *, autocommit: bool = False) -> Connection:
        """A new PEP 249 connection. It takes server connections only when it needs them."""
        lanes = self.engine.open(self.rules.defaults.budget)
        return Connection(self.planner, lanes, autocommit=autocommit)

    def close(self) -> None:
        """Close the pools. Connections in use are closed when they are given back."""
        self.engine.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(rules: str | PathLike[str] | Rules, *, autocommit: bool = False) -> Connection:
    """A PEP 249 connection with a cluster of its own, which is closed with it.

    A service that opens many connections makes one Cluster and calls its `connect`.
    """
    cluster = Cluster(rules)
    connection = cluster.connect(autocommit=autocommit)
    connection.owns(cluster.close)
    return connection
