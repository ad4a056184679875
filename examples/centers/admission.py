"""Refusing at once what could not be answered in time.

A service that takes on more than it can do answers everybody too late: clients give up and send again, and it works
for answers that nobody waits for. So only so many requests are under way at a time; the others are told to come back,
which costs next to nothing. Of those that were let in only so many write at a time; more would wait for each other
inside the servers. Invariant: a refused request has done nothing; health checks are never refused; nobody waits for
ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from examples.centers.problems import Problem, answer

ALWAYS = ("/healthz", "/readyz")


class Admission:
    """ASGI middleware that lets `limit` requests in at a time."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app, self._limit = app, limit
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._limit:
            told = f"{self._limit} requests are under way already and nothing was done; send the same request again"
            await answer(Problem(503, "overloaded", told))(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1


class Turns:
    """Lets `limit` transactions run at a time; who gets no turn within `patience` seconds is told to come back.

    `lanes` share the turns among themselves: those who are stuck in one lane, say of a server that is frozen, take no
    turn from the others.
    """

    def __init__(self, limit: int, patience: float, lanes: Collection[str] = ()) -> None:
        share = max(1, limit // max(1, len(lanes)))
        self._free = {lane: asyncio.Semaphore(share) for lane in ("", *lanes)}
        self._patience = patience

    @asynccontextmanager
    async def turn(self, lane: str = "") -> AsyncIterator[None]:
        """One turn. Raises Problem (503)."""
        free = self._free.get(lane, self._free[""])
        try:
            async with asyncio.timeout(self._patience):
                await free.acquire()
        except TimeoutError:
            told = f"no turn to write came within {self._patience:g} s, nothing was done; send the same request again"
            raise Problem(503, "overloaded", told) from None
        try:
            yield
        finally:
            free.release()
