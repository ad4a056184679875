"""What a workspace is given is enough: over the rows and columns that `needs` keeps, a SELECT answers as over all.

SQLite plays the server twice: once with whole tables, once with what would be pulled.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from shardkit.flow import Pull
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


def whole(base: sqlite3.Connection, tables: dict[str, list[Any]]) -> None:
    """The tables as they are."""
    for name, rows in tables.items():
        base.execute(f"CREATE TABLE {name} (k INT, x INT, t TEXT, spare INT)")
        base.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", rows)


def pulled(base: sqlite3.Connection, pull: Pull) -> None:
    """The workspace table of a pull, with every row left behind that can be, and its copies."""
    columns = ", ".join(column.name for column in pull.columns)
    parts = [condition.sql.replace("<=>", "IS").replace("%s", "?").replace("%%", "%") for condition in pull.where]
    parts += [f"{join.column.name} IN (SELECT {join.source_column} FROM {bare(join.source)})" for join in pull.joins]
    rest = f"WHERE {' AND '.join(parts) or '1'} {pull.tail}"
    base.execute(f"CREATE TABLE {bare(pull.name)} AS SELECT {columns} FROM {pull.table} WHERE 0")
    base.execute(f"INSERT INTO {bare(pull.name)} SELECT {columns} FROM {pull.table} {rest}", pull.where_args)
    for text in pull.copies:
        base.execute(re.sub(r"TEMPORARY | COLLATE \w+|, KEY \([^)]*\)", "", bare(text)))


def bare(text: str) -> str:
    return re.sub(r"`m_\d`\.", "", text)


def check(text: str, tables: dict[str, list[Any]]) -> None:
    """The answer over the workspace is that over whole tables."""
    plan = SESSION.plan(text)
    with closing(sqlite3.connect(":memory:")) as base:
        whole(base, tables)
        expected = base.execute(text.replace("<=>", "IS")).fetchall()
        if plan.federation is None:
            return
        for pull in plan.federation.pulls:
            pulled(base, pull)
        found = base.execute(bare(plan.federation.sql).replace("<=>", "IS")).fetchall()
        assert sorted(found, key=repr) == sorted(expected, key=repr)


@settings(max_examples=120, deadline=None)
@given(text=queries(), a=ROWS, b=ROWS, c=ROWS)
def test_what_is_left_behind_changes_no_answer(text: str, a: list[Any], b: list[Any], c: list[Any]) -> None:
    check(text, {"a": a, "b": b, "c": c})


def test_the_property_sees_conditions_columns_and_joins() -> None:
    """Else it would prove nothing."""
    text = "SELECT p.k, q.x FROM a p LEFT JOIN b q ON q.x = p.x AND q.t LIKE 'a%' WHERE p.x > 1 AND q.k <> 2"
    found = SESSION.plan(text).federation
    assert found is not None
    first, second = found.pulls
    assert [condition.sql for condition in first.where] == ["`x` > %s"]
    assert [condition.sql for condition in second.where] == ["`t` LIKE %s", "`k` <> %s"]
    assert [column.name for column in second.columns] == ["k", "x", "t"]
    assert [(join.column.name, join.source_column) for join in second.joins] == [("x", "x")]
