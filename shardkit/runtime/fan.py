"""Several jobs at once, each in a thread; if one fails the others are stopped and waited for.

Invariant: when `fan` returns or raises, no job is running any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from threading import Thread
from typing import Protocol, TypeAlias

Submit: TypeAlias = Callable[[Callable[[], None]], "Future[None]"]
"""Starts a function in a thread of its own."""


AGAIN = 1.0
"""Seconds after which a job that still runs is told once more to stop."""


class Job(Protocol):
    """Something that runs in a thread and can be stopped from another."""

    def run(self) -> None:
        """Do it."""

    def stop(self, error: BaseException) -> None:
        """Make `run` end soon, because of `error` elsewhere. May take a moment, and come again; never raises."""


class _Attempt:
    """One job, and its error in the order in which errors happened."""

    def __init__(self, job: Job, failures: list[BaseException]) -> None:
        self.job = job
        self._failures = failures

    def __call__(self) -> None:
        try:
            self.job.run()
        except BaseException as error:
            self._failures.append(error)
            raise


def fan(submit: Submit, jobs: Sequence[Job]) -> None:
    """Run all jobs; a single one runs in the calling thread. The first error is raised, the others are its notes."""
    if len(jobs) == 1:
        jobs[0].run()
        return
    failures: list[BaseException] = []
    running: dict[Future[None], Job] = {}
    try:
        for job in jobs:
            running[submit(_Attempt(job, failures))] = job
        wait(running, return_when=FIRST_EXCEPTION)
    except BaseException as interrupt:
        _stop(running, interrupt)
        raise
    if not failures:
        return
    first, *others = failures
    _stop(running, first)
    for other in others:
        first.add_note(f"also: {other}")
    raise first


def stop_all(jobs: Iterable[Job], error: BaseException) -> None:
    """Stop these jobs, all at the same time, and wait until each has been told."""
    threads = [Thread(target=job.stop, args=(error,), name="shardkit-stop", daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _stop(running: dict[Future[None], Job], error: BaseException) -> None:
    """Stop the jobs that have not ended and wait until they have."""
    left = {future: job for future, job in running.items() if not future.done() and not future.cancel()}
    while left:
        stop_all(left.values(), error)
        # One that was told just before its statement began has met nothing to stop, and is told again.
        left = {future: left[future] for future in wait(left, timeout=AGAIN).not_done}
