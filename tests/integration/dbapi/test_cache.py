"""A text that was planned before never meets sqlglot again: parses are counted, and then the parser is taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
import sqlglot
import sqlglot.parser
import sqlglot.tokens

import shardkit
from tests.integration.dbapi.hostile import SHORT
from tests.integration.dbapi.stage import Stage, rows, run

READS: list[tuple[str, list[Any]]] = [
    ("SELECT v FROM member WHERE memberId = %s", [(1,), (2,), (1,), (99,), ("3",), (None,)]),
    ("SELECT v FROM member WHERE memberId = %(id)s", [{"id": 1}, {"id": 2}]),
    ("SELECT memberId, v FROM member WHERE memberId IN (%s, %s) ORDER BY v DESC, 1", [(0, 1), (2, 6), (3, "3")]),
    ("SELECT memberId FROM member ORDER BY v, memberId LIMIT %s OFFSET %s", [(3, 0), (1, 2), (0, 0)]),
    ("SELECT name, COUNT(*), AVG(n), MAX(v) FROM member GROUP BY name", [()] * 2),
    ("SELECT DISTINCT name FROM member WHERE v = %s", [(text,) for text in SHORT[:20]]),
    ("SELECT m.v, o.amount FROM member m JOIN t_order o ON o.memberId = m.memberId WHERE o.status = %s", [("new",), ("x",)]),
    ("SELECT COUNT(*) FROM member", [None, None]),
    ("SELECT k FROM doc WHERE k = %s", [("a",), ("'; DROP TABLE doc",)]),
    ("SELECT label FROM country WHERE code = %s", [("de",), ("fr",)]),
    ("SELECT v FROM config WHERE k = %s", [("a",)] * 2),
]  # fmt: skip
WRITES: list[tuple[str, list[Any]]] = [
    ("INSERT INTO member (memberId, v) VALUES (%s, %s)", [(10 + i, text) for i, text in enumerate(SHORT)]),
    ("INSERT INTO member (memberId) VALUES (%s), (%s)", [(200, 201), (204, 208), (202, 206)]),
    (
        "INSERT INTO member (memberId, n) VALUES (%s, %s) ON DUPLICATE KEY UPDATE n = VALUES(n)",
        [(1, 5), (2, 6), (1, 7)],
    ),
    ("UPDATE member SET n = NULL WHERE memberId = %s", [(1,), (2,)]),
    ("UPDATE member SET name = %s", [("a",), ("b",)]),
    ("DELETE FROM member WHERE memberId IN (%s, %s)", [(10, 11), (12, 16)]),
    ("REPLACE INTO country (code, label) VALUES (%s, %s)", [("de", "a"), ("fr", "b")]),
]


class NoParser:
    """Takes sqlglot away."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def close(self) -> None:
        """From now on every use of the parser or the tokenizer fails."""

        def refuse(*_: object, **__: object) -> NoReturn:
            raise AssertionError("sqlglot was asked")

        for owner, name in (
            (sqlglot, "parse"), (sqlglot, "parse_one"), (sqlglot, "tokenize"), (sqlglot, "transpile"),
            (sqlglot.Dialect, "parse"), (sqlglot.Dialect, "tokenize"), (sqlglot.Dialect, "get_or_raise"),
            (sqlglot.tokens.Tokenizer, "tokenize"), (sqlglot.parser.Parser, "parse"),
        ):  # fmt: skip
            self._patch.setattr(owner, name, refuse)


@pytest.fixture
def no_parser(monkeypatch: pytest.MonkeyPatch) -> NoParser:
    """Call `close` to take sqlglot away for the rest of the test."""
    return NoParser(monkeypatch)


