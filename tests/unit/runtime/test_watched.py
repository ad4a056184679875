"""What happens on connections and in pools is told, in whatever thread it happens; without observers nothing is."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy.engine import make_url

from shardkit.backends.scripted import Reply, ScriptedBackend
from shardkit.errors import OperationalError, PoolTimeout
from shardkit.flow import CloseQuery, Each, Enlist, Fetch, Finish, Op, Query, Task
from shardkit.observe import (
    ConnectionLapses,
    ConnectionOpens,
    Event,
    Piece,
    PieceBegins,
    PieceEnds,
    PoolWait,
    Statement,
    Watch,
)
from shardkit.rules import Pool, Rules, Server
from shardkit.runtime.sync import Engine, Lanes, drive
from tests.unit.runtime.stage import Stage, query, rows, shard

ONE, TWO, THREE = (Task(shard(number), f"SELECT {number}") for number in range(3))


class Watched:
    """One scripted server under watch."""

    def __init__(self, size: int = 4, wait: float = 0.05) -> None:
        self.events: list[Event] = []
        self.threads: list[str] = []
        self.backend = ScriptedBackend("rds0")
        server = Server("rds0", make_url("mysql+pymysql://app@nowhere"), Pool(size, wait))
        self.watch = Watch([self.hear])
        rules = cast(Rules, SimpleNamespace(servers={"rds0": server}))
        self.engine = Engine(rules, {"rds0": self.backend}, self.watch)
        self.lanes = self.engine.open()

    def hear(self, event: Event, /) -> None:
        self.events.append(event)
        self.threads.append(threading.current_thread().name)

    def run(self, *ops: Op, lanes: Lanes | None = None) -> list[Any]:
        """These Ops as one statement."""
        answers = []

        def script() -> Any:
            for op in ops:
                answers.append((yield op))

        list(drive(self.watch.statement("the statement", script()), lanes or self.lanes))
        return answers

    def pieces(self) -> list[Piece]:
        """Those that have ended."""
        return [event.piece for event in self.events if isinstance(event, PieceEnds)]

    def open_pieces(self) -> int:
        return sum(isinstance(event, PieceBegins) for event in self.events) - len(self.pieces())


@pytest.fixture
def watched() -> Any:
    found = Watched()
    yield found
    found.lanes.close()
    found.engine.close()


def test_without_observers_backends_and_pools_are_the_bare_ones() -> None:
    stage = Stage()
    assert stage.engine.backend(shard(0)) is stage.rds0
    stage.engine.open().perform(query(ONE))
    assert type(stage.engine.pools[0]).__name__ == "Pool"
    stage.engine.close()


def test_one_shard_in_the_callers_thread(watched: Watched) -> None:
    watched.backend.on("SELECT 0", rows(3))
    watched.run(query(ONE))
    (piece,) = watched.pieces()
    assert (piece.shard, piece.sql, piece.rows, piece.error) == (shard(0), "SELECT 0", 3, None)
    assert piece.statement is not None
    assert piece.statement.text == "the statement"
    assert set(watched.threads) == {threading.current_thread().name}


def test_pieces_in_other_threads_know_their_statement(watched: Watched) -> None:
    watched.run(query(ONE, TWO, THREE))
    pieces = watched.pieces()
    assert {piece.sql for piece in pieces} == {"SELECT 0", "SELECT 1", "SELECT 2"}
    assert {piece.statement.text for piece in pieces if piece.statement} == {"the statement"}
    assert any(name.startswith("shardkit") for name in watched.threads)


def test_two_statements_at_once_keep_their_pieces_apart(watched: Watched) -> None:
    barrier = threading.Barrier(2)

    def work(number: int) -> None:
        lanes = watched.engine.open()
        barrier.wait()
        for _ in range(20):
            watched.run(query(Task(shard(number), f"SELECT {number}"), Task(shard(number + 2), f"SELECT {number}")),
                        lanes=lanes)  # fmt: skip
        lanes.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    by_statement: dict[Statement, set[str]] = {}
    for piece in watched.pieces():
        assert piece.statement is not None
        by_statement.setdefault(piece.statement, set()).add(piece.sql)
    assert len(by_statement) == 40
    assert all(len(texts) == 1 for texts in by_statement.values())


def test_a_stream_ends_with_its_last_row(watched: Watched) -> None:
    watched.backend.on("SELECT 0", rows(300))
    watched.run(query(ONE))
    watched.run(query(ONE), Fetch((0,)))
    assert [piece.rows for piece in watched.pieces()] == [256, 300]  # the first was given up
    assert watched.open_pieces() == 0


def test_a_stream_that_is_closed_ends_too(watched: Watched) -> None:
    watched.backend.on("SELECT 0", rows(100_000))
    watched.run(query(ONE), CloseQuery())
    assert watched.open_pieces() == 0
    assert len(watched.pieces()) == 1


def test_an_error_is_in_the_end_of_its_piece(watched: Watched) -> None:
    error = OperationalError("rds0/db_01: no", errno=1205)
    watched.backend.on("SELECT 1", Reply(error=error))
    with pytest.raises(OperationalError):
        watched.run(query(ONE, TWO))
    errors = {piece.sql: piece.error for piece in watched.pieces()}
    assert errors["SELECT 1"] is not None
    assert errors.get("SELECT 0") is None
    assert watched.open_pieces() == 0


def test_a_transaction_is_told_text_by_text(watched: Watched) -> None:
    both = (shard(0), shard(1))
    watched.run(Enlist(both, ("BEGIN",)), Each(both, (("XA END 'a'", "XA PREPARE 'a'"), ("INSERT",))),
                Finish(both, "COMMIT"))  # fmt: skip
    texts = sorted(f"{piece.shard} {piece.sql}" for piece in watched.pieces())
    assert texts == sorted(
        f"rds0/db_0{number} {sql}"
        for number, sqls in enumerate(
            (("BEGIN", "XA END 'a'; XA PREPARE 'a'", "COMMIT"), ("BEGIN", "INSERT", "COMMIT"))
        )
        for sql in sqls
    )
    assert watched.open_pieces() == 0


def test_a_wait_that_ends_in_a_timeout_is_told() -> None:
    watched = Watched(size=1)
    other = watched.engine.open()
    other.perform(Enlist((shard(0),), ("BEGIN",)))
    with pytest.raises(PoolTimeout):
        watched.run(query(ONE))
    (wait,) = (event for event in watched.events if isinstance(event, PoolWait))
    assert (wait.server, wait.granted) == ("rds0", False)
    assert wait.seconds >= 0.05
    other.close()
    watched.run(query(ONE))
    assert [event.granted for event in watched.events if isinstance(event, PoolWait)] == [False]
    watched.engine.close()


def test_connections_that_open_and_fail_are_told(watched: Watched) -> None:
    watched.run(query(ONE))
    watched.run(query(ONE))
    (opened,) = (event for event in watched.events if isinstance(event, ConnectionOpens))
    assert (opened.server, opened.error) == ("rds0", None)


def test_a_connection_found_dead_is_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.run(query(ONE))
    monkeypatch.setattr("shardkit.runtime.pool.PING_AFTER", -1.0)
    monkeypatch.setattr(watched.backend.connections[0], "ping", lambda: False)
    watched.run(query(ONE))
    assert [event.server for event in watched.events if isinstance(event, ConnectionLapses)] == ["rds0"]


def test_pools_tell_their_state(watched: Watched) -> None:
    watched.run(query(ONE))
    (state,) = watched.engine.pool_states()
    assert state == ("rds0", 4, 0, 1, 0)


def test_a_query_without_a_statement_has_pieces_of_nobody(watched: Watched) -> None:
    watched.lanes.perform(Query((ONE,)))
    assert [piece.statement for piece in watched.pieces()] == [None]
