"""Several jobs at once, each in a task; if one fails the others are stopped and waited for. The twin of runtime.fan.

Invariant: when `fan` returns or raises, no job is running any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from shardkit.backends.aio.shelter import sheltered
from shardkit.runtime.fan import AGAIN


class Job(Protocol):
    """Something that runs in a task."""

    async def run(self) -> None:
        """Do it. Cancelled, it stops its statement on the server first."""

    def spared(self, error: BaseException) -> bool:
        """Whether it is not cancelled because of `error` elsewhere, but only interrupted."""

    async def interrupt(self) -> None:
        """Make `run` end soon, if it may. May come again; never raises."""


Running: TypeAlias = dict["asyncio.Task[None]", Job]


async def fan(jobs: Sequence[Job]) -> None:
    """Run all jobs; a single one runs in the caller's task. The first error is raised, the others are its notes."""
    if len(jobs) == 1:
        await jobs[0].run()
        return
    failures: list[BaseException] = []
    running: Running = {asyncio.ensure_future(_attempt(job, failures)): job for job in jobs}
    for task in running:
        task.add_done_callback(_noted)
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_EXCEPTION)
    except BaseException as interrupt:
        await _stop(running, interrupt)
        raise
    if not failures:
        return
    first = failures[0]
    await _stop(running, first)
    for other in failures[1:]:
        if not isinstance(other, asyncio.CancelledError):
            first.add_note(f"also: {other}")
    raise first


async def _attempt(job: Job, failures: list[BaseException]) -> None:
    try:
        await job.run()
    except BaseException as error:
        failures.append(error)  # in the order in which errors happened
        raise


async def _ended(running: Running, spared: Sequence[asyncio.Task[None]]) -> None:
    """Wait for all; those that are spared are interrupted."""
    left = set(spared)
    while left:
        await asyncio.gather(*(running[task].interrupt() for task in left))
        # One that was told just before its statement began has met nothing to stop, and is told again.
        _, left = await asyncio.wait(left, timeout=AGAIN)
    await asyncio.wait(running)


async def _stop(running: Running, error: BaseException) -> None:
    """Stop the jobs that have not ended and wait until they have."""
    spared = []
    for task, job in running.items():
        if not task.done() and job.spared(error):
            spared.append(task)
        else:
            task.cancel()
    if not isinstance(error, GeneratorExit):
        await sheltered(_ended(running, spared))


def _noted(task: asyncio.Task[None]) -> None:
    """An attempt has told its error; asyncio need not tell it once more."""
    if not task.cancelled():
        task.exception()
