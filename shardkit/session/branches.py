"""Names of XA branches: which transaction, whose decision, which shard. Everybody can read them off a server.

    gtrid  sk1-<transaction>-<deciding shard>      bqual  <shard of the branch>      formatID  FORMAT

Shards stand in them as a hash of `server/database`, because names may be longer than the 64 bytes of a gtrid.
Invariant: a branch is ours only if its format and its shape are; all others are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from shardkit.errors import ProgrammingError
from shardkit.rules import Rules
from shardkit.values import ShardId

FORMAT = 1_397_443_924
"""The formatID of every branch: the letters S, K, I, T."""

UNKNOWN_XID = 1397
"""The server's error for a branch that it does not know, or that another connection holds."""

TABLE = "shardkit_decision"
OWN_TABLES = frozenset({TABLE, "shardkit_worker", "shardkit_sequence"})
"""Tables that shardkit keeps for itself in databases of the rules."""
"""The table in the deciding shard's database in which a transaction's outcome is written."""

CREATE = (
    "CREATE TABLE IF NOT EXISTS `{database}`.`shardkit_decision` ("
    "gtrid VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, "
    "outcome VARCHAR(8) CHARACTER SET ascii NOT NULL, "
    "decided_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB"
)
"""Makes it; `shardkit init` does so, and the first commit over several shards where it is missing."""

SNAPSHOT = "DO (SELECT COUNT(*) FROM `{database}`.`shardkit_decision`)"
"""Takes a branch's snapshot: XA START has no WITH CONSISTENT SNAPSHOT, but the first read of any table takes one."""

_GTRID = re.compile(r"sk1-([0-9a-z]+)-[0-9a-f]+-([0-9a-f]{12})\Z")
_BQUAL = re.compile(r"[0-9a-f]{12}\Z")


class Branch(NamedTuple):
    """One XA branch of ours."""

    gtrid: str
    bqual: str
    number: int = FORMAT

    @property
    def xid(self) -> str:
        """As XA statements take it."""
        if self.number == FORMAT:
            return f"'{self.gtrid}','{self.bqual}',{FORMAT}"
        return f"X'{self.gtrid.encode().hex()}',X'{self.bqual.encode().hex()}',{self.number}"

    @property
    def began(self) -> float:
        """When its transaction began, in seconds since 1970 by the clock of whoever began it."""
        match = _GTRID.match(self.gtrid)
        return int(match.group(1), 36) / 1000 if match else 0.0


class Xid(NamedTuple):
    """A transaction whose manager is not shardkit, as PEP 249 names it."""

    format_id: int
    gtrid: str
    bqual: str


def checked_xid(format_id: int, gtrid: str, bqual: str) -> Xid:
    """Raises ProgrammingError: what a server takes, less the room that the shard's name needs."""
    if not 0 <= format_id < 2**31 or format_id == FORMAT:
        raise ProgrammingError(f"format_id {format_id}: from 0 to 2147483647, and not shardkit's own {FORMAT}")
    for name, text, most in (("gtrid", gtrid, 64), ("bqual", bqual, 51)):
        if not text.isascii() or not text.isprintable() or len(text) > most or (name == "gtrid" and not text):
            raise ProgrammingError(f"{name} {text!r}: up to {most} printable ASCII characters")
    return Xid(format_id, gtrid, bqual)


def outer_branch(xid: Xid, shard: ShardId) -> Branch:
    """The branch of such a transaction on a shard."""
    return Branch(xid.gtrid, f"{xid.bqual}~{mark(shard)}", xid.format_id)


def read_outer(row: tuple[object, ...]) -> tuple[Xid, str] | None:
    """A row of XA RECOVER as such a transaction and the mark of the branch's shard, or None."""
    number, length, _, data = row
    text = data.decode("ascii", "replace") if isinstance(data, bytes) else str(data)
    assert isinstance(length, int)
    assert isinstance(number, int)
    bqual, tilde, shard = text[length:].rpartition("~")
    return (Xid(number, text[:length], bqual), shard) if tilde and number != FORMAT else None


def mark(shard: ShardId) -> str:
    """How a shard stands in a branch's name."""
    return sha256(str(shard).encode()).hexdigest()[:12]


def gtrid_of(name: str, deciding: ShardId) -> str:
    """The transaction's part of its branches' names; `name` comes from the runtime (NewName)."""
    return f"sk1-{name}-{mark(deciding)}"


def branch_of(gtrid: str, shard: ShardId) -> Branch:
    """The branch of a transaction on a shard."""
    return Branch(gtrid, mark(shard))


def read_branch(row: tuple[object, ...]) -> Branch | None:
    """A row of XA RECOVER as a branch of ours, or None."""
    number, length, _, data = row
    text = data.decode("ascii", "replace") if isinstance(data, bytes) else str(data)
    assert isinstance(length, int)
    found = Branch(text[:length], text[length:])
    ours = number == FORMAT and _GTRID.match(found.gtrid) and _BQUAL.match(found.bqual)
    return found if ours else None


def shards_by_mark(rules: Rules) -> Mapping[str, ShardId]:
    """The shards that branches' names can mean."""
    return {mark(shard): shard for shard in rules.shards}


def deciding_mark(branch: Branch) -> str:
    """The mark of the shard that holds the decision."""
    return branch.gtrid.rsplit("-", 1)[1]
