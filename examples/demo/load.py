"""Loading records through shardkit: rows grouped by shard, one transaction a shard, many rows a statement.

One statement that wrote on several shards would need a transaction over all of them; grouped by shard, each is a plain
transaction on one database. Statements come in a few fixed sizes, so each text is parsed once and then served from
the plan cache. Invariant: a shard's records are stored all or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import closing

from examples.demo.records import ITEM_COLUMNS, ORDER_COLUMNS, Record, Row
from examples.statements import Connection, transaction
from shardkit.rules import Rules
from shardkit.values import ShardId

SIZES = (128, 32, 8, 1)


def load(
    connection: Connection,
    records: Iterable[Record],
    shard_of: Callable[[int], Hashable],
    tick: Callable[[int], None],
) -> int:
    """Store all records; `shard_of` tells which memberIds lie together, `tick` gets rows stored. How many shards."""
    groups = by_shard(records, shard_of)
    for group in groups.values():
        with transaction(connection):
            _insert(connection, "t_order", ORDER_COLUMNS, [record.order for record in group], tick)
            items = [item for record in group for item in record.items]
            _insert(connection, "t_order_item", ITEM_COLUMNS, items, tick)
    return len(groups)


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


def portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in order, cut into portions of the sizes in SIZES, the largest first."""
    start = 0
    while start < len(rows):
        size = next(size for size in SIZES if size <= len(rows) - start)
        yield rows[start : start + size]
        start += size


def insert_text(table: str, columns: Sequence[str], count: int) -> str:
    """INSERT of that many rows, every value a placeholder."""
    row = f"({', '.join(['%s'] * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * count)}"


def _insert(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row], tick: Callable[[int], None]
) -> None:
    texts = {size: insert_text(table, columns, size) for size in SIZES}
    with closing(connection.cursor()) as cursor:
        for portion in portions(rows):
            cursor.execute(texts[len(portion)], [value for row in portion for value in row])
            tick(len(portion))
