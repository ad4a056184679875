"""Where the rows of each table use lie by themselves, whatever the other tables do: what federation pulls from.

Invariant: every row of a use that can change the statement's answer lies in one of its places.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from shardkit.route.refusals import refused
from shardkit.route.router import Router
from shardkit.rules import BroadcastTable, ShardedTable, SingleTable
from shardkit.values import Params, PhysicalTable, ShardId

Place: TypeAlias = tuple[PhysicalTable, int]
"""A physical table and its slot, -1 for one without."""


def places(router: Router, params: Params) -> list[tuple[Place, ...] | None]:
    """For each table use its physical tables, or None for a broadcast table: any copy will do."""
    found: list[tuple[Place, ...] | None] = []
    for use, table in enumerate(router.tables):
        match table:
            case ShardedTable():
                mine = sorted(router.use_slots(use, params))
                found.append(tuple((table.layout.place(slot, table.name), slot) for slot in mine))
            case SingleTable() if table.schema:
                raise refused(
                    f"{table.name}, a table of a schema, in a statement over several shards",
                    "it is reached with the single tables of its server only", "two statements",
                )  # fmt: skip
            case SingleTable():
                found.append(((table.physical, -1),))
            case BroadcastTable():
                found.append(None)
    return found


def copy_near(table: BroadcastTable, shard: ShardId | None, prefer: Collection[ShardId]) -> PhysicalTable:
    """The copy of a broadcast table to read: one of the transaction's shards, or one near `shard`."""
    ranked = sorted(table.layout.shards, key=lambda one: (one not in prefer, one != shard, _far(one, shard)))
    return PhysicalTable(ranked[0], table.name)


def _far(one: ShardId, shard: ShardId | None) -> bool:
    return shard is None or one.server != shard.server
