"""The room's world, and the drivers under asyncio: every test here runs once over each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest

import shardkit.aio
from shardkit.rules import loads
from tests.integration.dbapi.stage import Stage, built_stage, stage

DRIVERS = ("asyncmy", "aiomysql")

Opening: TypeAlias = Callable[..., Any]


@asynccontextmanager
async def opened(stage: Stage, driver: str, **options: str) -> AsyncIterator[shardkit.aio.Cluster]:
    """A cluster over this driver; at the end nothing of it may be left on the servers."""
    text = stage.text(**options).replace("mysql+pymysql:", f"mysql+{driver}:")
    async with shardkit.aio.Cluster(loads(text)) as cluster:
        yield cluster
        await asyncio.to_thread(stage.assert_idle, cluster)


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    """Each asyncio driver in turn."""
    return str(request.param)


@pytest.fixture
def play(stage: Stage, driver: str) -> Callable[..., None]:
    """Runs a coroutine function with a cluster over the driver, and looks at the servers afterwards."""

    def run(work: Callable[[shardkit.aio.Cluster], Coroutine[Any, Any, None]], **options: str) -> None:
        async def main() -> None:
            async with opened(stage, driver, **options) as cluster:
                await work(cluster)

        asyncio.run(main())

    return run


__all__ = ["built_stage", "driver", "play", "stage"]
