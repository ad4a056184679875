"""The generated TPC-H rows: the same every time, as many as the scale factor asks for, and tied together."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.tpch import generate, queries, schema

COUNTS = {"region": 5, "nation": 25, "supplier": 100, "part": 2_000, "partsupp": 8_000, "customer": 1_500}
FINGERPRINT = "989ae930260e97e5"
"""Of the rows: they are the same in every process and every version of Python."""

REFERENCES = (
    ("nation", ("n_regionkey",), "region", ("r_regionkey",)),
    ("supplier", ("s_nationkey",), "nation", ("n_nationkey",)),
    ("customer", ("c_nationkey",), "nation", ("n_nationkey",)),
    ("partsupp", ("ps_partkey",), "part", ("p_partkey",)),
    ("partsupp", ("ps_suppkey",), "supplier", ("s_suppkey",)),
    ("orders", ("o_custkey",), "customer", ("c_custkey",)),
    ("lineitem", ("l_orderkey",), "orders", ("o_orderkey",)),
    ("lineitem", ("l_partkey", "l_suppkey"), "partsupp", ("ps_partkey", "ps_suppkey")),
)


def column(table: str, *names: str) -> list[Any]:
    """One column of a table, or several as tuples."""
    places = [list(schema.TABLES[table]).index(name) for name in names]
    rows = generate.tables()[table]
    return [row[places[0]] for row in rows] if len(places) == 1 else [tuple(row[p] for p in places) for row in rows]


def test_the_rows_are_always_the_same() -> None:
    rows = repr(sorted(generate.tables().items()))
    assert hashlib.sha256(rows.encode()).hexdigest()[:16] == FINGERPRINT


def test_another_seed_makes_other_rows() -> None:
    one, other = generate.tables(), generate.tables(generate.SEED + 1)
    assert {table for table in one if one[table] != other[table]} == set(one)


def test_counts() -> None:
    rows = generate.tables()
    assert list(rows) == list(schema.TABLES)
    assert {table: len(rows[table]) for table in COUNTS} == COUNTS
    assert len(rows["orders"]) == 15_000
    assert 59_000 < len(rows["lineitem"]) < 61_500


@pytest.mark.parametrize("table", schema.TABLES)
def test_values_fit_their_columns(table: str) -> None:
    columns = schema.TABLES[table]
    assert {len(row) for row in generate.tables()[table]} == {len(columns)}
    for name, kind in columns.items():
        if "CHAR" in kind:
            texts = column(table, name)
            assert max(map(len, texts)) <= int(kind.split("(")[1].split(")")[0]), name
            assert all(text == text.strip() for text in texts), name


@pytest.mark.parametrize(("table", "key"), schema.PRIMARY.items())
def test_primary_keys_are_unique(table: str, key: tuple[str, ...]) -> None:
    assert max(Counter(column(table, *key)).values()) == 1


@pytest.mark.parametrize(("table", "names", "target", "key"), REFERENCES)
def test_references_are_kept(table: str, names: tuple[str, ...], target: str, key: tuple[str, ...]) -> None:
    assert set(column(table, *names)) <= set(column(target, *key))


def test_lines_follow_their_orders() -> None:
    days = dict(column("orders", "o_orderkey", "o_orderdate"))
    for key, shipped, received, flag, status in column(
        "lineitem", "l_orderkey", "l_shipdate", "l_receiptdate", "l_returnflag", "l_linestatus"
    ):
        assert days[key] < shipped < received <= date(1998, 12, 31)
        assert (flag == "N") == (received > generate.TODAY)
        assert (status == "O") == (shipped > generate.TODAY)


def test_a_third_of_the_customers_never_buys() -> None:
    assert {key % 3 for key in column("orders", "o_custkey")} == {1, 2}


def test_queries_are_complete() -> None:
    assert [query.number for query in queries.load()] == list(range(1, 23))
    assert all("{" not in query.sql and not query.sql.endswith(";") for query in queries.load())
