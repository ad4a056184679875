"""mysqlclient next to PyMySQL on one server: every type's values and description, every error's class and number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shardkit import errors
from shardkit.backends import mysqlclient_wire
from shardkit.backends.mysql import MySqlBackend
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.backends.mysqlclient_wire import ClientWire
from shardkit.backends.protocol import Started
from shardkit.flow import Task
from shardkit.rules import Server
from shardkit.values import Params, ShardId
from tests.integration.runtime.conftest import DRIVERS
from tests.servers import ServerUrl

COLUMNS = {
    "i8": ("TINYINT", ["-128", "127", "NULL"]),
    "u8": ("TINYINT UNSIGNED NOT NULL", ["0", "255", "1"]),
    "i16": ("SMALLINT", ["-32768", "32767", "NULL"]),
    "i24": ("MEDIUMINT", ["-8388608", "8388607", "NULL"]),
    "i32": ("INT(5) ZEROFILL", ["0", "7", "NULL"]),
    "i64": ("BIGINT", ["-9223372036854775808", "9223372036854775807", "NULL"]),
    "u64": ("BIGINT UNSIGNED", ["0", "18446744073709551615", "NULL"]),
    "d": ("DECIMAL(65,30)", ["-99999999999999999999999999999999999.123456789012345678901234567890", "0", "NULL"]),
    "d0": ("DECIMAL(10)", ["-1", "9999999999", "NULL"]),
    "f": ("FLOAT", ["1.5", "-3.4e38", "NULL"]),
    "g": ("DOUBLE", ["1e-300", "0.1", "NULL"]),
    "b1": ("BIT(1)", ["b'0'", "b'1'", "NULL"]),
    "b64": ("BIT(64)", ["b'1'", "~0", "NULL"]),
    "day": ("DATE", ["'0000-00-00'", "'9999-12-31'", "'2024-00-15'"]),
    "at0": ("DATETIME", ["'0000-00-00 00:00:00'", "'2024-02-29 23:59:59'", "NULL"]),
    "at1": ("DATETIME(1)", ["'2024-02-29 23:59:59.9'", "'1000-01-01 00:00:00'", "NULL"]),
    "at6": ("DATETIME(6)", ["'2024-02-29 23:59:59.000001'", "'0000-00-00 00:00:00.000000'", "NULL"]),
    "ts": ("TIMESTAMP(3) NULL", ["'2024-02-29 23:59:59.123'", "0", "NULL"]),
    "t0": ("TIME", ["'-838:59:59'", "'838:59:59'", "NULL"]),
    "t6": ("TIME(6)", ["'-00:00:00.000001'", "'12:00:00.5'", "NULL"]),
    "y": ("YEAR", ["0", "2155", "NULL"]),
    "c": ("CHAR(10) CHARACTER SET latin1", ["'é  '", "''", "NULL"]),
    "v": ("VARCHAR(10) COLLATE utf8mb4_bin", ["'a😀 '", "'100%'", "NULL"]),
    "v3": ("VARCHAR(10) CHARACTER SET utf8mb3", ["'ä'", "''", "NULL"]),
    "e": ("ENUM('x', 'ü')", ["'ü'", "'x'", "NULL"]),
    "s": ("SET('x', 'ü')", ["'x,ü'", "''", "NULL"]),
    "bin": ("BINARY(4)", ["X'00FF'", "''", "NULL"]),
    "vbin": ("VARBINARY(4)", ["X'00FF'", "''", "NULL"]),
    "tt": ("TINYTEXT", ["'ä'", "''", "NULL"]),
    "mt": ("MEDIUMTEXT", ["'ä'", "''", "NULL"]),
    "lt": ("LONGTEXT", ["'ä'", "''", "NULL"]),
    "bb": ("BLOB", ["X'00FF'", "''", "NULL"]),
    "lb": ("LONGBLOB", ["X'00FF'", "''", "NULL"]),
    "j": ("JSON", ['\'{"a": [1, "ä😀"]}\'', "'null'", "NULL"]),
    "p": ("POINT", ["POINT(1, 2)", "POINT(0, 0)", "NULL"]),
}
"""Each type at its edges, one value for each of three rows."""

EXPRESSIONS = (
    "1 AS a, 1.50 AS b, 1e0 AS c, 'ä😀' AS `näme`, X'00FF' AS e, DATE '2024-02-29' AS f, TIME '-12:00:00.5' AS g, "
    "NULL AS h, JSON_EXTRACT('{\"a\": 1}', '$.a') AS i, CAST('[1]' AS JSON) AS j, COUNT(*) AS k, SUM(1) AS l, AVG(2) AS m, "
    "CONCAT('a', 1) AS n, NOW(6) > 0 AS o, b'101' AS p, CAST(1 AS UNSIGNED) AS q, GROUP_CONCAT('x') AS r"
)


@pytest.fixture
def both(mysql_servers: tuple[ServerUrl, ServerUrl]) -> Iterator[list[MySqlConnection]]:
    """A connection of each driver to the same server."""
    url, place = mysql_servers[0].url, ShardId("rds0", "mysql")
    urls = [url.set(drivername=f"mysql+{driver}") for driver in DRIVERS]
    found = [MySqlBackend(Server("rds0", one)).connect(place) for one in urls]
    yield found
    for connection in found:
        connection.close()


def started(connection: MySqlConnection, sql: str, args: Params = None) -> Started:
    return connection.start(Task(ShardId("rds0", "mysql"), sql, args), 0, None)


def alike(both: list[MySqlConnection], sql: str, args: Params = None) -> Any:
    """What both say; their answers are the same to the last type."""
    first, second = (started(one, sql, args) for one in both)
    assert second.description == first.description
    pairs = [
        (type(a), a, type(b), b)
        for r, s in zip(first.rows, second.rows, strict=True)
        for a, b in zip(r, s, strict=True)
    ]
    assert [pair for pair in pairs if pair[:2] != pair[2:]] == []
    assert (second.rowcount, second.lastrowid, second.last) == (first.rowcount, first.lastrowid, first.last)
    return first


def test_every_type(both: list[MySqlConnection], database_prefix: str) -> None:
    database, table = f"{database_prefix}types", f"{database_prefix}types.every"
    for sql in (
        f"CREATE DATABASE {database} CHARACTER SET utf8mb4",
        f"CREATE TABLE {table} ({', '.join(f'`{name}` {kind}' for name, (kind, _) in COLUMNS.items())})",
        "SET sql_mode = ''",
        *(f"INSERT INTO {table} VALUES ({', '.join(cells[row] for _, cells in COLUMNS.values())})" for row in range(3)),
    ):
        started(both[0], sql)
    assert len(alike(both, f"SELECT * FROM {table}").rows) == 3
    alike(both, f"SELECT * FROM {table} WHERE i8 > 1000")
    alike(both, f"SELECT MAX(d), MIN(at0), SUM(i64), MAX(v), MIN(vbin), AVG(g), COUNT(DISTINCT e) FROM {table}")


def test_expressions_and_parameters(both: list[MySqlConnection], mysql_servers: tuple[ServerUrl, ServerUrl]) -> None:
    text = EXPRESSIONS if mysql_servers[0].flavor == "mysql" else EXPRESSIONS.replace("CAST('[1]' AS JSON)", "'[1]'")
    alike(both, f"SELECT {text}")
    values = (1, -2.5, "it's \\ % ä😀", b"\x00'\xff\\", None, True)
    assert alike(both, "SELECT %s, %s, %s, %s, %s, %s", values).rows[0][2:4] == values[2:4]


def test_sessions_begin_alike(both: list[MySqlConnection]) -> None:
    alike(
        both,
        "SELECT @@character_set_client, @@character_set_results, @@collation_connection, @@autocommit, @@sql_mode, "
        "@@time_zone, DATABASE()",
    )
    cipher = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
    names = [started(one, cipher).rows[0][1] for one in both]
    assert bool(names[0]) == bool(names[1]), "one of them speaks TLS, the other does not"


@pytest.mark.parametrize(
    "sql",
    [
        "SELEC 1", "SELECT nope FROM mysql.user", "SELECT * FROM mysql.missing", "SELECT 1; SELECT 2", "USE missing",
        "SELECT (SELECT 1 UNION SELECT 2)", "CALL mysql.missing()", "CREATE DATABASE mysql", "SELECT ST_X('')",
        "SELECT 1 + ~0 - ~0 - 2", "KILL 999999999", "SET sql_mode = 'nope'", "INSERT INTO mysql.user VALUES (1)",
    ],
)  # fmt: skip
def test_errors_have_the_same_class_number_and_text(both: list[MySqlConnection], sql: str) -> None:
    found = []
    for connection in both:
        with pytest.raises(errors.Error) as caught:
            started(connection, sql)
        cause = caught.value.__cause__
        found.append((type(caught.value), caught.value.args, type(cause)))
        assert connection.usable
    assert found[0] == found[1]


def test_a_library_that_cannot_send_ahead_waits_in_between(
    both: list[MySqlConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """MySQL's own C library counts packets; MariaDB's lets statements be sent before earlier ones are answered."""
    place, connection = ShardId("rds0", "mysql"), both[1]
    for ahead in (True, False):
        monkeypatch.setattr(mysqlclient_wire, "MARIADB", ahead)
        connection.post(place, ("SET @a = 1", "SELEC", "SET @c = 3"), 5)
        assert not connection.usable
        with pytest.raises(errors.SqlSyntaxError):
            connection.collect()
        assert started(connection, "SELECT @a, @c").rows[0] == (1, 3)
        started(connection, "SET @a = NULL, @c = NULL")


def test_an_unread_answer_is_cut_off_before_it_is_freed(
    both: list[MySqlConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freeing it reads what is left of it, which nobody wants to wait for."""
    wire, cut = both[1]._wire, []
    assert isinstance(wire, ClientWire)
    monkeypatch.setattr(wire, "shut", lambda: cut.append(wire._socket is not None))
    begun = both[1].start(Task(ShardId("rds0", "mysql"), "SELECT 1 UNION SELECT 2 UNION SELECT 3"), 2, None)
    assert (list(begun.rows), begun.last) == ([(1,), (2,)], False)
    both[1].close()
    assert cut == [True]


def test_a_read_answer_is_not_cut_off(both: list[MySqlConnection], monkeypatch: pytest.MonkeyPatch) -> None:
    wire, cut = both[1]._wire, []
    monkeypatch.setattr(wire, "shut", lambda: cut.append(True))
    assert started(both[1], "SELECT 1").last
    both[1].close()
    assert cut == []
