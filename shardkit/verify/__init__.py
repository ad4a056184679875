"""The same statement on the shards and on one unsharded server, compared: what `shardkit verify` and the tests do.

Invariant: an answer counts as equal only when one unsharded MySQL could have given it; in doubt it does not.
"""

from shardkit.verify.answers import Answer, Connection, Failure, Shown, ask, shown
from shardkit.verify.collating import numbers
from shardkit.verify.compare import Canonical, Difference, Manner, differ, difference, same_error
from shardkit.verify.judge import MOST, Judge, Verdict
from shardkit.verify.settings import unlike

__all__ = [
    "MOST", "Answer", "Canonical", "Connection", "Difference", "Failure", "Judge", "Manner", "Shown", "Verdict", "ask",
    "differ", "difference", "numbers", "same_error", "shown", "unlike",
]  # fmt: skip
