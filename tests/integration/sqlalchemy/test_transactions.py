"""Transactions through the dialect: isolation, AUTOCOMMIT, savepoints, two phases, lost connections, disposal."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine, create_engine, func, insert, select, text
from sqlalchemy.exc import OperationalError, PendingRollbackError
from sqlalchemy.orm import Session

from shardkit.dbapi import Connection as ShardkitConnection
from shardkit.errors import CommitInDoubt
from shardkit.sqlalchemy import ClusterPool, ShardkitDialect
from tests.integration.dbapi.stage import eventually, thread_of
from tests.integration.sqlalchemy.stage import Member, Note
from tests.servers import ServerUrl


def count(engine: Engine, model: type[Member | Note] = Member) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(model)) or 0


def driver(connection: object) -> ShardkitConnection:
    found = connection.connection.dbapi_connection  # type: ignore[attr-defined]
    assert isinstance(found, ShardkitConnection)
    return found


def test_what_is_not_committed_is_undone_on_every_shard(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 9)])
        connection.rollback()
    assert count(engine) == 0


def test_savepoints(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Note(text="kept"))
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            session.add(Note(text="undone"))
            session.flush()
            raise ZeroDivisionError
        session.commit()
        assert session.scalars(select(Note.text)).all() == ["kept"]


def test_autocommit_of_one_connection(engine: Engine) -> None:
    with engine.connect() as connection:
        own = connection.execution_options(isolation_level="AUTOCOMMIT")
        assert driver(own).autocommit
        own.execute(insert(Member).values(memberId=1, name="x"))
        own.rollback()
    assert count(engine) == 1
    with engine.connect() as connection:
        assert not driver(connection).autocommit


def test_autocommit_of_an_engine(engine: Engine) -> None:
    loose = engine.execution_options(isolation_level="AUTOCOMMIT")
    with loose.connect() as connection:
        connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 5)])
    assert count(engine) == 4


def test_isolation_levels(engine: Engine) -> None:
    with engine.connect() as connection:
        usual = connection.get_isolation_level()
        assert usual == connection.default_isolation_level
    for level in ("READ COMMITTED", "READ UNCOMMITTED", "REPEATABLE READ", "SERIALIZABLE"):
        with engine.connect() as connection:
            connection.execution_options(isolation_level=level)
            assert connection.get_isolation_level() == level
    with engine.connect() as connection:
        assert connection.get_isolation_level() == usual


@pytest.mark.mysql
def test_two_phases(server_engine: Engine) -> None:
    engine = server_engine
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM member"))
    with engine.connect() as connection:
        transaction = connection.begin_twophase()
        connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 9)])
        transaction.prepare()
        transaction.commit()
    assert count(engine) == 8
    with engine.connect() as connection:
        transaction = connection.begin_twophase()
        connection.execute(text("DELETE FROM member"))
        transaction.rollback()
    assert count(engine) == 8


@pytest.mark.mysql
def test_a_session_in_two_phases(server_engine: Engine) -> None:
    with server_engine.begin() as connection:
        connection.execute(text("DELETE FROM member"))
    with Session(server_engine, twophase=True) as session:
        session.add_all([Member(memberId=n, name="x") for n in range(1, 5)])
        session.prepare()
        session.commit()
    assert count(server_engine) == 4


@pytest.mark.mysql
def test_a_prepared_transaction_is_recovered_by_its_name(server_engine: Engine) -> None:
    with server_engine.begin() as connection:
        connection.execute(text("DELETE FROM member"))
    lost = create_engine(server_engine.url)
    connection = lost.connect()
    transaction = connection.begin_twophase("sa-recovered")
    connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 5)])
    transaction.prepare()
    connection.detach()
    connection.connection.dbapi_connection.close()  # type: ignore[union-attr]
    with server_engine.connect() as connection:
        assert "sa-recovered" in connection.recover_twophase()
        eventually(lambda: _committed(connection), "the server has let go of the closed connection's branches")
        assert "sa-recovered" not in connection.recover_twophase()
    lost.dispose()
    assert count(server_engine) == 4


def _committed(connection: Connection) -> bool:
    """Whether it is committed now; a branch cannot be ended while the server still holds the connection that made it."""
    try:
        connection.commit_prepared("sa-recovered", recover=True)
    except OperationalError as error:
        if not isinstance(error.orig, CommitInDoubt):
            raise
        return False
    return True


def test_the_pool_never_makes_anybody_wait(engine: Engine) -> None:
    assert isinstance(engine.pool, ClusterPool)
    held = [engine.connect() for _ in range(300)]
    for connection in held:
        connection.close()
    assert engine.pool.checkedout() == 0


def test_a_disposed_engine_closes_its_cluster_and_opens_another(engine: Engine) -> None:
    mine = create_engine(engine.url)
    assert isinstance(mine.dialect, ShardkitDialect)
    with mine.connect() as connection:
        connection.execute(select(Member)).all()
        cluster = mine.dialect.opening.cluster
    mine.dispose()
    with pytest.raises(Exception, match="closed"):
        cluster.engine.check_open()
    with mine.connect() as connection:
        assert connection.execute(select(Member)).all() == []
    mine.dispose()


def test_a_connection_in_use_outlives_the_disposal(engine: Engine) -> None:
    mine = create_engine(engine.url)
    assert isinstance(mine.dialect, ShardkitDialect)
    with mine.connect() as connection:
        cluster = mine.dialect.opening.cluster
        mine.dispose()
        assert connection.execute(select(Member)).all() == []
        cluster.engine.check_open()
    with pytest.raises(Exception, match="closed"):
        cluster.engine.check_open()


def test_a_closed_connection_is_a_disconnect(engine: Engine) -> None:
    mine = create_engine(engine.url, pool_pre_ping=True)
    with mine.connect() as connection:
        driver(connection).close()
        with pytest.raises(Exception, match="closed") as caught:
            connection.execute(select(Member))
        assert connection.invalidated, caught.value
        connection.rollback()
        assert connection.execute(select(Member)).all() == []
    mine.dispose()


@pytest.mark.mysql
def test_a_lost_connection_is_a_disconnect(server_engine: Engine, mysql_servers: tuple[ServerUrl, ServerUrl]) -> None:
    with server_engine.connect() as connection:
        one = connection.execute(select(Member).where(Member.memberId == 3))
        one.close()
        engine = driver(connection)
        (shard,) = engine.session.enlisted
        mysql_servers[int(shard.server[-1])].connect().cursor().execute(f"KILL {thread_of(engine, shard)}")
        with pytest.raises(OperationalError):
            connection.execute(select(Member).where(Member.memberId == 3))
        assert connection.invalidated
        with pytest.raises(PendingRollbackError):
            connection.execute(select(Member))
        connection.rollback()
        connection.execute(select(Member)).all()
