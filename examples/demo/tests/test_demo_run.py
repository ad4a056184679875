"""The whole demo, small: on SQLite and on MySQL; and that it notices when an answer is wrong."""

from __future__ import annotations

import gzip
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

import shardkit
from examples import mysql
from examples.demo.__main__ import fill, main
from examples.demo.generate import generated
from examples.demo.stores import AlreadyThere, sqlite_stores
from examples.demo.story import tell
from examples.demo.tests.test_demo_data import HEADER, LINES


def test_the_demo_on_sqlite(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--count", "600", "--data", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "All 9 answers are equal" in result.output
    assert "16 targets" in result.output
    assert (tmp_path / "rds0").is_dir()
    again = CliRunner().invoke(main, ["--count", "600", "--data", str(tmp_path)])
    assert again.exit_code == 1
    assert "exists" in again.output


def test_the_demo_with_orders_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress((HEADER + LINES).encode()))
    result = CliRunner().invoke(main, ["--orders", str(path)])
    assert result.exit_code == 0, result.output
    assert "4 real orders" in result.output
    assert "2 prices have tenths of a penny" in result.output


def test_a_bad_file_ends_the_demo_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "1,2\n")
    result = CliRunner().invoke(main, ["--orders", str(path)])
    assert result.exit_code == 1
    assert "orders.csv, record 2" in result.output


def test_the_demo_on_mysql_leaves_nothing_behind(mysql_servers: Any) -> None:
    urls = [server.text for server in mysql_servers]
    result = CliRunner().invoke(main, ["--count", "600", "--mysql", *urls])
    assert result.exit_code == 0, result.output
    assert "All 9 answers are equal" in result.output
    for server in mysql_servers:
        assert server.password not in result.output
        with server.connect() as connection:
            names = [f"demo_order_{number:02d}" for number in range(16)] + ["demo_order_plain"]
            assert mysql.databases(connection, names) == []


def test_a_wrong_row_is_noticed(tmp_path: Path) -> None:
    data = generated(300, 2)
    console = Console(file=StringIO(), width=200)
    with sqlite_stores(tmp_path) as stores, closing(shardkit.connect(stores.rules, autocommit=True)) as connection:
        fill(console, connection, stores, data)
        member, order = data.records[-1].key
        cursor = connection.cursor()
        sql = "UPDATE t_order SET amount = amount + 0.01 WHERE memberId = %s AND orderId = %s"
        cursor.execute(sql, (member, order))
        assert tell(console, connection, stores, data) is False
    assert isinstance(console.file, StringIO)
    assert "answers differ" in console.file.getvalue()
    assert "sums by day: row" in console.file.getvalue()


def test_stores_do_not_overwrite(tmp_path: Path) -> None:
    (tmp_path / "rds1").mkdir()
    with pytest.raises(AlreadyThere, match="rds1"), sqlite_stores(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "rds1"]
