"""How workspace tables are declared, and how a shard spells a value so that it arrives unchanged."""

from __future__ import annotations

import pytest

from shardkit.federate.tables import create, spelling
from shardkit.flow import Column, Family
from tests.plan.catalog import column


@pytest.mark.parametrize(
    ("line", "definition", "spelled"),
    [
        ("a BIGINT UNSIGNED NOT NULL", "`a` bigint unsigned NOT NULL", "`a`"),
        ("a DECIMAL(12,2)", "`a` decimal(12,2) NULL", "CAST(`a` AS CHAR)"),
        ("a DOUBLE", "`a` double NULL", "`a`"), ("a FLOAT", "`a` float NULL", "`a` + 0e0"),
        ("a VARCHAR(9) COLLATE utf8mb4_bin", "`a` varchar(9) COLLATE utf8mb4_bin NULL", "`a`"),
        ("a TEXT COLLATE utf8mb4_unicode_ci", "`a` text COLLATE utf8mb4_unicode_ci NULL", "`a`"),
        ("a VARBINARY(9)", "`a` varbinary(9) NULL", "`a`"), ("a BLOB", "`a` blob NULL", "`a`"),
        ("a DATE NOT NULL", "`a` date NOT NULL", "CAST(`a` AS CHAR)"),
        ("a DATETIME(6)", "`a` datetime(6) NULL", "CAST(`a` AS CHAR)"),
        ("a TIMESTAMP(3)", "`a` timestamp(3) NULL", "UNIX_TIMESTAMP(`a`)"),
        ("a TIME(2)", "`a` time(2) NULL", "CAST(`a` AS CHAR)"), ("a YEAR", "`a` year NULL", "`a`"),
        ("a BIT(8)", "`a` bit(8) NULL", "`a`"), ("a JSON", "`a` json NULL", "`a`"),
        ("a ENUM('x','y') COLLATE utf8mb4_bin", "`a` enum('x','y') COLLATE utf8mb4_bin NULL", "CAST(`a` AS UNSIGNED)"),
        ("a SET('x','y') COLLATE utf8mb4_bin", "`a` set('x','y') COLLATE utf8mb4_bin NULL", "CAST(`a` AS UNSIGNED)"),
    ],
)  # fmt: skip
def test_every_type(line: str, definition: str, spelled: str) -> None:
    one = column(line)
    assert create("t", [one], (), (), False) == f"CREATE TEMPORARY TABLE t ({definition})"
    assert spelling(one, False) == spelled
    assert spelling(one, True) == "`a`"


def test_names_are_quoted() -> None:
    odd = Column("50% `off`", Family.FLOAT, "float")
    assert create("t", [odd], (), (), False) == "CREATE TEMPORARY TABLE t (`50% ``off``` float NULL)"
    assert spelling(odd, False) == "`50%% ``off``` + 0e0"


COLUMNS = [column(line) for line in ("k BIGINT NOT NULL", "t VARCHAR(20)", "long_ TEXT", "d JSON", "n INT")]


@pytest.mark.parametrize(
    ("key", "indexes", "expected"),
    [
        ((), (), ""), (("k",), (), "PRIMARY KEY (`k`)"), (("K", "t"), (), "PRIMARY KEY (`K`, `t`)"),
        (("gone",), (), ""), (("k", "gone"), (), ""), (("d",), (), ""), (("long_",), (), ""),
        ((), ("n",), "KEY (`n`)"), ((), ("n", "t"), "KEY (`n`), KEY (`t`)"), ((), ("long_", "d", "gone"), ""),
        (("k", "n"), ("k", "n"), "PRIMARY KEY (`k`, `n`), KEY (`n`)"),
    ],
)  # fmt: skip
def test_keys_and_indexes(key: tuple[str, ...], indexes: tuple[str, ...], expected: str) -> None:
    plain = create("t", COLUMNS, (), (), False)
    assert create("t", COLUMNS, key, indexes, False) == (plain[:-1] + f", {expected})" if expected else plain)


@pytest.mark.parametrize(
    ("line", "indexed"),
    [
        ("a VARCHAR(700)", True), ("a VARCHAR(701)", False), ("a VARBINARY(700)", True), ("a VARBINARY(3000)", False),
        ("a TEXT", False), ("a BLOB", False), ("a JSON", False), ("a BIT(3)", True), ("a YEAR", True),
        ("a ENUM('x')", True), ("a DOUBLE", True), ("a TIMESTAMP", True),
    ],
)  # fmt: skip
def test_what_can_be_indexed(line: str, indexed: bool) -> None:
    assert ("KEY (`a`)" in create("t", [column(line)], (), ("a",), False)) is indexed


def test_an_embedded_workspace_is_temporary_as_a_whole() -> None:
    assert (
        create("t", [column("a INT NOT NULL")], ("a",), ("a",), True)
        == "CREATE TABLE t (`a` int NOT NULL, PRIMARY KEY (`a`))"
    )
