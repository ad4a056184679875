"""Calling an app in its own process: a synchronous face over httpx, with the app's lifespan around it.

Invariant: everything of one Api runs on one event loop, as in a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

Answer = TypeVar("Answer")


class Api:
    """Calls an app; a list of calls goes off at the same time."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner, client: AsyncClient) -> None:
        self.app, self.client = app, client
        self._runner = runner

    def run(self, work: Awaitable[Answer]) -> Answer:
        """Run something on the app's event loop."""

        async def whole() -> Answer:
            return await work

        return self._runner.run(whole())

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """One request; `headers` as keywords, with _ for -."""
        return self.run(self.request(method, path, body, **headers))

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """One request, to be awaited."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers=named)

    def together(self, calls: Sequence[Awaitable[Response]]) -> list[Response]:
        """All these requests at the same time."""

        async def gathered() -> list[Response]:
            return list(await asyncio.gather(*calls))

        return self.run(gathered())

    def get(self, path: str, status: int = 200) -> Any:
        """The body of a GET that must end with this status."""
        answer = self.call("GET", path)
        assert answer.status_code == status, answer.text
        return answer.json()


@contextmanager
def calling(app: FastAPI) -> Iterator[Api]:
    """The app, started, and stopped at the end."""
    with asyncio.Runner() as runner:
        lifespan = app.router.lifespan_context(app)
        client = AsyncClient(transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://center")

        async def enter() -> None:
            await lifespan.__aenter__()

        async def leave() -> None:
            await client.aclose()
            await lifespan.__aexit__(None, None, None)

        runner.run(enter())
        try:
            yield Api(app, runner, client)
        finally:
            runner.run(leave())
