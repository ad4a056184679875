"""Real order lines, loaded twice: into one unsharded table and into sixteen databases on two servers.

The file is `SHARDKIT_REAL_ORDERS`, or `../shared/data/online_retail_ii_2009_2010.csv.gz` beside the project; without
either, 50,000 lines of the same shape are made here. All lines go in past shardkit, spread by its own routing, except
the last ones, which go through `executemany`.
Invariant: every line of the file is in the unsharded table once, and on the shards once.
"""

from __future__ import annotations

import csv
import gzip
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from shardkit.values import ShardId
from tests.differential.conftest import connect
from tests.servers import ServerUrl

HERE = Path(__file__).resolve().parents[2]
FILE = HERE.parent / "shared" / "data" / "online_retail_ii_2009_2010.csv.gz"
THROUGH = 5_000
CHUNK = 2_000

TABLE = """CREATE TABLE order_line (
    memberId BIGINT NOT NULL, invoice VARCHAR(16) NOT NULL, lineNo INT NOT NULL, stock_code VARCHAR(24) NOT NULL,
    description VARCHAR(80) NULL, quantity INT NOT NULL, invoice_date DATETIME NOT NULL, price DECIMAL(12,3) NOT NULL,
    country VARCHAR(40) NOT NULL, PRIMARY KEY (memberId, invoice, lineNo), KEY by_time (invoice_date, invoice, lineNo)
) DEFAULT CHARSET=utf8mb4"""
COLUMNS = "memberId, invoice, lineNo, stock_code, description, quantity, invoice_date, price, country"

Line = tuple[int, str, int, str, str | None, int, str, str, str]


def lines() -> Iterator[Line]:
    """Order lines, in the order of the file. A guest without customer number gets a member of his own."""
    path = Path(os.environ.get("SHARDKIT_REAL_ORDERS", FILE))
    if not path.exists():
        if "SHARDKIT_REAL_ORDERS" in os.environ:
            raise FileNotFoundError(path)
        yield from made_lines()
        return
    number: dict[str, int] = defaultdict(int)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            invoice = row["invoice"]
            number[invoice] += 1
            guest = -int("".join(filter(str.isdigit, invoice)))
            member = int(row["customer_id"]) if row["customer_id"] else guest
            described = row["description"] or None
            rest = (int(row["quantity"]), row["invoice_date"], row["price"], row["country"])
            yield (member, invoice, number[invoice], row["stock_code"], described, *rest)


def made_lines(count: int = 50_000) -> Iterator[Line]:
    """Lines of the same shape: guests, cancellations, ties in time, quotes and blanks in descriptions."""
    dice = random.Random(541909)
    moment = datetime(2009, 12, 1, 7, 45)
    countries = ("United Kingdom", "Germany", "EIRE", "France", "Åland")
    words = ('15CM "GLASS" BALL ', " it's a lamp", "100% COTTON", "BAG\\RED", None)
    for number in range(count):
        if number % 18 == 0:
            moment += timedelta(minutes=dice.choice((0, 1, 5, 300)))
            guest, canceled = dice.random() < 0.2, dice.random() < 0.02
            member = -(489434 + number) if guest else 12346 + int(dice.paretovariate(0.8)) % 5900
            invoice, country = f"{'C' if canceled else ''}{489434 + number}", dice.choice(countries)
        price = str(Decimal(dice.randrange(0, 3000)) / 100)
        quantity = dice.choice((1, 2, 6, 12, 48, 600)) * (-1 if canceled else 1)
        code = f"{dice.randrange(10000, 10400)}{dice.choice('ABCD')}"
        yield (member, invoice, number % 18 + 1, code, dice.choice(words), quantity, str(moment), price, country)


class Shop:
    """The orders twice: one table `order_line` in one database, and sixteen databases on two servers."""

    def __init__(self, servers: tuple[ServerUrl, ServerUrl], prefix: str) -> None:
        self.prefix, self.servers = prefix, servers
        self.names = [f"{prefix}{number:02}" for number in range(16)]
        layout = {"databases": f"{prefix}{{00..15}}", "servers": ["rds0", "rds1"]}
        rules = {
            "version": 1,
            "servers": {server.name: {"url": server.text} for server in servers},
            "layouts": {"line": layout},
            "tables": {"order_line": {"layout": "line", "shard_by": "memberId"}},
            "defaults": {"transactions": "best_effort"},
        }
        self.direct = {server.name: server.connect() for server in servers}
        self._execute("rds0", f"CREATE DATABASE {prefix}all DEFAULT CHARSET utf8mb4", f"USE {prefix}all", TABLE)
        for number, name in enumerate(self.names):
            server = servers[number // 8].name
            self._execute(server, f"CREATE DATABASE {name} DEFAULT CHARSET utf8mb4", f"USE {name}", TABLE)
        self.oracle = servers[0].connect(f"{prefix}all")
        self.subject: Any = connect(yaml.safe_dump(rules))
        self.count = 0
        self._homes: dict[int, ShardId] = {}

    def close(self) -> None:
        """Close every connection."""
        for connection in (self.subject, self.oracle, *self.direct.values()):
            connection.close()

    def load(self) -> None:
        """Load every line on both sides."""
        whole = list(lines())
        marks = f"({', '.join(['%s'] * 9)})"
        writer = self.oracle.cursor()
        waiting: dict[ShardId, list[str]] = defaultdict(list)
        everything: list[str] = []
        for number, line in enumerate(whole):
            # Escaped once for both sides: this is where the time goes.
            text = writer.mogrify(marks, line)
            everything.append(text)
            if number < len(whole) - THROUGH:
                waiting[self._home(line[0])].append(text)
        self._insert("rds0", f"{self.prefix}all", everything)
        for shard, texts in waiting.items():
            self._insert(shard.server, shard.database, texts)
        cursor = self.subject.cursor()
        cursor.executemany(f"INSERT INTO order_line ({COLUMNS}) VALUES {marks}", whole[-THROUGH:])
        assert cursor.rowcount == THROUGH
        cursor.close()
        self.count = len(whole)

    def _home(self, member: int) -> ShardId:
        if member not in self._homes:
            cursor = self.subject.cursor()
            plan = cursor.explain("SELECT 1 FROM order_line WHERE memberId = %s", (member,)).json()
            cursor.close()
            (target,) = plan["targets"]
            server, database = str(target["shard"]).split("/")
            self._homes[member] = ShardId(server, database)
        return self._homes[member]

    def _insert(self, server: str, database: str, texts: list[str]) -> None:
        head = f"INSERT INTO {database}.order_line ({COLUMNS}) VALUES "
        for start in range(0, len(texts), CHUNK):
            self._execute(server, head + ",".join(texts[start : start + CHUNK]))

    def _execute(self, server: str, *statements: str) -> None:
        with self.direct[server].cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
