"""READ FIRST: the frozen types that travel from SQL text to rows. No logic lives here.

    SQL text -> parse -> Statement -> route -> Route -> rewrite -> Task + MergeSpec (together: Plan)
             -> session yields Ops -> runtime answers them -> RowBatch -> merge -> rows

Two lifetimes, kept apart. Per SQL text (cached): Statement, templates, MergeSpec. Per execution: Route, Task, Window.
Invariant: everything here is immutable and safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from shardkit.values import Params, Row, ShardId

# --- what a table looks like (from information_schema, lazily) -------------------------------------------------------


class Family(Enum):
    """Column types grouped by how MySQL compares their values."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    DOUBLE = "double"
    TEXT = "text"
    BINARY = "binary"
    DATE = "date"
    DATETIME = "datetime"
    TIMESTAMP = "timestamp"
    TIME = "time"
    YEAR = "year"
    BIT = "bit"
    ENUM = "enum"
    SET = "set"
    JSON = "json"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a logical table. `length` counts characters (text) or bytes (binary)."""

    name: str
    family: Family
    type_text: str  # as MySQL writes it: "bigint unsigned", "varchar(64)", "decimal(12,2)"
    nullable: bool = True
    length: int | None = None
    precision: int | None = None
    scale: int | None = None  # decimals of DECIMAL; fractional digits of TIME, DATETIME, TIMESTAMP
    unsigned: bool = False
    collation: str | None = None
    generated: bool = False  # GENERATED ALWAYS: it takes no value in an INSERT
    auto_increment: bool = False


@dataclass(frozen=True, slots=True)
class TableInfo:
    """The columns of one logical table in order, and its primary key (column names)."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collation:
    """How one collation compares: `blank` is the weight of ' ' when the collation pads with blanks, else b''."""

    name: str
    blank: bytes


# --- parse: what a statement says ------------------------------------------------------------------------------------


class Kind(Enum):
    """What a statement does, as far as routing must know."""

    SELECT = "select"
    INSERT = "insert"
    REPLACE = "replace"
    UPDATE = "update"
    DELETE = "delete"
    DDL = "ddl"
    TRANSACTION = "transaction"
    SET = "set"


class Literal(NamedTuple):
    """A constant of the text."""

    value: Any


class ParamRef(NamedTuple):
    """A placeholder: its position (from 0) or its name."""

    key: int | str


Value: TypeAlias = Literal | ParamRef


@dataclass(frozen=True, slots=True)
class Eq:
    column: str
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """low <= column <= high; None is open. Strict bounds are widened, which is sound for routing."""

    column: str
    low: Value | None
    high: Value | None


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Anything:
    """May hold for any row: no shard can be left out."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Holds for no row."""


Predicate: TypeAlias = Eq | In | Between | And | Or | Anything | Nothing


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
    """A WITH clause that a workspace must take apart, because one of its tables is named more than once."""

    parts: tuple[Cte, ...]
    span: Span  # WITH up to the last closing bracket


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


NewId: TypeAlias = int | str | bytes
"""An id as its generator made it for its column."""


class Blank(NamedTuple):
    """Where a row of an INSERT takes, or may take, a generated id: a placeholder is put there."""

    column: str  # lower case
    span: Span  # the value that stands there now; empty: nothing does
    value: ParamRef | None  # a placeholder of the user's, which takes an id when it is NULL or 0; None: always
    before: str = ""  # what must stand before the placeholder


