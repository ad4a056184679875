"""What the runtime's tests share: an engine over scripted backends, and short words for tasks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy.engine import make_url

from shardkit.backends.scripted import Reply, ScriptedBackend
from shardkit.flow import Fetch, Opened, Query, RowBatch, Task
from shardkit.rules import Pool, Rules, Server
from shardkit.runtime.sync import Engine, Lanes
from shardkit.values import ShardId

DESCRIPTION = (("n", 3, None, None, None, None, True),)


class Stage:
    """Servers rds0 and rds1 with scripted backends, and an engine over them."""

    def __init__(self, size: int = 4, wait: float = 0.3, *, pool_per_shard: bool = False) -> None:
        self.rds0 = ScriptedBackend("rds0", pool_per_shard=pool_per_shard)
        self.rds1 = ScriptedBackend("rds1", pool_per_shard=pool_per_shard)
        url = make_url("mysql+pymysql://app:secret@nowhere")
        servers = {name: Server(name, url, Pool(size, wait)) for name in ("rds0", "rds1")}
        rules = cast(Rules, SimpleNamespace(servers=servers))
        self.engine = Engine(rules, {"rds0": self.rds0, "rds1": self.rds1})

    @property
    def backends(self) -> tuple[ScriptedBackend, ScriptedBackend]:
        """Both backends."""
        return self.rds0, self.rds1

    def in_use(self) -> int:
        """Connections lent out, over all pools."""
        return sum(pool.in_use for pool in self.engine.pools)

    def idle(self) -> int:
        """Connections idle, over all pools."""
        return sum(pool.idle for pool in self.engine.pools)

    def check_nothing_leaked(self) -> None:
        """No connection is lent out, and every open one is idle and usable."""
        assert self.in_use() == 0
        alive = [c for backend in self.backends for c in backend.connections if not c.closed]
        assert len(alive) == self.idle()
        assert all(connection.usable for connection in alive)


def shard(number: int, server: str = "rds0") -> ShardId:
    """A shard's id."""
    return ShardId(server, f"db_{number:02}")


def query(*tasks: Task, stream: bool = True, timeout: float | None = None) -> Query:
    """A Query."""
    return Query(tasks, stream, timeout)


def rows(count: int, first: int = 0, **more: Any) -> Reply:
    """A reply of `count` one-column rows."""
    return Reply(rows=[(number,) for number in range(first, first + count)], description=DESCRIPTION, **more)


def read_all(lanes: Lanes, opened: tuple[Opened, ...]) -> list[list[Any]]:
    """Every source's rows, read to the end in step."""
    found = [list(one.first.rows) for one in opened]
    open_sources = tuple(one.first.source for one in opened if not one.first.last)
    while open_sources:
        batches: tuple[RowBatch, ...] = lanes.perform(Fetch(open_sources))
        for batch in batches:
            found[batch.source].extend(batch.rows)
        open_sources = tuple(batch.source for batch in batches if not batch.last)
    return found
