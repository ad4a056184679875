"""The parts of a Statement: what its clauses say, by offset in the user's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from shardkit.flow.predicate import ParamRef, Value
from shardkit.flow.tables import Column

Span: TypeAlias = tuple[int, int]
"""Offsets in the user's text, end exclusive."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why a statement cannot be answered by merging; becomes CrossShardRefused when several shards are needed."""

    what: str
    where: str
    why: str
    instead: str


@dataclass(frozen=True, slots=True)
class TableUse:
    """One place where a statement names a logical table."""

    index: int
    name: str
    alias: str | None
    span: Span  # of the name, backticks included
    alias_at: int | None  # where ` AS name` may be put when the physical name differs; None: no alias allowed here
    scope: int  # 0 is the statement itself; subqueries count up
    written: bool = False
    optional: bool = False  # on the side of an outer join that may be missing
    schema: str = ""  # `audit` of `audit.log`; the name then is `audit.log`


@dataclass(frozen=True, slots=True)
class Pick:
    """A list whose entries belong to different shards: an IN list on the shard key, or the rows of an INSERT."""

    use: int
    column: str  # the shard-key column of an IN list; "" for rows
    span: Span  # from the first entry's start to the last one's end
    entries: tuple[Span, ...]
    values: tuple[Value, ...]  # of an IN list; () for rows


@dataclass(frozen=True, slots=True)
class Call:
    """One aggregate call: its function (count, sum, …), the SQL of its argument and the argument's type."""

    function: str
    argument: str
    distinct: bool
    keyed: bool  # DISTINCT of the shard key: equal values never lie on two shards
    type: Column | None


@dataclass(frozen=True, slots=True)
class Expr:
    """One expression of a SELECT, as text that may be copied and as facts."""

    text: str
    params: tuple[ParamRef, ...]
    identity: str  # equal for two spellings of one expression (`a`, `t.a`)
    type: Column | None  # None: not known before it runs
    call: Call | None  # the whole expression is one aggregate call
    aggregated: bool  # there is an aggregate somewhere inside
    constant: bool
    place: str
    span: Span = (0, 0)  # where it stands; (0, 0) for a column that a star means


@dataclass(frozen=True, slots=True)
class Item:
    """One column of the select list; a star stands as its columns."""

    expr: Expr
    name: str  # alias, or the column's name, or '' for an expression
    aliased: bool


@dataclass(frozen=True, slots=True)
class Sort:
    """One ORDER BY entry: an item of the select list (0-based), or else an expression that is not selected."""

    expr: Expr
    item: int | None
    descending: bool


@dataclass(frozen=True, slots=True)
class SelectShape:
    """The facts of a SELECT that merging needs. Present only when its clauses could be told apart."""

    items: tuple[Item, ...]
    distinct: bool
    order: tuple[Sort, ...]
    group: tuple[Expr, ...]
    group_items: tuple[int | None, ...]  # for each group entry: the select item that shows it
    keyed: bool  # the group (or DISTINCT) holds the shard key: no group crosses shards
    limit: Value | None
    offset: Value | None
    list_end: int  # where hidden columns go in
    order_span: Span | None  # ORDER BY with its keywords
    limit_span: Span | None  # LIMIT with its keyword


class Reference(NamedTuple):
    """A place that names a CTE."""

    span: Span
    aliased: bool


class Cte(NamedTuple):
    """One common table expression: where its `name (columns)` and its query stand, and who names it."""

    name: str
    head: Span
    body: Span
    recursive: bool
    references: tuple[Reference, ...]


class Ctes(NamedTuple):
    """WITH clauses that a workspace must take apart, because one of their tables is named more than once."""

    parts: tuple[Cte, ...]  # each behind those that its query names
    spans: tuple[Span, ...]  # of each clause: WITH up to the last closing bracket


