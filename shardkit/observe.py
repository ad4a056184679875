"""What an observer hears: one event per statement and one per shard. Log, metrics and traces hang on here.

Invariant: an event never holds parameter values; with no observer the cost is one `if`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shardkit.values import ShardId


@dataclass(frozen=True, slots=True)
class StatementEvent:
    """One statement has ended: its text, plan kind (`pass`, `merge`, `write`, …), shards, seconds, error if any."""

    text: str
    kind: str
    shards: tuple[ShardId, ...]
    seconds: float
    rows: int
    error: BaseException | None


class Observer(Protocol):
    """Something that listens. It must be quick, and must not raise."""

    def statement(self, event: StatementEvent) -> None:
        """Called once for each statement, after its last row or its error."""
