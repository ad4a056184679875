"""Refusing at once what could not be answered in time.

A service that takes on more than it can do answers everybody too late: clients give up and send again, and it works
for answers that nobody waits for. So only so many requests are under way at a time; the others are told to come back,
which costs next to nothing. Invariant: a refused request has done nothing; health checks are never refused.
"""

from __future__ import annotations

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
