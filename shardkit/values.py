"""The smallest shared words: what every layer may name without knowing any other layer.

Invariant: nothing here imports from shardkit, nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = tuple[Any, ...]
"""One row as the driver gave it; after merging, hidden columns are cut off."""

Param: TypeAlias = Any
"""One parameter value as the user gave it."""

Params: TypeAlias = Sequence[Param] | Mapping[str, Param] | None
"""Parameters of one execution: positional (`%s`), named (`%(name)s`), or None for a text without any."""


class ShardId(NamedTuple):
    """One physical database on one server, for example `rds0/member_03`."""

    server: str
    database: str

    def __str__(self) -> str:
        return f"{self.server}/{self.database}"


class PhysicalTable(NamedTuple):
    """One table as it stands in one physical database."""

    shard: ShardId
    name: str

    def __str__(self) -> str:
        return f"{self.shard}.{self.name}"
