"""A world: the oracle (one unsharded database) and the same rows spread over shards, with rules for shardkit.

Both lie on the same servers, so version, sql_mode, collations and time zone are the same on both sides.
Invariant: outside of a write case the union of the shards equals the oracle, and `clean` brings that back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pymysql
import yaml

from shardkit.values import Row
from shardkit.verify import Connection, numbers
from tests.differential import data, schema, zones
from tests.servers import ServerUrl

SIZES = ("1", "2", "3", "5", "16", "4x4")
"""The worlds: how many databases, and how many physical tables of each logical one in a database."""

ASYNC = "3 asyncio"
"""The world that is asked under asyncio; one of those in which reads are asked in both forms."""
DRIVERS = {"2": "mysqldb"}
"""The word of the server URLs of a world; PyMySQL's in the others. The oracle is always asked through bare PyMySQL."""


@dataclass(frozen=True, slots=True)
class Place:
    """One physical database of a world."""

    server: ServerUrl
    database: str


@dataclass
class World:
    """One arrangement of the data. `connect(rules_text, **options)` gives the connection under test."""

    size: str
    servers: tuple[ServerUrl, ServerUrl]
    prefix: str
    connect: Callable[..., Connection]
    dirty: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)
    homes: dict[Any, tuple[str, str, str]] = field(default_factory=dict)
    _open: dict[str, Any] = field(default_factory=dict)

    @property
    def flavor(self) -> str:
        """mysql or mariadb."""
        return self.servers[0].flavor

    @property
    def count(self) -> int:
        """How many physical databases there are."""
        return int(self.size.split("x", maxsplit=1)[0])

    @property
    def copies(self) -> int:
        """How many physical tables of one logical table a database holds."""
        return int(self.size.split("x")[1]) if "x" in self.size else 1

    @property
    def slots(self) -> int:
        """How many physical tables one logical table has."""
        return self.count * self.copies

    @property
    def oracle_database(self) -> str:
        """The unsharded database, on the first server."""
        return f"{self.prefix}oracle"

    @property
    def single(self) -> Place:
        """Where the single tables lie."""
        return Place(self.servers[0], f"{self.prefix}app")

    @property
    def places(self) -> tuple[Place, ...]:
        """The physical databases in order: the first half on the first server."""
        half = (self.count + 1) // 2
        names = [f"{self.prefix}{number:02}" for number in range(self.count)]
        return tuple(Place(self.servers[number >= half], name) for number, name in enumerate(names))

    def physical(self, table: str) -> tuple[str, ...]:
        """The names that one logical table has in each physical database."""
        if table not in schema.SHARDED or self.copies == 1:
            return (table,)
        return tuple(f"{table}_{number}" for number in range(self.copies))

    def rules(self, strict: bool = False) -> str:
        """The rules file of this world. `strict` leaves the defaults: no write over several shards, no full scan."""
        half = (self.count + 1) // 2
        servers: Any = {"rds0": f"{{00..{half - 1:02}}}"}
        if self.count > 1:
            servers["rds1"] = f"{{{half:02}..{self.count - 1:02}}}"
        layout = {"databases": f"{self.prefix}{{00..{self.count - 1:02}}}", "servers": servers}
        if self.copies > 1:
            layout["tables"] = f"{{table}}_{{0..{self.copies - 1}}}"
        by_month = {"type": "date", "unit": "month"}
        tables: dict[str, Any] = {name: {"layout": "main", "shard_by": keys[0]} for name, keys in schema.KEYS.items()}
        tables["t_order_item"]["bound_to"] = "t_order"
        tables["event"]["algorithm"] = by_month
        defaults = {"transactions": "single_shard"} if strict else LOOSE
        rules = {
            "version": 1,
            "servers": {server.name: {"url": self.url(server)} for server in self.servers},
            "layouts": {"main": layout},
            "tables": tables,
            "broadcast": {"layout": "main", "tables": list(schema.BROADCAST)},
            "single": {"database": f"rds0/{self.single.database}", "tables": list(schema.SINGLE)},
            "defaults": defaults,
        }
        return yaml.safe_dump(rules, allow_unicode=True, sort_keys=False)

    def url(self, server: ServerUrl) -> str:
        """A server's URL with this world's driver."""
        driver = DRIVERS.get(self.size, "pymysql")
        return server.url.set(drivername=f"mysql+{driver}").render_as_string(hide_password=False)

    def oracle(self) -> pymysql.Connection[Any]:
        """The oracle's connection, in autocommit; the same one on every call."""
        if "oracle" not in self._open:
            self._open["oracle"] = self.servers[0].connect(self.oracle_database)
        connection: pymysql.Connection[Any] = self._open["oracle"]
        return connection

    def subject(self, strict: bool = False) -> Any:
        """The connection under test, in autocommit; the same one on every call with the same `strict`."""
        name = "strict" if strict else "loose"
        if name not in self._open:
            self._open[name] = self.connect(self.rules(strict), autocommit=True)
        return self._open[name]

    def reconnect(self) -> None:
        """Throw all connections away; the next question makes new ones."""
        while self._open:
            self._open.popitem()[1].close()

    def canonical(self, collation: str, texts: Sequence[str]) -> dict[str, int]:
        """Equal texts get one number: asked of the oracle's server, never computed here."""
        return numbers(self.oracle(), collation, texts)

    def everywhere(self, table: str) -> Iterator[tuple[Place, str]]:
        """Every physical table of a logical one."""
        for place in (self.single,) if table in schema.SINGLE else self.places:
            for name in self.physical(table):
                yield place, name

    def stored(self, table: str) -> list[tuple[Place, str, Row]]:
        """Every stored row of a logical table with where it lies, read past shardkit, one question per server."""
        pieces = list(self.everywhere(table))
        found = []
        for server in {place.server.name: place for place, _ in pieces}.values():
            mine = [(place, name) for place, name in pieces if place.server == server.server]
            parts = [f"SELECT {mark}, t.* FROM `{p.database}`.`{name}` t" for mark, (p, name) in enumerate(mine)]
            with self.direct(server) as cursor:
                cursor.execute(" UNION ALL ".join(parts))
                found += [(*mine[row[0]], row[1:]) for row in cursor.fetchall()]
        return found

    @contextmanager
    def direct(self, place: Place) -> Iterator[Any]:
        """A cursor on a physical database's server, past shardkit."""
        name = f"direct {place.server.name}"
        if name not in self._open:
            # Under the strict default, a UNION shows '2024-00-00' as '0000-00-00'.
            self._open[name] = place.server.connect(sql_mode="")
        with self._open[name].cursor() as cursor:
            yield cursor

    def clean(self) -> None:
        """Undo what write cases did to the tables in `dirty` (rows) and `altered` (columns), on both sides."""
        for table in sorted(self.dirty | self.altered):
            home = Place(self.servers[0], self.oracle_database)
            for place, name in [(home, table), *self.everywhere(table)]:
                with self.direct(place) as cursor:
                    self._restore(cursor, f"`{place.database}`.`{name}`", table)
        self.dirty.clear()
        self.altered.clear()

    def _restore(self, cursor: Any, name: str, table: str) -> None:
        base = f"{name[:-1]}__base`"
        if table in self.altered or table == "scratch":
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
        if table == "scratch":
            return
        if table in self.altered:
            cursor.execute(f"CREATE TABLE {name} LIKE {base}")
        cursor.execute(f"DELETE FROM {name}")
        cursor.execute(f"INSERT INTO {name} SELECT * FROM {base}")


