"""PEP 249's two-phase commit extension, awaited; the twin of dbapi.two_phase, which says what is promised.

Invariant: shardkit never decides such a transaction by itself; a cancellation lets the step under way end first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from shardkit.dbapi.two_phase import outside
from shardkit.flow import Script
from shardkit.session import Session, tpc
from shardkit.session.branches import Xid, checked_xid


class TwoPhase(ABC):
    """The tpc_* methods of a connection. They need `transactions: xa` and shards on MySQL servers."""

    _session: Session

    @abstractmethod
    async def run(self, script: Script) -> None:
        """Run a script to its end."""

    @abstractmethod
    async def run_whole(self, script: Script) -> None:
        """Run a script to its end although the caller be cancelled meanwhile."""

    @abstractmethod
    async def run_for(self, script: Any) -> Any:
        """Run a script for the value it returns."""

    def xid(self, format_id: int, gtrid: str, bqual: str) -> Xid:
        """A transaction's name: gtrid up to 64 printable ASCII characters, bqual up to 51. Raises ProgrammingError."""
        return checked_xid(format_id, gtrid, bqual)

    async def tpc_begin(self, xid: Xid) -> None:
        """Begin this transaction. commit() and rollback() are refused until it ends. Raises ProgrammingError."""
        tpc.begin(self._session, checked_xid(*xid))

    async def tpc_prepare(self) -> None:
        """Prepare every written shard; afterwards nothing but tpc_commit or tpc_rollback is accepted.

        Raises TransactionAborted: a shard could not, and all is rolled back; see dbapi.two_phase.
        """
        await self.run_whole(tpc.prepare(self._session))

    async def tpc_commit(self, xid: Xid | None = None) -> None:
        """Commit what is prepared; without tpc_prepare, in one step. With `xid`: a transaction that tpc_recover told.

        Raises CommitInDoubt: `pending` names shards that did not answer; call tpc_commit(xid) until it succeeds.
        """
        if xid is None:
            await self.run_whole(tpc.commit(self._session))
        else:
            await self.run_whole(tpc.end(self._session.planner.rules, outside(self._session, xid), "COMMIT"))

    async def tpc_rollback(self, xid: Xid | None = None) -> None:
        """Undo it, prepared or not. With `xid`: a transaction that tpc_recover told. Raises OperationalError."""
        if xid is None:
            await self.run_whole(tpc.rollback(self._session))
        else:
            await self.run_whole(tpc.end(self._session.planner.rules, outside(self._session, xid), "ROLLBACK"))

    async def tpc_recover(self) -> list[Xid]:
        """Transactions that some shard has prepared and nobody has ended. MySQL wants XA_RECOVER_ADMIN for it."""
        found: list[Xid] = await self.run_for(tpc.recover(self._session.planner.rules))
        return found
