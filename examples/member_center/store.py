"""The member center's way to its shards: SQLAlchemy's async engine over `mysql+shardkit`.

Invariant: `transact` returns only what is committed, and what it runs again was rolled back on every shard.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from examples.centers.admission import Turns
from examples.centers.problems import Problem, not_found
from examples.centers.retries import pause, rolled_back_by_a_lock
from examples.centers.settings import CenterSettings, embedded
from examples.member_center.tables import Member
from shardkit.rules import Rules

Answer = TypeVar("Answer")


class Store:
    """All shards of the member center, for one process."""

    def __init__(self, rules: Rules, settings: CenterSettings) -> None:
        # With nothing to add to the rules, the URL alone would do: mysql+shardkit:///rules.yaml?recover_every=30s
        self.engine = create_async_engine(
            "mysql+shardkit://", connect_args={"rules": rules, "recover_every": settings.recovery_every}
        )
        # A file has one writer at a time, and transactions over several files would wait for each other in circles.
        self._turns = Turns(1 if embedded(rules) else settings.writers, settings.turn_within)
        self._attempts = settings.attempts

    async def close(self) -> None:
        """Close the engine, its cluster and their pools."""
        await self.engine.dispose()

    async def read(self, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
        """Run SELECTs on a session."""
        async with AsyncSession(self.engine) as session:
            return await work(session)

    async def rows(self, sql: str, params: tuple[Any, ...] = ()) -> Sequence[Any]:
        """All rows of one SELECT in the driver's own words."""
        async with self.engine.connect() as connection:
            return (await connection.exec_driver_sql(sql, params)).all()

    async def transact(self, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
        """Run `work` in a transaction and commit it; its answer."""
        for attempt in range(1, self._attempts):
            try:
                return await self._once(work)
            except DBAPIError as error:
                if not rolled_back_by_a_lock(error.orig):
                    raise
            await pause(attempt)
        return await self._once(work)

    async def _once(self, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
        async with self._turns.turn(), AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            return await work(session)


async def active(session: AsyncSession, member_id: int) -> Member:
    """The member, whose row stays locked to the end of the transaction: changes to one member wait for each other.

    Raises Problem: 404, and 409 for a member who was deactivated.
    """
    member = await session.get(Member, member_id, with_for_update=True)
    if member is None:
        raise not_found(f"member {member_id}")
    if member.deactivated_at is not None:
        raise Problem(409, "inactive", f"member {member_id} was deactivated and can no longer be changed")
    return member


async def of_member(session: AsyncSession, member_id: int, statement: Executable) -> list[Any]:
    """The rows of one of a member's lists. Raises Problem (404): nobody's list is not an empty one."""
    rows = list(await session.scalars(statement))
    if not rows and await session.get(Member, member_id) is None:
        raise not_found(f"member {member_id}")
    return rows


async def found(session: AsyncSession, statement: Executable, what: str) -> Any:
    """The row of a SELECT. Raises Problem (404)."""
    row = await session.scalar(statement)
    if row is None:
        raise not_found(what)
    return row