@pytest.fixture
def fresh(stage: Stage) -> Iterator[shardkit.Cluster]:
    """A cluster that has planned nothing yet."""
    with stage.cluster(transactions="best_effort", full_scan_writes="allow") as cluster:
        connection = cluster.connect(autocommit=True)
        run(connection, "INSERT INTO member (memberId, name, v) VALUES (0, 'a', 'x'), (1, 'a', 'y'), (2, 'b', 'z')")
        run(connection, "INSERT INTO t_order (memberId, orderId) VALUES (1, 1), (2, 2)")
        connection.close()
        yield cluster


def test_the_guard_guards(fresh: shardkit.Cluster, no_parser: NoParser) -> None:
    no_parser.close()
    with pytest.raises(AssertionError, match="sqlglot was asked"):
        rows(fresh.connect(autocommit=True), "SELECT 4711 FROM member")


@pytest.mark.parametrize("autocommit", [True, False])
@pytest.mark.parametrize(("sql", "params"), READS)
def test_reads(fresh: shardkit.Cluster, no_parser: NoParser, sql: str, params: list[Any], autocommit: bool) -> None:
    connection, other = fresh.connect(autocommit=autocommit), fresh.connect(autocommit=True)
    expected = [sorted(rows(connection, sql, given), key=repr) for given in params]
    parses = fresh.planner.parses
    assert parses > 0
    no_parser.close()
    for _ in range(3):
        for given, answer in zip(params, expected, strict=True):
            assert sorted(rows(connection, sql, given), key=repr) == answer
            assert sorted(rows(other, sql, given), key=repr) == answer
    assert fresh.planner.parses == parses
    connection.close()
    other.close()


@pytest.mark.parametrize(("sql", "params"), WRITES)
def test_writes(fresh: shardkit.Cluster, no_parser: NoParser, sql: str, params: list[Any]) -> None:
    connection = fresh.connect(autocommit=True)
    first, *others = params
    run(connection, sql, first)
    parses = fresh.planner.parses
    no_parser.close()
    for given in others:
        run(connection, sql, given)
    assert fresh.planner.parses == parses
    connection.close()


def test_executemany_parses_once(fresh: shardkit.Cluster) -> None:
    connection = fresh.connect(autocommit=True)
    before = fresh.planner.parses
    connection.cursor().executemany(
        "INSERT INTO member (memberId, n) VALUES (%s, %s)", [(i, i) for i in range(10, 2010)]
    )
    assert fresh.planner.parses == before + 1
    connection.cursor().executemany("UPDATE member SET n = %s WHERE memberId = %s", [(-i, i) for i in range(10, 60)])
    assert fresh.planner.parses == before + 2
    connection.close()


def test_other_kinds_of_parameters_are_other_plans(fresh: shardkit.Cluster) -> None:
    connection = fresh.connect(autocommit=True)
    text = "SELECT COUNT(*) FROM member WHERE v <> '%%'"
    assert rows(connection, text) == [(3,)]
    parses = fresh.planner.parses
    assert rows(connection, text, ()) == [(3,)]
    assert fresh.planner.parses == parses + 1
    for _ in range(2):
        assert rows(connection, text) == rows(connection, text, []) == [(3,)]
    assert fresh.planner.parses == parses + 1
    connection.close()


def test_ddl_makes_old_plans_stale(fresh: shardkit.Cluster) -> None:
    connection = fresh.connect(autocommit=True)
    sql = "SELECT * FROM scratch ORDER BY id"
    try:
        run(connection, "CREATE TABLE scratch (id BIGINT PRIMARY KEY)")
        run(connection, "INSERT INTO scratch VALUES (1), (2)")
        assert rows(connection, sql) == [(1,), (2,)]
        run(connection, "ALTER TABLE scratch ADD COLUMN v VARCHAR(9) DEFAULT 'x'")
        assert rows(connection, sql) == [(1, "x"), (2, "x")]
    finally:
        run(connection, "DROP TABLE IF EXISTS scratch")
    with pytest.raises(shardkit.ProgrammingError) as caught:
        rows(connection, sql)
    assert caught.value.args[0] == 1146
    connection.close()
