"""Weights under a padding collation: the orders below are those of MySQL 9.7 and MariaDB 10.11."""

from __future__ import annotations

from itertools import combinations

import pytest

from shardkit.merge.weights import Padded, comparable, strip

GENERAL, UNICODE, BINARY, LATIN = b"\x00 ", b"\x02\x09", b"\x00\x00 ", b" "

# Groups of equal weights, ascending.
SERVER_ORDERS = [
    (GENERAL, [[b"\x00\x01"], [b"\x00\t"], [b"", b"\x00 ", b"\x00 \x00 "], [b"\x00A\x00\t\x00\t\x00 \x00B"]]),
    (GENERAL, [[b"\x00A\x00\t"], [b"\x00A", b"\x00A\x00 "], [b"\x00A\x00 \x00 \x00B"], [b"\x00B"]]),
    (UNICODE, [[b"\x02\x01"], [b"", b"\x02\t"], [b"\x0e3\x02\x01\x02\x01\x02\t\x0eJ"], [b"\x0e3\x02\x01"]]),
    (UNICODE, [[b"\x0e3\x02\x01"], [b"\x0e3", b"\x0e3\x02\t"], [b"\x0e3\x02\t\x02\t\x0eJ"], [b"\x0eJ"]]),
    (BINARY, [[b"\x00\x00\t"], [b"", b"\x00\x00 "], [b"\x00\x00a\x00\x00\t"], [b"\x00\x00a", b"\x00\x00a\x00\x00 "]]),
    (LATIN, [[b"\x01"], [b"\t"], [b"", b" "], [b"A\t\t B"], [b"A\t"], [b"A", b"A  "], [b"A  B"], [b"B"]]),
]


@pytest.mark.parametrize(("blank", "groups"), SERVER_ORDERS)
def test_order_is_the_servers(blank: bytes, groups: list[list[bytes]]) -> None:
    key = comparable(blank)
    for group in groups:
        assert len({key(weight) for weight in group}) == 1
    for lower, higher in combinations(groups, 2):
        for left in lower:
            for right in higher:
                assert key(left) < key(right)
                assert key(right) > key(left)
                assert not key(right) < key(left)
                assert key(left) != key(right)


@pytest.mark.parametrize("blank", [GENERAL, UNICODE, BINARY, LATIN])
def test_strip_takes_whole_units_off_the_end(blank: bytes) -> None:
    unit = b"\x41" * len(blank)
    assert strip(blank * 3, blank) == b""
    assert strip(unit + blank * 1000, blank) == unit
    assert strip(blank + unit, blank) == blank + unit


def test_a_low_unit_is_found_only_at_its_own_place() -> None:
    # as bytes, 20 00 1f holds '00 1f', but no unit at an even offset is below the blank
    assert comparable(GENERAL)(b"\x01\x00\x1f\x41") == b"\x01\x00\x1f\x41"
    assert isinstance(comparable(GENERAL)(b"\x01\x00\x00\x1f"), Padded)


def test_a_blank_of_zeros_has_nothing_below_it() -> None:
    assert comparable(b"\x00")(b"a\x00") == b"a"


def test_padded_compares_with_weights_only() -> None:
    with pytest.raises(TypeError):
        assert Padded(b"\t", LATIN) < 3
    assert Padded(b"\t", LATIN) != 3
    assert len({Padded(b"\t", LATIN), Padded(b"\t", LATIN)}) == 1
