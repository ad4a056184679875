"""The comparison itself: it must see every planted difference, or the whole differential suite proves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from shardkit.values import Row
from tests.differential.answers import Answer, Failure, Shown
from tests.differential.compare import Manner, differ

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
JSON = Manner("none", unordered={0: "json"})
WHOLE = answer([INTEGER], (1,), (2,), (2,), (3,))


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
        (answer([TEXT], ("[1, 2]",)), answer([TEXT], ("[2,1]",)), JSON),
        (answer([TEXT], ('{"a": 1, "b": [1, 2]}',)), answer([TEXT], ('{"b": [1, 2], "a": 1}',)), JSON),
        (answer([TEXT], ("a,b",), (None,)), answer([TEXT], (None,), ("b,a",)), Manner("none", unordered={0: ","})),
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
        (answer([TEXT], ("[1, 2]",)), answer([TEXT], ("[1, 1]",)), JSON),
        (answer([TEXT], ("[[1, 2]]",)), answer([TEXT], ("[[2, 1]]",)), JSON),
        (answer([TEXT], ('{"a": 1}',)), answer([TEXT], ('{"a": 1, "a": 1}',)), JSON),
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
