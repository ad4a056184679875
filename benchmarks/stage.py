"""The stage of a run: sixteen databases on two servers, one unsharded copy, the same rows in both, open connections.

Rows are stored through the bare driver in the databases that the rules name for them; the workloads check that
shardkit finds the same there. Invariant: every database of the stage begins with `bench_`, none existed before, and
all are dropped at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import shardkit
from examples import mysql
from examples.demo.plain import statements
from examples.demo.records import ORDER_COLUMNS, Record, Row
from examples.mysql import BareConnection
from shardkit.cli.init import create
from shardkit.rules import Rules, loads
from shardkit.rules.sharding import Sharding

RULES = Path(__file__).with_name("rules.yaml")
SCHEMA = Path(__file__).with_name("schema.sql")
DATABASES = 16
PLAIN = "bench_plain"
MEMBER_COLUMNS = ("memberId", "memberName", "email", "phone", "level", "createdAt")
PORTION = 1000

Tick: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything a workload needs: shardkit's connection, bare ones, and what is stored."""

    sharded: Any  # a shardkit connection in autocommit mode
    transacting: Any  # another one, in transactions
    bare: tuple[BareConnection, BareConnection]
    plain: BareConnection  # on the first server, its database holds the unsharded tables
    sharding: Sharding
    rules: Rules
    members: tuple[int, ...] = ()
    orders: tuple[Row, ...] = ()  # those that are stored

    def home(self, member_id: int) -> int:
        """The number of the database that holds this member, 0 to 15."""
        return self.sharding.slot({"memberid": member_id})

    def server(self, database: int) -> BareConnection:
        """The bare connection to the server of that database."""
        return self.bare[database * 2 // DATABASES]


def database_name(number: int) -> str:
    """The name of one of the sixteen databases."""
    return f"bench_{number:02d}"


@contextmanager
def stage(urls: tuple[str, str], records: Sequence[Record], tick: Tick) -> Iterator[Stage]:
    """Build the stage and take it down at the end. FileExistsError if a database of these names exists."""
    names = [*map(database_name, range(DATABASES)), PLAIN]
    with ExitStack() as stack:
        bare = (_open(stack, urls[0]), _open(stack, urls[1]))
        for connection in bare:
            if found := mysql.databases(connection, names):
                raise FileExistsError(f"the server has a database {found[0]}; a stage would overwrite it")
        for url in urls:
            stack.callback(_take_down, url, names)
        rules = loads(RULES.read_text(), file=str(RULES), environ={"BENCH_RDS0": urls[0], "BENCH_RDS1": urls[1]})
        create(rules, SCHEMA.read_text())
        with bare[0].cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {PLAIN}")
        plain = _open(stack, urls[0], PLAIN)
        with plain.cursor() as cursor:
            for text in statements(SCHEMA.read_text()):
                cursor.execute(text)
        sharded, transacting = shardkit.connect(rules, autocommit=True), shardkit.connect(rules)
        stack.callback(sharded.close)
        stack.callback(transacting.close)
        members, order_rows = _rows(records)
        built = Stage(
            sharded, transacting, bare, plain, rules.sharded["member"].sharding, rules,
            tuple(row[0] for row in members),
            tuple(order_rows),
        )  # fmt: skip
        _fill(built, "member", MEMBER_COLUMNS, members, tick)
        _fill(built, "t_order", ORDER_COLUMNS, order_rows, tick)
        yield built


def _rows(records: Sequence[Record]) -> tuple[list[Row], list[Row]]:
    firsts: dict[int, Row] = {}
    for record in records:
        number = record.order[0]
        firsts.setdefault(
            number, (number, f"Member {number}", f"m{number}@example.org", None, number % 5, record.order[5])
        )
    return list(firsts.values()), [record.order for record in records]


def _fill(built: Stage, table: str, columns: Sequence[str], rows: Sequence[Row], tick: Tick) -> None:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[built.home(row[0])].append(row)
    text = f"({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
    for number, group in groups.items():
        _store(built.server(number), f"INSERT INTO {database_name(number)}.{table} {text}", group, tick)
    _store(built.plain, f"INSERT INTO {table} {text}", rows, tick)


def _store(connection: BareConnection, sql: str, rows: Sequence[Row], tick: Tick) -> None:
    connection.begin()
    with connection.cursor() as cursor:
        for start in range(0, len(rows), PORTION):
            part = rows[start : start + PORTION]
            cursor.executemany(sql, part)
            tick(len(part))
    connection.commit()


def _open(stack: ExitStack, url: str, database: str | None = None) -> BareConnection:
    connection = mysql.connect(url, database)
    stack.callback(connection.close)
    return connection


def _take_down(url: str, names: list[str]) -> None:
    with mysql.connect(url) as connection:
        mysql.drop_databases(connection, names)
