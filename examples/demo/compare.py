"""Asking both stores the same question, timing them, and finding the first row in which they differ.

Invariant: an answer counts as equal only if it has the same rows in the same order, column by column.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from examples.demo.plain import Copy
from examples.demo.questions import Question
from examples.demo.records import Row
from examples.demo.statements import Connection, rows

RUNS = 5
ENOUGH = 1.0  # seconds: a question that took longer is not asked again


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both answers to one question in figures; `difference` is None when they are equal."""

    question: Question
    count: int
    difference: str | None
    sharded_seconds: float
    plain_seconds: float


def compare(connection: Connection, copy: Copy, question: Question) -> Comparison:
    """Ask both and compare row by row."""
    ours, our_time = timed(lambda: rows(connection, question.sql, question.params))
    theirs, their_time = timed(lambda: copy.ask(question))
    return Comparison(question, len(ours), first_difference(ours, theirs), our_time, their_time)


def first_difference(ours: Sequence[Row], theirs: Sequence[Row]) -> str | None:
    """The first row in which two answers differ, in words; None when there is none."""
    for number, (our_row, their_row) in enumerate(zip(ours, theirs, strict=False), start=1):
        if tuple(our_row) != tuple(their_row):
            return f"row {number}: sharded {our_row!r}, unsharded {their_row!r}"
    if len(ours) != len(theirs):
        return f"sharded has {len(ours)} rows, unsharded {len(theirs)}"
    return None


def timed(ask: Callable[[], list[Row]]) -> tuple[list[Row], float]:
    """The answer, and the median time of a few runs in seconds; slow questions are asked once."""
    times: list[float] = []
    while True:
        start = time.perf_counter()
        answer = ask()
        times.append(time.perf_counter() - start)
        if len(times) == RUNS or sum(times) > ENOUGH:
            return answer, median(times)
