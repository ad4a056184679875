"""Runs random writes, with SELECTs between them, on a world and on its oracle, and compares all that is left behind.

Rows change from statement to statement; after some of them, and after every difference, both sides begin anew.
Invariant: after each write that both sides carried out the tables it may have changed are compared, row by row.
"""

from __future__ import annotations

import random
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shardkit.verify import Answer, Failure
from tests.differential.answers import ask
from tests.differential.placement import misplaced
from tests.fuzz.dice import Dice, Maker
from tests.fuzz.shrink import Way, shrink
from tests.fuzz.verdict import SLOW, Moody, Outcome, ask_oracle, verdict
from tests.fuzz.wholes import statement
from tests.fuzz.writes import Write, write

SERIOUS = (1292, 1365)
"""A value cut short, a division by zero: warnings of a SELECT, errors of a write."""
ANEW = 40
"""Statements after which a world's rows are as they were at first."""
ROWS = ("t_order", "t_order_item", "member", "coupon", "event", "archive", "badge", "country", "config")
NO_KEY = "[SK1002]"
"""The code of values that cannot be a shard key, such as NULL, which IGNORE would make 0."""
TARGET_IS_READ = 1093
"""MySQL cannot read the table it writes; shardkit, which reads first, can."""


@dataclass
class Tally:
    """What happened so far: how often, and in which words what went wrong."""

    results: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def share(self, result: str) -> float:
        """How many statements went like this, in percent."""
        return 100 * self.results[result] / max(sum(self.results.values()), 1)


def run(worlds: Sequence[Moody], seed: int, numbers: range, step: Callable[[Tally], None]) -> Tally:
    """Run these statements over the worlds in turn; every fourth is a SELECT."""
    tally = Tally()
    for number in numbers:
        world = worlds[number % len(worlds)]
        if (number // len(worlds)) % ANEW == 0:
            world.clean()
        made = Maker(Dice(random.Random(f"writes:{seed}:{number}")), world.flavor)
        if (number // len(worlds)) % 4 == 3:
            _note(tally, world, number, "select", verdict(world, statement(made)))
        else:
            given = write(made)
            outcome = attempt(world, given)
            text = f"{given.sql}\n  with {given.params!r}"
            if outcome.result == "wrong":
                text += f"\n  {smaller(world, made.dice, outcome)}"
            _note(tally, world, number, text, outcome)
        step(tally)
    for world in worlds:
        world.clean()
    return tally


def smaller(world: Moody, dice: Dice, outcome: Outcome, seconds: float = 60.0) -> str:
    """The failing write as small as it gets in that time, if it fails on the rows that are there at first, too."""

    def fails(candidate: Write) -> bool:
        world.reconnect()
        world.dirty |= set(ROWS)
        world.clean()
        return attempt(world, candidate).result == outcome.result

    if not fails(write(Maker(Dice(None, dice.choices), world.flavor))):
        return "it needs the rows that earlier statements left"
    small = shrink(dice.choices, Way(world.flavor, write, fails), seconds)
    return f"made small: {small.sql}\n  with {small.params!r}"


def _note(tally: Tally, world: Moody, number: int, text: str, outcome: Outcome) -> None:
    tally.results[outcome.result] += 1
    if outcome.result == "refused":
        tally.reasons[outcome.text.split(" at line")[0][:110]] += 1
    if outcome.result == "discarded":
        tally.errors[outcome.text[:90]] += 1
    if outcome.result == "wrong":
        tally.problems.append(f"# statement {number} over {world.size}: {text}\n  {outcome.text}")
        world.reconnect()
        world.dirty |= set(ROWS)
        world.clean()


def attempt(world: Moody, given: Write) -> Outcome:
    """One write on both sides."""
    world.dirty |= set(given.tables)
    try:
        subject = ask(world.subject(), given.sql, given.params)
    except Exception:
        return Outcome("wrong", f"crash: {traceback.format_exc(limit=-3)}")
    if isinstance(subject, Failure) and (subject.refused or NO_KEY in subject.text):
        problem = _left(world, given)
        return Outcome("wrong", f"refused, and yet {problem}") if problem else Outcome("refused", subject.text)
    oracle = ask_oracle(world, given.sql, given.params)
    if isinstance(oracle, Failure):
        return _failed(world, given, oracle, subject)
    if isinstance(subject, Failure):
        # Which conditions a server evaluates is its own choice: one may meet a value that the other never looks at.
        world.clean()
        kind = "refused" if subject.errno in SERIOUS else "wrong"
        return Outcome(kind, f"MySQL does it, shardkit fails: {subject.text}")
    problem = _left(world, given)
    if not problem and oracle.rowcount != subject.rowcount:
        problem = f"rows affected: {oracle.rowcount}, given {subject.rowcount}"
    return Outcome("wrong", problem) if problem else Outcome("same", rows=max(oracle.rowcount, 0))


def _failed(world: Moody, given: Write, oracle: Failure, subject: Answer | Failure) -> Outcome:
    if isinstance(subject, Answer):
        if oracle.errno in (TARGET_IS_READ, *SERIOUS, *SLOW) or "Duplicate" in oracle.text:
            world.clean()
            return Outcome("discarded", f"only MySQL fails: {oracle.text}")
        return Outcome("wrong", f"only MySQL fails: {oracle.text}")
    problem = _left(world, given)
    return Outcome("wrong", f"failed, and yet {problem}") if problem else Outcome("discarded", oracle.text)


def _left(world: Moody, given: Write) -> str:
    return next(filter(None, (misplaced(world, table) for table in dict.fromkeys(given.tables))), "")
