"""Every error shardkit raises: the PEP 249 tree, each class with a stable code.

`args` is `(errno, message)` as in MySQL drivers; `errno` is MySQL's own number where MySQL has one, so that
libraries which look at `args[0]` (pandas, SQLAlchemy) recognise it. Messages never hold passwords or parameter values.
Invariant: a class keeps its code for ever; a code is never used twice.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from shardkit.values import ShardId


class Warning(builtins.Warning):  # noqa: A001 - PEP 249 asks for this name
    """PEP 249: something worth knowing that did not stop the statement."""

    code: ClassVar[str] = "SK0001"


class Error(Exception):
    """PEP 249: the root of all errors."""

    code: ClassVar[str] = "SK0000"
    default_errno: ClassVar[int] = 1105

    def __init__(self, message: str, *, errno: int | None = None, shards: Iterable[ShardId] = ()) -> None:
        self.errno: int = self.default_errno if errno is None else errno
        self.message: str = message
        self.shards: tuple[ShardId, ...] = tuple(shards)
        super().__init__(self.errno, message)

    def __str__(self) -> str:
        return f"[{self.code}] ({self.errno}) {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(cls: type[Error], state: dict[str, object]) -> Error:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    error.args = (state["errno"], state["message"])
    return error


class InterfaceError(Error):
    """PEP 249: the interface was used wrongly (a closed cursor, no result to fetch)."""

    code = "SK0101"


class DatabaseError(Error):
    """PEP 249: the database had something to say."""

    code = "SK0200"


class DataError(DatabaseError):
    """PEP 249: a value does not fit (out of range, too long, not a date)."""

    code = "SK0201"


class OperationalError(DatabaseError):
    """PEP 249: something outside the program's control (a server, a lock, memory)."""

    code = "SK0202"


class IntegrityError(DatabaseError):
    """PEP 249: a key or constraint was violated."""

    code = "SK0203"


class InternalError(DatabaseError):
    """PEP 249: shardkit or the database is in a state that should not exist."""

    code = "SK0204"


class ProgrammingError(DatabaseError):
    """PEP 249: the SQL, its parameters or the rules are wrong."""

    code = "SK0205"


class NotSupportedError(DatabaseError):
    """PEP 249: refused. Says what, where, why, and what to write instead."""

    code = "SK2100"
    default_errno = 1235

    def __init__(self, what: str, *, why: str, instead: str, where: str = "", shards: Iterable[ShardId] = ()) -> None:
        self.what, self.where, self.why, self.instead = what, where, why, instead
        place = f" at {where}" if where else ""
        super().__init__(f"{what}{place} is not supported: {why}. Instead: {instead}", shards=shards)


# --- SK1xxx: rules ---------------------------------------------------------------------------------------------------


class Problem(NamedTuple):
    """One mistake in a rules file, with its place (line and column count from 1)."""

    file: str
    line: int
    column: int
    message: str
    instead: str = ""

    def __str__(self) -> str:
        tail = f" ({self.instead})" if self.instead else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{tail}"


class RulesError(ProgrammingError):
    """The rules file is wrong; holds every problem at once."""

    code = "SK1001"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the rules"
        super().__init__("\n".join([head, *map(str, self.problems)]))


class ShardKeyError(ProgrammingError):
    """A column cannot be a shard key (its type or collation), or a value cannot be one (NULL, unknown to the list)."""

    code = "SK1002"


# --- SK2xxx: SQL and planning ----------------------------------------------------------------------------------------


class SqlSyntaxError(ProgrammingError):
    """The SQL does not parse; the message holds line and column."""

    code = "SK2001"
    default_errno = 1064


class UnknownTable(ProgrammingError):
    """A table that neither the rules nor the databases know."""

    code = "SK2002"
    default_errno = 1146


class UnknownColumn(ProgrammingError):
    """A column that no table in its scope has, or that several have."""

    code = "SK2003"
    default_errno = 1054

    def __init__(
        self, message: str, *, errno: int | None = None, shards: Iterable[ShardId] = (), tables: Iterable[str] = ()
    ) -> None:
        self.tables: tuple[str, ...] = tuple(tables)
        super().__init__(message, errno=errno, shards=shards)


class ParameterError(ProgrammingError):
    """Parameters that do not fit the placeholders of the text."""

    code = "SK2004"
    default_errno = 1210


class HintError(ProgrammingError):
    """A hint to shardkit that cannot be followed: no such slot or database, or a row that belongs elsewhere."""

    code = "SK2005"


class NotYetError(NotSupportedError):
    """The rules name a feature that this version of shardkit does not carry out."""

    code = "SK2101"


class ScatterWriteRefused(NotSupportedError):
    """A write without a shard key, which the rules do not allow."""

    code = "SK2102"


class CrossShardRefused(NotSupportedError):
    """A statement over several shards that cannot be answered exactly by merging."""

    code = "SK2103"


class SessionBoundRefused(NotSupportedError):
    """A statement that would tie the session to one server connection (LOCK TABLES, GET_LOCK, …)."""

    code = "SK2104"


# --- SK3xxx: servers and connections ---------------------------------------------------------------------------------


class ShardUnavailable(OperationalError):
    """A server cannot be reached."""

    code = "SK3001"
    default_errno = 2003


class ConnectionLost(OperationalError):
    """A connection broke while a statement ran or rows were read."""

    code = "SK3002"
    default_errno = 2013


class PoolTimeout(OperationalError):
    """No connection became free within the pool's waiting time."""

    code = "SK3003"
    default_errno = 1040


class StatementTimeout(OperationalError):
    """A statement ran longer than its time budget; it was stopped on every shard."""

    code = "SK3004"
    default_errno = 3024


# --- SK4xxx: transactions --------------------------------------------------------------------------------------------


class CrossShardTransaction(NotSupportedError):
    """A transaction (or one writing statement) that would write on several shards under this policy."""

    code = "SK4001"


class CommitInDoubt(OperationalError):
    """A commit whose outcome is unknown on some shards; `committed` and `pending` name them."""

    code = "SK4002"
    default_errno = 1402

    def __init__(self, message: str, *, committed: Iterable[ShardId], pending: Iterable[ShardId]) -> None:
        self.committed: tuple[ShardId, ...] = tuple(committed)
        self.pending: tuple[ShardId, ...] = tuple(pending)
        super().__init__(message, shards=(*self.committed, *self.pending))


class TransactionAborted(OperationalError):
    """The transaction was rolled back on every shard and must be started again."""

    code = "SK4003"
    default_errno = 1402


# --- SK5xxx: budgets -------------------------------------------------------------------------------------------------


class BudgetExceeded(OperationalError):
    """A buffer grew over the statement's budget of rows or bytes; names the step."""

    code = "SK5001"
    default_errno = 1041


# --- SK6xxx: generated ids -------------------------------------------------------------------------------------------


class GeneratorError(ProgrammingError):
    """A generated column does not exist or cannot hold the ids, or `next_id` names a column without a generator."""

    code = "SK6001"


class IdsUnavailable(OperationalError):
    """No id can be given for certain: the worker's lease or a block of numbers could not be had from the database."""

    code = "SK6002"


class ClockError(OperationalError):
    """This machine's clock went back, or is too far from the server's: ids could repeat or come out of order."""

    code = "SK6003"
