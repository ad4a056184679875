"""One statement on both sides, and the verdict. What MySQL leaves open is asked of the unsharded server before judging.

First the answers are compared as they are. If they differ, and the statement leaves room (equal sort keys, a LIMIT,
texts that stand for equal ones), the unsharded server says what else it might have answered.
Invariant: the unsharded server is never asked what shardkit refuses or cannot read; both sides are only read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shardkit.errors import Error
from shardkit.parse import Outline, outline
from shardkit.verify import ranking
from shardkit.verify.answers import Answer, Connection, Failure, ask
from shardkit.verify.collating import numbers
from shardkit.verify.compare import Difference, Manner, difference, same_error
from shardkit.verify.rows import places_of

MOST = 1_000_000
"""How many rows of one answer are read, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` is equal, different, refused or error; `text` says more; `columns` are names for a difference's rows."""

    status: str
    text: str = ""
    rows: int | None = None
    difference: Difference | None = None
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


Attempt: TypeAlias = tuple[Manner, str] | Failure
"""A manner of comparing and what it allows for; or why the unsharded server could not be asked."""


class Judge:
    """Compares statements. Both connections are used by one statement at a time."""

    def __init__(self, oracle: Connection, subject: Connection, most: int = MOST) -> None:
        self.oracle, self.subject, self.most = oracle, subject, most

    def verdict(self, sql: str) -> Verdict:
        """The verdict on one SELECT without parameters. Raises nothing that is the statement's fault."""
        subject = ask(self.subject, sql, None, self.most)
        if isinstance(subject, Failure) and subject.refused:
            return Verdict("refused", subject.text)
        try:
            found = outline(sql)
        except Error as error:
            return Verdict("error", subject.text if isinstance(subject, Failure) else str(error))
        oracle = ask(self.oracle, sql, None, self.most)
        if isinstance(oracle, Failure) or isinstance(subject, Failure):
            return Verdict("error", _failed(oracle, subject))
        try:
            return self._compared(found, oracle, subject)
        except Error as error:
            return Verdict("error", f"not judged: {error}", len(oracle.rows))

    def _compared(self, found: Outline, oracle: Answer, subject: Answer) -> Verdict:
        problem = None
        for attempt in self._attempts(found, oracle, subject):
            if isinstance(attempt, Failure):
                text = f"{problem}; it may be one of several right answers, but that is not known: {attempt.text}"
                return Verdict("error", text, len(oracle.rows))
            manner, allowance = attempt
            problem = difference(oracle, subject, manner, self._canonical)
            if problem is None:
                return Verdict("equal", "", len(oracle.rows), notes=(allowance,) if allowance else ())
        assert problem is not None
        names = tuple(column.name for column in oracle.columns)
        return Verdict("different", problem.what, len(oracle.rows), problem, names, found.unsteady)

    def _attempts(self, found: Outline, oracle: Answer, subject: Answer) -> Iterator[Attempt]:
        """Manners of comparing, from the strictest to all that MySQL leaves open."""
        order = "total" if found.order else "none"
        yield Manner(order), ""
        if oracle.columns != subject.columns or len(oracle.rows) != len(subject.rows):
            return
        collated = self._collated(found, oracle)
        if isinstance(collated, Failure):
            yield collated
            return
        allowance = f"texts of groups compared under {', '.join(sorted(set(collated.values())))}" if collated else ""
        if collated:
            yield Manner(order, collated=collated), allowance
        loosest = Manner("none", collated=collated)
        if found.limit is None and difference(oracle, subject, loosest, self._canonical) is not None:
            return  # no order of the same rows
        if found.order:
            yield self._ranked(found, oracle, collated, allowance)
        elif found.limit is not None:
            whole = ask(self.oracle, found.body, None, self.most)
            if isinstance(whole, Failure):
                yield whole
            else:
                yield Manner("none", collated=collated, whole=whole), _both(allowance, "LIMIT took other rows")

    def _ranked(self, found: Outline, oracle: Answer, collated: Mapping[int, str], allowance: str) -> Attempt:
        sql = ranking.ranked(found, oracle.columns)
        if sql is None:
            return Failure(0, "its sort keys cannot be selected")
        answer = ask(self.oracle, sql, None, self.most)
        if isinstance(answer, Failure):
            return answer
        rows = tuple(row[:-1] for row in answer.rows)
        starts = tuple(row[-1] - 1 for row in answer.rows)
        whole = Answer(oracle.columns, rows, 0, 0)
        manner = Manner("ranked", collated=collated, whole=whole, starts=starts, offset=found.offset)
        return manner, _both(allowance, "rows with equal sort keys in another order")

    def _collated(self, found: Outline, oracle: Answer) -> Mapping[int, str] | Failure:
        """The collations of text columns that may show any of several equal texts."""
        places = places_of(oracle.columns, "text")
        if not found.gathered or not places:
            return {}
        answer = ask(self.oracle, ranking.collations(found, oracle.columns))
        if isinstance(answer, Failure):
            return answer
        asked = answer.rows[0] if answer.rows else ()
        return {
            place: str(name) for place, name in enumerate(asked) if place in places and name not in (None, "binary")
        }

    def _canonical(self, collation: str, texts: Sequence[str]) -> Mapping[str, int]:
        return numbers(self.oracle, collation, texts)


def _failed(oracle: Answer | Failure, subject: Answer | Failure) -> str:
    if isinstance(oracle, Failure) and isinstance(subject, Failure):
        alike = same_error(oracle.errno, subject.errno)
        return f"both fail: {oracle.text}" if alike else f"both fail: unsharded {oracle.text}; shardkit {subject.text}"
    if isinstance(oracle, Failure):
        return f"the unsharded server fails: {oracle.text}"
    assert isinstance(subject, Failure)
    return f"shardkit fails: {subject.text}"


def _both(one: str, other: str) -> str:
    return f"{one}; {other}" if one else other
