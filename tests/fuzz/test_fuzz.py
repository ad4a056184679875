"""The short, seeded part of the fuzzer, and that it would notice a wrong answer.

Invariant: every statement of the seed is answered rightly, or refused; and at most two in a hundred are refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shardkit.verify import Answer, Shown
from tests.fuzz.__main__ import MOST_DISCARDED, MOST_REFUSED
from tests.fuzz.dice import spelled
from tests.fuzz.run import made, run
from tests.fuzz.shrink import Way, shrink
from tests.fuzz.verdict import Moody, bagged
from tests.fuzz.wholes import statement

SEED, COUNT = 20091201, 300
SIZES = ("5", "4x4")


def test_random_selects_equal_one_unsharded_mysql(worlds: list[Moody]) -> None:
    tally = run(worlds, SEED, range(COUNT), lambda tally: None, seconds=20)
    assert not tally.findings, "\n".join(map(str, tally.findings))
    assert tally.share("refused") <= MOST_REFUSED, tally.reasons
    assert tally.share("discarded") <= MOST_DISCARDED, tally.errors


@pytest.mark.parametrize("flavor", ["mysql", "mariadb"])
def test_a_seed_gives_the_same_statements_again(flavor: str) -> None:
    first, again = ([made(7, number, flavor)[1].case for number in range(60)] for _ in range(2))
    assert first == again
    assert len({case.sql for case in first}) > 55


def test_a_failing_statement_is_made_small() -> None:
    number = next(n for n in range(500) if " LEFT JOIN " in made(1, n, "mysql")[1].case.sql)
    dice, given = made(1, number, "mysql")
    small = shrink(dice.choices, Way("mysql", statement, lambda found: " LEFT JOIN " in found.case.sql))
    assert " LEFT JOIN " in small.case.sql
    assert len(small.case.sql) <= min(110, len(given.case.sql))
    assert "ORDER BY" not in small.case.sql


def test_bags_are_compared_without_order() -> None:
    shown = (Shown("j", "text", None),)
    one, other, third = (Answer(shown, ((text,),), 1, 0) for text in ("[1, 2, null]", "[null, 2, 1]", "[1, 2]"))
    given: Any = replace(made(1, 0, "mysql")[1], bags=frozenset({0}))
    assert bagged(one, given) == bagged(other, given) != bagged(third, given)


@pytest.mark.parametrize("form", range(25))
def test_spellings_leave_values_alone(form: int) -> None:
    text = "SELECT t1.amount FROM t_order t1 WHERE t1.status = \ue0000\ue001"
    assert spelled(text, form).count("\ue0000\ue001") == 1
