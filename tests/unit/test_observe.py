"""The Watch: of each statement one beginning and one end, whatever becomes of its script."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any

import pytest

from shardkit.errors import CommitInDoubt, TransactionAborted
from shardkit.flow import CloseQuery, Head, Op, Rows
from shardkit.observe import (
    CURRENT,
    Event,
    PieceBegins,
    PieceEnds,
    Planned,
    PoolWait,
    Statement,
    StatementBegins,
    StatementEnds,
    TransactionEnds,
    Watch,
)
from shardkit.values import ShardId

SHARD = ShardId("rds0", "order_00")
OP = CloseQuery()
Steps = Generator[Any, Any, None]


class Heard:
    """An observer that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event, /) -> None:
        self.events.append(event)

    @property
    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    @property
    def ended(self) -> list[StatementEnds]:
        return [event for event in self.events if isinstance(event, StatementEnds)]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def watch(heard: Heard) -> Watch:
    return Watch([heard])


def streaming() -> Steps:
    answer = yield OP
    yield Head((), -1, None, ((answer,),), False)
    yield OP
    yield Rows(((2,), (3,)))


def test_a_statement_ends_with_its_last_row(watch: Watch, heard: Heard) -> None:
    script = watch.statement("SELECT 1", streaming())
    assert script.send(None) is OP
    head = script.send(1)
    assert isinstance(head, Head)
    assert head.rows == ((1,),)
    assert script.send(None) is OP
    assert script.send(None) == Rows(((2,), (3,)))
    assert heard.names == ["StatementBegins"]
    assert list(script) == []
    (end,) = heard.ended
    one = end.statement
    assert (one.text, one.rows, one.affected, one.error, end.complete) == ("SELECT 1", 3, -1, None, True)
    assert 0 <= one.seconds < 60
    assert one.ended >= one.began


def test_a_head_that_is_complete_ends_it_because_nobody_resumes_the_script(watch: Watch, heard: Heard) -> None:
    def script() -> Steps:
        yield Head(None, 5, None, (), True)

    watched = watch.statement("UPDATE t SET a = 1", script())
    next(watched)
    assert [end.statement.affected for end in heard.ended] == [5]
    watched.close()
    watch.tell(PoolWait("rds0", 0.0, True))
    assert len(heard.ended) == 1


def test_it_is_current_while_ops_are_carried_out_and_not_while_the_caller_has_rows(watch: Watch) -> None:
    script = watch.statement("SELECT 1", streaming())
    seen = []
    for step in script:
        current = CURRENT.get()
        seen.append((type(step).__name__, current.text if current else None))
    assert seen == [("CloseQuery", "SELECT 1"), ("Head", None), ("CloseQuery", "SELECT 1"), ("Rows", None)]
    assert CURRENT.get() is None


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_an_error_of_an_op_reaches_the_script_and_ends_the_statement(
    watch: Watch, heard: Heard, error: BaseException
) -> None:
    caught = []

    def script() -> Steps:
        try:
            yield OP
        except BaseException as raised:
            caught.append(raised)
            yield OP
            raise

    watched = watch.statement("SELECT 1", script())
    next(watched)
    assert watched.throw(error) is OP
    with pytest.raises(type(error)):
        watched.send(None)
    assert caught == [error]
    assert [end.statement.error for end in heard.ended] == [error]
    assert CURRENT.get() is None


def test_a_statement_that_is_given_up_is_told_before_the_next_event(watch: Watch, heard: Heard) -> None:
    script = watch.statement("SELECT 1", streaming())
    next(script)
    script.send(1)
    script.close()
    assert heard.names == ["StatementBegins"]  # a finaliser must not call observers
    watch.tell(PoolWait("rds0", 0.0, True))
    assert heard.names == ["StatementBegins", "StatementEnds", "PoolWait"]
    assert [end.complete for end in heard.ended] == [False]


def test_the_script_within_is_closed_with_it(watch: Watch) -> None:
    closed = []

    def script() -> Steps:
        try:
            yield Head((), -1, None, (), False)
        finally:
            closed.append(True)

    watched = watch.statement("SELECT 1", script())
    next(watched)
    watched.close()
    assert closed == [True]


def test_a_statement_within_a_statement_is_a_part_of_it(watch: Watch, heard: Heard) -> None:
    def outer() -> Steps:
        yield from watch.statement("inner", streaming())
        yield OP

    assert len(list(watch.statement("outer", outer()))) == 5
    assert [end.statement.text for end in heard.ended] == ["outer"]


def test_what_is_planned_first_is_what_the_statement_is(watch: Watch, heard: Heard) -> None:
    def script() -> Steps:
        watch.planned(Planned("write", False, True, ("t",)))
        watch.planned(Planned("pass", True))
        yield OP

    list(watch.statement("INSERT …", script(), 3))
    one = heard.ended[0].statement
    assert (one.kind, one.cached, one.scatter, one.tables, one.batch) == ("write", False, True, ("t",), 3)
    watch.planned(Planned("pass", True))  # nothing is going on


def test_pieces_belong_to_the_current_statement(watch: Watch, heard: Heard) -> None:
    def script() -> Steps:
        piece = watch.begin(SHARD, "SELECT 2")
        watch.begin(ShardId("rds0", "order_00 (workspace)"), "SELECT 3")
        watch.end(piece)
        watch.end(piece)
        yield OP

    list(watch.statement("SELECT 1", script()))
    assert heard.names == ["StatementBegins", "PieceBegins", "PieceBegins", "PieceEnds", "StatementEnds"]
    one = heard.ended[0].statement
    assert one.shards == (SHARD,)
    assert [event.piece.statement for event in heard.events if isinstance(event, PieceBegins)] == [one, one]
    alone = watch.begin(SHARD, "SELECT 1")
    watch.end(alone, ValueError())
    assert isinstance(heard.events[-1], PieceEnds)
    assert alone.statement is None


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "committed"), (TransactionAborted("x"), "aborted"),
        (CommitInDoubt("x", committed=(), pending=(SHARD,)), "in doubt"),
    ],
)  # fmt: skip
def test_how_a_transaction_ends(watch: Watch, heard: Heard, error: Exception | None, outcome: str) -> None:
    def steps() -> Generator[Op, Any, None]:
        yield OP
        if error is not None:
            raise error

    ending = watch.ending("committed", (SHARD,), steps())
    next(ending)
    with pytest.raises((StopIteration, TransactionAborted, CommitInDoubt)):
        ending.send(None)
    assert heard.names == ["StatementBegins", "StatementEnds", "TransactionEnds"]
    assert heard.ended[0].statement.text == "COMMIT"
    told = heard.events[-1]
    assert isinstance(told, TransactionEnds)
    assert (told.outcome, told.shards, told.error) == (outcome, (SHARD,), error)


def test_an_observer_that_fails_is_logged_and_the_others_hear(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    def failing(event: Event, /) -> None:
        raise ZeroDivisionError

    watch = Watch([failing, heard])
    with caplog.at_level(logging.ERROR, "shardkit.observe"):
        list(watch.statement("SELECT 1", streaming()))
    assert heard.names == ["StatementBegins", "StatementEnds"]
    assert [record.getMessage() for record in caplog.records] == [
        "an observer failed on StatementBegins", "an observer failed on StatementEnds",
    ]  # fmt: skip


def test_statements_are_told_apart_by_identity() -> None:
    assert len({Statement("SELECT 1"), Statement("SELECT 1")}) == 2
    assert StatementBegins(Statement("a")) != StatementBegins(Statement("a"))
