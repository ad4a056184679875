"""Hints that say where: every sharded table is what lies there, and no row goes where it does not belong."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import CrossShardRefused, HintError, NotSupportedError, ParameterError, ScatterWriteRefused
from shardkit.flow import Hints, Literal
from shardkit.values import Params
from tests.plan.offline import Offline
from tests.unit.route.tables import session


def targets(sql: str, params: Params = None, around: Hints | None = None) -> list[str]:
    kinds = session()
    kinds.session.hints = around
    plan = kinds.plan(sql, params)
    return [f"{target.shard} {target.slot}" for target in plan.route.targets]


@pytest.mark.parametrize(
    ("hint", "rest", "expected"),
    [
        ("shard=3", "* FROM member", ["rds1/m_3 3"]),
        ("shard='rds0/m_1'", "* FROM member", ["rds0/m_1 1"]),
        ("shard=3", "* FROM member WHERE id = 1", ["rds1/m_3 3"]),  # the hint is what the user said
        ("shard=3", "* FROM member WHERE id IN (1, 2)", ["rds1/m_3 3"]),
        ("shard=0", "* FROM ranged WHERE id > 25", ["rds0/m_0 0"]),
        ("shard=4", "* FROM orders", ["rds1/o_1 4"]),
        ("shard='rds1/o_1'", "* FROM orders", ["rds1/o_1 3", "rds1/o_1 4", "rds1/o_1 5"]),
        ("shard=2", "* FROM member m JOIN address a ON a.memberId = m.id JOIN country c ON c.n = a.n", ["rds1/m_2 2"]),
        ("shard=2", "* FROM member m JOIN other o ON o.memberId = m.n", ["rds1/m_2 2"]),  # each is what lies there
        ("shard=2", "COUNT(*) FROM member WHERE n > (SELECT AVG(n) FROM other)", ["rds1/m_2 2"]),
        ("shard='rds1/m_2'", "* FROM country", ["rds1/m_2 0"]),
        ("shard='rds1/m_2'", "1", ["rds1/m_2 0"]),
        ("key=6", "* FROM member", ["rds1/m_2 2"]), ("key='6'", "* FROM member", ["rds1/m_2 2"]),
        ("key=6", "* FROM member WHERE id = 1", ["rds1/m_2 2"]),
        ("key=10", "* FROM member m JOIN ranged r ON r.n = m.n", []),  # slots 2 and 1: brought together
        ("key='NO'", "* FROM listed", ["rds0/m_1 1"]),
        ("key=7", "* FROM orders", ["rds0/o_0 1"]),
        ("key=6", "* FROM config", ["rds0/app 0"]), ("key=6", "1", ["rds0/m_0 0"]),
        ("primary", "* FROM member WHERE id = 1", ["rds0/m_1 1"]),
    ],
)  # fmt: skip
def test_where_a_select_goes(hint: str, rest: str, expected: list[str]) -> None:
    assert targets(f"SELECT /*+ shardkit({hint}) */ {rest}") == expected


def test_a_list_of_keys_reaches_the_place_whole() -> None:
    sql = "SELECT /*+ shardkit(shard='rds0/o_0') */ * FROM orders WHERE memberId IN (1, 2, 3)"
    assert {task.sql.rsplit("IN ", 1)[1] for task in session().plan(sql).tasks} == {"(1, 2, 3)"}


@pytest.mark.parametrize(
    ("sql", "params", "expected"),
    [
        ("SELECT /*+ shardkit(key=%s) */ * FROM member WHERE name = %s", (6, "x"), ["rds1/m_2 2"]),
        ("SELECT %s /*+ shardkit(key=%s) */ FROM member WHERE name = %s", (1, 6, "x"), ["rds1/m_2 2"]),
        (
            "SELECT /*+ shardkit(key=%(id)s) */ * FROM member WHERE name = %(name)s",
            {"id": 6, "name": 1},
            ["rds1/m_2 2"],
        ),
    ],
)
def test_a_key_may_be_a_placeholder(sql: str, params: Params, expected: list[str]) -> None:
    assert targets(sql, params) == expected


def test_the_placeholder_of_a_key_is_not_sent() -> None:
    plan = session().plan("SELECT %s, /*+ shardkit(key=%s) */ name FROM member WHERE n = %s", ("a", 6, 8))
    (task,) = plan.tasks
    assert task.args == ("a", 8)
    assert task.sql.count("%s") == 2


@pytest.mark.parametrize(("params", "count"), [((6,), 2), ((6, "x", "y"), 2)])
def test_the_placeholder_of_a_key_counts(params: tuple[Any, ...], count: int) -> None:
    with pytest.raises(ParameterError, match=f"{count} placeholders %s but {len(params)} parameters"):
        targets("SELECT /*+ shardkit(key=%s) */ * FROM member WHERE name = %s", params)


def test_a_named_key_without_its_parameter() -> None:
    with pytest.raises(ParameterError, match="no parameter for its placeholder"):
        targets("SELECT /*+ shardkit(key=%(id)s) */ * FROM member", {"name": 1})


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT /*+ shardkit(shard=4) */ * FROM member", r"shard= in the hint, line 1, column 21: layout flat has the "
         "slots 0 to 3"),
        ("SELECT\n  /*+ shardkit(shard='rds0/m_9') */ * FROM member", r"line 2, column 16: the rules have no shard "
         r"'rds0/m_9'; they have rds0/m_0, rds0/m_1 … rds0/app \(7 in all\)"),
        ("SELECT /*+ shardkit(shard='rds0/o_0') */ * FROM member", "no part of table member lies there"),
        ("SELECT /*+ shardkit(shard=1) */ * FROM member m JOIN orders o ON o.memberId = m.id",
         r"several layouts \(deep, flat\)"),
        ("SELECT /*+ shardkit(key=1) */ * FROM log", "sharded by at and memberid, .* use shard="),
        ("SELECT /*+ shardkit(key='DK') */ * FROM listed", "no slot of table listed is for this value of code"),
        ("INSERT /*+ shardkit(shard=1) */ INTO member (id) VALUES (1), (2)", r"a row of member belongs, by its shard "
         r"key, to slot 2 \(rds1/m_2.member\)"),
        ("INSERT /*+ shardkit(key=1) */ INTO member (id) VALUES (2)", "key= in the hint.*belongs.* to slot 2"),
        ("REPLACE /*+ shardkit(shard='rds0/m_1') */ INTO member (id) VALUES (2)", "belongs.* to slot 2"),
        ("UPDATE /*+ shardkit(shard=1) */ member SET id = 2 WHERE name = 'x'", "belongs.* to slot 2"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed(sql: str, message: str) -> None:
    with pytest.raises(HintError, match=message):
        targets(sql)


def test_null_is_no_key() -> None:
    with pytest.raises(HintError, match=r"NULL is no value of the shard key member\.id"):
        targets("SELECT /*+ shardkit(key=%s) */ * FROM member", (None,))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT /*+ shardkit(shard=1) */ INTO member (id) VALUES (1), (5)", ["rds0/m_1 1"]),
        ("INSERT /*+ shardkit(key=9) */ INTO member (id) VALUES (5)", ["rds0/m_1 1"]),
        ("UPDATE /*+ shardkit(shard=1) */ member SET name = 'x'", ["rds0/m_1 1"]),
        ("UPDATE /*+ shardkit(shard=1) */ member SET name = 'x' WHERE id = 2", ["rds0/m_1 1"]),
        ("UPDATE /*+ shardkit(shard=1) */ member SET name = 'x' ORDER BY n LIMIT 3", ["rds0/m_1 1"]),
        ("UPDATE /*+ shardkit(shard=1) */ member SET id = 5 WHERE id = 1", ["rds0/m_1 1"]),
        ("DELETE /*+ shardkit(key=2) */ FROM member WHERE n = 1", ["rds1/m_2 2"]),
        ("DELETE /*+ shardkit(shard='rds0/o_0') */ FROM orders", ["rds0/o_0 0", "rds0/o_0 1", "rds0/o_0 2"]),
        ("UPDATE /*+ shardkit(key=2) */ config SET v = 1", ["rds0/app 0"]),
    ],
)  # fmt: skip
def test_where_a_write_goes(sql: str, expected: list[str]) -> None:
    assert targets(sql) == expected


def test_a_write_on_one_copy_of_a_broadcast_table_is_refused() -> None:
    with pytest.raises(NotSupportedError, match="one copy of broadcast table country at shard= in the hint"):
        targets("UPDATE /*+ shardkit(shard='rds0/m_1') */ country SET n = 1")
    with pytest.raises(NotSupportedError, match="its copies would differ"):
        targets("UPDATE /*+ shardkit(shard=1) */ country SET n = 1")
    assert len(targets("UPDATE /*+ shardkit(key=1) */ country SET n = 1")) == 4


def test_a_key_that_says_nothing_does_not_let_a_write_go_everywhere() -> None:
    sql = "DELETE /*+ shardkit(key=%s) */ FROM member WHERE n = 1"
    with pytest.raises(ScatterWriteRefused):
        session("full_scan_writes: refuse").plan(sql, (1.5e300,))
    assert len(session("full_scan_writes: refuse").plan(sql, (1,)).tasks) == 1


@pytest.mark.parametrize("sql", ["TRUNCATE /*+ shardkit(shard=1) */ member", "BEGIN /*+ shardkit(key=1) */",
                                 "SET /*+ shardkit(shard=1) */ time_zone = '+00:00'"])  # fmt: skip
def test_what_goes_where_it_must_takes_no_place(sql: str) -> None:
    with pytest.raises(NotSupportedError, match="sent somewhere by a hint"):
        session().execute(sql)


def test_the_text_wins_over_the_block() -> None:
    block = Hints(shard=1, said="connection.hint(shard=…)")
    assert targets("SELECT * FROM member WHERE id = 2", None, block) == ["rds0/m_1 1"]
    assert targets("SELECT /*+ shardkit(key=2) */ * FROM member", None, block) == ["rds1/m_2 2"]
    assert targets("SELECT /*+ shardkit(timeout=1) */ * FROM member", None, block) == ["rds0/m_1 1"]


def test_a_block_leaves_nothing_behind_in_the_plan_cache() -> None:
    kinds = session()
    sql = "SELECT * FROM member WHERE id = %s"

    def slots(around: Hints | None) -> list[int]:
        kinds.session.hints = around
        return kinds.slots(sql, (2,))

    assert slots(Hints(shard=1)) == [1]
    assert kinds.planner.point(sql, (2,)) is None
    assert slots(None) == [2]
    assert kinds.planner.point(sql, (2,)) is not None
    assert slots(Hints(key=Literal(3))) == [3]
    assert slots(Hints(timeout=1.0)) == [2]
    assert slots(None) == [2]
    task = kinds.planner.point(sql, (2,))
    assert task is not None
    assert str(task.shard) == "rds1/m_2"


def test_a_text_that_a_hint_sends_somewhere_has_no_short_way() -> None:
    kinds = session()
    sql = "SELECT /*+ shardkit(shard=1) */ * FROM member WHERE id = %s"
    assert kinds.slots(sql, (2,)) == [1]
    assert kinds.planner.point(sql, (2,)) is None


def test_hinted_texts_are_parsed_once() -> None:
    kinds = session()
    sql = "SELECT COUNT(*) /*+ shardkit(key=%s) */ FROM member"
    kinds.plan(sql, (0,))
    parses = kinds.planner.parses
    assert [kinds.slots(sql, (key,)) for key in range(8)] == [[0], [1], [2], [3]] * 2
    assert kinds.planner.parses == parses


def test_budgets_of_text_and_block_are_put_together() -> None:
    kinds = session()
    kinds.session.hints = Hints(budget_rows=5, timeout=9.0)
    budget = kinds.plan("SELECT /*+ shardkit(timeout=1) */ * FROM member").budget
    assert budget is not None
    assert (budget.rows, budget.time) == (5, 1.0)


def test_explain_shows_the_hint() -> None:
    kinds = session()
    assert kinds.explain("SELECT /*+ shardkit(shard=1) */ * FROM member")["reason"].startswith(
        "shard= in the hint, line 1, column 21; "
    )
    kinds.session.hints = Hints(shard=1, said="connection.hint(shard=…)")
    assert kinds.explain("TRUNCATE member")["kind"] == "refused"
    assert kinds.explain("SELECT * FROM member")["targets"][0]["slot"] == 1


def test_rows_of_several_slots_are_still_merged() -> None:
    plan = session().plan("SELECT /*+ shardkit(shard='rds0/o_0') */ n FROM orders ORDER BY n LIMIT 2")
    assert len(plan.tasks) == 3
    assert plan.merge is not None


def test_what_no_shard_can_answer_is_brought_together_from_there_alone() -> None:
    plan = session().plan(
        "SELECT /*+ shardkit(shard='rds0/o_0') */ COUNT(*) FROM orders a JOIN orders b ON a.n = b.n WHERE a.n = 9"
    )
    assert plan.federation is not None
    assert {str(ask.shard) for pull in plan.federation.pulls for ask in pull.asks} == {"rds0/o_0"}
    assert [len(pull.asks) for pull in plan.federation.pulls] == [3]


def test_insert_select_reads_there_and_writes_only_there() -> None:
    kinds: Offline = session()
    plan = kinds.plan("INSERT /*+ shardkit(shard=1) */ INTO member (id, n) SELECT id, memberId FROM other")
    assert plan.stage is not None
    reading = kinds.prepared(plan.stage.sql).plan(plan.stage.args, (), plan.hints)
    assert [target.slot for target in reading.route.targets] == [1]
    head = (("id", 8), ("n", 3))
    assert len(plan.stage.make(head, [(1, 2), (5, 2)]).tasks) == 1  # type: ignore[union-attr]
    with pytest.raises(HintError, match=r"belongs.* to slot 2"):
        plan.stage.make(head, [(1, 2), (2, 2)])


def test_a_refusal_stays_one() -> None:
    with pytest.raises(CrossShardRefused):
        targets("SELECT /*+ shardkit(shard='rds0/o_0') */ my_function(n) FROM orders GROUP BY n")
