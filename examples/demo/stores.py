"""Where the demo keeps its orders: sixteen databases behind shardkit, and the unsharded copy beside them.

Invariant: nothing that existed before is touched; what the demo made is removed at the end unless it was asked to
stay.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples import mysql
from examples.demo.plain import Copy, MySqlCopy, SqliteCopy
from shardkit.cli.init import create
from shardkit.rules import Rules, loads

SHOP = Path(__file__).with_name("shop")
RULES = SHOP / "rules.yaml"
SCHEMA = SHOP / "schema.sql"
SERVERS = ("rds0", "rds1")
DATABASES = 16
PLAIN = "demo_order_plain"


class AlreadyThere(Exception):
    """Data of an earlier run is in the way; the message says where."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The rules of the sharded store, whose databases and tables exist and are empty, and the empty copy."""

    rules: Rules
    copy: Copy
    place: str
    portion: int  # rows to insert at a time


@contextmanager
def sqlite_stores(folder: Path | None) -> Iterator[Stores]:
    """Two folders of eight SQLite files each, and one file; in a temporary folder if none is given."""
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shardkit-demo-")))
        taken = [name for name in (*SERVERS, "unsharded.sqlite") if (folder / name).exists()]
        if taken:
            raise AlreadyThere(f"{folder / taken[0]} exists; choose another folder, or remove it")
        for name in SERVERS:
            (folder / name).mkdir(parents=True)
        rules = _rules([f"sqlite:///{(folder / name).absolute()}" for name in SERVERS])
        create(rules, SCHEMA.read_text())
        copy = SqliteCopy(folder / "unsharded.sqlite")
        stack.callback(copy.close)
        # Few rows at a time: statements for SQLite are translated, and short texts that repeat are translated once.
        yield Stores(rules, copy, f"two SQLite servers in {folder}", 32)


@contextmanager
def mysql_stores(urls: tuple[str, str], keep: bool) -> Iterator[Stores]:
    """Eight databases on each MySQL server, and the copy in one more on the first. Dropped at the end unless kept."""
    names = [f"demo_order_{number:02d}" for number in range(DATABASES)] + [PLAIN]
    for url in urls:
        with mysql.connect(url) as connection:
            if found := mysql.databases(connection, names):
                raise AlreadyThere(f"a server has a database {found[0]} already; drop it first")
    with ExitStack() as stack:
        if not keep:
            stack.callback(_drop, urls, names)
        rules = _rules(list(urls))
        create(rules, SCHEMA.read_text())
        copy = MySqlCopy(urls[0], PLAIN, SCHEMA.read_text())
        stack.callback(copy.close)
        yield Stores(rules, copy, "two MySQL servers", 500)


def _rules(urls: list[str]) -> Rules:
    # The shop's own rules; only the databases are named apart, so that a demo never meets real ones.
    text = RULES.read_text().replace('"order_{00..15}"', '"demo_order_{00..15}"')
    return loads(text, file=str(RULES), environ={"ORDER_RDS0": urls[0], "ORDER_RDS1": urls[1]})


def _drop(urls: tuple[str, str], names: list[str]) -> None:
    for url in urls:
        with mysql.connect(url) as connection:
            mysql.drop_databases(connection, names)
