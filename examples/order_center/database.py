"""The order center's way to its shards: `shardkit.aio` without anything between.

A transaction that a lock has rolled back is run again as a whole, a few times; one whose outcome is unknown never is.
Invariant: `transact` returns only what is committed, and what it runs again was rolled back on every shard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

from examples.centers.admission import Turns
from examples.centers.retries import pause, rolled_back_by_a_lock
from examples.centers.settings import CenterSettings, embedded
from shardkit.aio import Cluster, Connection
from shardkit.errors import Error
from shardkit.rules import Rules

Row: TypeAlias = tuple[Any, ...]
Answer = TypeVar("Answer")


class Link:
    """One connection while a transaction, or a single read, has it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, params: Row = ()) -> Sequence[Row]:
        """All rows of one SELECT."""
        async with self._connection.cursor() as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    async def change(self, sql: str, params: Row) -> int:
        """Run one write; the rows it changed."""
        async with self._connection.cursor() as cursor:
            await cursor.execute(sql, params)
            return cursor.rowcount

    async def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        """Insert rows in one statement. Table and columns are the program's own words, never input."""
        one = f"({', '.join(['%s'] * len(rows[0]))})"
        sql = f"INSERT INTO {table} ({columns}) VALUES {', '.join([one] * len(rows))}"
        await self.change(sql, tuple(value for row in rows for value in row))


class Database:
    """All shards of the order center, for one process."""

    def __init__(self, rules: Rules, settings: CenterSettings) -> None:
        self.rules = rules
        self.cluster = Cluster(rules)
        # A file has one writer at a time, and transactions over several files would wait for each other in circles.
        lanes = () if embedded(rules) else tuple(rules.servers)
        self._turns = Turns(1 if embedded(rules) else settings.writers, settings.turn_within, lanes)
        self._attempts = settings.attempts

    async def close(self) -> None:
        """Close the pools."""
        await self.cluster.close()

    async def rows(self, sql: str, params: Row = ()) -> Sequence[Row]:
        """All rows of one SELECT, outside a transaction."""
        async with self._link() as link:
            return await link.rows(sql, params)

    async def row(self, sql: str, params: Row = ()) -> Row | None:
        """The first row of one SELECT, or None."""
        found = await self.rows(sql, params)
        return found[0] if found else None

    async def next_id(self, table: str) -> int:
        """A new id for a table's generated column."""
        async with self._connection() as connection:
            return int(await connection.next_id(table))

    def home(self, table: str, key: int | str) -> str:
        """The server where the rows of this shard key lie."""
        sharded = self.rules.sharded[table]
        [column] = sharded.sharding.columns
        return sharded.layout.shard_of(sharded.sharding.slot({column: key})).server

    async def transact(self, work: Callable[[Link], Awaitable[Answer]], home: str = "") -> Answer:
        """Run `work` in a transaction and commit it; its answer. Raises what `work` raises, and CommitInDoubt.

        `home`: the server it begins on, whose turns it takes.
        """
        for attempt in range(1, self._attempts):
            try:
                return await self._once(work, home)
            except Error as error:
                if not rolled_back_by_a_lock(error):
                    raise
            await pause(attempt)
        return await self._once(work, home)

    async def _once(self, work: Callable[[Link], Awaitable[Answer]], home: str) -> Answer:
        async with self._turns.turn(home), self._connection() as connection:
            await connection.begin()
            try:
                answer = await work(Link(connection))
            except BaseException:
                await connection.rollback()
                raise
            await connection.commit()
            return answer

    @asynccontextmanager
    async def _link(self) -> AsyncIterator[Link]:
        async with self._connection() as connection:
            yield Link(connection)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        connection = self.cluster.connect(autocommit=True)
        try:
            yield connection
        finally:
            await connection.close()
