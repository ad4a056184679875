"""Loading records through shardkit: rows grouped by shard, one transaction a shard, many rows a statement.

A statement that wrote on several shards would need a transaction over all of them; grouped by shard, each is a plain
transaction on one database, and `executemany` sends its rows in batches. Invariant: a shard's records are stored all
or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import closing
from typing import NamedTuple

from examples.demo.records import ITEM_COLUMNS, ORDER_COLUMNS, Record, Row
from examples.demo.statements import Connection, transaction
from shardkit.rules import Rules
from shardkit.values import ShardId


class Loader(NamedTuple):
    """How to load: through which connection, how many rows at a time, and who hears of the rows stored."""

    connection: Connection
    portion: int
    tick: Callable[[int], None]

    def load(self, records: Iterable[Record], shard_of: Callable[[int], Hashable]) -> int:
        """Store all records; `shard_of` tells which memberIds lie together. How many shards there were."""
        groups = by_shard(records, shard_of)
        for group in groups.values():
            with transaction(self.connection):
                self._insert("t_order", ORDER_COLUMNS, [record.order for record in group])
                items = [item for record in group for item in record.items]
                self._insert("t_order_item", ITEM_COLUMNS, items)
        return len(groups)

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        with closing(self.connection.cursor()) as cursor:
            for start in range(0, len(rows), self.portion):
                part = rows[start : start + self.portion]
                cursor.executemany(insert_text(table, columns), part)
                self.tick(len(part))


def shard_finder(rules: Rules) -> Callable[[int], ShardId]:
    """A function from memberId to the shard of that member's orders, as the rules say."""
    table = rules.sharded["t_order"]
    column = table.sharding.columns[0]
    return lambda member: table.layout.shard_of(table.sharding.slot({column: member}))


def by_shard(records: Iterable[Record], shard_of: Callable[[int], Hashable]) -> dict[Hashable, list[Record]]:
    """The records of each shard, asked once for each member."""
    known: dict[int, Hashable] = {}
    groups: dict[Hashable, list[Record]] = defaultdict(list)
    for record in records:
        member = record.key.member_id
        if member not in known:
            known[member] = shard_of(member)
        groups[known[member]].append(record)
    return groups


def insert_text(table: str, columns: Sequence[str]) -> str:
    """INSERT of one row, every value a placeholder."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
