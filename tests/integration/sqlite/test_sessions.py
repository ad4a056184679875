"""Transactions, locks, time limits, kills, and files that cannot be used."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from shardkit.backends import sqlite_connection
from shardkit.backends.sqlite import SqliteBackend
from shardkit.backends.sqlite_functions import Moment, register
from shardkit.errors import (
    ConnectionLost,
    Error,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    ShardUnavailable,
    SqlSyntaxError,
    StatementTimeout,
    UnknownColumn,
    UnknownTable,
)
from shardkit.flow import Task
from shardkit.rewrite.sqlite_names import AGGREGATE_SCALES, FAMILY_OF, INTERNAL, PREFIX
from shardkit.rules import Server
from shardkit.values import ShardId
from tests.integration.sqlite.conftest import SHARD, Database

ENDLESS = "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"


@pytest.fixture
def table(database: Database) -> Database:
    database.write("CREATE TABLE t (id INT PRIMARY KEY, n INT)")
    database.write("INSERT INTO t VALUES (1, 1), (2, 2)")
    return database


def run(database: Database, *statements: str) -> None:
    for sql in statements:
        database.connection.run(SHARD, sql)


def test_transactions(table: Database, other: Database) -> None:
    run(table, "START TRANSACTION", "UPDATE t SET n = 10 WHERE id = 1", "SAVEPOINT a", "DELETE FROM t")
    run(table, "ROLLBACK TO SAVEPOINT a", "RELEASE SAVEPOINT a")
    assert other.rows("SELECT n FROM t ORDER BY id") == [(1,), (2,)]
    run(table, "COMMIT")
    assert other.rows("SELECT n FROM t ORDER BY id") == [(10,), (2,)]
    run(table, "BEGIN", "DELETE FROM t", "ROLLBACK", "ROLLBACK", "COMMIT")
    assert other.one("SELECT COUNT(*) FROM t") == 2
    with pytest.raises(OperationalError) as caught:
        run(table, "ROLLBACK TO nowhere")
    assert caught.value.errno == 1305


def test_begin_commits_what_is_open_and_ddl_too(table: Database, other: Database) -> None:
    run(table, "BEGIN", "UPDATE t SET n = 5 WHERE id = 1", "BEGIN", "UPDATE t SET n = 6 WHERE id = 2")
    run(table, "CREATE TABLE u (a INT)", "ROLLBACK")
    assert other.rows("SELECT n FROM t ORDER BY id") == [(5,), (6,)]


def test_a_locked_file(table: Database, other: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_connection, "LOCK_WAIT", 0.1)
    run(table, "BEGIN")
    assert len(table.rows("SELECT id FROM t WHERE id = 1 FOR UPDATE")) == 1
    with pytest.raises(OperationalError) as caught:
        other.write("UPDATE t SET n = 0")
    assert caught.value.errno == 1205
    assert str(SHARD) in str(caught.value)
    assert other.connection.usable
    run(table, "COMMIT")
    assert other.write("UPDATE t SET n = 0") == (2, 0)


def test_a_lost_race_is_an_error_not_a_lost_update(table: Database, other: Database) -> None:
    run(table, "BEGIN")
    assert table.one("SELECT n FROM t WHERE id = 1") == 1
    other.write("UPDATE t SET n = n + 1 WHERE id = 1")
    with pytest.raises(OperationalError) as caught:
        table.write("UPDATE t SET n = n + 1 WHERE id = 1")
    assert caught.value.errno == 1213
    run(table, "ROLLBACK")
    assert table.one("SELECT n FROM t WHERE id = 1") == 2


def test_time_limit(database: Database) -> None:
    started = time.monotonic()
    with pytest.raises(StatementTimeout) as caught:
        database.connection.start(Task(SHARD, ENDLESS), 0, 0.2)
    assert time.monotonic() - started < 3
    assert str(SHARD) in str(caught.value)
    assert database.connection.usable
    assert database.one("SELECT 1") == 1


def test_time_limit_in_a_stream(table: Database) -> None:
    rows = "SELECT a.id FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l, t m, t n, t o, t p"
    table.connection.start(Task(SHARD, f"{rows} WHERE a.id + p.id > 1"), 1, 0.05)
    time.sleep(0.1)
    with pytest.raises(StatementTimeout):
        table.connection.read(60_000)


def test_kill_from_another_thread(database: Database) -> None:
    timer = threading.Timer(0.2, database.connection.kill)
    timer.start()
    with pytest.raises(OperationalError) as caught:
        database.connection.start(Task(SHARD, ENDLESS), 0, 30)
    timer.join()
    assert caught.value.errno == 1317
    assert not database.connection.usable
    with pytest.raises(ConnectionLost):
        database.one("SELECT 1")


def test_a_transaction_lost_with_its_statement(table: Database) -> None:
    run(table, "BEGIN", "UPDATE t SET n = 3")
    endless = ENDLESS.replace("COUNT(*)", "i, i")
    with pytest.raises(StatementTimeout):
        table.connection.start(Task(SHARD, f"INSERT IGNORE INTO t {endless}"), 0, 0.2)
    assert table.connection.usable is table.connection._raw.in_transaction


def test_reset_and_close(table: Database, other: Database) -> None:
    run(table, "BEGIN", "DELETE FROM t")
    table.connection.state = ("SET NAMES utf8mb4",)
    table.connection.reset()
    assert not table.connection.state
    assert other.one("SELECT COUNT(*) FROM t") == 2
    assert table.connection.ping()
    table.connection.close()
    table.connection.close()
    table.connection.kill()
    assert not table.connection.ping()
    assert not table.connection.usable


@pytest.mark.parametrize(
    ("sql", "kind", "errno"),
    [
        ("SELECT * FROM missing", UnknownTable, 1146),
        ("INSERT INTO missing VALUES (1)", UnknownTable, 1146),
        ("SELECT missing FROM t", UnknownColumn, 1054),
        ("SELECT `missing` FROM t", UnknownColumn, 1054),
        ("UPDATE t SET missing = 1", UnknownColumn, 1054),
        ("INSERT INTO t (missing) VALUES (1)", UnknownColumn, 1054),
        ("SELECT n FROM t a JOIN t b ON a.id = b.id", UnknownColumn, 1052),
        ("INSERT INTO t (id, n) VALUES (1)", ProgrammingError, 1136),
        ("SELECT id FROM", SqlSyntaxError, 1064),
        ("SELECT SOUNDEX(n) FROM t", NotSupportedError, 1235),
        ("SELECT id FROM t WHERE SUM(n) > 1", ProgrammingError, 1111),
        ("DROP TABLE missing", UnknownTable, 1051),
    ],
)
def test_errors(table: Database, sql: str, kind: type[Error], errno: int) -> None:
    with pytest.raises(Error) as caught:
        table.rows(sql)
    assert (type(caught.value), caught.value.errno) == (kind, errno)
    assert str(SHARD) in str(caught.value)
    assert caught.value.shards == (SHARD,)
    assert table.connection.usable


def test_files(tmp_path: Path, database: Database) -> None:
    assert (tmp_path / "member_03.db").exists()
    nowhere = SqliteBackend(Server("rds0", make_url(f"sqlite:///{tmp_path}/nowhere")))
    with pytest.raises(ShardUnavailable):
        nowhere.connect(SHARD)
    here = SqliteBackend(Server("rds0", make_url(f"sqlite:///{tmp_path}")))
    for name in ("../x", "a/b", "..", ""):
        with pytest.raises(ShardUnavailable):
            here.connect(ShardId("rds0", name))
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(ShardUnavailable):
        here.connect(ShardId("rds0", "folder"))
    (tmp_path / "text.db").write_text("this is no database" * 100)
    with pytest.raises(ShardUnavailable):
        here.connect(ShardId("rds0", "text"))
    assert here.pool_of(SHARD) == "rds0/member_03"


def test_exactly_the_named_functions_are_registered() -> None:
    raw = sqlite3.connect(":memory:")
    register(raw, Moment("x"), str)
    found = {name for (name,) in raw.execute("SELECT name FROM pragma_function_list") if name.startswith(PREFIX)}
    renamed = {"adddate", "subdate"}  # the translator writes date_add and date_sub
    named = (set(FAMILY_OF) | set(INTERNAL)) - renamed
    totals = {f"{kind}_{scale}" for kind in ("sum", "avg") for scale in (*AGGREGATE_SCALES, "f")}
    assert found == {PREFIX + name for name in named | totals}
    raw.close()


def test_threads_in_turn(backend: SqliteBackend, table: Database) -> None:
    """A pool hands connections from thread to thread, and several threads write to one file."""
    connections = [Database(backend.connect(SHARD)) for _ in range(4)]
    failures: list[BaseException] = []

    def work(database: Database) -> Callable[[], None]:
        def add() -> None:
            try:
                for _ in range(20):
                    database.write("UPDATE t SET n = n + 1 WHERE id = 1")
            except BaseException as error:
                failures.append(error)

        return add

    threads = [threading.Thread(target=work(database)) for database in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in connections:
        each.connection.close()
    assert failures == []
    assert table.one("SELECT n FROM t WHERE id = 1") == 81
