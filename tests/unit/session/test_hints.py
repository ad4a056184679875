"""Hints around statements: they hold for each of them, whatever way it takes, and for nothing afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import HintError
from shardkit.flow import Enlist, Finish, Hints, Literal, Query
from shardkit.session import statements
from tests.unit.session.play import Play, opened, wrote

SHARD_1 = Hints(shard=1, said="connection.hint(shard=…)")


def queries(play: Play) -> list[Query]:
    return [op for op in play.ops if isinstance(op, Query)]


def test_timeouts_of_a_block_reach_the_query() -> None:
    play = Play(autocommit=True)
    play.session.hints = Hints(timeout=1.5)
    play.execute("SELECT n FROM member WHERE id = 1", (opened((1,)),))
    assert queries(play)[0].timeout == 1.5
    play.execute("SELECT n FROM member WHERE id = 1 /*+ shardkit(timeout=2) */", (opened((1,)),))
    assert queries(play)[0].timeout == 2.0
    play.session.hints = None
    play.execute("SELECT n FROM member WHERE id = 1", (opened((1,)),))
    assert queries(play)[0].timeout == 30.0


def test_a_session_with_hints_does_not_take_the_shortest_way() -> None:
    play = Play(autocommit=True)
    assert play.session.plain
    play.session.hints = SHARD_1
    assert not play.session.plain


PLAIN = "INSERT INTO member (id, n) VALUES (%s, %s)"


@pytest.mark.parametrize(
    ("text", "around"),
    [
        (PLAIN, Hints(timeout=3.0)),
        (PLAIN, SHARD_1),
        (PLAIN, Hints(key=Literal(5), said="connection.hint(key=…)")),
        ("INSERT /*+ shardkit(shard=1) */ INTO member (id, n) VALUES (%s, %s)", None),
    ],
    ids=["time", "shard", "key", "text"],
)
def test_many_rows_go_together(text: str, around: Hints | None) -> None:
    play = Play(autocommit=True)
    rows = [(1, 0), (5, 0), (9, 0)]
    play.know_tables(text, rows[0])
    play.session.hints = around
    play.run(statements.execute_many(play.session, text, rows), (wrote(3),))
    (query,) = queries(play)
    (task,) = query.tasks
    assert (str(task.shard), task.args) == ("rds0/m_1", (1, 0, 5, 0, 9, 0))
    assert task.sql.count("(%s, %s)") == 3
    assert query.timeout == (3.0 if around is not None and around.timeout else 30.0)


def test_rows_with_a_key_each_go_one_by_one() -> None:
    play = Play(autocommit=True)
    text, rows = "INSERT INTO member (id, n) VALUES (%s, 0) /*+ shardkit(key=%s) */", [(1, 1), (2, 2), (5, 5)]
    play.know_tables(text, rows[0])
    play.run(statements.execute_many(play.session, text, rows), *[(wrote(1),)] * 3)
    assert [str(task.shard) for op in queries(play) for task in op.tasks] == ["rds0/m_1", "rds1/m_2", "rds0/m_1"]


def test_a_row_of_many_that_belongs_elsewhere_is_refused() -> None:
    play = Play(autocommit=True)
    text, rows = "INSERT INTO member (id, n) VALUES (%s, %s)", [(1, 0), (2, 0)]
    play.know_tables(text, rows[0])
    play.session.hints = SHARD_1
    with pytest.raises(HintError, match=r"connection.hint\(shard=…\): a row of member belongs.* to slot 2"):
        play.run(statements.execute_many(play.session, text, rows))
    assert queries(play) == []


@pytest.mark.parametrize("around", [None, SHARD_1])
def test_a_write_that_reads_first_reads_where_the_hint_says(around: Hints | None) -> None:
    play = Play()
    hint = "/*+ shardkit(shard=1) */" if around is None else ""
    play.session.hints = around
    text = f"INSERT {hint} INTO member (id, n) SELECT id, memberId FROM other"
    play.know_tables("SELECT * FROM other", None)
    answer: Any = opened((5, 7), width=2)
    answer = answer._replace(description=(("id", 8), ("n", 3)))
    play.execute(text, (answer,), (wrote(1),))
    assert [[str(task.shard) for task in op.tasks] for op in queries(play)] == [["rds0/m_1"], ["rds0/m_1"]]
    assert next(op.shards for op in play.ops if isinstance(op, Enlist))[0].database == "m_1"
    assert not [op for op in play.ops if isinstance(op, Finish)]


def test_found_rows_counts_what_the_hinted_statement_would_have_had() -> None:
    play = Play(autocommit=True)
    play.session.hints = SHARD_1
    play.execute("SELECT SQL_CALC_FOUND_ROWS n FROM member LIMIT 1", (opened((1,)),))
    play.session.hints = None
    play.execute("SELECT FOUND_ROWS()", (opened((1,), (2,)),))
    assert [str(task.shard) for op in queries(play) for task in op.tasks] == ["rds0/m_1"]
