"""The workloads under asyncio: a thousand point selects at once next to a bare asyncmy pool; a scan next to PyMySQL.

All of them speak without TLS, so that nobody is measured with encryption and another without.
Invariant: both rivals of a burst have pools of the same size, and start the same number of tasks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import asyncmy

import shardkit
import shardkit.aio
from benchmarks.measure import Rival
from benchmarks.stage import DATABASES, Stage, database_name
from benchmarks.workloads import ORDER, Workload
from examples.demo.records import Row
from shardkit.rules import Rules, Server

TASKS = 1000
POOL = 16
PART = 1000

Burst = Callable[[int], Awaitable[Row]]


@contextmanager
def build(stage: Stage) -> Iterator[list[Workload]]:
    """The workloads of this stage; their loop, cluster and pools end with the block."""
    rules = _plain(stage.rules)
    loop = asyncio.new_event_loop()
    cluster = shardkit.aio.Cluster(rules)
    sync = shardkit.connect(rules, autocommit=True)
    pools = loop.run_until_complete(_pools(rules))
    try:
        yield [_point(stage, cluster, pools, loop), _scan(cluster, sync, loop)]
    finally:
        sync.close()
        loop.run_until_complete(_close(cluster, pools))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _plain(rules: Rules) -> Rules:
    def plain(server: Server) -> Server:
        url = server.url.update_query_dict({"ssl_disabled": "true"})
        return replace(server, url=url, pool=replace(server.pool, size=POOL))

    return replace(rules, servers={name: plain(server) for name, server in rules.servers.items()})


async def _pools(rules: Rules) -> list[Any]:
    found = []
    for server in rules.servers.values():
        url = server.url
        found.append(
            await asyncmy.create_pool(
                minsize=POOL, maxsize=POOL, host=url.host, port=url.port or 3306, user=url.username,
                password=str(url.password or ""), autocommit=True, charset="utf8mb4",
            )
        )  # fmt: skip
    return found


async def _close(cluster: shardkit.aio.Cluster, pools: list[Any]) -> None:
    await cluster.close()
    for pool in pools:
        pool.close()
        await pool.wait_closed()


def _point(stage: Stage, cluster: shardkit.aio.Cluster, pools: list[Any], loop: asyncio.AbstractEventLoop) -> Workload:
    """One member by memberId, a thousand times at once: an operation is the whole burst."""
    text = "SELECT memberName, email, level, createdAt FROM {} WHERE memberId = %s"
    members = [stage.members[index % len(stage.members)] for index in range(TASKS)]
    mine = text.format("member")
    ways = [
        (pools[stage.home(member) * 2 // DATABASES], text.format(f"{database_name(stage.home(member))}.member"))
        for member in members
    ]

    async def ours(index: int) -> Row:
        connection = cluster.connect(autocommit=True)
        cursor = await connection.cursor().execute(mine, (members[index],))
        (row,) = await cursor.fetchall()
        await connection.close()
        return row

    async def kept(index: int) -> Row:
        cursor = await connections[index].cursor().execute(mine, (members[index],))
        (row,) = await cursor.fetchall()
        return row

    async def bare(index: int) -> Row:
        pool, sql = ways[index]
        async with pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute(sql, (members[index],))
            (row,) = await cursor.fetchall()
            return tuple(row)

    async def connected() -> list[shardkit.aio.Connection]:
        return [cluster.connect(autocommit=True) for _ in range(TASKS)]

    connections = loop.run_until_complete(connected())
    rivals = {"shardkit": kept, "bare asyncmy pool": bare, "shardkit, connecting each time": ours}
    return Workload(
        "aio-point",
        f"{TASKS:,} tasks at once, one member each; pools of {POOL} for each server",
        tuple(Rival(name, _burst(loop, work)) for name, work in rivals.items()),
    )


def _burst(loop: asyncio.AbstractEventLoop, work: Callable[[int], Coroutine[Any, Any, Row]]) -> Callable[[int], Any]:
    async def burst() -> list[Row]:
        return await asyncio.gather(*(work(index) for index in range(TASKS)))

    return lambda _index: loop.run_until_complete(burst())


def _scan(cluster: shardkit.aio.Cluster, sync: shardkit.Connection, loop: asyncio.AbstractEventLoop) -> Workload:
    """Every order, merged from all shards, read in parts; the answer is the number of rows and the last one."""
    sql = f"SELECT {ORDER} FROM t_order ORDER BY orderId"

    async def with_asyncmy() -> list[Row]:
        connection = cluster.connect(autocommit=True)
        async with await connection.cursor().execute(sql) as cursor:
            count, last = 0, ()
            while rows := await cursor.fetchmany(PART):
                count, last = count + len(rows), rows[-1]
        await connection.close()
        return [(count, *last)]

    def with_pymysql(_index: int) -> list[Row]:
        cursor, count, last = sync.cursor().execute(sql), 0, ()
        while rows := cursor.fetchmany(PART):
            count, last = count + len(rows), rows[-1]
        cursor.close()
        return [(count, *last)]

    rivals = (
        Rival("shardkit.aio with asyncmy", lambda _index: loop.run_until_complete(with_asyncmy())),
        Rival("shardkit with PyMySQL", with_pymysql),
    )
    return Workload("aio-scan", "every order by orderId, merged from all shards", rivals, checked=1)
