"""Values that have broken middleware before, and the world they are thrown at: servers, or files of SQLite.

Invariant: every text here is legal utf8mb4 that MySQL stores unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymysql.converters import escape_string

import shardkit
from shardkit.rules import loads
from tests.integration.dbapi.stage import BODIES, rules_text, run

SHORT = [
    "", "'", "''", '"', '""', "`", "\\", "\\\\", "\\'", "'\\", "%", "%%", "%s", "%%s", "%(a)s", "%(v)s", "%d", "?", "??",
    ":x", ":0", ":sk__p0", "sk__p1", "$1", "@x", "@@version", "{}", "{0}", "{x!r}", ";", "--", "-- x", "--x", "#", "# x",
    "/*", "*/", "/* x */", "/*! DROP TABLE member */", "/*+ hint */", "NULL", "0x41", "1e5", "TRUE", "\0", "a\0b", "\0'",
    "\n", "\r", "\r\n", "\t", "\x08", "\x1a", "\x01\x02\x1f", "\x7f", "\x80\x9f", "ä", "e\u0301", "汉字", "😀", "👩‍👩‍👧", "\u200b",
    "\ufeff", "\u2028", "\uffff", "\U0010ffff", "'; DROP TABLE member; -- ", "\"; DROP TABLE member; #", "1; DELETE FROM member",
    "1 OR 1=1", "' OR '1'='1", "\\' OR 1=1 -- ", "') ; TRUNCATE TABLE doc; --", "x', (SELECT 1)) -- ", "member", "`member`",
    "INSERT INTO member VALUES (1)", " leading", "tabs\tand\nlines", "' /* ' */ '", "it''s", 'say "hi"', "C:\\new\\table\\0",
]  # fmt: skip
LONG = ["x" * 1_000_000, "'" * 20_001, "\\" * 20_001, "%s" * 10_000, "😀" * 50_000, "a\0" * 10_000]
TEXTS = [*SHORT, *LONG]
BYTES = [
    b"",
    bytes(range(256)),
    b"'",
    b"\\",
    b"\0",
    b"%s",
    b"\xff\xfe\xfd",
    b"'; DROP TABLE member; --",
    b"\xf0\x9f\x98",
]


def literal(text: str) -> str:
    """The text as a literal of SQL."""
    return f"'{escape_string(text)}'"


@pytest.fixture(scope="package")
def embedded_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[shardkit.Cluster]:
    """A cluster over two folders of SQLite files, with the stage's tables."""
    urls = [f"sqlite:///{tmp_path_factory.mktemp(name)}" for name in ("rds0", "rds1")]
    rules = loads(rules_text(urls, "own_", transactions="best_effort", full_scan_writes="allow"))
    with shardkit.Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)
        for table, body in BODIES.items():
            run(connection, f"CREATE TABLE {table} ({body})")
        connection.close()
        yield cluster


@pytest.fixture
def embedded(embedded_cluster: shardkit.Cluster) -> Iterator[shardkit.Connection]:
    """A connection to empty SQLite tables, in autocommit."""
    connection = embedded_cluster.connect(autocommit=True)
    for table in BODIES:
        run(connection, f"DELETE FROM {table}")
    yield connection
    connection.close()


@pytest.fixture(params=[pytest.param("servers", marks=pytest.mark.mysql), "sqlite"])
def anywhere(request: pytest.FixtureRequest) -> shardkit.Connection:
    """An autocommit connection that may write on all shards: to the servers, then to SQLite."""
    found: shardkit.Connection = request.getfixturevalue("loose" if request.param == "servers" else "embedded")
    return found
