"""Executions counted by fingerprint, with a few examples of each to classify it by.

Invariant: memory is bounded. When a limit is reached, executions of new fingerprints are still counted, as left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from shardkit.analyze.entries import Entry
from shardkit.fingerprint import fingerprint

MOST = 10_000
"""How many fingerprints are kept, unless told otherwise."""

EXAMPLES = 3
SHORT = 4096
"""Characters of an example beyond the first."""
ROOM = 128 * 1024 * 1024
"""Characters of all examples together."""


@dataclass(slots=True)
class Group:
    """The executions of one fingerprint. Every execution is counted; only the first differing texts are kept."""

    text: str
    count: int = 0
    seconds: float = 0.0
    cut: bool = False
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """All executions of a log."""

    most: int = MOST
    count: int = 0
    seconds: float = 0.0
    timed: bool = False  # the log says how long executions took
    left_out: int = 0
    left_out_seconds: float = 0.0
    groups: dict[bytes, Group] = field(default_factory=dict)
    _room: int = ROOM

    def add(self, entry: Entry) -> None:
        """Count one execution; texts of nothing but comments are none."""
        found = fingerprint(entry.text)
        if found is None:
            return
        seconds = entry.seconds or 0.0
        self.count += 1
        self.seconds += seconds
        self.timed = self.timed or entry.seconds is not None
        group = self.groups.get(found.key)
        if group is None:
            if len(self.groups) >= self.most or len(entry.text) > self._room:
                self.left_out += 1
                self.left_out_seconds += seconds
                return
            group = self.groups[found.key] = Group(found.text)
        group.count += 1
        group.seconds += seconds
        group.cut = group.cut or entry.cut
        self._keep(group, entry.text)

    def weight(self, group: Group) -> float:
        """What a group counts for: its time where the log has times, else its executions."""
        return group.seconds if self.timed else float(group.count)

    @property
    def total(self) -> float:
        """The weight of everything that is not left out."""
        return sum(map(self.weight, self.groups.values()))

    def _keep(self, group: Group, text: str) -> None:
        first = not group.examples
        if not first and (len(group.examples) >= EXAMPLES or len(text) > SHORT or text in group.examples):
            return
        if first or len(text) <= self._room:
            group.examples.append(text)
            self._room -= len(text)
