"""What one shardkit connection remembers between statements: its transaction, its SET statements, its failures.

Invariant: `written` is a subset of `enlisted`; a failed transaction accepts nothing but its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from shardkit.errors import ProgrammingError, TransactionAborted
from shardkit.flow import Budget, Hints, Plan, Warned
from shardkit.observe import TransactionEnds, Watch
from shardkit.plan import Planner
from shardkit.session.branches import Branch, Xid
from shardkit.session.warnings import together
from shardkit.values import Params, ShardId

BEGIN = "START TRANSACTION"


class Parties(NamedTuple):
    """Who takes part in a transaction: every shard in the order of joining, those written, those that are branches."""

    shards: tuple[ShardId, ...]
    written: frozenset[ShardId]
    gtrid: str
    branches: Mapping[ShardId, Branch]

    def xid(self, shard: ShardId) -> str:
        """The name of a shard's branch, as XA statements take it."""
        return self.branches[shard].xid


@dataclass(slots=True)
class Session:
    """The state of one connection. The scripts in this package are the only ones that change it."""

    root: Planner
    planner: Planner = field(init=False)  # root, or the planner for another collation of literals
    autocommit: bool = False
    explicit: bool = False  # BEGIN was said
    begin: str = BEGIN
    next_transaction: str | None = None  # SET TRANSACTION …, for the next one only
    enlisted: dict[ShardId, None] = field(default_factory=dict)
    written: dict[ShardId, None] = field(default_factory=dict)
    gtrid: str = ""  # names the transaction once a second shard has joined it
    branches: dict[ShardId, Branch] = field(default_factory=dict)  # shards that joined as XA branches
    outer: Xid | None = None  # tpc_begin was said: all shards join as branches of this transaction
    savepoints: dict[str, str] = field(default_factory=dict)  # name -> statement, oldest first
    variables: dict[str, str] = field(default_factory=dict)  # SET statements by what they set
    warned: tuple[Warned, ...] = ()  # of the answers to the last statement
    hints: Hints | None = None  # of the blocks of connection.hint that are open
    watch: Watch | None = None  # who is told what the session does
    found: tuple[str, Params, Hints | None] | None = None  # the last statement, if it said SQL_CALC_FOUND_ROWS
    local_infile: bool = False  # LOAD DATA LOCAL INFILE may read files of this machine
    prepared: bool = False  # by tpc_prepare; `failed` is set then, so that nothing runs but its end
    failed: str | None = None  # why the transaction was rolled back under the user

    def __post_init__(self) -> None:
        self.planner = self.root

    def budget(self, plan: Plan) -> Budget:
        """What a plan's execution may use."""
        return plan.budget or self.planner.rules.defaults.budget

    @property
    def in_transaction(self) -> bool:
        """Whether a statement that runs now belongs to a transaction."""
        return self.explicit or not self.autocommit

    @property
    def plain(self) -> bool:
        """Whether a statement that runs now is a transaction of its own, with nothing else to heed."""
        return (
            self.autocommit
            and not self.explicit
            and self.next_transaction is None
            and self.failed is None
            and self.found is None
            and self.hints is None
            and self.watch is None
        )

    def suits(self, shard: ShardId) -> bool:
        """Whether a statement on this shard belongs to a transaction of this shard alone, with nothing else to heed."""
        return (
            (self.explicit or not self.autocommit)
            and self.failed is None
            and self.outer is None
            and self.found is None
            and self.hints is None
            and self.watch is None
            and (not self.enlisted or (shard in self.enlisted and len(self.enlisted) == 1))
        )

    @property
    def warning_count(self) -> int:
        """How many warnings the last statement gave so far."""
        return together(self.warned).number

    def note(self, warned: Warned | None) -> None:
        """Keep the warnings of an answer to the statement that runs."""
        if warned is not None:
            self.warned = (*self.warned, warned)

    def check_own(self) -> None:
        """Raise ProgrammingError where a transaction that tpc_begin began may only be ended by tpc_*."""
        if self.outer is not None:
            raise ProgrammingError("this transaction began with tpc_begin; end it with tpc_commit or tpc_rollback")

    def check_usable(self) -> None:
        """Raise TransactionAborted while a failed transaction has not been ended."""
        if self.failed is not None:
            if self.prepared:
                raise ProgrammingError("the transaction is prepared; call tpc_commit() or tpc_rollback() first")
            raise TransactionAborted(f"the transaction was rolled back ({self.failed}); call rollback() first")

    def opening(self, branch: Branch | None = None) -> tuple[str, ...]:
        """What a shard that joins the transaction now must run first."""
        before = (self.next_transaction,) if self.next_transaction is not None else ()
        begin = self.begin if branch is None else f"XA START {branch.xid}"
        return (*before, begin, *self.savepoints.values())

    def parties(self) -> Parties:
        """The transaction as commit and rollback see it."""
        return Parties(tuple(self.enlisted), frozenset(self.written), self.gtrid, dict(self.branches))

    def closed(self) -> None:
        """The connection is closed, and with it what was open is rolled back."""
        if self.watch is not None and self.enlisted:
            self.watch.tell(TransactionEnds("rolled back", tuple(self.enlisted), 0.0))

    def forget_transaction(self) -> None:
        """Back to no transaction."""
        self.explicit, self.begin, self.next_transaction = False, BEGIN, None
        self.gtrid = ""
        self.branches.clear()
        self.enlisted.clear()
        self.written.clear()
        self.savepoints.clear()
