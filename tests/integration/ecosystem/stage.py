"""Orders on four databases, with a column of every kind: on two folders of SQLite files, and on two MySQL servers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import shardkit
from shardkit.cli.init import create
from shardkit.rules import loads
from shardkit.values import Row
from tests import servers
from tests.servers import ServerUrl, new_prefix

ORDERS = 25
FIRST = 2**62
"""The first order's id; the embedded database keeps no integers above 2**63 - 1."""
TABLE = (
    "CREATE TABLE t_order (orderId BIGINT UNSIGNED NOT NULL PRIMARY KEY, memberId INT NOT NULL, total DECIMAL(12,2), "
    "weight DOUBLE, day DATE, created_at DATETIME(6), took TIME(3), y YEAR, flags BIT(8), status VARCHAR(20), "
    "digest VARBINARY(10), note LONGTEXT, data JSON)"
)
COLUMNS = "orderId, memberId, total, weight, day, created_at, took, y, flags, status, digest, note, data"


def rules_text(urls: Sequence[str], prefix: str) -> str:
    """A rules file over two servers."""
    return (
        "version: 1\n"
        f'servers: {{ east: {{ url: "{urls[0]}" }}, west: {{ url: "{urls[1]}" }} }}\n'
        f'layouts: {{ shop: {{ databases: "{prefix}{{0..3}}", servers: [east, west] }} }}\n'
        "tables: { t_order: { layout: shop, shard_by: memberId, algorithm: mod } }\n"
        f"single: {{ database: east/{prefix}0 }}\n"
        "defaults: { unlisted_tables: single, full_scan_writes: allow }\n"
    )


def order(number: int) -> Row:
    """One order; every fifth has NULLs."""
    if number % 5 == 4:
        return (FIRST + number, number % 7, *(None,) * 11)
    return (
        FIRST + number, number % 7, Decimal(number) / 4, number / 3, date(2024, 1, 1 + number),
        datetime(2024, 1, 1 + number, 12, 30, 15, number), timedelta(hours=-number, milliseconds=5), 2000 + number,
        bytes([number]), f"ä{number}😀", bytes([255, number]), "n" * number, f'{{"n": {number}}}',
    )  # fmt: skip


def folders(tmp: Path) -> str:
    """The rules of an embedded world."""
    for name in ("east", "west"):
        (tmp / name).mkdir()
    return rules_text([f"sqlite:///{tmp / 'east'}", f"sqlite:///{tmp / 'west'}"], "shop_")


def filled(text: str) -> Any:
    """A connection to the world of these rules, with its table and orders."""
    rules = loads(text, file="rules.yaml", environ={})
    create(rules, TABLE + ";")
    connection = shardkit.connect(rules, autocommit=True)
    rows = [[int.from_bytes(v) if at == 8 and v else v for at, v in enumerate(order(n))] for n in range(ORDERS)]
    connection.bulk_insert("t_order", COLUMNS.split(", "), rows)
    return connection


def on_files(tmp: Path) -> Iterator[Any]:
    """A connection to an embedded world."""
    connection = filled(folders(tmp))
    yield connection
    connection.close()


def on_servers(pair: tuple[ServerUrl, ServerUrl]) -> Iterator[Any]:
    """A connection to a world on servers, the second of them through mysqlclient."""
    prefix = new_prefix()
    urls = [pair[0].text, pair[1].url.set(drivername="mysql+mysqldb").render_as_string(hide_password=False)]
    try:
        connection = filled(rules_text(urls, prefix))
        yield connection
        connection.close()
    finally:
        servers.drop_databases(pair, prefix)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A connection over SQLite files."""
    yield from on_files(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module", params=["files", pytest.param("servers", marks=pytest.mark.mysql)])
def connection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A connection over SQLite files, and over servers."""
    if request.param == "files":
        yield from on_files(tmp_path_factory.mktemp("world"))
    else:
        yield from on_servers(request.getfixturevalue("mysql_servers"))
