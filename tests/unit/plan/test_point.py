"""The short way of statements by key makes the same tasks as the long way, or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardkit.errors import Error
from shardkit.plan import Prepared
from tests.unit.route.tables import session

TEXTS = (
    "SELECT n FROM member WHERE id = %s",
    "SELECT n, %s FROM member m WHERE m.id = %s AND n < %s ORDER BY name LIMIT 1",
    "SELECT orders.n FROM orders WHERE memberId = %s",
    "SELECT n FROM orders WHERE n = %s AND %s = memberId FOR UPDATE",
    "SELECT n FROM ranged WHERE id = %s",
    "SELECT my_function(n) FROM member WHERE id = %s",
    "UPDATE member SET n = %s WHERE id = %s",
    "DELETE FROM orders WHERE orders.memberId = %s",
    "INSERT INTO member (n, id) VALUES (%s, %s)",
    "REPLACE orders SET n = 1, memberId = %s",
    "SELECT n FROM member WHERE id = %s AND 1 = 0",
)
VALUES = st.one_of(
    st.integers(-40, 40), st.integers(-(2**70), 2**70), st.none(), st.booleans(), st.text(max_size=3), st.floats(),
    st.sampled_from(["5", " 5", "05", Decimal(5), Decimal("5.5"), b"5", [1, 2]]),
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.sampled_from(TEXTS), st.lists(st.lists(VALUES, min_size=1, max_size=3), min_size=2, max_size=8))
def test_a_points_task_is_the_plans_task(text: str, executions: list[list[Any]]) -> None:
    shared = session()
    ready = shared.prepared(text, (1,) * text.count("%s"))
    for values in executions:
        params = tuple(values)
        short = shared.planner.point(text, params)
        try:
            plan = ready.plan(params)
        except Error:
            assert short is None
            continue
        if short is not None:
            assert (short,) == plan.tasks
            assert short.args is params
            assert plan.merge is None


@pytest.mark.parametrize("text", TEXTS[:-1])
def test_a_slot_that_was_planned_once_goes_the_short_way(text: str) -> None:
    shared = session()
    params = (5,) * text.count("%s")
    assert shared.planner.point(text, params) is None
    plan = shared.plan(text, params)
    assert (shared.planner.point(text, params),) == plan.tasks
    again = tuple(value + 0 for value in params)
    assert shared.planner.point(text, again) == plan.tasks[0]._replace(args=again)


@pytest.mark.parametrize("params", [(), (5, 5), ("5",), (5.0,), (True,), (None,), (Decimal(5),), (b"5",)])
def test_other_parameters_go_the_long_way(params: tuple[Any, ...]) -> None:
    shared = session()
    shared.plan(TEXTS[0], (5,))
    assert shared.planner.point(TEXTS[0], params) is None


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("INSERT INTO member (id) VALUES (%s), (%s)", (5, 6)), ("SELECT n FROM member WHERE id IN (%s)", (5,)),
        ("SELECT n FROM member WHERE id = 5 AND n = %s", (5,)), ("SELECT n FROM listed WHERE code = %s", ("DE",)),
        ("SELECT n FROM log WHERE memberId = %s", (5,)), ("SELECT 1 FROM member WHERE id = %s AND id < %s", (5, 6)),
        ("SELECT id FROM member JOIN country c ON 1 WHERE id = %s", (5,)), ("SELECT n FROM country WHERE n = %s", (5,)),
    ],
)  # fmt: skip
def test_other_statements_have_no_short_way(text: str, params: tuple[Any, ...]) -> None:
    shared = session()
    ready = shared.prepared(text, params)
    ready.plan(params)
    assert isinstance(ready, Prepared)
    assert ready.point is None
    assert shared.planner.point(text, params) is None
