"""The dialect: SQLAlchemy's MySQL over PyMySQL, where it speaks to the driver, told how shardkit's connection differs.

Invariant: its name stays `mysql`, so that types, compilers, Alembic and libraries treat it as what it answers like.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from sqlalchemy import event, util
from sqlalchemy.dialects.mysql.mysqldb import MySQLExecutionContext_mysqldb
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import Pool

import shardkit
from shardkit.dbapi import Cursor
from shardkit.session import Session
from shardkit.session.branches import Xid
from shardkit.sqlalchemy.opening import Opening, ThreadOpening, settings
from shardkit.sqlalchemy.pool import ClusterPool

_ISOLATION = "transaction isolation"
"""The session's key for SET SESSION TRANSACTION ISOLATION LEVEL."""


class Driver(Protocol):
    """What the dialect asks of a connection, whichever interpreter is beneath."""

    autocommit: bool

    @property
    def session(self) -> Session:
        """The session."""

    def cursor(self) -> Any:
        """A new cursor."""

    def hint(self, **options: Any) -> AbstractContextManager[None]:
        """Hints for the statements of a block."""

    def tpc_begin(self, xid: Xid) -> None:
        """PEP 249's."""

    def tpc_prepare(self) -> None:
        """PEP 249's."""

    def tpc_commit(self, xid: Xid | None = None) -> None:
        """PEP 249's."""

    def tpc_rollback(self, xid: Xid | None = None) -> None:
        """PEP 249's."""

    def tpc_recover(self) -> list[Xid]:
        """PEP 249's."""


HINT = "shardkit_hint"
"""The execution option with hints: `execution_options(shardkit_hint={"key": 42, "timeout": "5s"})`."""


class StreamedCursor(Cursor):
    """The cursor of `stream_results`. Any cursor of shardkit reads rows as they are asked for; this one says so."""

    server_side = True


class ShardkitExecutionContext(MySQLExecutionContext_mysqldb):
    """How a statement gets its cursor."""

    def create_server_side_cursor(self) -> Any:
        """The cursor of `stream_results`."""
        connection: Any = self._dbapi_connection.dbapi_connection
        return StreamedCursor(connection)


