"""What a statement really did, for `explain(…, analyze=True)`; the twin of Recording in runtime.recording.

Invariant: the statement runs as it would without it.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from shardkit.flow import Op
from shardkit.runtime.recording import Notes

if TYPE_CHECKING:
    from shardkit.runtime.aio.lanes import Lanes
    from shardkit.runtime.aio.running import Running


class Recording(Notes):
    """Lanes that note what they are asked."""

    def __init__(self, lanes: Lanes) -> None:
        super().__init__()
        self._lanes = lanes

    @property
    def running(self) -> Running | None:
        """See Lanes.running."""
        return self._lanes.running

    def enter(self) -> None:
        """See Lanes.enter."""
        self._lanes.enter()

    def leave(self) -> None:
        """See Lanes.leave."""
        self._lanes.leave()

    def orphan_workspace(self) -> None:
        """See Lanes.orphan_workspace."""
        self._lanes.orphan_workspace()

    async def perform(self, op: Op) -> Any:
        """See Lanes.perform."""
        started = perf_counter()
        answer = await self._lanes.perform(op)
        self.note(op, answer, perf_counter() - started)
        return answer
