"""The same statement on the shards and on one unsharded server, compared: what `shardkit verify` and the tests do.

Invariant: an answer counts as equal only when one unsharded MySQL could have given it; in doubt it does not.
"""

from shardkit.verify.answers import Answer, Connection, Failure, Shown, ask, shown
from shardkit.verify.compare import Canonical, Difference, Manner, differ, difference, same_error

__all__ = [
    "Answer", "Canonical", "Connection", "Difference", "Failure", "Manner", "Shown", "ask", "differ", "difference",
    "same_error", "shown",
]  # fmt: skip
