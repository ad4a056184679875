"""A generator of a package's own: from the rules file to ids, without a database."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.errors import GeneratorError, InterfaceError, RulesError
from shardkit.flow import Column, Family, NewId, NewIds
from shardkit.keygen import Generator, Mistake, Now, OptionMistakes, Options, Stream, Taking, generators
from shardkit.rules import loads
from shardkit.runtime.keys import Keys

RULES = """
version: 1
servers: { rds0: { url: "mysql://app@h" } }
layouts: { m: { databases: "m_{0..3}", servers: [rds0] } }
tables: { t: { layout: m, shard_by: id, generate: { Code: OPTIONS, u: uuid7, u2: uuid7 } } }
"""
CODE = Column("code", Family.TEXT, "varchar(40)", length=40)
UUID = Column("u", Family.TEXT, "char(36)", length=36)


class Tickets:
    """prefix-1, prefix-2 …"""

    process_wide = False

    def __init__(self, prefix: str) -> None:
        self.prefix, self.count = prefix, 0

    def unfit(self, column: Column) -> str | None:
        return None

    def stand_ins(self, count: int, column: Column) -> list[NewId]:
        return ["?"] * count

    def open(self, name: str) -> Stream:
        return self

    def take(self, count: int, column: Column) -> Taking:
        now: int = yield Now()
        assert now > 0
        self.count += count
        return [f"{self.prefix}-{number}" for number in range(self.count - count + 1, self.count + 1)]


def make(options: Options) -> Generator:
    if "prefix" not in options:
        raise OptionMistakes([Mistake((), "ticket needs a prefix", "write prefix: T")])
    return Tickets(str(options["prefix"]))


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generators._items, "ticket", make)


def keys() -> Keys:
    def nothing(*_: Any) -> Any:
        raise AssertionError("no database is needed")

    return Keys(loads(RULES.replace("OPTIONS", "{ type: ticket, prefix: T }")), nothing, nothing)


def test_its_ids() -> None:
    given = keys()
    assert given.take(NewIds("t", CODE, 2)) == ["T-1", "T-2"]
    assert given.take(NewIds("t", CODE, 1)) == ["T-3"]
    with pytest.raises(GeneratorError, match=r"t\.other"):
        given.take(NewIds("t", Column("other", Family.TEXT, "text"), 1))
    given.close()
    with pytest.raises(InterfaceError):
        given.take(NewIds("t", CODE, 1))


def test_its_mistakes_have_places() -> None:
    with pytest.raises(RulesError) as caught:
        loads(RULES.replace("OPTIONS", "{ type: ticket }"))
    assert [(one.line, one.message) for one in caught.value.problems] == [(5, "ticket needs a prefix")]


def test_uuids_of_all_columns_and_clusters_grow_together() -> None:
    one, other = keys(), keys()
    found: list[Any] = []
    for given in (one, other, one):
        for column in (UUID, Column("u2", Family.TEXT, "char(36)", length=36)):
            found += given.take(NewIds("t", column, 3))
    assert found == sorted(set(found))
