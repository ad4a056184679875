"""What a statement really did: every step with its time, rows and bytes, for `explain(…, analyze=True)`.

Stands between a script and the lanes and passes everything on. Bytes are those of the client's objects, estimated
from samples as for budgets.
Invariant: the statement runs as it would without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from shardkit.flow import (
    Arrange,
    CloseWorkspace,
    Fetch,
    Fill,
    NewIds,
    Op,
    OpenWorkspace,
    Query,
    RowBatch,
)
from shardkit.merge import estimate

if TYPE_CHECKING:
    from shardkit.runtime.running import Running
    from shardkit.runtime.sync import Lanes


@dataclass(slots=True)
class Step:
    """One step of an execution: its name, seconds, rows and bytes that came or went, and the statements' number."""

    name: str
    seconds: float = 0.0
    rows: int = 0
    bytes: int = 0
    statements: int = 0


class Notes:
    """The steps of an execution, as far as it has come."""

    def __init__(self) -> None:
        self._purpose = ""  # of the query whose batches are fetched
        self.steps: list[Step] = []

    def note(self, op: Op, answer: Any, seconds: float) -> None:
        """Count one Op and its answer."""
        match op:
            case Query(tasks):
                self._purpose = op.purpose
                step = self._step(self._purpose)
                step.statements += len(tasks)
                self._rows(step, [one.first for one in answer])
            case Fetch():
                step = self._step(self._purpose)
                self._rows(step, answer)
            case OpenWorkspace():
                step = self._step("open workspace")
            case Arrange(statements):
                step = self._step(op.purpose)
                step.statements += len(statements)
                step.rows += answer
            case Fill(table, _, rows):
                step = self._step(f"fill {table}")
                step.rows += len(rows)
                step.bytes += len(rows) * estimate(rows)
            case CloseWorkspace():
                step = self._step("close workspace")
            case NewIds(table, column):
                step = self._step(f"ids for {table}.{column.name}")
            case _:
                step = self._step(type(op).__name__.lower())
        step.seconds += seconds

    def _step(self, name: str) -> Step:
        found = next((step for step in self.steps if step.name == name), None)
        if found is None:
            found = Step(name)
            self.steps.append(found)
        return found

    def _rows(self, step: Step, batches: Sequence[RowBatch]) -> None:
        for batch in batches:
            step.rows += len(batch.rows)
            step.bytes += len(batch.rows) * estimate(batch.rows)


class Recording(Notes):
    """Lanes that note what they are asked."""

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes

    @property
    def running(self) -> Running | None:
        """See Lanes.running."""
        return self._lanes.running

    def orphan_workspace(self) -> None:
        """See Lanes.orphan_workspace."""
        self._lanes.orphan_workspace()

    def perform(self, op: Op) -> Any:
        """See Lanes.perform."""
        started = perf_counter()
        answer = self._lanes.perform(op)
        self.note(op, answer, perf_counter() - started)
        return answer
