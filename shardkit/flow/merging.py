"""route and rewrite -> merge: where a statement goes, and how the answers of several shards become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from shardkit.values import Row, ShardId


class Compare(Enum):
    """How two values of one column are compared in process."""

    NATIVE = "native"  # int, Decimal, float, bytes, timedelta: Python's order is MySQL's
    TEMPORAL = "temporal"  # date, datetime: drivers give zero dates as text, so compared as ISO text
    WEIGHT = "weight"  # a WEIGHT_STRING column: bytes, compared under the collation's padding


@dataclass(frozen=True, slots=True)
class Key:
    """One column of a shard's row that is compared. NULL comes first ascending, last descending."""

    column: int  # 0-based index in the shard's row, hidden columns included
    compare: Compare = Compare.NATIVE
    descending: bool = False
    nullable: bool = True
    blank: bytes = b""  # the blank's weight of a padding collation (see Collation)


@dataclass(frozen=True, slots=True)
class Fold:
    """How one visible column of a group is put together from the shards' partial values."""

    column: int  # visible column that receives the result
    function: str  # a name in the aggregates registry: count, sum, min, max, avg
    operands: tuple[int, ...]  # columns of the shard's row that hold the partial values
    keys: tuple[Key, ...] = ()  # for min and max: how the operand is compared


class Strategy(Enum):
    """The fan-in of a merge."""

    CONCAT = "concat"  # rows of any shard in any order
    ORDERED = "ordered"  # every shard delivers in `order`; k-way merge
    GROUP = "group"  # partial groups are folded, then ordered in process


@dataclass(frozen=True, slots=True)
class MergeSpec:
    """Everything merge/ must know about one statement.

    A shard's row is `columns` visible columns followed by `hidden` ones. GROUP with `group == ()` and folds is the
    aggregate without GROUP BY: exactly one row comes out, even from no input at all.
    """

    strategy: Strategy
    columns: int
    hidden: tuple[str, ...] = ()  # the SQL of each hidden column, for explain
    order: tuple[Key, ...] = ()
    group: tuple[Key, ...] = ()
    folds: tuple[Fold, ...] = ()
    distinct: tuple[Key, ...] = ()  # () means: not distinct


class Window(NamedTuple):
    """LIMIT and OFFSET of one execution, applied to the merged rows. `limit` None is no limit."""

    offset: int = 0
    limit: int | None = None


class Target(NamedTuple):
    """Where one execution goes: a shard, its slot, and the physical table of each table use."""

    shard: ShardId
    slot: int
    names: tuple[str, ...]


class Route(NamedTuple):
    """The targets of one execution and the reason in words. `narrowed` is False when nothing was left out."""

    targets: tuple[Target, ...]
    reason: str
    narrowed: bool = True
    rows: tuple[tuple[int, ...], ...] = ()  # for an INSERT of several rows: the rows of each target
    copies: bool = False  # a write on every copy of a broadcast table


class Warned(NamedTuple):
    """The warnings of one answer: how many, and those that the server shows, as (level, code, message)."""

    number: int
    shown: tuple[tuple[str, int, str], ...]


class RowBatch(NamedTuple):
    """Some rows of one source (0-based, in the order of the tasks), in the order the shard gave them."""

    source: int
    rows: Sequence[Row]
    last: bool
    warned: Warned | None = None  # with the last batch, if the statement gave warnings
