"""What a workspace is given is enough: over the rows and columns that `needs` keeps, a SELECT answers as over all.

SQLite plays the server twice: once with whole tables, once with what would be pulled.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from shardkit.federate.gather import merged
from shardkit.flow import Literal, Need, Statement
from tests.plan.catalog import table
from tests.plan.offline import Offline

RULES = """\
version: 1
servers: { rds0: { url: "mysql://h0" } }
layouts: { flat: { databases: "m_{0..3}", servers: [rds0] } }
tables:
  a: { layout: flat, shard_by: k, algorithm: mod }
  b: { layout: flat, shard_by: k, algorithm: mod }
  c: { layout: flat, shard_by: k, algorithm: mod }
"""
TABLES = tuple(table(name, "k BIGINT\nx INT\nt VARCHAR(9)\nspare INT") for name in "abc")
SESSION = Offline(RULES, TABLES)

NUMBERS = st.one_of(st.integers(-1, 3), st.none())
ROWS = st.lists(st.tuples(st.integers(0, 3), NUMBERS, st.sampled_from(["a", "b", "ab", "", None]), NUMBERS), max_size=5)
OPERATORS = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "<=>"])
CONSTANTS = st.sampled_from(["0", "1", "2", "-1", "NULL", "1 + 1"])
WORDS = st.sampled_from(["'a'", "'ab'", "'b%'", "'_'", "''"])


@st.composite
def atoms(draw: DrawFn, names: tuple[str, ...], depth: int) -> str:
    one, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    number, same = draw(CONSTANTS), draw(st.sampled_from(["", "NOT "]))
    kinds = [
        f"{one}.x {draw(OPERATORS)} {number}",
        f"{number} {draw(OPERATORS)} {one}.x",
        f"{one}.{draw(st.sampled_from('kx'))} {draw(OPERATORS)} {other}.x",
        f"{one}.x {same}IN ({number}, 2)",
        f"{one}.x {same}BETWEEN {number} AND 2",
        f"{one}.{draw(st.sampled_from('xt'))} IS {same}NULL",
        f"{one}.t {same}LIKE {draw(WORDS)}",
        f"{one}.x + 1 > {number}",
        f"({one}.x > {number}) IS {same}TRUE",
        f"COALESCE({one}.x, 0) = {number}",
        draw(st.sampled_from(["1 = 1", "0", "NULL"])),
    ]
    if depth:
        inner = draw(conditions(("s", one), depth - 1))
        kinds += [
            f"{one}.x {same}IN (SELECT s.x FROM c s WHERE {inner})",
            f"{same}EXISTS (SELECT 1 FROM {draw(st.sampled_from('bc'))} s WHERE s.k = {one}.x AND {inner})",
            f"{one}.x > (SELECT MIN(s.x) FROM c s WHERE {inner})",
        ]
    return draw(st.sampled_from(kinds))


@st.composite
def conditions(draw: DrawFn, names: tuple[str, ...], depth: int) -> str:
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return draw(atoms(names, depth))
    parts = [draw(conditions(names, depth - 1)) for _ in range(2)]
    return draw(
        st.sampled_from([f"{parts[0]} AND {parts[1]}", f"({parts[0]} OR {parts[1]})", f"NOT ({parts[0]})", parts[1]])
    )


@st.composite
def queries(draw: DrawFn) -> str:
    names = ["p"]
    text = f"FROM {draw(st.sampled_from('ab'))} p"
    for name in draw(st.sampled_from([["q"], ["q", "r"]])):
        join = draw(st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "CROSS JOIN"]))
        names.append(name)
        on = "" if join == "CROSS JOIN" else f" ON {draw(conditions(tuple(names), 1))}"
        text += f" {join} {draw(st.sampled_from('abc'))} {name}{on}"
    shown = ", ".join(f"{name}.{column}" for name in names for column in "kx")
    return f"SELECT {shown} {text} WHERE {draw(conditions(tuple(names), 2))}"


def kept(statement: Statement) -> dict[str, Need]:
    """What is pulled of each table."""
    uses: dict[str, list[Need]] = {}
    for use in statement.tables:
        uses.setdefault(use.name, []).append(statement.needs[use.index])
    return {name: merged(needs) for name, needs in uses.items()}


def answer(text: str, tables: dict[str, list[Any]], needs: dict[str, Need] | None) -> list[Any]:
    """The rows of a query over whole tables, or over what `needs` leaves of them."""
    with closing(sqlite3.connect(":memory:")) as base:
        for name, rows in tables.items():
            base.execute(f"CREATE TABLE whole_{name} (k INT, x INT, t TEXT, spare INT)")
            base.executemany(f"INSERT INTO whole_{name} VALUES (?, ?, ?, ?)", rows)
            need = needs.get(name) if needs is not None else None
            columns = ", ".join(column.name for column in need.columns) if need is not None else "*"
            base.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM whole_{name} WHERE 0")
            where = " AND ".join(condition.sql for condition in need.conditions) if need is not None else ""
            values = [value for condition in need.conditions for value in condition.values] if need is not None else []
            assert all(isinstance(value, Literal) for value in values)
            sql = (where or "1").replace("<=>", "IS").replace("%s", "?").replace("%%", "%")
            plain = [value.value for value in values if isinstance(value, Literal)]
            base.execute(f"INSERT INTO {name} SELECT {columns} FROM whole_{name} WHERE {sql}", plain)
        return sorted(base.execute(text.replace("<=>", "IS")).fetchall(), key=repr)


@settings(max_examples=120, deadline=None)
@given(text=queries(), a=ROWS, b=ROWS, c=ROWS)
def test_what_is_left_behind_changes_no_answer(text: str, a: list[Any], b: list[Any], c: list[Any]) -> None:
    needs = kept(SESSION.prepared(text).statement)
    tables = {"a": a, "b": b, "c": c}
    assert answer(text, tables, needs) == answer(text, tables, None)


def test_the_property_sees_conditions_and_columns() -> None:
    """Else it would prove nothing."""
    text = "SELECT p.k, q.x FROM a p LEFT JOIN b q ON q.x = p.x AND q.t LIKE 'a%' WHERE p.x > 1 AND q.k <> 2"
    needs = kept(SESSION.prepared(text).statement)
    assert [condition.sql for condition in needs["a"].conditions] == ["`x` > %s"]
    assert [condition.sql for condition in needs["b"].conditions] == ["`t` LIKE %s", "`k` <> %s"]
    assert [column.name for column in needs["b"].columns] == ["k", "x", "t"]
