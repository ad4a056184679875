"""The comparison itself: it must see every planted difference, or the whole differential suite proves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from shardkit.values import Row
from shardkit.verify import Answer, Failure, Manner, Shown, differ, difference

INTEGER, TEXT = Shown("i", "integer", None), Shown("t", "text", None)
DOUBLE, MONEY = Shown("f", "float", 31), Shown("d", "decimal", 2)


def folded(_: str, texts: Sequence[str]) -> Mapping[str, int]:
    """A stand-in for the oracle's collation: letters without regard to case."""
    return {text: hash(text.lower()) for text in texts}


def answer(columns: Sequence[Shown], *rows: Row, rowcount: int = 0, lastrowid: int = 0) -> Answer:
    return Answer(tuple(columns), rows, rowcount, lastrowid)


PAIR = (INTEGER, TEXT)
TOTAL, NONE = Manner("total"), Manner("none")
TIES = Manner("ties", keys=(0,))
WHOLE = answer([INTEGER], (1,), (2,), (2,), (3,))
RANKED = answer([TEXT], ("a",), ("b",), ("c",), ("d",), ("e",))
"""b, c and d have equal sort keys, which are not selected."""


def ranked(offset: int = 0) -> Manner:
    return Manner("ranked", whole=RANKED, starts=(0, 1, 1, 1, 4), offset=offset)


def texts(letters: str) -> Answer:
    return answer([TEXT], *((letter,) for letter in letters))


@pytest.mark.parametrize(
    ("left", "right", "manner"),
    [
        (answer(PAIR, (1, "a"), (2, "b")), answer(PAIR, (1, "a"), (2, "b")), TOTAL),
        (answer(PAIR, (1, "a"), (2, "b")), answer(PAIR, (2, "b"), (1, "a")), NONE),
        (answer(PAIR, (1, "a"), (1, "b")), answer(PAIR, (1, "b"), (1, "a")), TIES),
        (answer([DOUBLE], (0.1 + 0.2,)), answer([DOUBLE], (0.3,)), NONE),
        (answer([DOUBLE], (None,), (1.0,)), answer([DOUBLE], (1.0,), (None,)), NONE),
        (answer([TEXT], ("a",)), answer([TEXT], ("A",)), Manner("none", collated={0: "x"})),
        (answer([INTEGER], (1,), (2,)), answer([INTEGER], (3,), (2,)), Manner("none", whole=WHOLE)),
        (texts("abcde"), texts("adbce"), ranked()),
        (texts("ab"), texts("ad"), ranked()),
        (texts("cd"), texts("bc"), ranked(2)),
        (texts("de"), texts("be"), ranked(3)),
        (texts(""), texts(""), ranked(7)),
        (answer([], rowcount=3), answer([], rowcount=3), NONE),
        (Failure(1052, "ambiguous"), Failure(1054, "unknown"), NONE),
    ],
)
def test_equal_answers(left: Any, right: Any, manner: Manner) -> None:
    assert differ(left, right, manner, folded) == ""


@pytest.mark.parametrize(
    ("left", "right", "manner"),
    [
        (answer(PAIR, (1, "a"), (2, "b")), answer(PAIR, (2, "b"), (1, "a")), TOTAL),
        (answer(PAIR, (1, "a")), answer(PAIR, (1, "a"), (1, "a")), NONE),
        (answer(PAIR, (1, "a"), (1, "a"), (2, "b")), answer(PAIR, (1, "a"), (2, "b"), (2, "b")), NONE),
        (answer(PAIR, (1, "a"), (2, "b")), answer(PAIR, (2, "b"), (1, "a")), TIES),
        (answer(PAIR, (1, "a"), (1, "b")), answer(PAIR, (1, "b"), (1, "c")), TIES),
        (answer([INTEGER], (1,)), answer([INTEGER], (Decimal(1),)), NONE),
        (answer([INTEGER], (1,)), answer([INTEGER], (True,)), TOTAL),
        (answer([MONEY], (Decimal("1.00"),)), answer([MONEY], (Decimal("1.01"),)), NONE),
        (answer([MONEY], (Decimal("1.00"),)), answer([Shown("d", "decimal", 4)], (Decimal("1.00"),)), NONE),
        (answer([INTEGER], (1,)), answer([Shown("I", "integer", None)], (1,)), NONE),
        (answer([INTEGER], (1,)), answer([MONEY], (1,)), NONE),
        (answer([DOUBLE], (1.0,)), answer([DOUBLE], (1.00001,)), NONE),
        (answer([DOUBLE], (None,)), answer([DOUBLE], (0.0,)), TOTAL),
        (answer([TEXT], ("a",)), answer([TEXT], ("A",)), NONE),
        (answer([TEXT], ("a",)), answer([TEXT], ("b",)), Manner("none", collated={0: "x"})),
        (answer([INTEGER], (1,), (1,)), answer([INTEGER], (1,), (1,)), Manner("none", whole=WHOLE)),
        (answer([INTEGER], (1,)), answer([INTEGER], (4,)), Manner("none", whole=WHOLE)),
        (texts("abcde"), texts("baced"), ranked()),
        (texts("ab"), texts("ae"), ranked()),
        (texts("bc"), texts("bb"), ranked(1)),
        (texts("cd"), texts("ae"), ranked(2)),
        (texts("de"), texts("eb"), ranked(3)),
        (texts("e"), texts("d"), ranked(4)),
        (texts("e"), texts("e"), ranked(5)),
        (answer([], rowcount=3), answer([], rowcount=2), NONE),
        (answer([], lastrowid=3), answer([], lastrowid=4), NONE),
        (answer([INTEGER], (1,)), Failure(1064, "syntax"), NONE),
        (Failure(1064, "syntax"), answer([INTEGER], (1,)), NONE),
        (Failure(1146, "table"), Failure(1064, "syntax"), NONE),
        (Failure(1146, "table"), Failure(1235, "no", refused=True), NONE),
    ],
)
def test_planted_differences_are_seen(left: Any, right: Any, manner: Manner) -> None:
    assert differ(left, right, manner, folded) != ""


def test_a_difference_shows_the_rows_of_both_sides() -> None:
    found = difference(answer(PAIR, (1, "a"), (2, "b")), answer(PAIR, (2, "b"), (3, "C")), NONE, folded)
    assert found is not None
    assert (found.missing, found.extra) == (((1, "a"),), ((3, "C"),))
    assert "missing [(1, 'a')], too many [(3, 'C')]" in str(found)


def test_collated_texts_are_shown_as_texts() -> None:
    found = difference(answer([TEXT], ("a",)), answer([TEXT], ("B",)), Manner("none", collated={0: "x"}), folded)
    assert "['a']" not in str(found)
    assert "missing [('a',)], too many [('B',)]" in str(found)
    assert [str(value) for row in found.extra for value in row] == ["B"] if found else False


def test_rows_that_only_change_places_are_said_to_be_in_another_order() -> None:
    found = difference(answer(PAIR, (1, "a"), (2, "b")), answer(PAIR, (2, "b"), (1, "a")), TOTAL, folded)
    assert str(found).startswith("the order differs from row 1 on")