class Blanks(NamedTuple):
    """What an INSERT leaves to generators, in the order of the text."""

    blanks: tuple[Blank, ...]
    names: tuple[tuple[int, str], ...] = ()  # offset -> text to be put in: the columns' names


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the columns of one table, as SQL of ours: `%s` stands for each of `values`, `%%` for a percent."""

    sql: str
    values: tuple[Value, ...] = ()


class Link(NamedTuple):
    """`column` equals `other_column` of table use `other` in every row that matters."""

    column: Column
    other: int
    other_column: str


class Top(NamedTuple):
    """The first rows of one table are all that a query of its own takes: its ORDER BY, and its LIMIT and OFFSET."""

    order: str
    limit: Value
    offset: Value | None


@dataclass(frozen=True, slots=True)
class Need:
    """What a SELECT must see of one table use, should its rows have to come to one place.

    A row that fails one of `conditions` can be left behind; they need not say all that the statement asks.
    """

    columns: tuple[Column, ...]  # in the table's order
    conditions: tuple[Condition, ...] = ()
    joined: tuple[str, ...] = ()  # columns that are compared with those of other tables: worth an index
    links: tuple[Link, ...] = ()
    top: Top | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything known about one SQL text before its parameters. Cached by text; never changed."""

    text: str
    clean: str
    named: bool | None  # placeholders: True %(name)s, False %s, None: no parameters
    kind: Kind
    params: tuple[ParamRef, ...]
    param_spans: tuple[Span, ...]
    tables: tuple[TableUse, ...]
    predicates: tuple[Predicate, ...]  # for each table use: what must hold of its shard-key columns
    colocated: tuple[frozenset[int], ...]  # uses joined on their shard keys: always the same slot
    qualifiers: tuple[tuple[Span, int], ...]  # `t.` before a column, to be renamed with table use `int`
    picks: tuple[Pick, ...]
    blockers: tuple[Blocker, ...]
    select: SelectShape | None
    insert: InsertShape | None
    locking: bool  # FOR UPDATE, FOR SHARE
    needs_database: bool
    volatile: bool  # RAND(), UUID() …: another value on another shard
    clock: bool  # NOW() and its kin
    clauses: frozenset[str]  # the clauses of the outermost query: where, having, …
    needs: tuple[Need, ...] = ()  # of a SELECT: for each table use
    shown: tuple[int, ...] = ()  # table uses within columns that are named by their own text
    index_hints: tuple[Span, ...] = ()  # USE INDEX (…) and its kin
    ctes: Ctes | Blocker | None = None  # of a SELECT whose WITH cannot stay as it is on a workspace
    grouping: Grouping | None = None  # of a grouped SELECT that can be computed in two steps
    lock: str = ""  # FOR UPDATE and its kin, as every pull must say it
    cut: tuple[Span, ...] = ()  # what no server is told: SQL_CALC_FOUND_ROWS
    hints: tuple[tuple[str, Any], ...] = ()  # shardkit's own, in a comment
    unknown_call: Blocker | None = None  # a function MySQL does not have: it may read tables that nobody sees
    fill: FillShape | None = None  # of INSERT … SELECT
    change: ChangeShape | None = None  # of UPDATE and DELETE


# --- rewrite -> merge: how the answers of several shards become one --------------------------------------------------


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


class RowBatch(NamedTuple):
    """Some rows of one source (0-based, in the order of the tasks), in the order the shard gave them."""

    source: int
    rows: Sequence[Row]
    last: bool


# --- plan ------------------------------------------------------------------------------------------------------------

Description: TypeAlias = tuple[tuple[Any, ...], ...] | None
"""PEP 249's description: seven-tuples, or None for a statement without rows."""


class Task(NamedTuple):
    """One statement for one shard. `args` go to the driver as parameters."""

    shard: ShardId
    sql: str
    args: Params = None
    needs_database: bool = False  # the connection must have the shard's database selected (stored functions)
    strict: bool = False  # a SELECT for a write: what a write may not do under a strict sql_mode is an error here too


class Budget(NamedTuple):
    """What one statement may use in buffers, and its time in seconds."""

    rows: int = 1_000_000
    memory: int = 256 * 1024 * 1024
    time: float = 30.0


class Ask(NamedTuple):
    """What a pull asks of one physical table, as text up to its WHERE, with its arguments."""

    shard: ShardId
    slot: int  # -1 for a table that has none
    select: str  # gives rows that can travel
    insert: str  # the same for a workspace on the same server, into its table; "" if that is not to be done
    args: Params = None


class Join(NamedTuple):
    """A way to pull fewer rows: only those whose `column` is among `source_column` of a table that is there already."""

    column: Column
    source: str
    source_column: str


