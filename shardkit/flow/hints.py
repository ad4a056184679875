"""parse, dbapi -> plan: what the user asks of shardkit itself, in a comment of the statement or around it.

Invariant: an item that is None (or False) was not said, and leaves everything as it would be without it.
"""

from __future__ import annotations

from dataclasses import dataclass

from shardkit.flow.predicate import Value


@dataclass(frozen=True, slots=True)
class Hints:
    """`shard` and `key` say where; at most one of them is given."""

    shard: int | str | None = None  # a slot, or a database as explain names it: rds0/order_03
    key: Value | None = None  # route as if the shard key had this value
    said: str = ""  # where `shard` or `key` stands, for messages
    primary: bool = False
    budget_rows: int | None = None
    budget_memory: int | None = None
    timeout: float | None = None
    placeholders: int = 0  # how many %s of the user's stand in the hints, and reach no server

    @property
    def placed(self) -> bool:
        """Whether they say where the statement goes."""
        return self.shard is not None or self.key is not None


NO_HINTS = Hints()
