"""A connection serves one task at a time: a second one is refused, and the first one's work is not touched by that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shardkit.aio import Connection, Cursor
from shardkit.errors import InterfaceError
from tests.unit.runtime.aio.stage import Stage

ALL = "SELECT id FROM member ORDER BY id"
ONE = "SELECT id FROM member WHERE id = %s"
UPDATE_ONE = "UPDATE member SET n = 1 WHERE id = %s"
Intrusion = Callable[[Connection, Cursor], Awaitable[object]]


async def passes(count: int) -> None:
    """So many passes of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


INTRUSIONS: dict[str, Intrusion] = {
    "another cursor": lambda connection, cursor: connection.cursor().execute(ALL),
    "another cursor, by key": lambda connection, cursor: connection.cursor().execute(ONE, (1,)),
    "the same cursor": lambda connection, cursor: cursor.execute(ALL),
    "the same cursor's rows": lambda connection, cursor: cursor.fetchmany(600),
    "closing the cursor": lambda connection, cursor: cursor.close(),
    "commit": lambda connection, cursor: connection.commit(),
    "rollback": lambda connection, cursor: connection.rollback(),
    "close": lambda connection, cursor: connection.close(),
}


@pytest.mark.parametrize("name", INTRUSIONS)
def test_a_result_that_is_being_read_stays_whole(name: str) -> None:
    async def main() -> None:
        stage = Stage(ticks=3)
        connection = stage.connection(ALL)
        cursor = await connection.cursor().execute(ALL)
        reading = asyncio.ensure_future(cursor.fetchall())
        await passes(2)
        with pytest.raises(InterfaceError, match="another task"):
            await INTRUSIONS[name](connection, cursor)
        assert len(await reading) == 2400
        await connection.close()
        stage.check_nothing_leaked()
        await stage.engine.close()

    asyncio.run(main())


def test_rows_that_are_being_kept_are_not_handed_out_twice() -> None:
    async def main() -> None:
        stage = Stage(ticks=3)
        connection = stage.connection(ALL)
        first = await connection.cursor().execute(ALL)
        other = asyncio.ensure_future(connection.cursor().execute(ALL))
        await passes(2)
        got = []
        with pytest.raises(InterfaceError, match="another task"):
            got.append(await anext(first))
        await other
        got += await first.fetchall()
        assert len(got) == 2400
        await connection.close()
        stage.check_nothing_leaked()
        await stage.engine.close()

    asyncio.run(main())


@pytest.mark.parametrize("name", ["commit", "rollback", "begin"])
def test_a_transaction_is_not_ended_under_a_statement(name: str) -> None:
    async def main() -> None:
        stage = Stage(ticks=3)
        connection = stage.connection(ALL)
        await connection.begin()
        await connection.cursor().execute(UPDATE_ONE, (1,))
        at_work = asyncio.ensure_future(connection.cursor().execute(UPDATE_ONE, (1,)))
        await passes(2)
        with pytest.raises(InterfaceError, match="another task"):
            await getattr(connection, name)()
        await at_work
        assert connection.in_transaction
        await connection.commit()
        assert "COMMIT" in [text for backend in stage.backends for text in backend.happened("run")]
        await connection.close()
        stage.check_nothing_leaked()
        await stage.engine.close()

    asyncio.run(main())
