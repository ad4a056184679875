"""Where writes go that are more than a condition on the shard key: inserted rows, and tables without shards.

Invariant: a row is inserted where a search by its shard key looks for it; copies are written everywhere or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from shardkit.errors import ScatterWriteRefused, ShardKeyError
from shardkit.flow import And, In, InsertShape, Predicate, Route, Target
from shardkit.route.canonical import stored
from shardkit.route.refusals import listed, refused
from shardkit.route.solve import value_of
from shardkit.rules import BroadcastTable, ShardedTable, SingleTable, Table
from shardkit.values import Params, ShardId

if TYPE_CHECKING:
    from shardkit.route.router import Router


def inserted(router: Router, params: Params) -> Route:
    """The targets of an INSERT of rows into a sharded table. Raises ShardKeyError, CrossShardRefused."""
    insert, table = router.statement.insert, router.tables[0]
    assert insert is not None
    assert isinstance(table, ShardedTable)
    rows: dict[int, list[int]] = {}
    for number in range(len(insert.keys)):
        values = _key_values(insert, number, table, params)
        rows.setdefault(router.slot_of(0, values), []).append(number)
    if insert.auto and table.layout.slots > 1:
        check_ids(insert, params)
    if len(router.tables) > 1:
        why = f"its tables may not lie on {listed({table.layout.shard_of(slot) for slot in rows})}"
        raise refused("a subquery among the values of an INSERT", why, "read the value first")
    targets = tuple(router.target(slot) for slot in sorted(rows))
    keys = ", ".join(insert.key_columns)
    reason = f"{keys} of each row: {len(insert.keys)} rows on {len(targets)} slots"
    return Route(targets, reason, True, tuple(tuple(rows[t.slot]) for t in targets))


def _key_values(insert: InsertShape, number: int, table: ShardedTable, params: Params) -> dict[str, Any]:
    values = {}
    for column, value in zip(insert.key_columns, insert.keys[number], strict=True):
        if value is None and column not in insert.columns:
            raise ShardKeyError(
                f"Field '{column}' doesn't have a default value: it is the shard key of {table.name}", errno=1364
            )
        if value is None:
            raise ShardKeyError(
                f"row {number + 1} gives no literal or parameter for the shard key {table.name}.{column}; "
                "shardkit must know it to choose the shard"
            )
        values[column] = value_of(value, params)
    return values


def slot_of(router: Router, use: int, values: Mapping[str, Any]) -> int:
    """The slot of a row of a table use with these values of its shard key. Raises ShardKeyError."""
    table = router.tables[use]
    assert isinstance(table, ShardedTable)
    columns = router.columns[use]
    return table.sharding.slot({name: stored(table.name, columns[name], value) for name, value in values.items()})


def check_ids(insert: InsertShape, params: Params) -> None:
    """Refuse to let a server count: every shard would count for itself, and ids would repeat."""
    for value in insert.auto:
        if value is None or value_of(value, params) in (None, 0, "0"):
            raise ids_refused()


def last_id(insert: InsertShape, params: Params) -> int | None:
    """The AUTO_INCREMENT id that the last row brings along: what MySQL calls the last insert id of such an INSERT."""
    value = insert.auto[-1] if insert.auto else None
    return brought(value_of(value, params)) if value is not None else None


def brought(value: object) -> int | None:
    """An id given by the program as the server counts it, or None if it is not plainly a number."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    return value % 2**64 if isinstance(value, int) else None


def ids_refused() -> Exception:
    """The error for an AUTO_INCREMENT id that several shards would count."""
    return refused(
        "an AUTO_INCREMENT id over several shards", "every shard counts for itself, so ids would repeat",
        "the id in the INSERT",
    )  # fmt: skip


def unsharded(router: Router, written: list[Table], params: Params, prefer: Collection[ShardId]) -> Route:
    """The targets of a write on broadcast or single tables, when every other table is there as well."""
    if router.sharded or len({type(table) for table in written}) > 1:
        raise refused("a write that joins sharded and other tables", "the rows lie on different shards",
                      "read first, then write by key")  # fmt: skip
    table = written[0]
    if not isinstance(table, BroadcastTable):
        return router.pass_to([], prefer)
    router.check_broadcast(frozenset(table.layout.shards))
    insert = router.statement.insert
    if insert is not None and len(table.layout.shards) > 1 and (insert.lenient or _embedded(router, table)):
        check_ids(insert, params)
    if any(isinstance(other, SingleTable) for other in router.tables):
        raise refused("a broadcast write that reads a single table", "it lies on one shard only")
    names = tuple(other.name for other in router.tables)
    targets = tuple(Target(shard, i, names) for i, shard in enumerate(table.layout.shards))
    return Route(targets, f"broadcast table {table.name}: every copy", True, copies=True)


def _embedded(router: Router, table: BroadcastTable) -> bool:
    return any(router.rules.servers[shard.server].embedded for shard in table.layout.shards)


def check_scatter(router: Router, uses: Collection[int]) -> None:
    """Refuse a write on every shard that the rules do not allow; a list of keys on all of them is no accident."""
    statement = router.statement
    if (
        router.chosen
        or router.rules.defaults.full_scan_writes == "allow"
        or any(_lists_keys(statement.predicates[use]) for use in uses)
    ):
        return
    raise ScatterWriteRefused(
        f"{statement.kind.value.upper()} without a shard key",
        why="it would write on every shard and defaults.full_scan_writes is refuse",
        instead="a condition on the shard key (of an ORM: the shard key in the model's primary key), or "
        "full_scan_writes: allow in the rules",
    )  # fmt: skip


def _lists_keys(predicate: Predicate) -> bool:
    """Whether every shard is meant because the statement lists keys that lie on all of them."""
    return isinstance(predicate, In) or (isinstance(predicate, And) and any(map(_lists_keys, predicate.parts)))
