"""What servers and shards have said, and what is found in it.

Invariant: a fact is what a server said, never what it means; a finding names the place and says what it means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shardkit.session.branches import Branch
from shardkit.values import ShardId


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One server. `error`: it did not answer, and nothing else is known."""

    name: str
    error: str | None = None
    version: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    clock: float = 0.0  # seconds it is ahead of this process
    branches: tuple[Branch, ...] = ()  # prepared ones of ours
    foreign: int = 0  # prepared ones of others
    unlisted: str | None = None  # why the branches could not be listed


class TableShape(NamedTuple):
    """A physical table: each column by its name, each key by its name, as text that can be compared."""

    columns: Mapping[str, str]
    keys: Mapping[str, str]
    collation: str
    engine: str = "InnoDB"


@dataclass(frozen=True, slots=True)
class ShardFacts:
    """One physical database."""

    shard: ShardId
    error: str | None = None
    collation: str = ""
    tables: Mapping[str, TableShape] = field(default_factory=dict)  # by name in lower case
    decisions: int | None = None  # rows that recovery should have dropped; None: there is no such table
    lacking: tuple[str, ...] = ()  # privileges


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was asked; `now` is when, in seconds since 1970."""

    now: float
    servers: tuple[ServerFacts, ...]
    shards: tuple[ShardFacts, ...]


class Finding(NamedTuple):
    """`wrong` needs a remedy, a `notice` only somebody who knows of it."""

    level: Literal["wrong", "notice"]
    where: str
    what: str


class Report(NamedTuple):
    """The facts with what was found in them."""

    facts: Facts
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """What needs a remedy."""
        return tuple(one for one in self.findings if one.level == "wrong")
