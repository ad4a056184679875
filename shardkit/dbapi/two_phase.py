"""PEP 249's two-phase commit extension, for a transaction manager that spans more than shardkit.

    xid = connection.xid(1, "order-4711", "stock")
    connection.tpc_begin(xid)
    connection.cursor().execute("UPDATE account SET v = v - 1 WHERE k = 3")
    connection.tpc_prepare()          # then the manager decides, and writes its decision down
    connection.tpc_commit()

Promised: once tpc_prepare has returned, every written shard can commit, whatever dies, until tpc_commit or tpc_rollback
is called here or, with the xid, on any connection. Not promised: that the shards commit at the same moment.
Invariant: shardkit never decides such a transaction by itself; `recover` leaves its branches to the manager.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from shardkit.errors import ProgrammingError
from shardkit.flow import Script
from shardkit.session import Session, tpc
from shardkit.session.branches import Xid, checked_xid


class TwoPhase(ABC):
    """The tpc_* methods of a connection. They need `transactions: xa` and shards on MySQL servers."""

    _session: Session

    @abstractmethod
    def run(self, script: Script) -> None:
        """Run a script to its end."""

    @abstractmethod
    def run_for(self, script: Any) -> Any:
        """Run a script for the value it returns."""

    def xid(self, format_id: int, gtrid: str, bqual: str) -> Xid:
        """A transaction's name: gtrid up to 64 printable ASCII characters, bqual up to 51. Raises ProgrammingError."""
        return checked_xid(format_id, gtrid, bqual)

    def tpc_begin(self, xid: Xid) -> None:
        """Begin this transaction. commit() and rollback() are refused until it ends. Raises ProgrammingError."""
        tpc.begin(self._session, checked_xid(*xid))

    def tpc_prepare(self) -> None:
        """Prepare every written shard; afterwards nothing but tpc_commit or tpc_rollback is accepted.

        Raises TransactionAborted: a shard could not, and all is rolled back. A shard whose answer was lost then may
        still list its branch (tpc_recover tells): the manager rolls it back as one that it never decided to commit.
        """
        self.run(tpc.prepare(self._session))

    def tpc_commit(self, xid: Xid | None = None) -> None:
        """Commit what is prepared; without tpc_prepare, in one step. With `xid`: a transaction that tpc_recover told.

        Raises CommitInDoubt: `pending` names shards that did not answer; call tpc_commit(xid) until it succeeds.
        """
        if xid is None:
            self.run(tpc.commit(self._session))
        else:
            self.run(tpc.end(self._session.planner.rules, outside(self._session, xid), "COMMIT"))

    def tpc_rollback(self, xid: Xid | None = None) -> None:
        """Undo it, prepared or not. With `xid`: a transaction that tpc_recover told. Raises OperationalError."""
        if xid is None:
            self.run(tpc.rollback(self._session))
        else:
            self.run(tpc.end(self._session.planner.rules, outside(self._session, xid), "ROLLBACK"))

    def tpc_recover(self) -> list[Xid]:
        """Transactions that some shard has prepared and nobody has ended. MySQL wants XA_RECOVER_ADMIN for it."""
        found: list[Xid] = self.run_for(tpc.recover(self._session.planner.rules))
        return found


def outside(session: Session, xid: Xid) -> Xid:
    """The name of a transaction that was begun elsewhere. ProgrammingError while one is open here."""
    if session.outer is not None or session.enlisted:
        raise ProgrammingError("a transaction is open here; recover others on a connection that has none")
    return checked_xid(*xid)
