"""Pinned connections, session state, questions about tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shardkit.backends.scripted import Reply
from shardkit.errors import (
    ConnectionLost,
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    PoolTimeout,
    ProgrammingError,
    ShardUnavailable,
)
from shardkit.flow import (
    CloseQuery,
    Collation,
    Command,
    Describe,
    DescribeCollation,
    Enlist,
    Finish,
    SetState,
    TableInfo,
    Task,
)
from tests.unit.runtime.stage import Stage, query, read_all, rows, shard

A, B, C = shard(0), shard(1), shard(0, "rds1")


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.engine.close()


def test_a_transaction_keeps_its_connection_until_it_ends(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    for _ in range(3):
        lanes.perform(query(Task(A, "INSERT")))
    lanes.perform(Command((A,), "SAVEPOINT s"))
    assert lanes.perform(Finish((A,), "COMMIT")) == (None,)
    assert [(noted.what, noted.text) for noted in stage.rds0.log[1:]] == [
        ("run", "BEGIN"),
        ("start", "INSERT"),
        ("start", "INSERT"),
        ("start", "INSERT"),
        ("run", "SAVEPOINT s"),
        ("run", "COMMIT"),
    ]
    assert len(stage.rds0.connections) == 1
    stage.check_nothing_leaked()


def test_several_shards_are_enlisted_and_finished_in_order(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.perform(Enlist((A, B, C), ("SET x = 1", "BEGIN")))
    assert stage.in_use() == 3
    assert lanes.perform(Finish((C, A, B), "COMMIT")) == (None, None, None)
    stage.check_nothing_leaked()


def test_a_failed_enlisting_pins_nothing(stage: Stage) -> None:
    stage.rds1.connect_errors = [ShardUnavailable("shard rds1/db_00: down", shards=(C,))]
    lanes = stage.engine.open()
    with pytest.raises(ShardUnavailable, match="rds1"):
        lanes.perform(Enlist((A, C), ("BEGIN",)))
    assert stage.in_use() == 0
    lanes.perform(Enlist((A, C), ("BEGIN",)))
    lanes.close()
    stage.check_nothing_leaked()


def test_enlisting_twice_would_commit_silently_and_is_an_error(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    with pytest.raises(InternalError):
        lanes.perform(Enlist((A,), ("BEGIN",)))
    with pytest.raises(InternalError):
        lanes.perform(Command((B,), "SAVEPOINT s"))
    lanes.close()


def test_more_shards_than_the_pool_holds_are_refused_by_key() -> None:
    stage = Stage(size=2)
    with pytest.raises(PoolTimeout, match=r"pool\.size"):
        stage.engine.open().perform(Enlist((A, B, shard(2)), ("BEGIN",)))
    stage.check_nothing_leaked()


def test_an_error_at_commit_never_stops_the_others(stage: Stage) -> None:
    lost = ConnectionLost(f"shard {B}: gone", shards=(B,))
    stage.rds0.on("COMMIT", Reply(error=lost, breaks=True), shard=B)
    lanes = stage.engine.open()
    lanes.perform(Enlist((A, B, C), ("BEGIN",)))
    assert lanes.perform(Finish((A, B, C), "COMMIT")) == (None, lost, None)
    assert stage.rds0.open_count == 1
    stage.check_nothing_leaked()


def test_a_command_is_tried_everywhere_and_its_error_names_the_shard(stage: Stage) -> None:
    error = OperationalError(f"shard {A}: no such savepoint", shards=(A,))
    stage.rds0.on("RELEASE SAVEPOINT s", Reply(error=error), shard=A)
    lanes = stage.engine.open()
    lanes.perform(Enlist((A, B), ("BEGIN",)))
    with pytest.raises(OperationalError, match="rds0/db_00"):
        lanes.perform(Command((A, B), "RELEASE SAVEPOINT s"))
    assert len(stage.rds0.happened("run")) == 4
    lanes.close()
    stage.check_nothing_leaked()


def test_a_statement_error_leaves_the_transaction_alive(stage: Stage) -> None:
    stage.rds0.on("INSERT", Reply(error=IntegrityError("duplicate", errno=1062)))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    with pytest.raises(IntegrityError):
        lanes.perform(query(Task(A, "INSERT")))
    assert lanes.perform(Finish((A,), "COMMIT")) == (None,)
    stage.check_nothing_leaked()


def test_a_failed_sibling_does_not_cost_the_transaction_its_other_shards(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(2000, delay=0.1), shard=A)
    stage.rds0.on("SELECT", Reply(error=DataError("bad")), shard=B)
    lanes = stage.engine.open()
    lanes.perform(Enlist((A, B), ("BEGIN",)))
    with pytest.raises(DataError):
        lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    assert stage.rds0.happened("kill") == []
    assert lanes.perform(Finish((A, B), "COMMIT")) == (None, None)
    stage.check_nothing_leaked()


def test_a_broken_transaction_never_moves_to_a_fresh_connection(stage: Stage) -> None:
    stage.rds0.on("UPDATE", Reply(error=ConnectionLost("gone"), breaks=True))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            lanes.perform(query(Task(A, "UPDATE")))
    (error,) = lanes.perform(Finish((A,), "COMMIT"))
    assert isinstance(error, ConnectionLost)
    assert len(stage.rds0.connections) == 1
    stage.check_nothing_leaked()


def test_a_new_statement_drains_a_short_rest_of_the_former_one(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(2000))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    lanes.perform(query(Task(A, "SELECT")))
    lanes.perform(query(Task(A, "UPDATE")))
    assert lanes.perform(Finish((A,), "COMMIT")) == (None,)


def test_a_long_rest_must_be_read_or_closed(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(50_000))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    lanes.perform(query(Task(A, "SELECT")))
    with pytest.raises(OperationalError, match="close its cursor"):
        lanes.perform(query(Task(A, "UPDATE")))
    lanes.perform(CloseQuery())
    lanes.perform(query(Task(A, "UPDATE")))
    assert lanes.perform(Finish((A,), "COMMIT")) == (None,)


def test_tables_of_a_pinned_shard_share_its_connection(stage: Stage) -> None:
    for number in range(3):
        stage.rds0.on(f"SELECT {number}", rows(1000, number))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    opened = lanes.perform(query(*(Task(A, f"SELECT {n}") for n in range(3))))
    assert [one.first.last for one in opened] == [True, True, False]
    assert [len(found) for found in read_all(lanes, opened)] == [1000] * 3
    assert len(stage.rds0.connections) == 1
    lanes.close()


def test_closing_rolls_back(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.perform(Enlist((A, C), ("BEGIN",)))
    lanes.close()
    assert stage.rds0.happened("run") == ["BEGIN", "ROLLBACK"]
    stage.check_nothing_leaked()


def test_closing_in_mid_stream_discards_the_transaction(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(5000))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    lanes.perform(query(Task(A, "SELECT")))
    lanes.close()
    assert stage.rds0.open_count == 0
    stage.check_nothing_leaked()


def test_state_reaches_pinned_connections_now_and_others_when_used(stage: Stage) -> None:
    lanes, other = stage.engine.open(), stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    lanes.perform(SetState(("SET a = 1",), A))
    lanes.perform(query(Task(B, "SELECT")))
    assert stage.rds0.happened("run") == ["BEGIN", "SET a = 1", "SET a = 1"]
    assert stage.rds0.happened("reset") == []
    lanes.close()
    for _ in range(2):
        other.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    assert len(stage.rds0.happened("reset")) == 2  # undone once for each connection


def test_a_refused_state_changes_nothing(stage: Stage) -> None:
    stage.rds0.on("SET b = 2", Reply(error=ProgrammingError("unknown", errno=1193)))
    lanes = stage.engine.open()
    lanes.perform(SetState(("SET a = 1",), A))
    with pytest.raises(ProgrammingError):
        lanes.perform(SetState(("SET a = 1", "SET b = 2"), A))
    assert lanes.state == ("SET a = 1",)
    lanes.perform(query(Task(A, "SELECT")))
    stage.check_nothing_leaked()


def test_a_state_that_fails_on_one_pinned_shard_is_taken_back_on_the_other(stage: Stage) -> None:
    stage.rds1.on("SET a = 2", Reply(error=OperationalError("no")))
    lanes = stage.engine.open()
    lanes.perform(SetState(("SET a = 1",), A))
    lanes.perform(Enlist((A, C), ("BEGIN",)))
    with pytest.raises(OperationalError):
        lanes.perform(SetState(("SET a = 1", "SET a = 2"), A))
    lanes.perform(query(Task(A, "SELECT")))
    assert stage.rds0.happened("run") == ["SET a = 1", "BEGIN", "SET a = 2", "SET a = 1"]
    lanes.close()


def test_questions_borrow_a_connection(stage: Stage) -> None:
    info = TableInfo("t", ())
    stage.rds0.tables[A, "t"] = info
    stage.rds0.known_collations["utf8mb4_bin"] = Collation("utf8mb4_bin", b" ")
    lanes = stage.engine.open()
    assert lanes.perform(Describe(A, "t")) is info
    assert lanes.perform(Describe(A, "missing")) is None
    assert lanes.perform(DescribeCollation(A, ("utf8mb4_bin", "x"))) == (Collation("utf8mb4_bin", b" "),)
    stage.check_nothing_leaked()


def test_questions_in_a_transaction_use_its_connection_unless_it_streams(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(5000))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    lanes.perform(Describe(A, "t"))
    assert len(stage.rds0.connections) == 1
    lanes.perform(query(Task(A, "SELECT")))
    lanes.perform(Describe(A, "t"))
    assert len(stage.rds0.connections) == 2
    assert lanes.running is not None
    lanes.close()
    stage.check_nothing_leaked()