class Pull(NamedTuple):
    """The rows of one logical table (or of a partial result) that a workspace needs, and the table they go into."""

    table: str  # the logical table, for explain and errors
    name: str  # the workspace table
    create: str  # its CREATE TEMPORARY TABLE
    columns: tuple[Column, ...]  # () for partial results, whose types are those of `create`
    asks: tuple[Ask, ...]
    create_args: Params = None
    where: tuple[Condition, ...] = ()
    where_args: tuple[Any, ...] = ()
    tail: str = ""  # ORDER BY, LIMIT, FOR UPDATE
    joins: tuple[Join, ...] = ()
    copies: tuple[str, ...] = ()  # statements that make more tables from it: a temporary table cannot be opened twice


class Inline(NamedTuple):
    """A statement that finishes few partial groups in one step: they travel in it, as one parameter of JSON."""

    sql: str
    args: Params
    position: int | str  # of the parameter among `args`: an index, or a name
    families: tuple[Family, ...]  # of the columns


class Federation(NamedTuple):
    """A SELECT that a server finishes: pull rows into a workspace, then run `sql` there.

    A workspace is a connection to one of the shards' servers with temporary tables of its own.
    """

    place: ShardId  # the server, and the database in which the temporary tables are made
    pulls: tuple[Pull, ...]
    sql: str
    args: Params
    steps: tuple[tuple[str, Params], ...] = ()  # statements that make tables of CTEs, between the pulls and `sql`
    before: tuple[str, ...] = ()  # statements that make the workspace take values as they are
    after: tuple[str, ...] = ()  # … and like the session again
    needs_database: bool = False
    inline: Inline | None = None


class Move(NamedTuple):
    """Rows whose shard key was changed where they lie: read there, deleted there, put where they belong."""

    read: Task  # gives every column as it can travel
    expected: int  # rows it must give
    delete: Task
    place: Callable[[Sequence[Row]], tuple[Task, ...]]


class Writes(NamedTuple):
    """What the rows of a stage make: statements for shards, in the order in which each shard runs its own."""

    tasks: tuple[Task, ...]
    counted: tuple[bool, ...]  # whether a task's affected rows count; of copies only one does
    moves: tuple[Move, ...] = ()


class Again(NamedTuple):
    """The same statement with values in the places of what was computed."""

    sql: str
    args: Params


class Stage(NamedTuple):
    """A write that reads first: a SELECT of logical tables, and what its answer makes."""

    sql: str
    args: Params
    make: Callable[[Description, Sequence[Row]], Writes | Again]
    strict: bool = True  # False: IGNORE was said


class Plan(NamedTuple):
    """What one execution will do: its tasks, and how their answers become one.

    `merge` None is a pass: the rows (or counts) of the only task, untouched. For writes the counts are added up,
    or taken from the first task when the tasks write copies. `federation` or `stage` stands instead of tasks.
    """

    kind: Kind
    route: Route
    tasks: tuple[Task, ...]
    merge: MergeSpec | None = None
    window: Window = Window()
    locking: bool = False
    federation: Federation | None = None
    budget: Budget | None = None  # given by a hint, instead of the rules'
    labels: tuple[tuple[str, str], ...] = ()  # what column names hold of ours, and what the user wrote there
    stage: Stage | None = None
    moment: bool = False  # several shards that must read one time from their clocks
    same_ids: bool = False  # copies whose AUTO_INCREMENT ids must be the same
    first_id: NewId | None = None  # the first id that was generated for it


# --- session -> runtime: what a script may ask for -------------------------------------------------------------------


class Opened(NamedTuple):
    """A statement that has started: its columns, the first batch, and for writes the counts."""

    description: Description
    first: RowBatch
    rowcount: int
    lastrowid: NewId | None


