"""SELECT scripts: one shard's rows untouched, several shards' rows merged, look-ups of tables first."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from shardkit.errors import ConnectionLost, ProgrammingError, UnknownColumn, UnknownTable
from shardkit.flow import (
    CloseQuery,
    Collation,
    Describe,
    DescribeCollation,
    Fetch,
    Head,
    Op,
    Query,
    RowBatch,
    Rows,
)
from shardkit.plan import Catalog, Planner
from shardkit.rules import loads
from shardkit.session import Session, statements
from tests.plan.catalog import table
from tests.unit.route.tables import RULES
from tests.unit.session.play import SHARDS, Play, opened

ONE = "SELECT n FROM member WHERE id = 1"
MANY = "SELECT id FROM member WHERE id IN (1, 2) ORDER BY id"


def test_one_shards_rows_are_passed_on_untouched() -> None:
    play = Play(autocommit=True)
    rows = ((1,), (2,))
    (head,) = play.execute(ONE, (opened(*rows),))
    assert isinstance(head, Head)
    assert (head.rows, head.rowcount, head.complete) == (rows, 2, True)
    assert play.told() == ["query m_1: SELECT n FROM member WHERE id = 1"]


def test_one_shards_rows_stream() -> None:
    play = Play(autocommit=True)
    emitted = play.execute(
        ONE, (opened((1,), last=False),), (RowBatch(0, [(2,), (3,)], False),), (RowBatch(0, [], True),)
    )
    assert [list(step.rows) for step in emitted] == [[(1,)], [(2,), (3,)], []]
    head = emitted[0]
    assert isinstance(head, Head)
    assert (head.rowcount, head.complete) == (-1, False)
    assert play.told()[1:] == ["fetch 0", "fetch 0"]


def test_several_shards_rows_are_merged_as_they_arrive() -> None:
    play = Play(autocommit=True)
    first = (opened((1,), (5,), last=False), opened((2,), source=1, last=False))
    emitted = play.execute(MANY, first, (RowBatch(1, [(6,)], True),), (RowBatch(0, [(9,)], True),))
    assert [row for step in emitted for row in step.rows] == [(1,), (2,), (5,), (6,), (9,)]
    assert play.told() == [
        "query m_1: SELECT id FROM member WHERE id IN (1) ORDER BY id",
        "query m_2: SELECT id FROM member WHERE id IN (2) ORDER BY id",
        "fetch 1", "fetch 0", "close",
    ]  # fmt: skip


def test_a_merge_that_is_done_at_once_is_closed_before_its_head() -> None:
    play = Play(autocommit=True)
    (head,) = play.execute(MANY + " LIMIT 1", (opened((1,), last=False), opened((2,), source=1, last=False)))
    assert isinstance(head, Head)
    assert (head.rows, head.rowcount, head.complete) == ([(1,)], 1, True)
    assert isinstance(play.ops[-1], CloseQuery)


def test_hidden_columns_are_cut_off() -> None:
    play = Play(autocommit=True)
    (head,) = play.execute(
        "SELECT id FROM member WHERE id IN (1, 2) ORDER BY n",
        (opened((1, 7), width=2), opened((2, 5), source=1, width=2)),
    )
    assert isinstance(head, Head)
    assert head.rows == [(2,), (1,)]
    assert head.description is not None
    assert len(head.description) == 1


def test_an_aggregate_over_no_rows_is_one_row() -> None:
    play = Play(autocommit=True)
    emitted = play.execute(
        "SELECT COUNT(*), MAX(n) FROM member WHERE id IN (1, 2)",
        (opened((0, None), width=2), opened((0, None), source=1, width=2)),
    )
    assert [row for step in emitted for row in step.rows] == [(0, None)]


@pytest.mark.parametrize("text", [ONE, MANY])
def test_a_reader_in_a_transaction_enlists_its_shards_once(text: str) -> None:
    play = Play()
    shards = SHARDS[1:2] if text == ONE else SHARDS[1:3]
    answers = tuple(opened(source=number) for number in range(len(shards)))
    play.execute(text, answers)
    assert play.told()[0] == f"enlist {' '.join(s.database for s in shards)}: START TRANSACTION"
    play.execute(text, answers)
    assert isinstance(play.ops[0], Query)
    assert (tuple(play.session.enlisted), play.session.written) == (shards, {})


def test_a_broadcast_table_is_read_where_the_transaction_is() -> None:
    play = Play()
    play.execute("SELECT n FROM member WHERE id = 2", (opened(),))
    play.execute("SELECT name FROM country", (opened(),))
    assert play.told() == ["query m_2: SELECT name FROM country"]


def test_a_table_that_changed_behind_our_back_is_looked_up_again() -> None:
    play = Play(autocommit=True)
    with pytest.raises(UnknownColumn, match="can be run again"):
        play.execute(MANY, (opened((1,), width=2), opened((2,), source=1)))
    assert play.session.planner.catalog.table("member") is None


def test_an_unknown_column_of_a_server_makes_the_catalog_forget() -> None:
    play = Play(autocommit=True)
    with pytest.raises(UnknownColumn):
        play.execute(ONE, UnknownColumn("Unknown column 'nothing'"))
    assert play.session.planner.catalog.table("member") is None


def test_other_errors_keep_the_catalog() -> None:
    play = Play(autocommit=True)
    with pytest.raises(ProgrammingError):
        play.execute(ONE, ProgrammingError("no"))
    with pytest.raises(ConnectionLost):
        play.execute(ONE, (opened((1,), last=False),), ConnectionLost("gone"))
    assert play.session.planner.catalog.table("member") is not None
    assert play.session.failed is None


def test_an_unread_result_is_given_up_without_a_word() -> None:
    play = Play(autocommit=True)
    play.know_tables(MANY, None)
    script = statements.execute(play.session, MANY, None)
    assert isinstance(script.send(None), Query)
    step = script.send((opened((1,), last=False), opened((2,), source=1, last=False)))
    assert isinstance(step, Head)
    assert isinstance(script.send(None), Fetch)
    script.close()


# --- look-ups --------------------------------------------------------------------------------------------------------


def fresh() -> Session:
    return Session(Planner(loads(RULES), Catalog()), autocommit=True)


def looked_up(script: Generator[Any, Any, None], info: dict[str, Any]) -> list[Op]:
    """The Ops of a script whose look-ups are answered from `info`, up to its first Query of rows."""
    ops: list[Op] = []
    step = script.send(None)
    while True:
        ops.append(step)
        match step:
            case Describe(_, name):
                step = script.send(info.get(name))
            case Query((task,), False) if "@@collation_connection" in task.sql:
                step = script.send((opened(("utf8mb4_general_ci",)),))
            case DescribeCollation(_, names):
                step = script.send(tuple(Collation(name, b" ") for name in names))
            case _:
                return ops


def test_tables_and_collations_are_looked_up_once() -> None:
    session = fresh()
    info = {"member": table("member", "id BIGINT NOT NULL\nname VARCHAR(9) COLLATE utf8mb4_bin")}
    ops = looked_up(statements.execute(session, "SELECT name FROM member ORDER BY name", None), info)
    assert [type(op).__name__ for op in ops] == ["Describe", "Query", "DescribeCollation", "Query"]
    assert ops[0] == Describe(SHARDS[0], "member")
    assert ops[2] == DescribeCollation(SHARDS[0], ("utf8mb4_bin", "utf8mb4_general_ci"))
    again = looked_up(statements.execute(session, "SELECT id FROM member ORDER BY name", None), info)
    assert [type(op).__name__ for op in again] == ["Query"]
    assert session.planner.catalog.connection_collation == "utf8mb4_general_ci"


def test_the_first_physical_table_stands_for_all() -> None:
    info = {"orders_0": table("orders_0", "memberId BIGINT NOT NULL\nn INT")}
    ops = looked_up(statements.execute(fresh(), "SELECT n FROM orders WHERE memberId = 1", None), info)
    assert isinstance(ops[0], Describe)
    assert (ops[0].shard.database, ops[0].table) == ("o_0", "orders_0")


def test_a_table_that_is_not_there_is_unknown() -> None:
    session = fresh()
    with pytest.raises(UnknownTable, match=r"rds0/m_0\.member is not there") as caught:
        looked_up(statements.execute(session, "SELECT 1 FROM member", None), {})
    assert (caught.value.errno, caught.value.shards) == (1146, (SHARDS[0],))
    assert session.planner.catalog.table("member") is None


def test_an_unknown_table_is_not_looked_up() -> None:
    with pytest.raises(UnknownTable):
        looked_up(statements.execute(fresh(), "SELECT 1 FROM nowhere", None), {})


def test_a_failed_look_up_leaves_nothing_behind() -> None:
    session = fresh()
    script = statements.execute(session, "SELECT 1 FROM member", None)
    script.send(None)
    with pytest.raises(ConnectionLost):
        script.throw(ConnectionLost("gone"))
    assert session.planner.catalog.table("member") is None
    assert Rows([]).rows == []
