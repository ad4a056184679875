"""Segments: dense numbers, the next block asked for in time, and no number twice when a block does not come."""

from __future__ import annotations

import pytest

from shardkit.flow import Column, Family
from shardkit.keygen import Ahead, Block, generators
from shardkit.keygen.protocol import Stream
from shardkit.options import OptionMistakes
from tests.unit.keygen.desk import Desk


def stream(**options: object) -> Stream:
    return generators.get("segment")(options).open("t.id")


def test_numbers_are_dense() -> None:
    desk, ids = Desk(), stream(step=10)
    assert [number for _ in range(35) for number in desk.numbers(ids, 1)] == list(range(1, 36))


def test_the_next_block_is_asked_for_when_half_is_used() -> None:
    desk, ids = Desk(), stream(step=10)
    desk.numbers(ids, 4)
    assert desk.wants == [Block("t.id", 10, 1)]
    desk.numbers(ids, 1)
    assert desk.wants[1:] == [Ahead(Block("t.id", 10, 1))]
    desk.numbers(ids, 5)
    assert len(desk.wants) == 2
    desk.numbers(ids, 1)
    assert desk.wants[2:] == [Block("t.id", 10, 1)]


def test_many_at_once_come_in_one_block() -> None:
    desk, ids = Desk(), stream(step=10)
    assert desk.numbers(ids, 1000) == list(range(1, 1001))
    assert desk.wants[0] == Block("t.id", 1000, 1)
    assert desk.numbers(ids, 25) == list(range(1001, 1026))


def test_it_begins_at_start() -> None:
    assert Desk().numbers(stream(start=5000), 3) == [5000, 5001, 5002]


def test_a_block_that_does_not_come_costs_nothing() -> None:
    desk, ids = Desk(), stream(step=10)
    desk.numbers(ids, 9)
    script = ids.take(3, Column("id", Family.INTEGER, "int"))
    assert isinstance(next(script), Block)
    with pytest.raises(OSError, match="gone"):
        script.throw(OSError("gone"))
    assert desk.numbers(ids, 2) == [11, 12]  # 10 was taken by the script that failed


@pytest.mark.parametrize("options", [{"step": 0}, {"step": "10"}, {"start": 0}, {"epoch": "2020-01-01"}])
def test_wrong_options(options: dict[str, object]) -> None:
    with pytest.raises(OptionMistakes) as caught:
        generators.get("segment")(options)
    assert [mistake.path for mistake in caught.value.mistakes] == [tuple(options)]


def test_columns() -> None:
    generator = generators.get("segment")({})
    assert generator.unfit(Column("id", Family.INTEGER, "int unsigned")) is None
    assert generator.unfit(Column("id", Family.DECIMAL, "decimal(20,0)")) == "an integer column"
