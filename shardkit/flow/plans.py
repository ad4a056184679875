"""plan: what one execution will do, and how it is finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from shardkit.flow.hints import Hints
from shardkit.flow.merging import MergeSpec, Route, Window
from shardkit.flow.statement import Condition, Kind, NewId
from shardkit.flow.tables import Column, Family
from shardkit.values import Params, Row, ShardId

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


class Derived(NamedTuple):
    """A temporary table of the workspace made by a query."""

    table: str
    query: str
    args: Params


class Federation(NamedTuple):
    """A SELECT that a server finishes: pull rows into a workspace, then run `sql` there.

    A workspace is a connection to one of the shards' servers with temporary tables of its own.
    """

    place: ShardId  # the server, and the database in which the temporary tables are made
    pulls: tuple[Pull, ...]
    sql: str
    args: Params
    derived: tuple[Derived, ...] = ()  # tables of CTEs, made after the pulls and before `sql`
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
    rows: tuple[tuple[int, ...], ...] = ()  # of each task, which of the stage's rows it writes, if that is known
    last_id: int | None = None  # as in Plan
    moment: bool = False  # as in Plan


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
    last_id: int | None = None  # the AUTO_INCREMENT id that the last row of an INSERT brings along
    hints: Hints | None = None  # those it was planned with, a key's placeholder replaced by its value
