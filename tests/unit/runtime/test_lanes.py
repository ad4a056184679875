"""Queries: order of answers, streams, failures, cancellation, time, and connections that always come back."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait as futures_wait

import pytest

from shardkit.backends.scripted import Reply
from shardkit.errors import BudgetExceeded, ConnectionLost, DataError, InterfaceError, PoolTimeout, StatementTimeout
from shardkit.flow import Budget, CloseQuery, CloseWorkspace, Enlist, Fetch, Finish, OpenWorkspace, RowBatch, Task
from shardkit.runtime import fan
from shardkit.runtime.lane import FIRST_BATCH
from tests.unit.runtime.stage import Stage, query, read_all, rows, shard

A, B, C = shard(0), shard(1), shard(0, "rds1")


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.engine.close()


def test_one_task_runs_in_the_calling_thread_and_gives_its_connection_back(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(2))
    before = threading.active_count()
    (opened,) = stage.engine.open().perform(query(Task(A, "SELECT")))
    assert opened.first == RowBatch(0, [(0,), (1,)], True)
    assert threading.active_count() == before
    stage.check_nothing_leaked()


def test_a_write_gives_its_counts(stage: Stage) -> None:
    stage.rds0.on("INSERT", Reply(rowcount=3, lastrowid=7))
    (opened,) = stage.engine.open().perform(query(Task(A, "INSERT")))
    assert (opened.description, opened.rowcount, opened.lastrowid) == (None, 3, 7)


def test_answers_come_in_the_order_of_the_tasks(stage: Stage) -> None:
    for number, (place, delay) in enumerate(((A, 0.1), (B, 0.0), (C, 0.05))):
        stage.backends[place.server == "rds1"].on("SELECT", rows(1, number, delay=delay), shard=place)
    lanes = stage.engine.open()
    opened = lanes.perform(query(*(Task(place, "SELECT") for place in (A, B, C))))
    assert [one.first.rows[0] for one in opened] == [(0,), (1,), (2,)]
    assert [one.first.source for one in opened] == [0, 1, 2]
    stage.check_nothing_leaked()


def test_several_shards_run_at_the_same_time(stage: Stage) -> None:
    for backend in stage.backends:
        backend.on("SELECT", rows(1, delay=0.2))
    began = time.monotonic()
    stage.engine.open().perform(query(*(Task(shard(n), "SELECT") for n in range(4)), Task(C, "SELECT")))
    assert time.monotonic() - began < 0.5


def test_streams_are_read_in_batches_to_the_last_row(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(3000), shard=A)
    stage.rds0.on("SELECT", rows(10, 5), shard=B)
    lanes = stage.engine.open()
    opened = lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    assert len(opened[0].first.rows) == FIRST_BATCH
    assert stage.in_use() == 1  # B's went back with its last row
    assert [len(found) for found in read_all(lanes, opened)] == [3000, 10]
    stage.check_nothing_leaked()


def test_several_sources_are_fetched_together(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(2000))
    lanes = stage.engine.open()
    opened = lanes.perform(query(*(Task(shard(n), "SELECT") for n in range(3))))
    batches = lanes.perform(Fetch((0, 1, 2)))
    assert [batch.source for batch in batches] == [0, 1, 2]
    assert [batch.rows[0] for batch in batches] == [(FIRST_BATCH,)] * 3
    assert len(opened) == 3
    lanes.close()
    stage.check_nothing_leaked()


def test_a_source_that_has_ended_stays_ended(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(300))
    lanes = stage.engine.open()
    lanes.perform(query(Task(A, "SELECT")))
    assert lanes.perform(Fetch((0,)))[0].last
    assert lanes.perform(Fetch((0,))) == (RowBatch(0, (), True),)


def test_without_streaming_all_rows_come_at_once(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(3000))
    (opened,) = stage.engine.open().perform(query(Task(A, "SELECT"), stream=False))
    assert len(opened.first.rows) == 3000
    assert opened.first.last


def test_a_failed_shard_is_named_and_its_siblings_are_stopped(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(1, delay=30))
    stage.rds1.on("SELECT", Reply(error=DataError(f"shard {C}: bad value", shards=(C,))))
    began = time.monotonic()
    with pytest.raises(DataError, match="rds1/db_00") as caught:
        stage.engine.open().perform(query(Task(A, "SELECT"), Task(B, "SELECT"), Task(C, "SELECT")))
    assert time.monotonic() - began < 5
    assert caught.value.shards == (C,)
    assert len(stage.rds0.happened("kill")) == 2
    assert stage.rds0.open_count == 0  # stopped ones are not pooled
    assert stage.rds1.open_count == 1  # a mere statement error leaves a sound connection
    stage.check_nothing_leaked()


def test_siblings_in_a_transaction_are_interrupted_and_keep_their_connections(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.perform(Enlist((A, B, C), ("BEGIN",)))
    stage.rds0.on("SELECT", rows(1, delay=30))
    stage.rds1.on("SELECT", Reply(error=DataError(f"shard {C}: bad value", shards=(C,))))
    began = time.monotonic()
    with pytest.raises(DataError):
        lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT"), Task(C, "SELECT")))
    assert time.monotonic() - began < 5
    assert not stage.rds0.happened("kill")
    assert len(stage.rds0.happened("interrupt")) >= 2
    assert lanes.perform(Finish((A, B, C), "ROLLBACK")) == (None, None, None)
    assert (stage.rds0.open_count, stage.rds1.open_count) == (2, 1)
    stage.check_nothing_leaked()


def test_one_that_was_told_to_stop_before_it_began_is_told_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan, "AGAIN", 0.05)
    lanes = stage.engine.open()
    lanes.perform(Enlist((A, C), ("BEGIN",)))
    (late,) = stage.rds0.connections
    heard = []

    def deaf() -> None:
        heard.append(1)
        if len(heard) == 2:
            type(late).interrupt(late)

    monkeypatch.setattr(late, "interrupt", deaf)
    stage.rds0.on("SELECT", rows(1, delay=30))
    stage.rds1.on("SELECT", Reply(error=DataError(f"shard {C}: bad value", shards=(C,))))
    with pytest.raises(DataError):
        lanes.perform(query(Task(A, "SELECT"), Task(C, "SELECT")))
    assert len(heard) >= 2
    lanes.close()
    stage.check_nothing_leaked()


def test_other_errors_become_notes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    real = futures_wait
    monkeypatch.setattr(fan, "wait", lambda futures, **_: real(futures))  # until all have failed
    for place in (A, B):
        stage.rds0.on("SELECT", Reply(error=DataError(f"shard {place}: bad"), delay=0.1), shard=place)
    with pytest.raises(DataError) as caught:
        stage.engine.open().perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    (note,) = caught.value.__notes__
    assert {str(A) in caught.value.message, str(A) in note} == {True, False}
    stage.check_nothing_leaked()


def test_a_shard_that_dies_in_mid_stream_ends_the_whole_query(stage: Stage) -> None:
    gone = ConnectionLost(f"shard {A}: gone", shards=(A,))
    stage.rds0.on("SELECT", rows(2000, error=gone, good_rows=500, breaks=True), shard=A)
    stage.rds0.on("SELECT", rows(5000), shard=B)
    lanes = stage.engine.open()
    opened = lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    with pytest.raises(ConnectionLost, match="rds0/db_00"):
        read_all(lanes, opened)
    assert stage.rds0.open_count == 0
    stage.check_nothing_leaked()
    assert lanes.running is None


def test_closing_a_query_drains_the_short_and_discards_the_long(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(300), shard=A)
    stage.rds0.on("SELECT", rows(100_000), shard=B)
    lanes = stage.engine.open()
    lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    lanes.perform(CloseQuery())
    assert stage.idle() == 1
    stage.check_nothing_leaked()
    lanes.perform(CloseQuery())


def test_a_second_query_ends_the_first(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(100_000))
    stage.rds0.on("OTHER", rows(1))
    lanes = stage.engine.open()
    lanes.perform(query(Task(A, "SELECT")))
    lanes.perform(query(Task(A, "OTHER")))
    stage.check_nothing_leaked()


def test_several_tables_of_one_shard_get_connections_of_their_own(stage: Stage) -> None:
    for number in range(3):
        stage.rds0.on(f"SELECT {number}", rows(1, number, delay=0.1))
    opened = stage.engine.open().perform(query(*(Task(A, f"SELECT {n}") for n in range(3))))
    assert [one.first.rows[0] for one in opened] == [(0,), (1,), (2,)]
    assert len(stage.rds0.connections) == 3


def test_more_tasks_than_connections_queue_up_and_only_the_last_streams() -> None:
    stage = Stage(size=2)
    for number in range(5):
        stage.rds0.on(f"SELECT {number}", rows(1000, number))
    lanes = stage.engine.open()
    opened = lanes.perform(query(*(Task(shard(n), f"SELECT {n}") for n in range(5))))
    assert [one.first.last for one in opened] == [True, True, True, False, False]
    assert [found[0] for found in read_all(lanes, opened)] == [(n,) for n in range(5)]
    assert len(stage.rds0.connections) == 2
    stage.check_nothing_leaked()


def test_the_rows_of_a_queue_count_against_the_budget() -> None:
    stage = Stage(size=1)
    stage.rds0.on("SELECT", rows(1000))
    lanes = stage.engine.open(Budget(rows=500))
    with pytest.raises(BudgetExceeded, match="several physical tables over one connection"):
        lanes.perform(query(Task(A, "SELECT"), Task(A, "SELECT")))
    stage.check_nothing_leaked()


def test_a_late_shard_is_named_and_everything_is_stopped(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(1, delay=30), shard=A)
    stage.rds1.on("SELECT", rows(1, delay=30))
    stage.rds0.on("SELECT", rows(1), shard=B)
    began = time.monotonic()
    with pytest.raises(StatementTimeout) as caught:
        stage.engine.open().perform(query(Task(A, "SELECT"), Task(B, "SELECT"), Task(C, "SELECT"), timeout=0.2))
    assert time.monotonic() - began < 3
    assert {A, C} == set(caught.value.shards)
    assert all(str(place) in caught.value.message for place in (A, C))
    stage.check_nothing_leaked()


def test_the_deadline_holds_for_the_whole_stream(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(5000))
    lanes = stage.engine.open()
    lanes.perform(query(Task(A, "SELECT"), timeout=0.1))
    lanes.perform(Fetch((0,)))
    time.sleep(0.15)
    with pytest.raises(StatementTimeout, match="rds0/db_00"):
        lanes.perform(Fetch((0,)))
    stage.check_nothing_leaked()


def test_an_exhausted_pool_stops_a_scatter_before_it_begins() -> None:
    stage = Stage(size=1, wait=0.1)
    stage.rds0.on("SELECT", rows(1000))
    holder = stage.engine.open()
    holder.perform(query(Task(A, "SELECT")))
    with pytest.raises(PoolTimeout, match="rds0"):
        stage.engine.open().perform(query(Task(A, "SELECT"), Task(C, "SELECT")))
    assert stage.rds1.happened("start") == []
    holder.close()
    stage.check_nothing_leaked()


def test_an_interrupted_statement_is_stopped_and_never_pooled(stage: Stage) -> None:
    stage.rds0.on("SELECT", Reply(error=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        stage.engine.open().perform(query(Task(A, "SELECT")))
    assert stage.rds0.happened("kill") == [""]
    assert stage.rds0.open_count == 0
    stage.check_nothing_leaked()


def test_an_interrupted_scatter_stops_every_shard(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = futures_wait, []

    def interrupted(*args: object, **more: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            time.sleep(0.1)
            raise KeyboardInterrupt
        return real(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(fan, "wait", interrupted)
    stage.rds0.on("SELECT", rows(1, delay=30))
    with pytest.raises(KeyboardInterrupt):
        stage.engine.open().perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    assert len(stage.rds0.happened("kill")) == 2
    stage.check_nothing_leaked()


def test_lost_lanes_are_closed_by_the_next_user(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(5000))
    lanes = stage.engine.open()
    lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    del lanes
    gc.collect()
    assert stage.rds0.happened("close") == []
    stage.rds0.on("OTHER", rows(1))
    stage.engine.open().perform(query(Task(A, "OTHER")))
    assert len(stage.rds0.happened("close")) == 2
    stage.check_nothing_leaked()


def test_a_forked_process_neither_uses_nor_closes_its_parents_connections(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(1))
    lanes = stage.engine.open()
    lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    before = len(stage.rds0.happened("connect"))
    assert before == 2
    stage.engine.forked()
    lanes.perform(query(Task(A, "SELECT"), Task(B, "SELECT")))
    assert len(stage.rds0.happened("connect")) == 2 * before
    assert stage.rds0.happened("close") == []
    lanes.close()
    stage.engine.close()
    assert len(stage.rds0.happened("close")) == before


def test_closed_lanes_refuse(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.close()
    lanes.close()
    with pytest.raises(InterfaceError):
        lanes.perform(query(Task(A, "SELECT")))
    stage.engine.close()
    with pytest.raises(InterfaceError):
        stage.engine.open()


def test_what_closed_lanes_had_open_is_closed(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.perform(OpenWorkspace(shard(0), False, None))
    lanes.close()
    lanes.perform(CloseWorkspace())  # a cursor that is closed after its connection
    lanes.perform(CloseQuery())
    stage.check_nothing_leaked()


def test_nothing_tells_a_password(stage: Stage) -> None:
    lanes = stage.engine.open()
    lanes.perform(query(Task(A, "SELECT")))
    assert "secret" not in repr((stage.engine, lanes, stage.engine.pools))


def test_a_scatter_that_finds_no_connection_leaves_what_was_idle_as_it_was() -> None:
    stage = Stage(size=1, wait=0.01)
    lanes, other = stage.engine.open(), stage.engine.open()
    lanes.perform(query(Task(shard(0), "SELECT 1")))
    (idle,) = stage.rds0.connections
    idle.used_at = before = idle.used_at - 1000
    stage.rds1.on("SELECT 2", rows(5000))
    other.perform(query(Task(shard(1, "rds1"), "SELECT 2")))
    with pytest.raises(PoolTimeout):
        lanes.perform(query(Task(shard(0), "SELECT 1"), Task(shard(1, "rds1"), "SELECT 1")))
    assert idle.used_at == before
    other.close()
    stage.check_nothing_leaked()


def test_a_close_that_is_interrupted_gives_the_other_connections_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for backend in stage.backends:
        backend.on("SELECT 1", rows(5000))
    lanes = stage.engine.open()
    lanes.perform(query(Task(shard(0), "SELECT 1"), Task(shard(1, "rds1"), "SELECT 1")))

    def interrupted(drain: int) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(stage.rds0.connections[0], "abandon", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lanes.perform(CloseQuery())
    stage.check_nothing_leaked()


def test_a_close_that_is_interrupted_keeps_no_transaction(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = stage.engine.open()
    lanes.perform(Enlist((shard(0), shard(1, "rds1")), ("BEGIN",)))

    def interrupted(place: object, sql: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stage.rds0.connections[0], "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lanes.close()
    for pool in stage.engine.pools:
        pool.bury()
    stage.check_nothing_leaked()