class Leaf(NamedTuple):
    """A stretch of the user's text that stands for a value of a finished group: a grouped expression or a call."""

    span: Span
    group: int | None  # an index into Grouping.groups, or else
    call: int | None  # an index into Grouping.calls


class GroupCall(NamedTuple):
    """One aggregate call that can be put together from the shards' parts. Arguments are the user's text."""

    function: str  # in capitals
    arguments: tuple[tuple[str, tuple[ParamRef, ...]], ...]
    distinct: bool
    types: tuple[Column | None, ...] = ()  # of the arguments, where they are known


@dataclass(frozen=True, slots=True)
class Grouping:
    """A grouped SELECT in two steps: the shards make partial groups, a server makes groups of those.

    The text is kept but for `leaves`, which become columns or calls over the partial groups, and `source` (FROM to the
    last entry of GROUP BY). `labels` are names that columns without an alias must keep, by the offset behind them.
    """

    groups: tuple[tuple[str, tuple[ParamRef, ...]], ...]
    types: tuple[Column | None, ...]  # of the groups, where they are known
    calls: tuple[GroupCall, ...]
    leaves: tuple[Leaf, ...]
    labels: tuple[tuple[int, str], ...]
    source: Span  # FROM … GROUP BY a, b
    rows: Span  # FROM … up to GROUP BY: what each shard reads
    grouped: bool


class Cell(NamedTuple):
    """A computed value of an INSERT, or of an UPDATE's SET: its text, and what it needs."""

    span: Span
    column: str  # lower case
    query: bool  # a subquery stands in it
    volatile: bool  # RAND(), UUID() …
    clock: bool  # NOW() and its kin
    alone: bool  # it names no column and no DEFAULT, so it can be computed before


@dataclass(frozen=True, slots=True)
class InsertShape:
    """The facts of an INSERT or REPLACE of rows."""

    columns: tuple[str, ...]  # in the order of the values; lower case
    keys: tuple[tuple[Value | None, ...], ...]  # for each row: the shard-key values, in the order of `key_columns`
    key_columns: tuple[str, ...]
    rows: Pick | None  # None: one row whose text is never split
    auto: tuple[Value | None, ...] = ()  # each row's AUTO_INCREMENT value; () without such a column
    cells: tuple[Cell, ...] = ()  # the values that are neither literals nor placeholders
    loose: Blocker | None = None  # a subquery that is no whole value
    ignore: bool = False
    lenient: bool = False  # IGNORE, ON DUPLICATE KEY UPDATE, REPLACE: not every row makes a new id


@dataclass(frozen=True, slots=True)
class FillShape:
    """The facts of INSERT or REPLACE … SELECT."""

    columns: tuple[str, ...]  # in the order of the values; lower case
    query: Span
    loose: Blocker | None  # why its rows cannot be read first
    ignore: bool = False
    items: tuple[Span, ...] = ()  # the values of a plain SELECT, without their aliases; () with a star
    star: Span | None = None  # a `*` that is the whole select list


class Assignment(NamedTuple):
    """`column = value` of an UPDATE."""

    use: int
    column: str  # lower case
    span: Span  # of the value
    value: Value | None  # a literal or placeholder
    default: bool  # DEFAULT
    far: bool  # it reads another table
    late: bool  # it reads a column that was assigned before it, or one of another table that is assigned
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class ChangeShape:
    """The facts of an UPDATE or DELETE: where its parts stand. Spans of clauses begin with their keywords."""

    prefix: Span  # WITH …
    sources: Span  # the tables
    sets: Span  # what follows SET; (0, 0) for DELETE
    assignments: tuple[Assignment, ...]
    where: Span | None
    order: Span | None
    limit: Span | None
    ignore: bool
    several: bool  # more than one table before WHERE
    volatile: bool  # RAND() and its kin outside of SET
    loose: Blocker | None  # why its rows cannot be found first
    moved: frozenset[int] = frozenset()  # the uses whose shard key is assigned
