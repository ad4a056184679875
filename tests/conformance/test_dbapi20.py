"""The public DB-API 2.0 compliance suite (`dbapi-compliance`), over servers and over SQLite, its tables sharded and not.

Invariant: every test of the suite runs; what PEP 249 leaves open is answered here, as the suite asks drivers to do.
"""

from __future__ import annotations

from pathlib import Path

import dbapi20
import pytest

import shardkit
from shardkit.rules import Rules, loads
from tests.integration.dbapi.stage import Stage

SHARDED = (
    "tables:\n"
    "  dbapi20test_booze: { layout: m, shard_by: name }\n"
    "  dbapi20test_barflys: { layout: m, shard_by: name }\n"
)


class Suite(dbapi20.DatabaseAPI20Test):  # type: ignore[misc]
    """The suite, for rules that a subclass's fixture gives."""

    __test__ = False
    driver = shardkit
    # Both columns decide about the shard, so their equality must be that of bytes.
    ddl1 = "create table dbapi20test_booze (name varchar(20) collate utf8mb4_bin)"
    ddl2 = "create table dbapi20test_barflys (name varchar(20) collate utf8mb4_bin, drink varchar(30))"

    def test_nextset(self) -> None:
        """A statement has one result: there is no next one."""
        connection = self._connect()
        try:
            cursor = connection.cursor()
            self.executeDDL1(cursor)
            for sql in self._populate():
                cursor.execute(sql)
            cursor.execute("select name from dbapi20test_booze")
            assert cursor.nextset() is None
        finally:
            connection.close()

    def test_setoutputsize(self) -> None:
        """It changes nothing."""
        connection = self._connect()
        try:
            cursor = connection.cursor()
            cursor.setoutputsize(1000)
            cursor.setoutputsize(2000, 0)
            cursor.execute("select 'Redback'")
            assert cursor.fetchall() == (("Redback",),)
        finally:
            connection.close()

    def test_non_idempotent_close(self) -> None:
        """PEP 249 says nothing of a second close; as with files, it does nothing."""
        connection = self._connect()
        connection.close()
        connection.close()


class TestEmbedded(Suite):
    """Over SQLite, the tables sharded by name."""

    __test__ = True

    @pytest.fixture(autouse=True)
    def rules(self, tmp_path: Path) -> None:
        """Four files in two folders."""
        folders = [tmp_path / name for name in ("rds0", "rds1")]
        for folder in folders:
            folder.mkdir()
        type(self).connect_args = (_rules([f"sqlite:///{folder}" for folder in folders], "own_", "best_effort"),)


@pytest.mark.mysql
class TestSharded(Suite):
    """Over four databases on two servers, the tables sharded by name."""

    __test__ = True

    @pytest.fixture(autouse=True)
    def rules(self, stage: Stage) -> None:
        """The stage's databases."""
        urls = [stage.url(number).render_as_string(hide_password=False) for number in (0, 1)]
        type(self).connect_args = (_rules(urls, stage.prefix, "xa"),)


@pytest.mark.mysql
class TestSingle(Suite):
    """The tables in one database."""

    __test__ = True

    @pytest.fixture(autouse=True)
    def rules(self, stage: Stage) -> None:
        """Tables that the rules do not list."""
        type(self).connect_args = (stage.rules(unlisted_tables="single"),)


def _rules(urls: list[str], prefix: str, transactions: str) -> Rules:
    return loads(
        f'version: 1\nservers: {{ rds0: {{ url: "{urls[0]}" }}, rds1: {{ url: "{urls[1]}" }} }}\n'
        f'layouts: {{ m: {{ databases: "{prefix}m{{00..03}}", servers: [rds0, rds1] }} }}\n{SHARDED}'
        f"defaults: {{ transactions: {transactions} }}\n"
    )
