"""Comparing under padding is a total order, and it is the order of weights padded to equal length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shardkit.flow import Compare, Key
from shardkit.merge.keys import Canonical
from shardkit.merge.weights import comparable

blanks = st.sampled_from([b" ", b"\x00 ", b"\x02\x09", b"\x00\x00 "])


@st.composite
def cases(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A blank and three weights made of units below, at and above it."""
    blank = draw(blanks)
    width = len(blank)
    number = int.from_bytes(blank, "big")
    near = st.sampled_from([0, number - 1, number, number, number + 1, 256**width - 1])
    unit = near | st.integers(0, 256**width - 1)
    weight = st.lists(unit.map(lambda value: value.to_bytes(width, "big")), max_size=5).map(b"".join)
    return blank, draw(st.lists(weight, min_size=3, max_size=3))


def pad(weight: bytes, blank: bytes) -> bytes:
    return weight + blank * (6 - len(weight) // len(blank))


@given(cases())
def test_order_and_equality_are_those_of_padded_weights(case: tuple[bytes, list[bytes]]) -> None:
    blank, weights = case
    key = comparable(blank)
    for left in weights:
        for right in weights:
            padded = pad(left, blank), pad(right, blank)
            assert (key(left) < key(right)) == (padded[0] < padded[1])
            assert (key(left) > key(right)) == (padded[0] > padded[1])
            assert (key(left) == key(right)) == (padded[0] == padded[1])


@given(cases())
def test_sorting_equals_sorting_padded_weights(case: tuple[bytes, list[bytes]]) -> None:
    blank, weights = case
    assert sorted(weights, key=comparable(blank)) == sorted(weights, key=lambda weight: pad(weight, blank))


@given(cases())
def test_equal_weights_have_equal_keys_and_hashes(case: tuple[bytes, list[bytes]]) -> None:
    blank, weights = case
    canonical = Canonical((Key(0, Compare.WEIGHT, blank=blank),)).of([(weight,) for weight in weights])
    keys = list(map(comparable(blank), weights))
    assert len(set(canonical)) == len(set(keys)) == len({pad(weight, blank) for weight in weights})