class ShardkitDialect(MySQLDialect_pymysql):
    """`mysql+shardkit://`, for create_engine."""

    driver = "shardkit"
    supports_statement_cache = True
    supports_server_side_cursors = True
    execution_ctx_cls = ShardkitExecutionContext
    open_by: Callable[[], Opening[Any]] = ThreadOpening
    """What makes the connections."""

    def __init__(self, paramstyle: str = "format", **options: Any) -> None:
        # Sequences of parameters take shardkit's short way, mappings do not.
        super().__init__(paramstyle=paramstyle, **options)
        self.opening = self.open_by()

    @classmethod
    def import_dbapi(cls) -> Any:
        """shardkit is the driver."""
        return shardkit

    def retrieve_dbapi_version(self, dbapi: Any) -> Any:
        """shardkit's version."""
        return util.parse_version_string(shardkit.__version__)

    @classmethod
    def get_async_dialect_cls(cls, url: URL) -> type[ShardkitDialect]:
        """create_async_engine takes the same URL."""
        from shardkit.sqlalchemy.aio import ShardkitAsyncDialect

        return ShardkitAsyncDialect

    @classmethod
    def load_provisioning(cls) -> None:
        """What SQLAlchemy's test suite must know of MySQL."""
        MySQLDialect_pymysql.load_provisioning()  # type: ignore[no-untyped-call]

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A pool that does not ration what shardkit's own pools ration."""
        return ClusterPool

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """`engine.dispose()` closes the cluster."""
        dialect = engine.dialect
        if isinstance(dialect, ShardkitDialect):
            event.listen(engine, "engine_disposed", lambda _: dialect.opening.dispose())

    # --- connecting -------------------------------------------------------------------------------------------------

    def create_connect_args(self, url: URL, _translate_args: Any = None) -> Any:
        """The URL's path is the rules file; `connect_args` may give `rules` or a `cluster` instead."""
        return (), settings(url)

    def connect(self, *arguments: Any, **given: Any) -> Any:
        """A connection of the engine's cluster."""
        assert isinstance(self.opening, ThreadOpening)
        return self.opening.connect(given)

    def on_connect(self) -> Any:
        """Nothing to say to a new connection: it speaks utf8mb4 already."""
        return None

    def _detect_charset(self, connection: Connection) -> str:
        return "utf8mb4"

    def initialize(self, connection: Connection) -> None:
        """What a single server could do beyond MySQL does not hold for several of them."""
        super().initialize(connection)
        self.supports_sequences = False
        self.insert_returning = self.update_returning = self.delete_returning = False

    def do_ping(self, dbapi_connection: DBAPIConnection) -> Any:
        """Whether it is open. The connections to servers are looked after by the pools that own them."""
        dbapi_connection.cursor().close()
        return True

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """Whether the connection cannot be used again, or lost its transaction with a server's connection."""
        closed = isinstance(e, shardkit.InterfaceError) and "is closed" in str(e)
        return closed or super().is_disconnect(e, connection, cursor)

    # --- executing --------------------------------------------------------------------------------------------------

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """One statement."""
        with _hinted(context):
            cursor.execute(statement, parameters)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        """One statement whose percent signs stand for themselves."""
        with _hinted(context):
            cursor.execute(statement)

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """One statement for many rows."""
        with _hinted(context):
            super().do_executemany(cursor, statement, parameters, context)

    # --- transactions -----------------------------------------------------------------------------------------------

    def detect_autocommit_setting(self, dbapi_conn: DBAPIConnection) -> bool:
        """Whether each statement is a transaction of its own."""
        return own(dbapi_conn).autocommit

    def set_isolation_level(self, dbapi_connection: DBAPIConnection, level: Any) -> None:
        """AUTOCOMMIT, or a level for every shard."""
        connection = own(dbapi_connection)
        connection.autocommit = level == "AUTOCOMMIT"
        if level == "AUTOCOMMIT":
            return
        statement = f"SET SESSION TRANSACTION ISOLATION LEVEL {level}"
        chosen = connection.session.variables.get(_ISOLATION)
        if chosen == statement or (chosen is None and level == getattr(self, "default_isolation_level", None)):
            return  # it has this level already, and asking a shard would take a round trip
        connection.cursor().execute(statement)

    def do_begin_twophase(self, connection: Connection, xid: Any) -> None:
        """Connection.begin_twophase()."""
        _driver(connection).tpc_begin(_named(xid))

    def do_prepare_twophase(self, connection: Connection, xid: Any) -> None:
        """TwoPhaseTransaction.prepare()."""
        _driver(connection).tpc_prepare()

    def do_rollback_twophase(
        self, connection: Connection, xid: Any, is_prepared: bool = True, recover: bool = False
    ) -> None:
        """Roll back this connection's transaction, or with `recover` the one of that name."""
        _driver(connection).tpc_rollback(_named(xid) if recover else None)

    def do_commit_twophase(
        self, connection: Connection, xid: Any, is_prepared: bool = True, recover: bool = False
    ) -> None:
        """Commit this connection's transaction, or with `recover` the one of that name."""
        _driver(connection).tpc_commit(_named(xid) if recover else None)

    def do_recover_twophase(self, connection: Connection) -> list[Any]:
        """The names of transactions that are prepared and not ended."""
        return [xid.gtrid for xid in _driver(connection).tpc_recover()]


_NOTHING_SAID = nullcontext[None]()


def _hinted(context: Any) -> AbstractContextManager[None]:
    """The block in which a statement has the hints of its execution options, of its connection's and engine's."""
    hints = None if context is None else context.execution_options.get(HINT)
    if not hints:
        return _NOTHING_SAID
    return own(context._dbapi_connection.dbapi_connection).hint(**hints)


def own(connection: Any) -> Driver:
    """The driver's connection, from what SQLAlchemy says it is."""
    found: Driver = connection
    return found


def _driver(connection: Connection) -> Driver:
    return own(connection.connection.dbapi_connection)


def _named(xid: Any) -> Xid:
    """SQLAlchemy's name of a transaction as an xid."""
    return xid if isinstance(xid, Xid) else Xid(1, str(xid), "")
