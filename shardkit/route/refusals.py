"""How routing refuses: what, why, and what to write instead.

Invariant: every refusal names a way out.
"""

from __future__ import annotations

from collections.abc import Iterable

from shardkit.errors import CrossShardRefused
from shardkit.values import ShardId

ONE_KEY = "compare the shard key of every table with one value"


def refused(what: str, why: str, instead: str = ONE_KEY) -> CrossShardRefused:
    """The error for a statement over several shards that cannot be carried out exactly."""
    return CrossShardRefused(what, why=why, instead=instead)


def listed(shards: Iterable[ShardId]) -> str:
    """Shards as messages name them."""
    return ", ".join(sorted(map(str, shards)))
