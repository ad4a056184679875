"""Tables of every column type, and how collations compare, as real servers tell it."""

from __future__ import annotations

from shardkit.backends.mysql import MySqlBackend
from shardkit.backends.mysql_connection import MySqlConnection
from shardkit.flow import Column, Family, Task
from shardkit.values import ShardId
from tests.servers import ServerUrl

TYPES = {
    "tinyint": Family.INTEGER,
    "bool": Family.INTEGER,
    "smallint": Family.INTEGER,
    "mediumint": Family.INTEGER,
    "int unsigned": Family.INTEGER,
    "bigint unsigned": Family.INTEGER,
    "decimal(12,2)": Family.DECIMAL,
    "float": Family.FLOAT,
    "double": Family.DOUBLE,
    "bit(7)": Family.BIT,
    "date": Family.DATE,
    "time(3)": Family.TIME,
    "datetime(6)": Family.DATETIME,
    "timestamp(2) null": Family.TIMESTAMP,
    "year": Family.YEAR,
    "char(3)": Family.TEXT,
    "varchar(64)": Family.TEXT,
    "tinytext": Family.TEXT,
    "text": Family.TEXT,
    "mediumtext": Family.TEXT,
    "longtext": Family.TEXT,
    "binary(4)": Family.BINARY,
    "varbinary(16)": Family.BINARY,
    "tinyblob": Family.BINARY,
    "blob": Family.BINARY,
    "mediumblob": Family.BINARY,
    "longblob": Family.BINARY,
    "enum('unsigned','b')": Family.ENUM,
    "set('x','y')": Family.SET,
    "json": Family.JSON,
    "geometry": Family.OTHER,
    "point": Family.OTHER,
}


def make(connection: MySqlConnection, shard: ShardId, name: str, columns: str, options: str = "") -> None:
    for sql in (
        f"DROP TABLE IF EXISTS `{shard.database}`.`{name}`",
        f"CREATE TABLE `{shard.database}`.`{name}` ({columns}) {options}",
    ):
        connection.start(Task(shard, sql), 0, None)


def described(backend: MySqlBackend, connection: MySqlConnection, shard: ShardId, name: str) -> dict[str, Column]:
    info = backend.describe(connection, shard, name)
    assert info is not None
    return {column.name: column for column in info.columns}


def test_every_type(backend: MySqlBackend, connection: MySqlConnection, shard: ShardId, server: ServerUrl) -> None:
    make(connection, shard, "every type", ", ".join(f"c{n} {text}" for n, text in enumerate(TYPES)))
    found = described(backend, connection, shard, "every type")
    by_type = {text: found[f"c{n}"] for n, text in enumerate(TYPES)}
    families = {text: column.family for text, column in by_type.items()}
    expected = dict(TYPES)
    if server.flavor == "mariadb":
        expected["json"] = Family.TEXT  # there it is longtext with a check
    assert families == expected
    assert (by_type["decimal(12,2)"].precision, by_type["decimal(12,2)"].scale) == (12, 2)
    assert [by_type[text].scale for text in ("time(3)", "datetime(6)", "timestamp(2) null")] == [3, 6, 2]
    assert {text for text, column in by_type.items() if column.unsigned} == {"int unsigned", "bigint unsigned"}
    assert (by_type["varchar(64)"].length, by_type["varbinary(16)"].length) == (64, 16)
    assert by_type["varchar(64)"].collation is not None
    assert by_type["varbinary(16)"].collation is None
    assert by_type["enum('unsigned','b')"].type_text == "enum('unsigned','b')"


def test_keys_defaults_and_generated_columns(
    backend: MySqlBackend, connection: MySqlConnection, shard: ShardId
) -> None:
    make(
        connection,
        shard,
        "keys",
        "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, `Member Id` INT NOT NULL, price DECIMAL(8,2) DEFAULT (1 + 1), "
        "v INT GENERATED ALWAYS AS (`Member Id` * 2) VIRTUAL, s INT GENERATED ALWAYS AS (`Member Id` + 1) STORED, "
        "made DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (`Member Id`, id), KEY (id)",
    )
    info = backend.describe(connection, shard, "keys")
    assert info is not None
    assert info.primary_key == ("Member Id", "id")
    columns = {column.name: column for column in info.columns}
    assert [name for name, column in columns.items() if column.generated] == ["v", "s"]
    assert [name for name, column in columns.items() if column.auto_increment] == ["id"]
    assert [column.nullable for column in info.columns] == [False, False, True, True, True, True]


def test_invisible_columns_are_not_part_of_the_star(
    backend: MySqlBackend, connection: MySqlConnection, shard: ShardId
) -> None:
    make(connection, shard, "hidden", "id INT PRIMARY KEY, secret INT INVISIBLE DEFAULT 1, b INT")
    assert list(described(backend, connection, shard, "hidden")) == ["id", "b"]
    started = connection.start(Task(shard, f"SELECT * FROM `{shard.database}`.hidden"), 0, None)
    assert [column[0] for column in started.description or ()] == ["id", "b"]


def test_names_are_values_not_sql(backend: MySqlBackend, connection: MySqlConnection, shard: ShardId) -> None:
    assert backend.describe(connection, shard, "missing") is None
    assert backend.describe(connection, shard, "x' OR '1'='1") is None
    assert backend.collations(connection, ["x` OR 1", "nonsense_ci", "utf8mb4_nonsense_ci"]) == ()


def test_how_collations_pad(
    backend: MySqlBackend, connection: MySqlConnection, shard: ShardId, server: ServerUrl
) -> None:
    own = {"mysql": "utf8mb4_0900_ai_ci", "mariadb": "utf8mb4_nopad_bin"}[server.flavor]
    names = ["utf8mb4_general_ci", "utf8mb4_bin", "latin1_swedish_ci", "binary", own]
    found = {collation.name: collation.blank for collation in backend.collations(connection, names)}
    assert found == {
        "utf8mb4_general_ci": b"\x00 ",
        "utf8mb4_bin": b"\x00\x00 ",
        "latin1_swedish_ci": b" ",
        "binary": b"",
        own: b"",
    }
