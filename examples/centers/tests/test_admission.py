"""Requests beyond the limit are refused at once; health checks and the others go on."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from examples.centers.admission import Admission, Turns
from examples.centers.problems import Problem


def test_more_than_the_limit_are_told_to_come_back() -> None:
    app, turn = FastAPI(), asyncio.Event()
    entered: list[None] = []
    app.add_middleware(Admission, limit=2)

    @app.get("/work")
    async def work() -> str:
        entered.append(None)
        await turn.wait()
        return "done"

    @app.get("/healthz")
    async def healthz() -> str:
        return "alive"

    async def crowd() -> None:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://center") as client:
            working = [asyncio.create_task(client.get("/work")) for _ in range(2)]
            while len(entered) < 2:
                await asyncio.sleep(0)
            refused = await client.get("/work")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert refused.json()["type"] == "urn:problem:overloaded"
            assert (await client.get("/healthz")).status_code == 200
            turn.set()
            assert [(await one).status_code for one in working] == [200, 200]
            assert (await client.get("/work")).status_code == 200

    asyncio.run(crowd())


def test_who_gets_no_turn_in_time_is_told_to_come_back() -> None:
    async def scenario() -> None:
        turns, leave = Turns(1, patience=0.01), asyncio.Event()

        async def work() -> None:
            async with turns.turn():
                await leave.wait()

        holder = asyncio.create_task(work())
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="overloaded") as refused:
            await work()
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "1")
        leave.set()
        await holder
        await work()  # nothing was lost on the way

    asyncio.run(scenario())


def test_who_is_stuck_in_one_lane_takes_no_turn_from_another() -> None:
    async def scenario() -> None:
        turns, leave = Turns(4, 0.01, ("rds0", "rds1")), asyncio.Event()

        async def work(lane: str) -> None:
            async with turns.turn(lane):
                await leave.wait()

        stuck = [asyncio.create_task(work("rds0")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="overloaded"):
            await work("rds0")
        async with turns.turn("rds1"), turns.turn("rds1"):
            pass
        leave.set()
        await asyncio.gather(*stuck)

    asyncio.run(scenario())
