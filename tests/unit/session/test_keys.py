"""INSERTs with generated ids: the ids first (all of a batch at once), then the plan; and what is told back."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import IdsUnavailable, ParameterError
from shardkit.flow import Head, NewIds, Query
from shardkit.session import Session, keys, statements
from shardkit.values import Params
from tests.plan.offline import Offline
from tests.unit.plan.test_filling import RULES, TABLES
from tests.unit.session.play import wrote


class Play:
    """A session whose ids count up from 100 and whose writes all succeed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.offline = Offline(RULES, TABLES)
        self.session: Session = self.offline.session
        self.error, self.next = error, 100
        self.asked: list[tuple[str, int]] = []
        self.sent: list[tuple[str, Any]] = []

    def run(self, script: Any) -> Head:
        """What the script emits."""
        heads: list[Head] = []
        answer: Any = None
        while True:
            try:
                step = script.throw(answer) if isinstance(answer, BaseException) else script.send(answer)
            except StopIteration:
                (head,) = heads
                return head
            answer = None
            if isinstance(step, Head):
                heads.append(step)
            else:
                answer = self._answer(step)

    def _answer(self, step: Any) -> Any:
        match step:
            case NewIds(_, column, count):
                if self.error is not None:
                    return self.error
                self.asked.append((column.name, count))
                self.next += count
                return [*range(self.next - count, self.next)]
            case Query(tasks):
                self.sent += [(task.sql.split("` (")[-1], task.args) for task in tasks]
                return tuple(wrote(1) for _ in tasks)
            case _:
                return self.offline._answer(step)

    def execute(self, sql: str, params: Params = None) -> Head:
        """One statement in autocommit."""
        return self.run(statements.execute(self.session, sql, params))


def test_the_first_id_is_told() -> None:
    play = Play()
    head = play.execute("INSERT INTO k (m) VALUES (%s), (%s)", (4, 8))
    assert play.asked == [("id", 2), ("u", 2)]
    assert head.lastrowid == 100
    assert [args for _, args in play.sent] == [(4, 100, 102, 8, 101, 103)]
    play.execute("INSERT INTO k (m, id, u) VALUES (4, 7, %s)", ("x",))
    assert play.asked[2:] == []
    assert play.execute("INSERT INTO k (m, id, u) VALUES (4, 7, NULL)").lastrowid == 104


def test_a_batch_asks_once() -> None:
    play = Play()
    sql = "INSERT INTO k (m, id, u) VALUES (%s, %s, %s)"
    rows: list[Params] = [(4, None, "a"), (8, 7, "b"), (12, 0, None)]
    head = play.run(statements.execute_many(play.session, sql, rows))
    assert play.asked == [("id", 2), ("u", 1)]
    assert head.lastrowid == 100
    assert [args for _, args in play.sent] == [(4, 100, "a", 8, 7, "b", 12, 101, 102)]


def test_without_ids_nothing_is_written() -> None:
    play = Play(IdsUnavailable("the server is gone"))
    with pytest.raises(IdsUnavailable):
        play.execute("INSERT INTO k (m) VALUES (4)")
    assert play.sent == []


def test_wrong_parameters_cost_no_ids() -> None:
    play = Play()
    with pytest.raises(ParameterError):
        play.execute("INSERT INTO k (m) VALUES (%s)", (1, 2))
    assert play.asked == []


def test_next_id_asks_for_the_table_first() -> None:
    play = Play()
    assert keys.wanted(play.session, "t", None) is None
    play.execute("INSERT INTO t (a) VALUES (1)")
    op = keys.wanted(play.session, "t", None)
    assert op is not None
    assert (op.table, op.column.name, op.count) == ("t", "id", 1)
