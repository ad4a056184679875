"""The rules as the rest of shardkit sees them: frozen, resolved, with every name looked up.

Invariant: only `check` makes these, and only from a file without a mistake; nothing in them is ever None to mean "all".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from sqlalchemy.engine import URL

from shardkit.errors import Problem
from shardkit.flow import Budget
from shardkit.keygen import Generator
from shardkit.rules.layout import Layout
from shardkit.rules.sharding import Sharding
from shardkit.rules.urls import SQLITE
from shardkit.values import PhysicalTable, ShardId

EMBEDDED_HOME = "shardkit_ids"


@dataclass(frozen=True, slots=True)
class Pool:
    """Most connections to a server at a time, and how many seconds a statement waits for a free one."""

    size: int = 16
    wait: float = 5.0
    workspaces: int = 4  # connections besides, for statements that this server finishes


@dataclass(frozen=True, slots=True)
class Replica:
    """A read replica. Accepted, not used yet."""

    url: URL
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Server:
    """One MySQL server, or one folder of SQLite files. The URL's repr hides the password."""

    name: str
    url: URL
    pool: Pool = Pool()
    replicas: tuple[Replica, ...] = ()
    found_rows: bool = False  # an UPDATE counts the rows that match, not those that change

    @property
    def embedded(self) -> bool:
        """Whether it is a folder of SQLite files."""
        return self.url.drivername == SQLITE


@dataclass(frozen=True, slots=True)
class ShardedTable:
    """One logical table spread over the slots of a layout."""

    name: str
    layout: Layout
    sharding: Sharding
    bound_group: str  # name of the root of its bound_to chain, itself if it has none
    not_yet: tuple[str, ...] = ()  # features without which no statement on it can be routed: gene, several shard keys
    indexes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    generate: Mapping[str, Generator] = field(default_factory=dict)  # by column, lower case, in the rules' order


@dataclass(frozen=True, slots=True)
class BroadcastTable:
    """A table with a full copy, under its own name, in every database of a layout."""

    name: str
    layout: Layout


@dataclass(frozen=True, slots=True)
class SingleTable:
    """A table that is not sharded."""

    name: str
    shard: ShardId
    schema: str = ""  # a database beside the shard's own, on the same server; the name then is `schema.table`

    @property
    def physical(self) -> PhysicalTable:
        """Where it lies. Statements reach it through its shard's connections, whatever its schema."""
        if not self.schema:
            return PhysicalTable(self.shard, self.name)
        return PhysicalTable(ShardId(self.shard.server, self.schema), self.name[len(self.schema) + 1 :])


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where nothing else is said."""

    unlisted_tables: Literal["refuse", "single"] = "refuse"
    transactions: Literal["xa", "best_effort", "single_shard"] = "xa"
    full_scan_writes: Literal["refuse", "allow"] = "refuse"
    budget: Budget = field(default_factory=Budget)
    workspace: str | None = None  # the server that finishes statements; None: the one with most of their tables
    slow_statement: float | None = None  # seconds after which a statement is logged


Table: TypeAlias = ShardedTable | BroadcastTable | SingleTable


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything a rules file says."""

    file: str
    servers: Mapping[str, Server]
    layouts: Mapping[str, Layout]
    sharded: Mapping[str, ShardedTable]
    broadcast: Mapping[str, BroadcastTable]
    single: Mapping[str, SingleTable]
    defaults: Defaults
    notices: tuple[Problem, ...]  # features that are accepted but not carried out yet
    shards: tuple[ShardId, ...]  # all physical databases, in the order of the layouts
    single_shard: ShardId | None = None  # the database of the `single` section
    schemas: frozenset[str] = frozenset()  # further databases on its server, whose tables are called `schema.table`
    name: str = "shardkit"  # of the logical database: what DATABASE() and SHOW DATABASES answer
    _exact: Mapping[str, Table] = field(init=False, repr=False, compare=False)
    _folded: Mapping[str, tuple[Table, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exact: dict[str, Table] = {**self.sharded, **self.broadcast, **self.single}
        folded: dict[str, tuple[Table, ...]] = {}
        for name, table in exact.items():
            folded[name.lower()] = (*folded.get(name.lower(), ()), table)
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_folded", folded)

    def __repr__(self) -> str:
        return f"<Rules {self.file!r}: {len(self._exact)} tables, {len(self.shards)} databases>"

    @property
    def counts_matches(self) -> bool:
        """Whether an UPDATE counts the rows that match, on every server."""
        return all(server.found_rows for server in self.servers.values())

    def counting_matches(self) -> Rules:
        """The same rules, under which it does."""
        servers = {name: replace(server, found_rows=True) for name, server in self.servers.items()}
        return replace(self, servers=servers)

    def find(self, name: str) -> Table | None:
        """The table of that name: exact first, then without regard to case if that is unique.

        Other names belong to the database of the `single` section if the rules say `unlisted_tables: single`, those
        that begin with one of its schemas to that.
        """
        found = self._exact.get(name)
        if found is not None:
            return found
        alike = self._folded.get(name.lower(), ())
        if len(alike) == 1:
            return alike[0]
        if self.single_shard is not None and (schema := self.schema_of(name)):
            return SingleTable(name, self.single_shard, schema)
        if self.single_shard is not None and self.defaults.unlisted_tables == "single":
            return SingleTable(name, self.single_shard)
        return None

    def schema_of(self, name: str) -> str:
        """The schema that a table's name begins with, or ''."""
        schema, dot, _ = name.partition(".")
        return schema if dot and schema in self.schemas else ""

    def home(self, table: ShardedTable) -> ShardId:
        """The database that keeps the worker leases and sequences of a table: `single`, or the layout's first.

        For an embedded one it is a file of its own beside it: SQLite has one writer for each file, and a caller's own
        open transaction would keep the ids from it.
        """
        shard = self.single_shard or table.layout.shards[0]
        return ShardId(shard.server, EMBEDDED_HOME) if self.servers[shard.server].embedded else shard

    def table_names(self) -> tuple[str, ...]:
        """All tables that the rules name, in the order of the file: sharded, broadcast, single."""
        return tuple(self._exact)
