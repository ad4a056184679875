"""Fingerprints: what differs in values only is one statement, and no value is left in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardkit.analyze import Entry, Tally, fingerprint
from shardkit.analyze import tally as tallying
from shardkit.fingerprint import values, with_placeholders


def shown(text: str) -> str:
    found = fingerprint(text)
    assert found is not None
    return found.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT  *\nFROM t WHERE a='x' AND b = 5", "SELECT * FROM t WHERE a = ? AND b = ?"),
        ("SELECT 'it''s', \"a\\\"b\", x'41', N'y', 0xFF, 1.5e-3, .5", "SELECT ?, ?, ?, ?, ?, ?, ?"),
        ("SELECT a FROM t WHERE b IN (1,2 , 3)", "SELECT a FROM t WHERE b IN (?, …)"),
        ("SELECT a FROM t WHERE b IN (1)", "SELECT a FROM t WHERE b IN (?, …)"),
        ("SELECT a FROM t WHERE (b, c) IN ((1,2),(3,4))", "SELECT a FROM t WHERE (b, c) IN (?, …)"),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM u)", "SELECT a FROM t WHERE b IN (SELECT c FROM u)"),
        ("SELECT a FROM t WHERE b IN (1, c)", "SELECT a FROM t WHERE b IN (?, c)"),
        ("INSERT INTO t (a, b) VALUES (1, NULL), (2, 'x')", "INSERT INTO t(a, b) VALUES (?, ?)"),
        ("INSERT INTO t VALUES (1, NOW())", "INSERT INTO t VALUES (?, NOW())"),
        ("SELECT a-1, a - -1, -5 FROM t", "SELECT a - ?, a - ?, ? FROM t"),
        ("SELECT t1.a2, 2a FROM t1 -- 5\n", "SELECT t1.a2, 2a FROM t1"),
        ("SELECT /* 5 */ a /*! STRAIGHT_JOIN */ FROM t", "SELECT a STRAIGHT_JOIN FROM t"),
        ("SELECT a FROM t WHERE b = ? AND c = %s AND d = %(x)s AND e = :f",
         "SELECT a FROM t WHERE b = ? AND c = ? AND d = ? AND e = ?"),
        ("SELECT a FROM t WHERE b IS NULL;", "SELECT a FROM t WHERE b IS NULL"),
        ("SELECT 'never closed", "SELECT ?"),
        ("SELECT `never closed", "SELECT `never closed"),
    ],
)  # fmt: skip
def test_fingerprints(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'select * from T where ID in(7) and A="y"',
        "SELECT *\n\tFROM `t` WHERE id IN (1, 2, 3, 4)AND a = 'x' -- c",
        "SELECT * FROM t WHERE id IN (-1) AND a = 0x41",
    ],
)
def test_one_statement(text: str) -> None:
    one, other = fingerprint("SELECT * FROM t WHERE id IN (1, 2) AND a = 'x'"), fingerprint(text)
    assert one is not None
    assert other is not None
    assert one.key == other.key


@pytest.mark.parametrize("text", ["", " \n", "-- x", "/* x */ ;", "# x\n-- y"])
def test_nothing_but_comments(text: str) -> None:
    assert fingerprint(text) is None


def test_long_ones_are_cut_when_shown() -> None:
    assert len(shown("SELECT " + ", ".join(f"column_{n}" for n in range(1000)))) == 2000


def test_placeholders() -> None:
    assert with_placeholders("SELECT '?%', a FROM t WHERE b = ? AND c LIKE :d") == (
        "SELECT '?%%', a FROM t WHERE b = %s AND c LIKE %s",
        2,
    )
    assert with_placeholders("SELECT '%s', 5 % 3") == ("SELECT '%s', 5 % 3", 0)
    assert values("SELECT 'a', 5, t1.x FROM t") == ["a", "5"]


@given(st.integers(0, 10**12), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_value_is_left(number: int, text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    assert shown(f"SELECT a FROM t WHERE b = {number} AND c IN ('{quoted}', '')") == (
        "SELECT a FROM t WHERE b = ? AND c IN (?, …)"
    )


@given(st.text())
def test_any_text_has_one(text: str) -> None:
    fingerprint(text)


def test_executions_are_counted() -> None:
    tally = Tally()
    for number in range(6):
        tally.add(Entry(f"SELECT {number}", 0.5))
    tally.add(Entry("SELECT a", 0.25))
    tally.add(Entry("-- nothing", 9.0))
    first, second = tally.groups.values()
    assert (first.text, first.count, first.seconds) == ("SELECT ?", 6, 3.0)
    assert first.examples == ["SELECT 0", "SELECT 1", "SELECT 2"]
    assert (second.count, tally.count, tally.timed, tally.total) == (1, 7, True, 3.25)


def test_new_fingerprints_over_the_limit_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(most=2)
    for text in ("SELECT a", "SELECT b", "SELECT c", "SELECT c", "SELECT a"):
        tally.add(Entry(text))
    assert (len(tally.groups), tally.count, tally.left_out, tally.total) == (2, 5, 2, 3.0)
    monkeypatch.setattr(tallying, "ROOM", 10)
    tally = Tally(_room=10)
    tally.add(Entry("SELECT aaa"))
    tally.add(Entry("SELECT b"))
    assert (len(tally.groups), tally.left_out) == (1, 1)