@dataclass(frozen=True, slots=True)
class Query:
    """Start all tasks, in parallel when there are several. Answer: tuple[Opened, ...] in the order of the tasks.

    Shards that are enlisted use their pinned connection; others lease one and give it back with their last row.
    If one task fails, its siblings are cancelled and the error names the shard. `stream` False: all rows come in
    the first batch. `timeout` counts seconds from now for everything up to the last row.
    """

    tasks: tuple[Task, ...]
    stream: bool = True
    timeout: float | None = None
    purpose: str = "shards"  # what it is for, when its steps are shown


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read one more batch of each of these sources of the running query. Answer: tuple[RowBatch, ...]."""

    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CloseQuery:
    """End the running query before its last row: drain or discard its connections. Answer: None."""


@dataclass(frozen=True, slots=True)
class Enlist:
    """Pin one connection for each of these shards and run `statements` (BEGIN …) on each. Answer: None.

    `own`, if given, has for each shard what it runs before that: the beginning of its XA branch.
    """

    shards: tuple[ShardId, ...]
    statements: tuple[str, ...]
    own: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """Run one SQL text on these enlisted shards (SAVEPOINT …). Answer: None; an error names the shard."""

    shards: tuple[ShardId, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Run `sql` (COMMIT or ROLLBACK) on these enlisted shards in this order, then give the connections back.

    Answer: tuple[BaseException | None, ...], one for each shard: an error never stops the others, and a connection
    that had one is discarded, not pooled.
    """

    shards: tuple[ShardId, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class NewName:
    """A name for a transaction: when it began and chance, in letters, digits and one `-`. Answer: str."""


@dataclass(frozen=True, slots=True)
class Each:
    """Run statements of its own on each of these enlisted shards, all shards at the same time.

    Answer: tuple[BaseException | None, ...]; a shard's statements end at its first error. `finish`: the connections
    are given back afterwards, or discarded after an error, or when there are no statements.
    """

    shards: tuple[ShardId, ...]
    statements: tuple[tuple[str, ...], ...]
    finish: bool = False
    timeout: float | None = 30.0


@dataclass(frozen=True, slots=True)
class Outside:
    """Run one statement on a connection that belongs to no transaction. Answer: Opened with all rows."""

    task: Task
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class SetState:
    """Make `statements` (SET …, in order) the session's state, on pinned connections now and on later ones when used.

    If a statement fails on a server the former state stays and the error is thrown. Answer: None.
    """

    statements: tuple[str, ...]
    probe: ShardId  # tried on this shard at once, so that a mistake shows now


@dataclass(frozen=True, slots=True)
class Describe:
    """Look up a physical table of a shard. Answer: TableInfo, or None if the shard has no such table."""

    shard: ShardId
    table: str


@dataclass(frozen=True, slots=True)
class DescribeCollation:
    """Look up collations on a shard's server. Answer: tuple[Collation, ...] (unknown ones are left out)."""

    shard: ShardId
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenWorkspace:
    """Lease a connection for temporary tables on `place`'s server. Answer: the ShardId by which Tasks reach it.

    Everything the script does from now on must end within `timeout` seconds. There is at most one workspace.
    """

    place: ShardId
    needs_database: bool
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Arrange:
    """Run these statements without rows in the workspace; a running query goes on. Answer: the rows affected."""

    statements: tuple[str, ...]
    args: Params = None
    purpose: str = "prepare the workspace"


@dataclass(frozen=True, slots=True)
class Fill:
    """Put rows into a table of the workspace; a running query goes on. Answer: None."""

    table: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class CloseWorkspace:
    """Drop its tables and give the connection back; one that is still at work is stopped. Answer: None."""


@dataclass(frozen=True, slots=True)
class NewIds:
    """Make `count` ids for a generated column of a logical table. Answer: Sequence[NewId]; a running query goes on."""

    table: str
    column: Column
    count: int


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Read a piece of a file on the client's machine. Answer: bytes, fewer than `size` only at the file's end."""

    path: str
    offset: int
    size: int


Op: TypeAlias = (
    ReadFile | Query | Fetch | CloseQuery | Enlist | Command | Finish | SetState | Describe | DescribeCollation
    | NewName | NewIds | Each | Outside | OpenWorkspace | Arrange | Fill | CloseWorkspace
)  # fmt: skip


class Head(NamedTuple):
    """What a script emits first: the columns (hidden ones cut off) or the counts of a write, and the first rows.

    `complete` says that nothing follows: the script need not be resumed.
    """

    description: Description
    rowcount: int
    lastrowid: NewId | None
    rows: Sequence[Row] = ()
    complete: bool = False


class Rows(NamedTuple):
    """Rows for the caller."""

    rows: Sequence[Row]


Script: TypeAlias = Generator[Op | Head | Rows, Any, None]
"""A session script: yields Ops and gets their answers, yields Head and Rows for the caller and gets None."""
