"""`/healthz`: the process runs. `/readyz`: which of the shards' servers answer.

A server is asked by a point query on a key that lies there, on the very path that requests take; so the answer names
each server. While one of them answers, what lies there is served, and the service is `degraded` and not away: taking it
out of its load balancer would take everybody's service for the sake of some. Invariant: a check never takes longer than
its limit, and liveness never asks a database: a restart does not mend one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError

from shardkit.errors import Error
from shardkit.rules import Rules

LOG = logging.getLogger("centers")
Ask = Callable[[int], Awaitable[object]]
"""Asks the server that holds a key for a row of it."""


class Alive(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether requests can be served."""

    status: Literal["ready", "degraded", "not ready"] = Field(description="All servers answer, some, or none.")
    servers: dict[str, str] = Field(examples=[{"rds0": "ok", "rds1": "ok"}], description="Each shard server by name.")


def keys_by_server(rules: Rules, table: str) -> dict[str, int]:
    """For every server of a table, the smallest number whose row would lie there."""
    sharded = rules.sharded[table]
    column = sharded.sharding.columns[0]
    wanted = {shard.server for shard in sharded.layout.shards}
    found: dict[str, int] = {}
    number = 0
    while len(found) < len(wanted):
        number += 1
        found.setdefault(sharded.layout.shard_of(sharded.sharding.slot({column: number})).server, number)
    return found


async def ready(keys: Mapping[str, int], ask: Ask, within: float) -> Readiness:
    """Ask all servers at the same time."""

    async def one(key: int) -> str:
        asking = asyncio.ensure_future(ask(key))
        done, _ = await asyncio.wait({asking}, timeout=within)
        if not done:
            # Not waited for: a frozen server lets the clearing up take long, too.
            _LEFT.add(asking)
            asking.add_done_callback(_forget)
            asking.cancel()
            return f"no answer within {within:g} s"
        try:
            asking.result()
        except (Error, DBAPIError) as error:
            said = error.orig if isinstance(error, DBAPIError) else error
            return f"failed ({said.code if isinstance(said, Error) else type(said).__name__})"
        return "ok"

    answers = dict(zip(keys, await asyncio.gather(*map(one, keys.values())), strict=True))
    fine = [answer == "ok" for answer in answers.values()]
    return Readiness(status="ready" if all(fine) else "degraded" if any(fine) else "not ready", servers=answers)


_LEFT: set[asyncio.Future[object]] = set()
"""Checks that were given up and are clearing up; the event loop alone would let them be collected."""


def _forget(left: asyncio.Future[object]) -> None:
    _LEFT.discard(left)
    if not left.cancelled() and left.exception() is not None:
        LOG.info("a check that was given up ended with %s", type(left.exception()).__name__)


def router(check: Callable[[], Awaitable[Readiness]]) -> APIRouter:
    """The two routes; `check` is called for `/readyz`."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", summary="Is the process alive?")
    async def healthz() -> Alive:
        return Alive()

    @routes.get(
        "/readyz",
        summary="Which of the shards' servers answer?",
        responses={503: {"model": Readiness, "description": "No server answers."}},
    )
    async def readyz(response: Response) -> Readiness:
        found = await check()
        if found.status == "not ready":
            response.status_code = 503
        return found

    return routes
