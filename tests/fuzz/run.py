"""Runs many statements over worlds in turn, counts how they go, and makes the failing ones small.

Invariant: statement `n` of a seed is the same on every run of one flavor.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import yaml

from tests.fuzz.dice import Dice, Maker
from tests.fuzz.shrink import Way, shrink
from tests.fuzz.verdict import Moody, Outcome, verdict
from tests.fuzz.wholes import Statement, statement

SHOWN = 2
"""How many failures of one sort are made small and shown."""


MOODS: tuple[tuple[str, ...], ...] = (
    (),
    ("SET SESSION sql_mode = ''",),
    (),
    ("SET SESSION group_concat_max_len = 30", "SET SESSION div_precision_increment = 9"),
    (),
    ("SET SESSION time_zone = '+05:30'", "SET SESSION lc_time_names = 'de_DE'"),
    (),
    ("SET SESSION sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY'",),
    (),
    (
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_UNSIGNED_SUBTRACTION'",
    ),
)
"""What the session says first, by turns: the last shards and workspaces must hear of it too."""
MOOD_LASTS = 300


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement that went wrong, made small."""

    number: int
    size: str
    small: Statement
    outcome: Outcome
    mood: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"# statement {self.number} over {self.size}: {self.outcome.text}\n{as_yaml(self)}"


@dataclass
class Tally:
    """What happened so far."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    sorts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    empty: int = 0

    def count(self, result: str = "") -> int:
        """How many statements went like this; '' counts all."""
        return sum(number for (_, found), number in self.outcomes.items() if result in ("", found))

    def share(self, result: str) -> float:
        """The same in percent of all."""
        return 100 * self.count(result) / max(self.count(), 1)


def made(seed: int, number: int, flavor: str) -> tuple[Dice, Statement]:
    """Statement `number` of this seed, and the choices behind it."""
    dice = Dice(random.Random(f"{seed}:{number}"))
    return dice, statement(Maker(dice, flavor))


def run(
    worlds: Sequence[Moody], seed: int, numbers: range, step: Callable[[Tally], None], seconds: float = 45.0
) -> Tally:
    """Run these statements; `step` is called after each, `seconds` is what making one failure small may take."""
    tally = Tally()
    for number in numbers:
        world = worlds[number % len(worlds)]
        world.mood = mood_of(number, world.flavor)
        dice, given = made(seed, number, world.flavor)
        outcome = verdict(world, given)
        tally.outcomes[outcome.plan or "none", outcome.result] += 1
        tally.empty += outcome.result == "same" and outcome.rows == 0
        if outcome.result == "refused":
            tally.reasons[outcome.text.split(" at line")[0]] += 1
        if outcome.result == "discarded":
            tally.errors[outcome.text[:90]] += 1
        if outcome.result == "wrong":
            tally.sorts[outcome.sort] += 1
            if tally.sorts[outcome.sort] <= SHOWN:
                tally.findings.append(smaller(world, number, dice, outcome, seconds))
        step(tally)
    return tally


def mood_of(number: int, flavor: str) -> tuple[str, ...]:
    """The mood in which this statement is asked. MariaDB would cut JSON arrays where GROUP_CONCAT is cut."""
    mood = MOODS[number // MOOD_LASTS % len(MOODS)]
    return tuple(sql for sql in mood if flavor == "mysql" or "group_concat" not in sql)


def smaller(world: Moody, number: int, dice: Dice, outcome: Outcome, seconds: float) -> Finding:
    """The failure as small as it gets in that time."""

    def fails(candidate: Statement) -> bool:
        return verdict(world, candidate).sort == outcome.sort

    small = shrink(dice.choices, Way(world.flavor, statement, fails), seconds)
    return Finding(number, world.size, small, verdict(world, small), world.mood)


def as_yaml(finding: Finding) -> str:
    """The statement as a case for tests/cases/."""
    case = finding.small.case
    entry: dict[str, object] = {"title": f"found by the fuzzer: {finding.number}", "sql": case.sql}
    if case.params is not None:
        entry["params"] = [value if isinstance(value, (int, str)) else str(value) for value in case.params]
    if finding.mood:
        entry["before"] = list(finding.mood)
    entry["order"] = case.order
    if case.keys:
        entry["keys"] = list(case.keys)
    if case.collated:
        entry["collated"] = dict(case.collated)
    return str(yaml.safe_dump([entry], allow_unicode=True, sort_keys=False, width=110))
