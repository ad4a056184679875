"""What a run showed: tables for people, Markdown for the documentation.

Invariant: a failed request counts in its phase whatever its latency, and rates are those that were reached.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from examples.centers.load.buying import Done, Record
from examples.centers.load.proof import Check
from examples.centers.load.schedule import Kind, Phase

HEADS = ("phase", "request", "sent", "a second", "ok", "sold out", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms")


class Line(NamedTuple):
    """One line of the table: a phase, and one kind of request in it or all."""

    phase: str
    kind: str
    done: Sequence[Done]
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """The line's cells."""
        counts = [sum(1 for one in self.done if one.outcome == outcome) for outcome in ("ok", "refused", "failed")]
        took = sorted(one.took * 1000 for one in self.done if one.outcome != "failed")
        marks = [f"{quantile(took, share):,.0f}" if took else "–" for share in (0.5, 0.95, 0.99, 1)]
        rate = f"{len(self.done) / self.seconds:.1f}"
        return (self.phase, self.kind, f"{len(self.done):,}", rate, *(f"{count:,}" for count in counts), *marks)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def lines(parts: Sequence[Phase], record: Record) -> Iterator[Line]:
    """All lines: for each phase, everything and then each kind."""
    groups: dict[tuple[str, str], list[Done]] = defaultdict(list)
    for one in record.done:
        groups[one.arrival.phase, "all"].append(one)
        groups[one.arrival.phase, one.arrival.kind.value].append(one)
    for part in parts:
        for kind in ("all", *(kind.value for kind in Kind)):
            if groups[part.name, kind]:
                yield Line(part.name, kind, groups[part.name, kind], part.seconds)


def show(console: Console, parts: Sequence[Phase], record: Record, checks: Sequence[Check]) -> None:
    """Print both tables."""
    table = Table(*HEADS, title="Requests")
    for line in lines(parts, record):
        table.add_row(*line.cells(), style="bold" if line.kind == "all" else None, end_section=line.kind == "all")
    console.print(table)
    console.print(remarks(record), highlight=False)
    proof = Table("", "must hold", "looked at", "wrong", title="Proof, read from the shards")
    for check in checks:
        proof.add_row("✓" if check.holds else "✗", check.claim, f"{check.looked_at:,}", f"{len(check.wrong):,}")
    console.print(proof)
    for check in checks:
        for wrong in check.wrong[:10]:
            console.print(f"✗ {wrong}", style="red", highlight=False)


def remarks(record: Record) -> str:
    """Answers, repetitions, and how late this program itself was."""
    answers = ", ".join(f"{name}: {count:,}" for name, count in sorted(record.answers.items()))
    again = sum(1 for one in record.done if one.tries > 1)
    late = sorted(one.late * 1000 for one in record.done)
    own = f"{quantile(late, 0.99):.0f} ms" if late else "–"
    return f"Answers: {answers}. Requests that were repeated: {again:,}. The sender itself was late by (p99): {own}."


def markdown(parts: Sequence[Phase], record: Record, checks: Sequence[Check]) -> str:
    """Both tables for the documentation."""
    rows = [HEADS, tuple("---" for _ in HEADS), *(line.cells() for line in lines(parts, record))]
    proof = [("must hold", "looked at", "wrong"), ("---", "---", "---")]
    proof += [(check.claim, f"{check.looked_at:,}", f"{len(check.wrong):,}") for check in checks]
    text = ["\n".join(f"| {' | '.join(row)} |" for row in table) for table in (rows, proof)]
    return f"{text[0]}\n\n{remarks(record)}\n\n{text[1]}\n"
