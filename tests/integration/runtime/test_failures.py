"""The runtime on real servers that stop, freeze, kill and fill up: a typed error each, no hang, no lost connection."""

from __future__ import annotations

import time

import pytest

from shardkit.backends import mysql_connection
from shardkit.errors import (
    ConnectionLost,
    OperationalError,
    PoolTimeout,
    ShardUnavailable,
    StatementTimeout,
    UnknownTable,
)
from shardkit.flow import CloseQuery, Each, Enlist, Fetch, Finish, Query, SetState, Task
from shardkit.runtime import pool as pool_module
from shardkit.runtime.sync import Engine, Lanes
from shardkit.values import ShardId
from tests.integration.runtime.conftest import engine_for
from tests.integration.runtime.proxy import Proxy
from tests.servers import ServerUrl


def one(lanes: Lanes, shard: ShardId, sql: str, timeout: float | None = None) -> list[tuple[object, ...]]:
    (opened,) = lanes.perform(Query((Task(shard, sql),), False, timeout))
    return list(opened.first.rows)


def in_use(engine: Engine) -> int:
    return sum(pool.in_use for pool in engine.pools)


def read_on(lanes: Lanes) -> None:
    while not all(batch.last for batch in lanes.perform(Fetch((0, 1)))):
        pass


def everything(shard: ShardId) -> str:
    return f"SELECT * FROM `{shard.database}`.n"


def test_a_million_cells_stream_through_several_sources(engine: Engine, shard: ShardId) -> None:
    lanes = engine.open()
    opened = lanes.perform(Query(tuple(Task(shard, f"{everything(shard)} WHERE a % 3 = {n}") for n in range(3))))
    counts = [len(start.first.rows) for start in opened]
    left = (0, 1, 2)
    while left:
        batches = lanes.perform(Fetch(left))
        for batch in batches:
            counts[batch.source] += len(batch.rows)
        left = tuple(batch.source for batch in batches if not batch.last)
    assert counts == [3334, 3333, 3333]
    assert in_use(engine) == 0


def test_a_stopped_server(weak_engine: Engine, proxy: Proxy, shard: ShardId) -> None:
    proxy.close()
    with pytest.raises(ShardUnavailable, match="rds0") as caught:
        one(weak_engine.open(), shard, "SELECT 1")
    assert caught.value.errno == 2003
    assert in_use(weak_engine) == 0


def test_a_frozen_server_does_not_hang_connecting(weak_engine: Engine, proxy: Proxy, shard: ShardId) -> None:
    proxy.freeze()
    began = time.monotonic()
    with pytest.raises(ShardUnavailable):
        one(weak_engine.open(), shard, "SELECT 1")
    assert time.monotonic() - began < 4
    proxy.thaw()


def test_a_frozen_server_does_not_hang_a_statement(weak_engine: Engine, proxy: Proxy, shard: ShardId) -> None:
    lanes = weak_engine.open()
    one(lanes, shard, "SELECT 1")
    proxy.freeze()
    began = time.monotonic()
    with pytest.raises(StatementTimeout):
        one(lanes, shard, "SELECT 1", 0.5)
    assert time.monotonic() - began < 3
    proxy.thaw()
    assert in_use(weak_engine) == 0


