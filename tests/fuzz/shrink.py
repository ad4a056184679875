"""Makes the choices behind a failing statement fewer and smaller for as long as it goes on failing.

Parts of the statement (`spans`) are dropped first, then runs of choices, then single choices are lowered.
Invariant: what comes back fails in the same way as what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Generic, NamedTuple, Protocol, TypeVar

from tests.fuzz.dice import Dice, Maker


class Made(Protocol):
    """A statement that choices made."""

    @property
    def text(self) -> tuple[str, str]:
        """Its SQL, and its parameters as text."""


S = TypeVar("S", bound=Made)


class Way(NamedTuple, Generic[S]):
    """How choices become a statement, and whether one fails in the way that is looked for."""

    flavor: str
    make: Callable[[Maker], S]
    fails: Callable[[S], bool]


def shrink(choices: Sequence[int], way: Way[S], seconds: float = 60.0) -> S:
    """The plainest statement found in that time that still fails."""
    return _Shrinking(choices, way, monotonic() + seconds).run()


class _Shrinking(Generic[S]):
    def __init__(self, choices: Sequence[int], way: Way[S], deadline: float) -> None:
        self.way, self.deadline = way, deadline
        self.seen: set[tuple[str, str]] = set()
        self.dice, self.best = self.replay(choices)

    def replay(self, choices: Sequence[int]) -> tuple[Dice, S]:
        dice = Dice(None, choices)
        return dice, self.way.make(Maker(dice, self.way.flavor))

    def run(self) -> S:
        better = True
        while better and monotonic() < self.deadline:
            better = any([self.sweep(self.without_spans), self.sweep(self.without_runs), self.sweep(self.lower)])
        return self.best

    def sweep(self, candidates: Callable[[], Iterator[list[int]]]) -> bool:
        """Try candidates, starting anew after each success; whether any was one."""
        found, again = False, True
        while again and monotonic() < self.deadline:
            again = any(self.attempt(candidate) for candidate in candidates())
            found |= again
        return found

    def attempt(self, choices: list[int]) -> bool:
        if monotonic() > self.deadline:
            return False
        dice, made = self.replay(choices)
        if made.text in self.seen or self.weight(dice, made) >= self.weight(self.dice, self.best):
            return False
        self.seen.add(made.text)
        if not self.way.fails(made):
            return False
        self.dice, self.best = dice, made
        return True

    def weight(self, dice: Dice, made: S) -> tuple[int, int, int]:
        """What gets smaller: the text, then the choices."""
        return len(made.text[0]), len(dice.choices), sum(dice.choices)

    def without_spans(self) -> Iterator[list[int]]:
        choices = self.dice.choices
        for start, end in sorted(set(self.dice.spans), key=lambda span: span[0] - span[1]):
            yield choices[:start] + choices[end:]
            yield choices[:start] + [0] * (end - start) + choices[end:]
            yield [*choices[:start], 0, *choices[end:]]

    def without_runs(self) -> Iterator[list[int]]:
        choices = self.dice.choices
        for size in (8, 4, 3, 2, 1):
            for start in range(len(choices) - size + 1):
                yield choices[:start] + choices[start + size :]

    def lower(self) -> Iterator[list[int]]:
        choices = self.dice.choices
        for place, chosen in enumerate(choices):
            for smaller in sorted({0, chosen // 2, chosen - 1} - {chosen}):
                if 0 <= smaller < chosen:
                    yield [*choices[:place], smaller, *choices[place + 1 :]]
