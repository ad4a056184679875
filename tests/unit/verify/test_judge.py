"""Verdicts over two scripted connections: who is asked what, and what the answers amount to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shardkit.errors import CrossShardRefused, Error, ShardUnavailable, SqlSyntaxError, UnknownColumn
from shardkit.values import Row
from shardkit.verify import Judge, unlike
from shardkit.verify.collating import numbers
from shardkit.verify.settings import ASKED

Script = Callable[[str], "list[Row] | Error"]
TEXT, NUMBER = 253, 3


class Scripted:
    """A connection that answers from a function and remembers what it was asked."""

    def __init__(self, script: Script, kind: int = NUMBER) -> None:
        self.script, self.kind = script, kind
        self.asked: list[str] = []
        self.open = 0

    def cursor(self) -> Scripted:
        self.open += 1
        return self

    def close(self) -> None:
        self.open -= 1

    def execute(self, query: str, args: Any = None) -> None:
        self.asked.append(query)
        found = self.script(query)
        if isinstance(found, Error):
            raise found
        self.rows = list(found)
        width = len(self.rows[0]) if self.rows else 1
        self.description = [(f"c{i}", self.kind, None, None, None, 0, True) for i in range(width)]
        self.rowcount, self.lastrowid = len(self.rows), None

    def fetchmany(self, size: int) -> list[Row]:
        found, self.rows = self.rows[:size], self.rows[size:]
        return found

    def fetchall(self) -> list[Row]:
        return self.fetchmany(len(self.rows))


def always(*rows: Any) -> Script:
    return lambda _: [(row,) for row in rows]


def fails(error: Error) -> Script:
    return lambda _: error


REFUSAL = CrossShardRefused("this", why="it cannot be", instead="that")


def test_equal_answers_are_asked_for_once() -> None:
    oracle, subject = Scripted(always(1, 2)), Scripted(always(2, 1))
    found = Judge(oracle, subject).verdict("SELECT a FROM t")
    assert (found.status, found.rows, found.notes) == ("equal", 2, ())
    assert oracle.asked == subject.asked == ["SELECT a FROM t"]
    assert (oracle.open, subject.open) == (0, 0)


def test_what_is_refused_never_reaches_the_unsharded_server() -> None:
    oracle = Scripted(always(1))
    found = Judge(oracle, Scripted(fails(REFUSAL))).verdict("SELECT a INTO OUTFILE 'x' FROM t")
    assert found.status == "refused"
    assert "Instead: that" in found.text
    assert oracle.asked == []


def test_what_cannot_be_read_never_reaches_the_unsharded_server() -> None:
    oracle = Scripted(always(1))
    found = Judge(oracle, Scripted(fails(SqlSyntaxError("no")))).verdict("SELECT FROM FROM")
    assert (found.status, oracle.asked) == ("error", [])


@pytest.mark.parametrize(
    ("oracle", "subject", "said"),
    [
        (fails(UnknownColumn("x")), fails(UnknownColumn("x")), "both fail: "),
        (fails(UnknownColumn("x")), fails(ShardUnavailable("y")), "both fail: unsharded"),
        (fails(UnknownColumn("x")), always(1), "the unsharded server fails"),
        (always(1), fails(ShardUnavailable("y")), "shardkit fails"),
    ],
)
def test_failures(oracle: Script, subject: Script, said: str) -> None:
    found = Judge(Scripted(oracle), Scripted(subject)).verdict("SELECT a FROM t")
    assert found.status == "error"
    assert found.text.startswith(said)


def test_a_difference_in_the_rows_asks_no_further() -> None:
    oracle = Scripted(always(1, 2))
    found = Judge(oracle, Scripted(always(1, 3))).verdict("SELECT a FROM t ORDER BY a")
    assert (found.status, len(oracle.asked)) == ("different", 1)
    assert found.difference is not None
    assert (found.difference.missing, found.difference.extra, found.columns) == (((2,),), ((3,),), ("c0",))


def test_another_order_of_equal_keys() -> None:
    def places(last: int) -> Script:
        return lambda sql: [(1, 1), (2, 1), (3, last)] if "RANK()" in sql else [(1,), (2,), (3,)]

    for last, subject, status in ((3, (2, 1, 3), "equal"), (3, (3, 2, 1), "different"), (1, (3, 2, 1), "equal")):
        found = Judge(Scripted(places(last)), Scripted(always(*subject))).verdict("SELECT a FROM t ORDER BY b")
        assert found.status == status, subject
    assert found.notes == ("rows with equal sort keys in another order",)


def test_a_limit_without_order() -> None:
    def script(sql: str) -> list[Row]:
        return [(1,), (2,)] if "LIMIT" in sql else [(1,), (2,), (3,), (4,)]

    judge = Judge(Scripted(script), Scripted(always(4, 3)))
    assert judge.verdict("SELECT a FROM t LIMIT 2").notes == ("LIMIT took other rows",)
    judge = Judge(Scripted(script), Scripted(always(4, 5)))
    assert judge.verdict("SELECT a FROM t LIMIT 2").status == "different"


def test_a_server_that_cannot_rank() -> None:
    def script(sql: str) -> list[Row] | Error:
        return SqlSyntaxError("near RANK") if "RANK()" in sql else [(1,), (2,)]

    found = Judge(Scripted(script), Scripted(always(2, 1))).verdict("SELECT a FROM t ORDER BY b")
    assert found.status == "error"
    assert "near RANK" in found.text


def test_texts_of_groups() -> None:
    def script(sql: str) -> list[Row]:
        if "COLLATION" in sql:
            return [("utf8mb4_general_ci",)]
        return [(1, 1), (2, 1), (3, 2)] if "JSON_TABLE" in sql else [("a",), ("b",)]

    same = Judge(Scripted(script, TEXT), Scripted(always("b", "A"), TEXT)).verdict("SELECT DISTINCT a FROM t")
    assert (same.status, same.notes) == ("equal", ("texts of groups compared under utf8mb4_general_ci",))
    plain = Judge(Scripted(script, TEXT), Scripted(always("b", "A"), TEXT)).verdict("SELECT a FROM t")
    assert plain.status == "different"


def test_texts_go_as_one_parameter() -> None:
    oracle = Scripted(lambda _: [(1, 7), (2, 7)])
    assert numbers(oracle, "latin1_swedish_ci", ["a", "'A"]) == {"a": 7, "'A": 7}
    assert "CHARACTER SET latin1 COLLATE latin1_swedish_ci" in oracle.asked[0]
    assert "'A" not in oracle.asked[0]
    with pytest.raises(Error, match="not the name of a collation"):
        numbers(oracle, "x; DROP", ["a"])
    with pytest.raises(Error, match="gone"):
        numbers(Scripted(fails(ShardUnavailable("gone"))), "utf8mb4_bin", ["a"])


def test_too_many_rows() -> None:
    found = Judge(Scripted(always(1, 2, 3)), Scripted(always(1, 2, 3)), most=2).verdict("SELECT a FROM t")
    assert (found.status, "more than 2 rows" in found.text) == ("error", True)


def test_settings_that_differ() -> None:
    def row(*changed: Any) -> Script:
        return lambda _: [(*changed, *range(len(ASKED) - len(changed)))]

    left, right = Scripted(row("STRICT")), Scripted(row("ANSI"))
    assert unlike(left, right) == ["sql_mode: STRICT on the unsharded server, ANSI on a shard"]
    assert unlike(left, left) == []
    assert unlike(left, Scripted(fails(UnknownColumn("no such thing")))) == []