def test_a_frozen_server_does_not_hang_the_beginning_of_a_transaction(
    weak_engine: Engine, proxy: Proxy, shard: ShardId, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = weak_engine.open()
    one(lanes, shard, "SELECT 1")
    monkeypatch.setattr(mysql_connection, "PATIENCE", 0.5)
    proxy.freeze()
    began = time.monotonic()
    with pytest.raises(OperationalError):
        lanes.perform(Enlist((shard,), ("BEGIN",)))
    assert time.monotonic() - began < 5
    proxy.thaw()
    assert in_use(weak_engine) == 0


@pytest.mark.parametrize("ending", [Finish, Each], ids=["one by one", "together"])
def test_a_frozen_server_does_not_hang_a_commit(
    weak_engine: Engine, proxy: Proxy, shard: ShardId, monkeypatch: pytest.MonkeyPatch, ending: type
) -> None:
    lanes = weak_engine.open()
    lanes.perform(Enlist((shard,), ("BEGIN",)))
    monkeypatch.setattr(mysql_connection, "PATIENCE", 0.5)
    proxy.freeze()
    began = time.monotonic()
    op = Finish((shard,), "COMMIT") if ending is Finish else Each((shard,), (("COMMIT",),), finish=True)
    (error,) = lanes.perform(op)
    assert isinstance(error, (ConnectionLost, StatementTimeout))
    assert time.monotonic() - began < 5
    proxy.thaw()
    assert in_use(weak_engine) == 0


def test_connections_that_died_while_idle_are_replaced(
    weak_engine: Engine, proxy: Proxy, shard: ShardId, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = weak_engine.open()
    one(lanes, shard, "SELECT 1")
    proxy.cut()
    time.sleep(0.2)
    monkeypatch.setattr(pool_module, "PING_AFTER", 0.0)
    assert one(lanes, shard, "SELECT 1") == [(1,)]


def test_a_connection_killed_by_another(engine: Engine, shard: ShardId, server: ServerUrl) -> None:
    lanes = engine.open()
    ((number,),) = one(lanes, shard, "SELECT CONNECTION_ID()")
    with server.connect() as bare, bare.cursor() as cursor:
        cursor.execute(f"KILL {number}")
    time.sleep(0.2)
    with pytest.raises(ConnectionLost):
        one(lanes, shard, "SELECT 1")
    assert one(lanes, shard, "SELECT 1") == [(1,)]
    assert in_use(engine) == 0


def test_a_failed_sibling_stops_the_others_on_the_server(engine: Engine, shard: ShardId, server: ServerUrl) -> None:
    began = time.monotonic()
    tasks = (Task(shard, "SELECT SLEEP(60) /* sibling */"), Task(shard, f"SELECT * FROM `{shard.database}`.missing"))
    with pytest.raises(UnknownTable):
        engine.open().perform(Query(tasks))
    assert time.monotonic() - began < 5
    time.sleep(0.2)
    with server.connect() as bare, bare.cursor() as cursor:
        cursor.execute("SHOW FULL PROCESSLIST")
        assert not any("/* sibling */" in str(row[7]) for row in cursor.fetchall())
    assert in_use(engine) == 0


def test_an_exhausted_pool(server: ServerUrl, shard: ShardId) -> None:
    engine = engine_for(server.url, size=1, wait=0.2)
    holder = engine.open()
    holder.perform(Query((Task(shard, everything(shard)),)))
    with pytest.raises(PoolTimeout, match="rds0"):
        one(engine.open(), shard, "SELECT 1")
    holder.perform(CloseQuery())
    assert one(engine.open(), shard, "SELECT 1") == [(1,)]
    engine.close()


def test_session_state_reaches_every_connection_and_is_undone(engine: Engine, shard: ShardId) -> None:
    lanes, other = engine.open(), engine.open()
    lanes.perform(SetState(("SET time_zone = '+05:00'", "SET @x = 7"), shard))
    tasks = tuple(Task(shard, "SELECT @@time_zone, @x, SLEEP(0.05)") for _ in range(3))
    answers = lanes.perform(Query(tasks))
    assert [answer.first.rows[0][:2] for answer in answers] == [("+05:00", 7)] * 3
    for answer in other.perform(Query(tasks)):
        zone, x, _ = answer.first.rows[0]
        assert zone != "+05:00"
        assert x is None


def test_a_transaction_lost_with_its_owner_is_rolled_back(engine: Engine, shard: ShardId) -> None:
    lanes = engine.open()
    lanes.perform(Enlist((shard,), ("BEGIN",)))
    one(lanes, shard, f"INSERT INTO `{shard.database}`.n VALUES (-5, 'lost')")
    del lanes
    other = engine.open()
    for _ in range(2):
        found = one(other, shard, f"SELECT a FROM `{shard.database}`.n WHERE a = -5")
        assert found == []
    assert in_use(engine) == 0


def test_a_committed_transaction_stays(engine: Engine, shard: ShardId) -> None:
    lanes = engine.open()
    lanes.perform(Enlist((shard,), ("BEGIN",)))
    one(lanes, shard, f"UPDATE `{shard.database}`.n SET b = 'kept' WHERE a = 3")
    assert one(engine.open(), shard, f"SELECT b FROM `{shard.database}`.n WHERE a = 3") == [("x" * 200,)]
    assert lanes.perform(Finish((shard,), "COMMIT")) == (None,)
    assert one(engine.open(), shard, f"SELECT b FROM `{shard.database}`.n WHERE a = 3") == [("kept",)]
    one(lanes, shard, f"UPDATE `{shard.database}`.n SET b = '{'x' * 200}' WHERE a = 3")
