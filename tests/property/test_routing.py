"""A matching row always lies on a routed shard.

Random WHERE clauses over random rows, evaluated here with SQL's three-valued logic, against the slots that the router
names. The evaluation knows nothing of routing: only how MySQL compares an integer column with each kind of value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.plan.catalog import table
from tests.plan.offline import Offline

RULES = """\
version: 1
servers: { rds0: { url: "mysql://h0" } }
layouts: { flat: { databases: "d_{0..4}", servers: [rds0] } }
tables:
  by_hash: { layout: flat, shard_by: k }
  by_mod: { layout: flat, shard_by: k, algorithm: mod }
  by_range:
    layout: flat
    shard_by: k
    algorithm:
      type: range
      ranges: [{ below: 0, slot: 4 }, { from: 0, below: 3, slot: 0 }, { from: 3, below: 5, slot: 1 },
               { from: 5, below: 8, slot: 3 }, { from: 8, slot: 2 }]
  child: { layout: flat, shard_by: k, bound_to: by_hash }
defaults: { transactions: best_effort, full_scan_writes: allow }
"""
SESSION = Offline(
    RULES,
    [table(name, "k BIGINT NOT NULL\nx INT\ny VARCHAR(5)") for name in ("by_hash", "by_mod", "by_range", "child")],
)

Truth: TypeAlias = bool | None
Row: TypeAlias = dict[str, int | None]
Test: TypeAlias = Callable[[Row], Truth]


@dataclass(frozen=True)
class Condition:
    """A condition as text with its parameters, and its meaning."""

    sql: str
    params: tuple[Any, ...]
    holds: Test


def number(value: Any) -> Decimal | None:
    """The number MySQL compares an integer column with; text counts as far as it is a number."""
    if value is None:
        return None
    if isinstance(value, str):
        found = re.match(r"\s*([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)", value, re.ASCII)
        return Decimal(found[1]) if found else Decimal(0)
    return Decimal(value)


def both(left: Truth, right: Truth) -> Truth:
    """AND."""
    return False if left is False or right is False else None if left is None or right is None else True


def either(left: Truth, right: Truth) -> Truth:
    """OR."""
    return True if left or right else None if left is None or right is None else False


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "<>": lambda a, b: a != b,
}  # fmt: skip
TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=", "<>": "<>"}


def compared(operator: str, left: Any, right: Any) -> Truth:
    one, other = number(left), number(right)
    return None if one is None or other is None else COMPARE[operator](one, other)


SMALL = st.integers(-3, 12)
VALUES = st.one_of(
    SMALL, st.none(), SMALL.map(str), SMALL.map(float), SMALL.map(Decimal), st.booleans(),
    st.sampled_from(["", "x", "07", " 7", "7 ", "7up", "1e1", "5.0", "-0", "+3", 2.5, Decimal("2.50"), 10**20]),
)  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, tuple[Any, ...], Any]:
    """A value written as a literal or as a parameter."""
    value = draw(VALUES)
    if draw(st.booleans()):
        return "%s", (value,), value
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value], (), value
    if isinstance(value, str):
        return f"'{value}'", (), value
    return repr(value) if isinstance(value, float) else str(value), (), value


@st.composite
def comparisons(draw: st.DrawFn) -> Condition:
    column, operator = draw(st.sampled_from("kkkx")), draw(st.sampled_from(["=", "=", "=", *COMPARE]))
    sql, params, value = draw(texts())
    name = draw(st.sampled_from([column, f"t.{column}", f"({column})"]))
    if draw(st.booleans()):
        return Condition(f"{sql} {TURNED[operator]} {name}", params, lambda row: compared(operator, row[column], value))
    return Condition(f"{name} {operator} {sql}", params, lambda row: compared(operator, row[column], value))


@st.composite
def memberships(draw: st.DrawFn) -> Condition:
    column, entries = draw(st.sampled_from("kkx")), draw(st.lists(texts(), min_size=1, max_size=4))
    negated = draw(st.booleans())

    def holds(row: Row) -> Truth:
        found: Truth = False
        for _, _, value in entries:
            found = either(found, compared("=", row[column], value))
        return found if not negated or found is None else not found

    word = "NOT IN" if negated else "IN"
    params = tuple(param for _, mine, _ in entries for param in mine)
    return Condition(f"{column} {word} ({', '.join(sql for sql, _, _ in entries)})", params, holds)


@st.composite
def betweens(draw: st.DrawFn) -> Condition:
    (low, first, least), (high, second, most) = draw(texts()), draw(texts())
    return Condition(
        f"k BETWEEN {low} AND {high}", first + second,
        lambda row: both(compared(">=", row["k"], least), compared("<=", row["k"], most)),
    )  # fmt: skip


CONSTANTS = st.sampled_from(
    [
        Condition("1", (), lambda row: True), Condition("0", (), lambda row: False),
        Condition("NULL", (), lambda row: None), Condition("TRUE", (), lambda row: True),
        Condition("1 = 0", (), lambda row: False),
        Condition("k = k", (), lambda row: compared("=", row["k"], row["k"])),
        Condition("k = x", (), lambda row: compared("=", row["k"], row["x"])),
        Condition("k + 0 = 5", (), lambda row: compared("=", row["k"], 5)),
        Condition("x IS NULL", (), lambda row: row["x"] is None),
        Condition("k IS NULL", (), lambda row: row["k"] is None), Condition("k <=> 5", (), lambda row: row["k"] == 5),
        Condition("k", (), lambda row: compared("<>", row["k"], 0)),
        Condition("-k = 5", (), lambda row: compared("=", row["k"], -5)),
        Condition("(k = 5) = 0", (), lambda row: compared("<>", row["k"], 5)),
        Condition("k = 5 = 0", (), lambda row: compared("<>", row["k"], 5)),
    ]
)  # fmt: skip


def _extend(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    def joined(word: str, fold: Callable[[Truth, Truth], Truth]) -> st.SearchStrategy[Condition]:
        return st.tuples(inner, inner).map(
            lambda pair: Condition(
                f"({pair[0].sql}) {word} ({pair[1].sql})", pair[0].params + pair[1].params,
                lambda row: fold(pair[0].holds(row), pair[1].holds(row)),
            )
        )  # fmt: skip

    def xor(left: Truth, right: Truth) -> Truth:
        return None if left is None or right is None else left is not right

    def negation(one: Condition) -> Condition:
        def holds(row: Row) -> Truth:
            found = one.holds(row)
            return None if found is None else not found

        return Condition(f"NOT ({one.sql})", one.params, holds)

    return st.one_of(
        joined("AND", both), joined("AND", both), joined("OR", either), joined("OR", either), joined("||", either),
        joined("&&", both), joined("XOR", xor), inner.map(negation),
    )  # fmt: skip


CONDITIONS = st.recursive(
    st.one_of(comparisons(), comparisons(), memberships(), betweens(), CONSTANTS), _extend, max_leaves=6
)
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FIVE = Condition("k = 5", (), lambda row: compared("=", row["k"], 5))
ALWAYS = Condition("1", (), lambda row: True)
ROWS = [{"k": k, "x": x} for k in range(-4, 14) for x in (None, 1, 5)]


def slot_of(name: str, key: int | None) -> int:
    return SESSION.planner.rules.sharded[name].sharding.slot({"k": key or 0})


@settings(CALM, max_examples=180)
@example("by_mod", Condition("k = '07'", (), lambda row: row["k"] == 7))
@given(st.sampled_from(["by_hash", "by_mod", "by_range"]), CONDITIONS)
def test_matching_rows_lie_on_routed_shards(name: str, condition: Condition) -> None:
    params = condition.params or None
    slots = set(SESSION.slots(f"SELECT x FROM {name} t WHERE {condition.sql}", params))
    needed = {slot_of(name, row["k"]) for row in ROWS if condition.holds(row)}
    assert needed <= slots


@settings(CALM, max_examples=60)
@given(st.sampled_from(["UPDATE by_mod t SET x = 1 WHERE", "DELETE FROM by_mod AS t WHERE"]), CONDITIONS)
def test_matching_rows_are_written(verb: str, condition: Condition) -> None:
    slots = set(SESSION.slots(f"{verb} {condition.sql}", condition.params or None))
    assert {slot_of("by_mod", row["k"]) for row in ROWS if condition.holds(row)} <= slots


@settings(CALM, max_examples=120)
@example("LEFT JOIN", FIVE, ALWAYS)
@example("RIGHT JOIN", FIVE, ALWAYS)
@example("LEFT JOIN", ALWAYS, FIVE)
@given(st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN"]), CONDITIONS, CONDITIONS)
def test_joined_rows_lie_on_routed_shards(join: str, on: Condition, where: Condition) -> None:
    """Both tables hold every row; `t` in the conditions is the first table."""
    first, second = (re.sub(r"(?<![\w.'])(?=[kx]\b)", "t.", one.sql) for one in (on, where))
    sql = f"SELECT t.x FROM by_hash t {join} child c ON t.k = c.k AND ({first}) WHERE {second}"
    slots = set(SESSION.slots(sql, (on.params + where.params) or None))
    needed = set()
    for row in ROWS:
        partner = on.holds(row)
        seen: Row = {"k": None, "x": None} if join == "RIGHT JOIN" and not partner else row
        if (partner or join != "JOIN") and where.holds(seen):
            needed.add(slot_of("by_hash", row["k"]))
    assert needed <= slots
