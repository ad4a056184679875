"""Snowflake ids: their layout, their order, the end of a millisecond, clocks that go back, and leases that change."""

from __future__ import annotations

from collections import Counter

import pytest

from shardkit.errors import ClockError
from shardkit.flow import Column, Family
from shardkit.keygen import Lease, Wait, generators
from shardkit.keygen.protocol import Stream
from shardkit.options import OptionMistakes
from tests.unit.keygen.desk import NOON, Desk

EPOCH = 1_735_689_600_000  # 2025-01-01


def stream(**options: object) -> Stream:
    return generators.get("snowflake")(options).open("t.id")


def parts(number: int, worker_bits: int = 10, sequence_bits: int = 12) -> tuple[int, int, int]:
    """Time, worker and sequence of an id."""
    time, rest = divmod(number, 1 << (worker_bits + sequence_bits))
    return (time, *divmod(rest, 1 << sequence_bits))


def test_the_layout() -> None:
    (number,) = Desk(chance=7).numbers(stream(), 1)
    assert parts(number) == (NOON - EPOCH, 5, 7)
    assert 0 < number < 2**63


def test_epoch_and_bits_are_options() -> None:
    given = stream(epoch="2026-01-01", bits={"worker": 4, "sequence": 8})
    (number,) = Desk(now=NOON + 9, chance=3).numbers(given, 1)
    assert parts(number, 4, 8) == (9, 5, 3)


def test_the_sequence_goes_on_so_that_every_residue_comes_as_often() -> None:
    desk, ids = Desk(tick=3, chance=4090), stream()
    found = [number for _ in range(4096) for number in desk.numbers(ids, 1)]
    assert found == sorted(set(found))
    for modulus in (2, 4, 8, 16, 64, 1024):
        assert set(Counter(number % modulus for number in found).values()) == {4096 // modulus}


def test_a_full_millisecond_is_waited_out() -> None:
    desk, ids = Desk(chance=4000), stream()
    found = desk.numbers(ids, 5000)
    assert len(set(found)) == 5000
    assert found == sorted(found)
    assert [parts(number)[0] for number in (found[95], found[96])] == [NOON - EPOCH, NOON - EPOCH + 1]
    assert [parts(number)[2] for number in (found[95], found[96])] == [4095, 0]
    assert desk.waited() == 2


def test_a_clock_that_goes_back_a_little_is_waited_for() -> None:
    desk, ids = Desk(), stream()
    before = desk.numbers(ids, 10)
    desk.now -= 400
    after = desk.numbers(ids, 10)
    assert max(before) < min(after)
    assert desk.waited() == 400


def test_a_clock_that_goes_back_far_is_an_error_until_it_has_caught_up() -> None:
    desk, ids = Desk(), stream()
    before = desk.numbers(ids, 10)
    desk.now -= 60_000
    with pytest.raises(ClockError, match="60000 ms behind"):
        desk.numbers(ids, 1)
    desk.now += 60_000
    assert max(before) < min(desk.numbers(ids, 1))


def test_ids_begin_after_what_former_holders_were_allowed() -> None:
    desk = Desk(lease=Lease(1, NOON + 20, 2**62))
    (number,) = desk.numbers(stream(), 1)
    assert parts(number)[0] == NOON + 21 - EPOCH
    assert desk.waited() == 21
    with pytest.raises(ClockError):
        Desk(lease=Lease(1, NOON + 5000, 2**62)).numbers(stream(), 1)


def test_a_new_lease_in_the_same_millisecond() -> None:
    desk, ids = Desk(), stream()
    before = desk.numbers(ids, 10)
    desk.lease = Lease(5, NOON, 2**62)  # lost, and leased again: the number's former times are closed
    after = desk.numbers(ids, 10)
    assert not set(before) & set(after)
    assert {parts(number)[0] for number in after} == {NOON + 1 - EPOCH}


def test_times_that_do_not_fit() -> None:
    for now in (EPOCH - 1, EPOCH + 2**41):
        with pytest.raises(ClockError, match="cannot hold"):
            Desk(now=now).numbers(stream(), 1)


def test_an_interrupted_wait_gives_no_id_twice() -> None:
    desk, ids = Desk(chance=4090), stream()
    script = ids.take(10, Column("id", Family.INTEGER, "bigint"))
    answer: object = None
    while not isinstance(want := script.send(answer), Wait):
        answer = desk._answer(want)
    script.close()
    assert [parts(number)[2] for number in desk.numbers(ids, 2)] == [0, 1]


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ({"epoch": 2020}, [("epoch",)]),
        ({"epoch": "2020-01-01T00:00:00+02:00"}, [("epoch",)]),
        ({"bits": 10}, [("bits",)]),
        ({"bits": {"worker": True}}, [("bits", "worker")]),
        ({"bits": {"worker": 12, "sequence": 14}}, [("bits",)]),
        ({"bits": {"machine": 3}, "step": 1}, [("step",), ("bits", "machine")]),
    ],
)
def test_wrong_options(options: dict[str, object], paths: list[tuple[str, ...]]) -> None:
    with pytest.raises(OptionMistakes) as caught:
        generators.get("snowflake")(options)
    assert [mistake.path for mistake in caught.value.mistakes] == paths


def test_only_bigint_holds_them() -> None:
    generator = generators.get("snowflake")({})
    assert generator.unfit(Column("id", Family.INTEGER, "bigint unsigned")) is None
    assert generator.unfit(Column("id", Family.INTEGER, "int")) == "a BIGINT"
    assert generator.unfit(Column("id", Family.TEXT, "varchar(40)")) == "a BIGINT"
