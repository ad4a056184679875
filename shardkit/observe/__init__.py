"""What happens, told to whoever wants to hear it: the events, the Observer, and the Watch that tells them.

    def observer(event): print(event)
    cluster = shardkit.Cluster("shard-rules.yaml", observers=[observer])

A cluster without observers has no Watch, and nothing of this runs. An observer is called in the thread, or on the loop,
in which the thing happened, while the caller waits: it must be quick, must not block, and may be called by several
threads at once. What it raises is logged and goes no further.
Invariant: of each thing that begins, one end is told, after its beginning; no event holds parameters.
"""

from shardkit.observe.events import (
    WORKSPACE,
    BranchRecovered,
    ClusterCloses,
    ClusterOpens,
    ConnectionLapses,
    ConnectionOpens,
    Event,
    Observer,
    Piece,
    PieceBegins,
    PieceEnds,
    PoolState,
    PoolWait,
    ServerAddress,
    Statement,
    StatementBegins,
    StatementEnds,
    TransactionEnds,
)
from shardkit.observe.watch import CURRENT, LOG, Planned, Watch

__all__ = [
    "CURRENT",
    "LOG",
    "WORKSPACE",
    "BranchRecovered",
    "ClusterCloses",
    "ClusterOpens",
    "ConnectionLapses",
    "ConnectionOpens",
    "Event",
    "Observer",
    "Piece",
    "PieceBegins",
    "PieceEnds",
    "Planned",
    "PoolState",
    "PoolWait",
    "ServerAddress",
    "Statement",
    "StatementBegins",
    "StatementEnds",
    "TransactionEnds",
    "Watch",
]  # fmt: skip
