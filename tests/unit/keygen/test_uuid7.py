"""UUIDs of version 7: their bits, their order whatever the clock does, and the columns that hold them."""

from __future__ import annotations

import uuid

import pytest

from shardkit.flow import Column, Family
from shardkit.keygen import generators
from shardkit.keygen.protocol import Stream
from tests.unit.keygen.desk import NOON, Desk

TEXT = Column("u", Family.TEXT, "char(36)", length=36)
BINARY = Column("u", Family.BINARY, "binary(16)", length=16)


def stream() -> Stream:
    return generators.get("uuid7")({}).open("t.u")


def texts(desk: Desk, ids: Stream, count: int) -> list[str]:
    return [one for one in desk.take(ids, count, TEXT) if isinstance(one, str)]


def test_the_layout() -> None:
    desk = Desk(chance=0b11 << 30 | 0x2AAA)  # the counter's and the tail's
    found = uuid.UUID(texts(desk, stream(), 1)[0])
    assert (found.int >> 80, found.int >> 76 & 15, found.variant) == (NOON, 7, uuid.RFC_4122)
    assert found.int >> 64 & 0xFFF == 0b11
    assert found.int >> 32 & 0x3FFF_FFFF == 0x2AAA
    assert found.int & 0xFFFF_FFFF == (0b11 << 30 | 0x2AAA) % 2**32


def test_text_is_how_python_writes_it_and_binary_is_the_same_number() -> None:
    (text,) = texts(Desk(chance=12345678901), stream(), 1)
    (raw,) = Desk(chance=12345678901).take(stream(), 1, BINARY)
    assert str(uuid.UUID(text)) == text
    assert uuid.UUID(text).bytes == raw


def test_they_grow_within_a_millisecond_and_when_the_clock_goes_back() -> None:
    desk, ids = Desk(chance=99), stream()
    found = texts(desk, ids, 1000)
    desk.now -= 60_000
    found += texts(desk, ids, 1000)
    desk.now += 120_000
    found += texts(desk, ids, 10)
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    assert desk.waited() == 0


def test_a_counter_that_overflows_moves_the_time() -> None:
    desk, ids = Desk(), stream()
    texts(desk, ids, 1)
    ids._counter = 2**42 - 2  # type: ignore[attr-defined]
    found = [uuid.UUID(one).int for one in texts(desk, ids, 3)]
    assert found == sorted(found)
    assert [one >> 80 for one in found] == [NOON, NOON + 1, NOON + 1]


@pytest.mark.parametrize(
    ("column", "fits"),
    [
        (TEXT, True),
        (BINARY, True),
        (Column("u", Family.TEXT, "varchar(64)", length=64), True),
        (Column("u", Family.TEXT, "varchar(32)", length=32), False),
        (Column("u", Family.BINARY, "varbinary(16)", length=16), True),
        (Column("u", Family.BINARY, "binary(20)", length=20), False),
        (Column("u", Family.INTEGER, "bigint"), False),
    ],
)
def test_columns(column: Column, fits: bool) -> None:
    assert (generators.get("uuid7")({}).unfit(column) is None) is fits
