"""Workloads that change rows: transactions over one and two shards, and bulk loads.

Invariant: every operation changes what it names, so that no server may find that there is nothing to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count, cycle, islice
from typing import Any, NamedTuple

from benchmarks.measure import Rival
from benchmarks.stage import DATABASES, Stage, database_name
from benchmarks.workloads import Workload
from examples.demo.records import ORDER_COLUMNS, Row
from examples.mysql import BareConnection

BULK = 20_000  # orders in one operation
BULK_FROM = 50_000_000_000
PORTION = 1_000
LEVELS = 29_989  # a prime, so that no number of members divides it
UPDATE = "UPDATE {} SET level = %s WHERE memberId = %s"


class Pair(NamedTuple):
    """Two members that change in one transaction."""

    first: int
    second: int


def build(stage: Stage) -> list[Workload]:
    """All workloads that write transactions, on this stage."""
    return [one_shard(stage), two_shards(stage), bulk(stage)]


def one_shard(stage: Stage) -> Workload:
    """Two members of one database change in one transaction."""
    pairs = _pairs(stage, 0)
    return Workload(
        "transaction",
        "two members of one shard, one transaction",
        (Rival("shardkit", _ours(stage, pairs)), Rival("bare", _bare(stage, pairs))),
        reads=False,
    )


def two_shards(stage: Stage) -> Workload:
    """Two members on two servers change in one transaction. The bare driver commits twice, which is not the same."""
    pairs = _pairs(stage, DATABASES // 2)
    return Workload(
        "two-shards",
        "two members on two servers, one transaction",
        (
            Rival("shardkit", _ours(stage, pairs)),
            Rival("shardkit, one shard", _ours(stage, _pairs(stage, 0), 2)),
            Rival("bare, two commits", _bare(stage, pairs)),
        ),
        reads=False,
    )


def bulk(stage: Stage) -> Workload:
    """Many orders in one transaction: over sixteen databases, and into one."""
    numbers = count(BULK_FROM)

    def orders() -> list[Row]:
        return [(row[0], number, *row[2:]) for number, row in zip(islice(numbers, BULK), cycle(stage.orders))]

    text = f"INSERT INTO t_order ({', '.join(ORDER_COLUMNS)}) VALUES ({', '.join(['%s'] * len(ORDER_COLUMNS))})"

    def ours(_index: int) -> None:
        stage.transacting.bulk_insert("t_order", ORDER_COLUMNS, orders())
        stage.transacting.commit()

    def bare(_index: int) -> None:
        rows = orders()
        stage.plain.begin()
        with stage.plain.cursor() as cursor:
            for start in range(0, BULK, PORTION):
                cursor.executemany(text, rows[start : start + PORTION])
        stage.plain.commit()

    return Workload(
        "bulk",
        f"{BULK:,} orders, one transaction",
        (Rival("shardkit", ours), Rival("bare, one table", bare)),
        reads=False,
    )


def _pairs(stage: Stage, apart: int) -> list[Pair]:
    """Pairs of members whose databases lie this far apart; 0 is the same one."""
    homes: dict[int, list[int]] = defaultdict(list)
    for member in stage.members:
        homes[stage.home(member)].append(member)
    found = [
        Pair(first, second)
        for home, members in homes.items()
        for first, second in zip(members, _others(homes, home, apart), strict=False)
    ]
    if not found:
        raise ValueError("too few rows for transactions over pairs of members")
    return found


def _others(homes: dict[int, list[int]], home: int, apart: int) -> Sequence[int]:
    members = homes.get((home + apart) % DATABASES, [])
    return members if apart else members[1:] + members[:1] if len(members) > 1 else []


def _level(index: int, turn: int) -> int:
    """A value that neither an earlier operation nor another rival has given to the same member just before."""
    return (3 * index + turn) % LEVELS


def _ours(stage: Stage, pairs: Sequence[Pair], turn: int = 0) -> Callable[[int], object]:
    connection, text, many = stage.transacting, UPDATE.format("member"), len(pairs)

    def run(index: int) -> None:
        for member in pairs[index % many]:
            _tell(connection, text, (_level(index, turn), member))
        connection.commit()

    return run


def _bare(stage: Stage, pairs: Sequence[Pair], turn: int = 1) -> Callable[[int], object]:
    texts = [UPDATE.format(f"{database_name(number)}.member") for number in range(DATABASES)]
    known = [
        tuple((member, stage.server(home), texts[home]) for member in pair for home in (stage.home(member),))
        for pair in pairs
    ]
    many = len(known)

    def run(index: int) -> None:
        begun: list[BareConnection] = []
        for member, connection, text in known[index % many]:
            if connection not in begun:
                connection.begin()
                begun.append(connection)
            _tell(connection, text, (_level(index, turn), member))
        for connection in begun:
            connection.commit()

    return run


def _tell(connection: Any, sql: str, params: Row) -> None:
    cursor = connection.cursor()
    cursor.execute(sql, params)
    cursor.close()
