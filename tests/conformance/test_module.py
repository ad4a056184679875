"""PEP 249: what the module must offer, and that threads may share it."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest

import shardkit

NAMES = (
    "Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "OperationalError", "IntegrityError",
    "InternalError", "ProgrammingError", "NotSupportedError",
)  # fmt: skip
PARENTS = {
    "Warning": Warning, "Error": Exception, "InterfaceError": shardkit.Error, "DatabaseError": shardkit.Error,
    "DataError": shardkit.DatabaseError, "OperationalError": shardkit.DatabaseError,
    "IntegrityError": shardkit.DatabaseError, "InternalError": shardkit.DatabaseError,
    "ProgrammingError": shardkit.DatabaseError, "NotSupportedError": shardkit.DatabaseError,
}  # fmt: skip


def test_globals() -> None:
    assert shardkit.apilevel == "2.0"
    assert shardkit.threadsafety == 1
    assert shardkit.paramstyle == "pyformat"
    assert callable(shardkit.connect)


@pytest.mark.parametrize("name", NAMES)
def test_exceptions(name: str) -> None:
    assert getattr(shardkit, name).__mro__[1] is PARENTS[name]
    assert not issubclass(shardkit.Warning, shardkit.Error)
    assert not issubclass(shardkit.InterfaceError, shardkit.DatabaseError)


@pytest.mark.parametrize("name", NAMES)
def test_exceptions_are_attributes_of_connections_too(connection: shardkit.Connection, name: str) -> None:
    assert getattr(connection, name) is getattr(shardkit, name)


def test_everything_public_is_there() -> None:
    for name in (*shardkit.__all__, *NAMES, "STRING", "BINARY", "NUMBER", "DATETIME", "ROWID"):
        assert hasattr(shardkit, name)


def test_constructors() -> None:
    assert shardkit.Date(2024, 2, 29) == dt.date(2024, 2, 29)
    assert shardkit.Time(23, 59, 58) == dt.time(23, 59, 58)
    assert shardkit.Timestamp(2024, 2, 29, 23, 59, 58) == dt.datetime(2024, 2, 29, 23, 59, 58)
    assert shardkit.Binary(b"\x00\xff") == b"\x00\xff"
    ticks = time.mktime((2024, 2, 29, 23, 59, 58, 0, 0, -1))
    assert shardkit.DateFromTicks(ticks) == dt.date(2024, 2, 29)
    assert shardkit.TimeFromTicks(ticks) == dt.time(23, 59, 58)
    assert shardkit.TimestampFromTicks(ticks) == dt.datetime(2024, 2, 29, 23, 59, 58)


def test_constructed_values_can_be_sent(connection: shardkit.Connection) -> None:
    given = (
        shardkit.Date(2024, 2, 29), shardkit.Timestamp(2024, 2, 29, 23, 59, 58), shardkit.Binary(b"\x00\xff'"), None,
    )  # fmt: skip
    cursor = connection.cursor().execute(
        "SELECT CAST(%s AS DATE), CAST(%s AS DATETIME), CAST(%s AS BINARY), %s FROM config RIGHT JOIN (SELECT 1 AS o) o ON TRUE",
        given,
    )
    assert cursor.fetchone() == given
    cursor.execute("SELECT CAST(%s AS TIME)", (shardkit.Time(1, 2, 3),))
    assert cursor.fetchone() == (dt.timedelta(hours=1, minutes=2, seconds=3),)


TYPES = {
    "BIGINT": shardkit.NUMBER, "INT": shardkit.NUMBER, "TINYINT": shardkit.NUMBER, "SMALLINT": shardkit.NUMBER,
    "MEDIUMINT UNSIGNED": shardkit.NUMBER, "DECIMAL(10,2)": shardkit.NUMBER, "FLOAT": shardkit.NUMBER,
    "DOUBLE": shardkit.NUMBER, "BIT(4)": shardkit.NUMBER, "YEAR": shardkit.NUMBER, "CHAR(3)": shardkit.STRING,
    "VARCHAR(9)": shardkit.STRING, "ENUM('a','b')": shardkit.STRING, "DATE": shardkit.DATETIME,
    "TIME": shardkit.DATETIME, "DATETIME(3)": shardkit.DATETIME, "TIMESTAMP NULL": shardkit.DATETIME,
    "BLOB": shardkit.BINARY, "TINYBLOB": shardkit.BINARY, "LONGBLOB": shardkit.BINARY,
}  # fmt: skip


def test_type_objects(loose: shardkit.Connection) -> None:
    """Each column's type code equals exactly one type object, on one shard and merged."""
    columns = ", ".join(f"c{number} {text}" for number, text in enumerate(TYPES))
    cursor = loose.cursor()
    try:
        cursor.execute(f"CREATE TABLE scratch (id BIGINT PRIMARY KEY, {columns})")
        for sql in ("SELECT * FROM scratch WHERE id = 1", "SELECT * FROM scratch ORDER BY id"):
            cursor.execute(sql)
            assert cursor.description is not None
            for (text, wanted), column in zip(TYPES.items(), cursor.description[1:], strict=True):
                equal = [
                    kind
                    for kind in (shardkit.STRING, shardkit.BINARY, shardkit.NUMBER, shardkit.DATETIME, shardkit.ROWID)
                    if column[1] == kind
                ]
                assert equal == [wanted], text
                assert kind_differs(column[1], wanted)
    finally:
        cursor.execute("DROP TABLE IF EXISTS scratch")


def kind_differs(code: int, wanted: object) -> bool:
    return all(code != kind for kind in (shardkit.STRING, shardkit.BINARY, shardkit.NUMBER, shardkit.DATETIME)
               if kind is not wanted)  # fmt: skip


def test_threads_share_the_module_and_a_cluster(cluster: shardkit.Cluster) -> None:
    setup = cluster.connect(autocommit=True)
    for number in range(4):
        setup.cursor().execute("INSERT INTO member (memberId, n) VALUES (%s, %s)", (number, number))
    setup.close()
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            connection = cluster.connect(autocommit=True)
            for turn in range(20):
                cursor = connection.cursor()
                cursor.execute("SELECT %s, n FROM member WHERE memberId = %s", (turn, number % 4))
                assert cursor.fetchall() == ((turn, number % 4),)
                cursor.execute("SELECT memberId, %s FROM member ORDER BY memberId", (number,))
                assert cursor.fetchall() == tuple((i, number) for i in range(4))
            connection.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