LOOSE = {"transactions": "best_effort", "full_scan_writes": "allow"}


def build(world: World) -> None:
    """Create all databases, load the oracle directly and the shards through the connection under test."""
    collation = schema.collations(world.flavor)["memberName"]
    bodies = schema.tables(world.flavor)
    for server in world.servers:
        with server.connect() as connection, connection.cursor() as cursor:
            zones.teach(cursor)
    databases = [Place(world.servers[0], world.oracle_database), world.single, *world.places]
    for place in databases:
        with world.direct(place) as cursor:
            cursor.execute(f"CREATE DATABASE `{place.database}` DEFAULT CHARSET utf8mb4 COLLATE {collation}")
    for table, body in bodies.items():
        _create(world, databases[0], table, body)
        for place, name in world.everywhere(table):
            _create(world, place, name, body)
    for table in bodies:
        _load(world, table)
    for table in bodies:
        for place, name in [(databases[0], table), *world.everywhere(table)]:
            with world.direct(place) as cursor:
                source = f"`{place.database}`.`{name}`"
                cursor.execute(f"INSERT INTO `{place.database}`.`{name}__base` SELECT * FROM {source}")


def _create(world: World, place: Place, name: str, body: str) -> None:
    with world.direct(place) as cursor:
        cursor.execute(f"USE `{place.database}`")
        cursor.execute(body.format(table=name))
        cursor.execute(f"CREATE TABLE `{name}__base` LIKE `{name}`")


def _load(world: World, table: str) -> None:
    columns, rows = data.rows()[table]
    if not rows:
        return
    names = ", ".join(f"`{column}`" for column in columns)
    values = ", ".join(["%s"] * len(columns))
    with world.oracle().cursor() as cursor:
        cursor.executemany(f"INSERT INTO `{table}` ({names}) VALUES ({values})", rows)
    if table in schema.BROADCAST:
        for place, name in world.everywhere(table):
            with world.direct(place) as cursor:
                sql = f"INSERT INTO `{place.database}`.`{name}` ({names}) VALUES ({values})"
                cursor.executemany(sql, rows)
        return
    cursor = world.subject().cursor()
    cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)
    cursor.close()
