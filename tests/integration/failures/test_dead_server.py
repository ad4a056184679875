"""A server that dies by SIGKILL while rows stream from it: one error that names the shard, and the rest goes on.

The server dies once, under everything that was going on; the tests look at what each of its users saw.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import shardkit
from shardkit.errors import CommitInDoubt, ConnectionLost, Error, ShardUnavailable, TransactionAborted
from tests.integration.dbapi.stage import Stage, eventually, rows, run, value
from tests.integration.failures.victims import victims
from tests.servers import ServerUrl

SIDE = 90
ROWS = SIDE * SIDE
FILL = (
    f"INSERT INTO `{{database}}`.member WITH RECURSIVE q AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM q WHERE i < "
    f"{SIDE - 1}) SELECT (a.i * {SIDE} + b.i) * 4 + {{shard}}, NULL, REPEAT('x', 2000), NULL, NULL FROM q a CROSS JOIN q b"
)


@dataclass
class Scene:
    """What was open when the server died."""

    stage: Stage
    cluster: shardkit.Cluster
    merged: shardkit.Cursor
    single: shardkit.Cursor
    writer: shardkit.Connection
    reader: shardkit.Connection
    seen: dict[str, tuple[int, Error | None]] = field(default_factory=dict)

    def read(self, name: str, cursor: shardkit.Cursor) -> None:
        """Iterate to the end or to the error."""
        count = 0
        try:
            for _ in cursor:
                count += 1
        except Error as error:
            self.seen[name] = count, error
        else:
            self.seen[name] = count, None


@pytest.fixture(scope="module")
def scene(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[Scene]:
    """Streams and a transaction in progress, the death of rds1, and what the streams then gave."""
    folder = Path(tempfile.mkdtemp(prefix="shardkit-victims-"))
    with victims(folder, mysql_servers[0].flavor) as private:
        stage = Stage(private.pair)
        stage.build(("member", "country"))
        for shard, (server, database) in enumerate(stage.databases):
            stage.ask(int(server[-1]), FILL.format(database=database, shard=shard))
        with stage.cluster(transactions="best_effort", full_scan_writes="allow") as cluster:
            scene = play(stage, cluster)
            private.kill(1)
            scene.read("merged", scene.merged)
            scene.read("single", scene.single)
            yield scene
            for connection in (scene.writer, scene.reader):
                connection.close()


def play(stage: Stage, cluster: shardkit.Cluster) -> Scene:
    """Open everything."""
    merged = cluster.connect(autocommit=True).cursor().execute("SELECT memberId, v FROM member ORDER BY memberId")
    single = cluster.connect(autocommit=True).cursor().execute("SELECT memberId, v FROM member WHERE memberId % 4 = 3")
    assert merged.fetchone() is not None
    assert single.fetchone() is not None
    writer, reader = cluster.connect(), cluster.connect()
    run(writer, "UPDATE member SET name = 'new' WHERE memberId = 2")
    run(writer, "UPDATE member SET name = 'new' WHERE memberId = 0")
    assert rows(reader, "SELECT COUNT(*) FROM member WHERE memberId < 8") == [(8,)]
    return Scene(stage, cluster, merged, single, writer, reader)


def members(scene: Scene, *shards: int) -> list[Any]:
    """Names on the shards of the server that lives."""
    sql = "SELECT COUNT(*), COUNT(name) FROM `{}`.member"
    return [scene.stage.ask(0, sql.format(scene.stage.databases[shard].database))[0] for shard in shards]


@pytest.mark.parametrize("name", ["merged", "single"])
def test_a_stream_ends_in_one_error_that_names_the_shard(scene: Scene, name: str) -> None:
    count, error = scene.seen[name]
    assert isinstance(error, ConnectionLost)
    assert error.shards
    assert {shard.server for shard in error.shards} == {"rds1"}
    assert str(error.shards[0]) in str(error)
    assert count < ROWS


def test_a_transaction_that_wrote_there_leaves_nothing_here(scene: Scene) -> None:
    with pytest.raises((CommitInDoubt, TransactionAborted, ConnectionLost)) as caught:
        scene.writer.commit()
    assert "rds1" in str(caught.value)
    assert not getattr(caught.value, "committed", ())
    assert members(scene, 0, 1) == [(ROWS, 0), (ROWS, 0)]
    assert value(scene.writer, "SELECT name FROM member WHERE memberId = 0") is None
    scene.writer.rollback()


def test_a_transaction_that_read_there_goes_down_with_its_next_read(scene: Scene) -> None:
    with pytest.raises((ConnectionLost, ShardUnavailable)) as caught:
        rows(scene.reader, "SELECT COUNT(*) FROM member")
    assert {shard.server for shard in caught.value.shards} == {"rds1"}
    with pytest.raises(TransactionAborted):
        rows(scene.reader, "SELECT COUNT(*) FROM member WHERE memberId = 0")
    scene.reader.rollback()
    assert value(scene.reader, "SELECT COUNT(*) FROM member WHERE memberId = 0") == 1
    scene.reader.rollback()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM member",
        "SELECT memberId FROM member ORDER BY memberId LIMIT 3",
        "SELECT memberId FROM member WHERE memberId = 2",
        "SELECT memberId FROM member WHERE memberId IN (0, 3)",
        "UPDATE member SET name = 'x' WHERE memberId = 3",
    ],
)
def test_statements_that_need_the_dead_server_fail_quickly(scene: Scene, sql: str) -> None:
    connection = scene.cluster.connect(autocommit=True)
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises((ShardUnavailable, ConnectionLost)) as caught:
            run(connection, sql)
        assert {shard.server for shard in caught.value.shards} == {"rds1"}
        assert time.monotonic() - began < 8
    assert isinstance(caught.value, ShardUnavailable)
    assert caught.value.args[0] == 2003
    connection.close()
    eventually(lambda: not any(row[0] == 0 for row in living(scene)), "nothing runs on the living server")


def living(scene: Scene) -> list[tuple[Any, ...]]:
    sql = "SELECT 0, id FROM information_schema.processlist WHERE user = %s AND command <> 'Sleep'"
    return scene.stage.ask(0, sql, (scene.stage.user,))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE member SET name = 'x'",
        "INSERT INTO member (memberId) VALUES (1000000), (1000001), (1000002), (1000003)",
        "DELETE FROM member WHERE memberId IN (0, 1, 2, 3)",
        "INSERT INTO country (code) VALUES ('de')",
    ],
)
def test_writes_over_all_shards_leave_nothing_on_the_living_ones(scene: Scene, sql: str) -> None:
    connection = scene.cluster.connect(autocommit=True)
    with pytest.raises((ShardUnavailable, ConnectionLost)) as caught:
        run(connection, sql)
    assert {shard.server for shard in caught.value.shards} == {"rds1"}
    assert not connection.in_transaction
    connection.close()
    assert members(scene, 0, 1) == [(ROWS, 0), (ROWS, 0)]
    assert scene.stage.ask(0, f"SELECT COUNT(*) FROM `{scene.stage.databases[0].database}`.country") == [(0,)]


def test_the_living_server_goes_on(scene: Scene) -> None:
    connection = scene.cluster.connect(autocommit=True)
    assert value(connection, "SELECT COUNT(*) FROM member WHERE memberId IN (0, 1, 4, 5)") == 4
    assert run(connection, "UPDATE member SET n = 5 WHERE memberId = 1") == 1
    assert run(connection, "UPDATE member SET n = NULL WHERE memberId = 1") == 1
    connection.close()


def test_nothing_is_left_behind(scene: Scene) -> None:
    scene.writer.rollback()
    scene.reader.rollback()
    pools = scene.cluster.engine.pools
    assert [pool.in_use for pool in pools] == [0] * len(pools)
    (here,) = [pool for pool in pools if pool.limits.server == "rds0"]
    sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = %s"
    eventually(lambda: scene.stage.ask(0, sql, (scene.stage.user,)) == [(here.idle,)], "only pooled sessions are left")
