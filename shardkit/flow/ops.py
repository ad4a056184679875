"""session -> runtime: what a script may ask for, and what it hands out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from shardkit.flow.merging import RowBatch
from shardkit.flow.plans import Description, Task
from shardkit.flow.statement import NewId
from shardkit.flow.tables import Column
from shardkit.values import Params, Row, ShardId


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
