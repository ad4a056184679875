"""Cancels tasks at random moments of random work, and counts what is true afterwards.

Invariant: whatever was cut, the money is all there, and the next statement on the same connection works.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal

from shardkit.aio import Cluster, Connection
from shardkit.errors import Error
from tests.integration.dbapi.stage import Stage

ACCOUNTS = 40
EACH = Decimal(100)
TASKS = 6
ROWS = 600

Work = Callable[[Connection, random.Random], Awaitable[None]]


async def point(connection: Connection, dice: random.Random) -> None:
    """One shard by key, many times."""
    cursor = connection.cursor()
    for _ in range(20):
        await cursor.execute("SELECT amount FROM t_order WHERE memberId = %s", (dice.randrange(ACCOUNTS),))
        await cursor.fetchall()


async def slow(connection: Connection, dice: random.Random) -> None:
    """A statement that is still running on all its servers when it is cut."""
    await connection.cursor().execute("SELECT memberId FROM member WHERE n < %s AND SLEEP(0.02) = 0", (20,))


async def merged(connection: Connection, dice: random.Random) -> None:
    """All shards in order, read in parts."""
    cursor = await connection.cursor().execute("SELECT memberId, v FROM member ORDER BY n")
    while await cursor.fetchmany(dice.randrange(1, 400)):
        pass


async def unread(connection: Connection, dice: random.Random) -> None:
    """A result that is left half-read for another statement, then closed."""
    cursor = await connection.cursor().execute("SELECT memberId, v FROM member")
    await cursor.fetchone()
    await point(connection, dice)
    await cursor.close()


async def joined(connection: Connection, dice: random.Random) -> None:
    """What a server finishes in a workspace."""
    sql = "SELECT m.v, COUNT(*) FROM member m JOIN t_order o ON o.memberId = m.n GROUP BY m.v ORDER BY 2"
    await (await connection.cursor().execute(sql)).fetchall()


async def transfer(connection: Connection, dice: random.Random) -> None:
    """Money from one shard to another, in one transaction."""
    giver, taker = dice.sample(range(ACCOUNTS), 2)
    async with connection:
        await connection.begin()
        cursor = connection.cursor()
        await cursor.execute("UPDATE t_order SET amount = amount - 1 WHERE memberId = %s", (giver,))
        await cursor.execute("UPDATE t_order SET amount = amount + 1 WHERE memberId = %s", (taker,))


async def outer(connection: Connection, dice: random.Random) -> None:
    """The same under a transaction manager's xid."""
    giver, taker = dice.sample(range(ACCOUNTS), 2)
    await connection.tpc_begin(connection.xid(1, f"chaos-{dice.getrandbits(48)}", "b"))
    cursor = connection.cursor()
    await cursor.execute("UPDATE t_order SET amount = amount - 1 WHERE memberId = %s", (giver,))
    await cursor.execute("UPDATE t_order SET amount = amount + 1 WHERE memberId = %s", (taker,))
    await connection.tpc_prepare()
    await connection.tpc_commit()


WORKS: tuple[Work, ...] = (point, slow, merged, unread, joined, transfer, outer)


class Chaos:
    """`counts` tells what was cut and what came through."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self._cluster, self._dice = cluster, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self._left = 0

    async def run(self, cuts: int, tick: Callable[[], object] = lambda: None) -> None:
        """Cut so many times, in several tasks at once."""
        self._left = cuts
        seeds = [self._dice.getrandbits(64) for _ in range(TASKS)]
        async with asyncio.TaskGroup() as group:
            for seed in seeds:
                group.create_task(self._torment(random.Random(seed), tick))

    async def _torment(self, dice: random.Random, tick: Callable[[], object]) -> None:
        connection = self._cluster.connect(autocommit=True)
        while self._left > 0:
            work = dice.choice(WORKS)
            task = asyncio.ensure_future(work(connection, dice))
            await asyncio.wait((task,), timeout=dice.random() ** 2 * 0.06)
            if task.cancel():
                self._left -= 1
                tick()
                await asyncio.wait((task,), timeout=dice.random() * 0.01)
                task.cancel()  # once more, while it cleans up
            await self._ended(work.__name__, task)
            await self._recovered(connection, dice)
        await connection.close()

    async def _ended(self, name: str, task: asyncio.Future[None]) -> None:
        await asyncio.wait((task,))
        if task.cancelled():
            self.counts[f"{name}: cut"] += 1
        elif (error := task.exception()) is None:
            self.counts[f"{name}: came through"] += 1
        elif isinstance(error, Error):
            self.counts[f"{name}: {type(error).__name__}"] += 1  # a lock that was waited for, a commit in doubt
        else:
            raise error

    async def _recovered(self, connection: Connection, dice: random.Random) -> None:
        """The connection goes on working, whatever was cut on it."""
        if connection.session.outer is not None:
            with suppress(Error):
                await connection.tpc_rollback()
        else:
            await connection.rollback()
        cursor = await connection.cursor().execute("SELECT COUNT(*) FROM t_order WHERE memberId = %s", (1,))
        assert await cursor.fetchone() == (1,)


def fill(stage: Stage) -> None:
    """The accounts, and rows worth reading."""
    with stage.connection(full_scan_writes="allow", transactions="best_effort") as connection:
        connection.bulk_insert("t_order", ("memberId", "orderId", "amount"), [(k, k, EACH) for k in range(ACCOUNTS)])
        wide = [(k, k, "x" * 400) for k in range(ROWS * 4)]
        connection.bulk_insert("member", ("memberId", "n", "v"), wide)


def money(stage: Stage) -> Decimal:
    """All there is, past shardkit."""
    return sum((row[1] for row in stage.stored("t_order", "amount")), Decimal(0))


def prepared(stage: Stage) -> list[tuple[object, ...]]:
    """Branches of this world that some server still lists."""
    ours = stage.prefix.encode()
    found = [row for number in (0, 1) for row in stage.ask(number, "XA RECOVER")]
    return [row for row in found if b"chaos-" in _bytes(row[3]) or ours in _bytes(row[3])]


def _bytes(text: object) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()
