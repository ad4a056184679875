"""Blocks of hints on a connection of the other interpreter."""

from __future__ import annotations

import asyncio
from pathlib import Path

import shardkit.aio
from tests.integration.hints.test_blocks import RULES


def test_a_block_under_asyncio(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(folder=tmp_path), encoding="utf-8")

    async def main() -> list[tuple[tuple[int, ...], ...]]:
        found = []
        async with shardkit.aio.Cluster(rules) as cluster:
            connection = cluster.connect(autocommit=True)
            cursor = connection.cursor()
            await cursor.execute("CREATE TABLE t_order (orderId BIGINT PRIMARY KEY, memberId BIGINT NOT NULL, n INT)")
            await cursor.executemany("INSERT INTO t_order VALUES (%s, %s, %s)", [(i, i, i) for i in range(8)])
            for sql in ("SELECT orderId FROM t_order WHERE memberId = %s", "SELECT orderId FROM t_order WHERE n = %s"):
                found.append(await (await cursor.execute(sql, (5,))).fetchall())
                with connection.hint(shard=2):
                    found.append(await (await cursor.execute(sql, (5,))).fetchall())
                    found.append(await (await cursor.execute(sql, (6,))).fetchall())
                found.append(await (await cursor.execute(sql, (5,))).fetchall())
            await connection.close()
        return found

    assert asyncio.run(main()) == [((5,),), (), ((6,),), ((5,),)] * 2
