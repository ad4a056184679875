"""Scripts: answers in, errors in, rows out; early ends and lost cursors."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from shardkit.backends.scripted import Reply
from shardkit.errors import DataError, InterfaceError
from shardkit.flow import CloseQuery, Enlist, Fetch, Finish, Head, Rows, Script, Task
from shardkit.runtime.sync import drive
from tests.unit.runtime.stage import DESCRIPTION, Stage, query, rows, shard

A, B = shard(0), shard(1)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.engine.close()


def read(sql: str, *, events: list[str] | None = None) -> Script:
    """A script that reads one statement of shard A."""
    try:
        (opened,) = yield query(Task(A, sql))
        yield Head(opened.description, opened.rowcount, None)
        batch = opened.first
        yield Rows(batch.rows)
        while not batch.last:
            (batch,) = yield Fetch((0,))
            yield Rows(batch.rows)
    finally:
        if events is not None:
            events.append("cleaned up")


def test_a_script_gets_its_answers_and_hands_out_rows(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(2000))
    head, *parts = drive(read("SELECT"), stage.engine.open())
    assert head == Head(DESCRIPTION, -1, None)
    assert sum(len(part.rows) for part in parts if isinstance(part, Rows)) == 2000
    stage.check_nothing_leaked()


def test_errors_are_thrown_into_the_script_which_may_go_on(stage: Stage) -> None:
    stage.rds0.on("SELECT", Reply(error=DataError("bad")))

    def script() -> Script:
        yield Enlist((A,), ("BEGIN",))
        try:
            yield query(Task(A, "SELECT"))
        except DataError:
            answer: Any = yield Finish((A,), "ROLLBACK")
            yield Rows([answer])
            raise

    lanes = stage.engine.open()
    driven = drive(script(), lanes)
    assert next(driven) == Rows([(None,)])
    with pytest.raises(DataError):
        next(driven)
    with pytest.raises(StopIteration):
        next(driven)
    assert stage.rds0.happened("run") == ["BEGIN", "ROLLBACK"]
    stage.check_nothing_leaked()


def test_closing_early_ends_the_script_and_the_query(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(100_000))
    events: list[str] = []
    driven = drive(read("SELECT", events=events), stage.engine.open())
    next(driven)
    driven.close()
    driven.close()
    assert events == ["cleaned up"]
    stage.check_nothing_leaked()


def test_what_a_script_leaves_open_is_ended_with_it(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(100_000))

    def script() -> Script:
        (opened,) = yield query(Task(A, "SELECT"))
        yield Rows(opened.first.rows[:1])

    assert len(list(drive(script(), stage.engine.open()))) == 1
    stage.check_nothing_leaked()


def test_a_former_result_never_reads_a_later_ones_rows(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(5000))
    stage.rds0.on("OTHER", rows(5000, 9000))
    lanes = stage.engine.open()
    first, second = drive(read("SELECT"), lanes), drive(read("OTHER"), lanes)
    for driven in (first, second):
        next(driven)
        next(driven)
    with pytest.raises(InterfaceError, match="another statement"):
        next(first)
    batch = next(second)
    assert isinstance(batch, Rows)
    assert batch.rows[0] == (9256,)
    second.close()
    stage.check_nothing_leaked()


def test_closing_a_former_result_leaves_the_later_one_alone(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(5000))
    lanes = stage.engine.open()
    first, second = drive(read("SELECT"), lanes), drive(read("SELECT"), lanes)
    next(first)
    next(second)
    first.close()
    assert sum(len(part.rows) for part in second if isinstance(part, Rows)) == 5000


def test_a_script_may_close_a_query_that_is_over(stage: Stage) -> None:
    def script() -> Script:
        yield query(Task(A, "SELECT"))
        yield CloseQuery()
        yield Rows(())

    assert list(drive(script(), stage.engine.open())) == [Rows(())]


def test_a_lost_cursor_marks_its_connections_without_touching_them(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(100_000))
    lanes = stage.engine.open()
    driven = drive(read("SELECT"), lanes)
    next(driven)
    seen = len(stage.rds0.log)
    del driven
    gc.collect()
    assert len(stage.rds0.log) == seen
    stage.rds0.on("OTHER", rows(1))
    lanes.perform(query(Task(A, "OTHER")))
    stage.check_nothing_leaked()


def test_a_lost_cursor_in_a_transaction_is_read_to_its_end(stage: Stage) -> None:
    stage.rds0.on("SELECT", rows(50_000))
    lanes = stage.engine.open()
    lanes.perform(Enlist((A,), ("BEGIN",)))
    driven = drive(read("SELECT"), lanes)
    next(driven)
    del driven
    gc.collect()
    lanes.perform(query(Task(A, "UPDATE")))
    assert lanes.perform(Finish((A,), "COMMIT")) == (None,)
    stage.check_nothing_leaked()
