"""The dialect under asyncio: `create_async_engine("mysql+shardkit:///shard-rules.yaml")`.

SQLAlchemy's own adapters call an awaitable from its greenlet, as they do for every asyncio driver; what is added here
is what shardkit's connection has beyond theirs.
Invariant: the same URL gives the same rules, cluster and answers as the engine of threads.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy.connectors.asyncio import (
    AsyncAdapt_dbapi_connection,
    AsyncAdapt_dbapi_cursor,
    AsyncAdapt_dbapi_module,
    AsyncAdapt_dbapi_ss_cursor,
    AsyncAdapt_terminate,
)
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import Pool
from sqlalchemy.util.concurrency import await_

import shardkit
from shardkit.session import Session
from shardkit.session.branches import Xid
from shardkit.sqlalchemy.dialect import ShardkitDialect, ShardkitExecutionContext
from shardkit.sqlalchemy.opening import LoopOpening
from shardkit.sqlalchemy.pool import LoopPool


class AdaptedCursor(AsyncAdapt_dbapi_cursor):
    """A cursor whose rows are read when it has executed."""

    __slots__ = ()


class StreamedAdaptedCursor(AsyncAdapt_dbapi_ss_cursor, AdaptedCursor):
    """The cursor of `stream_results`: its rows are read as they are asked for."""

    __slots__ = ()


class AdaptedConnection(AsyncAdapt_terminate, AsyncAdapt_dbapi_connection):
    """shardkit's asyncio connection, called from SQLAlchemy's greenlet."""

    __slots__ = ()
    _cursor_cls = AdaptedCursor
    _ss_cursor_cls = StreamedAdaptedCursor

    @property
    def session(self) -> Session:
        """The session."""
        found: Session = self._connection.session
        return found

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own."""
        return bool(self._connection.autocommit)

    @autocommit.setter
    def autocommit(self, on: bool) -> None:
        await_(self._connection.set_autocommit(on))

    def hint(self, **options: Any) -> AbstractContextManager[None]:
        """Hints for the statements of a block."""
        found: AbstractContextManager[None] = self._connection.hint(**options)
        return found

    def tpc_begin(self, xid: Xid) -> None:
        """PEP 249's."""
        await_(self._connection.tpc_begin(xid))

    def tpc_prepare(self) -> None:
        """PEP 249's."""
        await_(self._connection.tpc_prepare())

    def tpc_commit(self, xid: Xid | None = None) -> None:
        """PEP 249's."""
        await_(self._connection.tpc_commit(xid))

    def tpc_rollback(self, xid: Xid | None = None) -> None:
        """PEP 249's."""
        await_(self._connection.tpc_rollback(xid))

    def tpc_recover(self) -> list[Xid]:
        """PEP 249's."""
        found: list[Xid] = await_(self._connection.tpc_recover())
        return found

    async def _terminate_graceful_close(self) -> None:
        await self._connection.close()

    def _terminate_force_close(self) -> None:
        """Nothing to wait for: a connection that is forgotten marks what it holds for discard."""


class AdaptedModule(AsyncAdapt_dbapi_module):
    """What SQLAlchemy takes for a PEP 249 module."""

    paramstyle = "format"

    def __init__(self) -> None:
        super().__init__(shardkit)
        for name in ("Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "OperationalError",
                     "IntegrityError", "InternalError", "ProgrammingError", "NotSupportedError", "Binary",
                     "STRING", "BINARY", "NUMBER", "DATETIME", "ROWID"):  # fmt: skip
            setattr(self, name, getattr(shardkit, name))


class AsyncExecutionContext(ShardkitExecutionContext):
    """How a statement gets its cursor."""

    def create_server_side_cursor(self) -> Any:
        """The cursor of `stream_results`."""
        return self._dbapi_connection.cursor(server_side=True)


class ShardkitAsyncDialect(ShardkitDialect):
    """`mysql+shardkit://`, for create_async_engine."""

    is_async = True
    has_terminate = True
    supports_statement_cache = True
    execution_ctx_cls = AsyncExecutionContext
    open_by = LoopOpening

    @classmethod
    def import_dbapi(cls) -> Any:
        """shardkit is the driver."""
        return AdaptedModule()

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A pool that does not ration what shardkit's own pools ration."""
        return LoopPool

    def connect(self, *arguments: Any, **given: Any) -> Any:
        """A connection of the engine's cluster."""
        assert isinstance(self.opening, LoopOpening)
        connection: Any = self.opening.connect(given)
        return AdaptedConnection(self.dbapi, connection)

    def do_terminate(self, dbapi_connection: DBAPIConnection) -> None:
        """Close it without asking the servers any more."""
        dbapi_connection.terminate()

    def get_driver_connection(self, connection: DBAPIConnection) -> Any:
        """shardkit's own asyncio connection."""
        return connection._connection
