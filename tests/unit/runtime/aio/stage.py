"""What the tests of the asyncio interpreter share: an engine over scripted backends, and a connection over both.

Invariant: time passes in passes of the event loop, so that a test can cancel at each of them.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from sqlalchemy.engine import make_url

from shardkit.aio import Connection
from shardkit.backends.aio.scripted import AioScriptedBackend, AioScriptedConnection
from shardkit.backends.scripted import Reply
from shardkit.rules import Pool, Rules, Server
from shardkit.runtime.aio.engine import Engine
from shardkit.runtime.aio.lanes import Lanes
from tests.unit.route.tables import session
from tests.unit.runtime.stage import rows

BEGINS = ("START TRANSACTION", "XA START")
ENDS = ("COMMIT", "ROLLBACK", "XA COMMIT", "XA ROLLBACK", "RESET")


class Stage:
    """Servers rds0 and rds1 with scripted backends, and an engine over them. Made inside an event loop."""

    def __init__(self, size: int = 4, wait: float = 0.3, ticks: int = 0) -> None:
        self.rds0, self.rds1 = AioScriptedBackend("rds0"), AioScriptedBackend("rds1")
        for backend in self.backends:
            backend.ticks = ticks
            backend.otherwise = answer
        url = make_url("mysql+asyncmy://app:secret@nowhere")
        servers = {name: Server(name, url, Pool(size, wait)) for name in ("rds0", "rds1")}
        rules = cast(Rules, SimpleNamespace(servers=servers))
        self.engine = Engine(rules, {"rds0": self.rds0, "rds1": self.rds1})
        self.engine.check_open()

    @property
    def backends(self) -> tuple[AioScriptedBackend, AioScriptedBackend]:
        """Both backends."""
        return self.rds0, self.rds1

    def lanes(self) -> Lanes:
        """What a shardkit connection holds."""
        offline = session("transactions: xa")
        return Lanes(self.engine, offline.planner.rules.defaults.budget)

    def connection(self, *texts: str, autocommit: bool = True) -> Connection:
        """A connection that knows the tables of these statements."""
        offline = session("transactions: xa")
        for text in texts:
            offline.explain(text)
        return Connection(offline.planner, self.lanes(), autocommit=autocommit)

    @property
    def open(self) -> list[AioScriptedConnection]:
        """Connections that are not closed."""
        return [one for backend in self.backends for one in backend.connections if not one.closed]

    def check_nothing_leaked(self) -> None:
        """No connection is lent out; every open one is idle, usable, and in no transaction."""
        assert [pool.in_use for pool in self.engine.pools] == [0] * len(self.engine.pools)
        assert len(self.open) == sum(pool.idle for pool in self.engine.pools)
        assert all(connection.usable for connection in self.open)
        for backend in self.backends:
            for number, connection in enumerate(backend.connections):
                assert connection.closed or not in_transaction(backend, number)


def in_transaction(backend: AioScriptedBackend, number: int) -> bool:
    """Whether the last word about transactions on this connection was a beginning."""
    said = [noted.text for noted in backend.log if noted.connection == number and noted.what in ("run", "reset")]
    words = [text for text in said if text.startswith((*BEGINS, *ENDS)) or not text]
    return bool(words) and words[-1].startswith(BEGINS)


def answer(sql: str) -> Reply:
    """What a scripted server says to a statement that no test has spoken of."""
    return rows(600) if sql.startswith("SELECT") else Reply(rowcount=1)
