"""A predicate's slots: unions for OR, intersections for AND, and everything for what is not certain."""

from __future__ import annotations

import pytest

from shardkit.flow import And, Anything, Between, Eq, In, Literal, Nothing, Or, ParamRef, Predicate, Value
from shardkit.route.solve import slots, value_of
from shardkit.rules import ShardedTable
from shardkit.values import Params
from tests.unit.route.tables import session

SESSION = session()
ONE, TWO = Eq("id", Literal(1)), Eq("id", Literal(2))
ALL = {0, 1, 2, 3}


def solved(predicate: Predicate, params: Params = None, name: str = "member") -> set[int]:
    table = SESSION.planner.rules.sharded[name]
    assert isinstance(table, ShardedTable)
    columns = {column.name.lower(): column for column in SESSION.tables[name].columns}
    return set(slots(predicate, table, columns, params))


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (ONE, {1}), (Anything(), ALL), (Nothing(), set()), (Or((ONE, TWO)), {1, 2}), (And((ONE, TWO)), set()),
        (Or(()), set()), (And(()), ALL), (And((Or((ONE, TWO)), TWO)), {2}), (Or((ONE, Anything())), ALL),
        (Or((ONE, Nothing())), {1}), (And((ONE, Anything())), {1}), (And((ONE, Nothing())), set()),
        (In("id", (Literal(1), Literal(5), Literal(None))), {1}), (In("id", ()), set()),
        (Between("id", Literal(1), Literal(2)), {1, 2}), (Between("id", Literal(1), None), ALL),
        (Between("id", None, None), ALL), (Between("id", Literal(None), Literal(2)), set()),
        (Between("id", Literal("x"), Literal(2)), ALL),
    ],
)  # fmt: skip
def test_slots(predicate: Predicate, expected: set[int]) -> None:
    assert solved(predicate) == expected


@pytest.mark.parametrize(
    ("value", "params", "expected"),
    [(Literal(5), None, 5), (ParamRef(1), (1, 2), 2), (ParamRef(0), [7], 7), (ParamRef("a"), {"a": 9}, 9)],
)
def test_values(value: Value, params: Params, expected: int) -> None:
    assert value_of(value, params) == expected
    assert solved(Eq("id", value), params) == {expected % 4}
