"""Names of foreign keys and checks on the pieces of a table, and back."""

from __future__ import annotations

import pytest

from shardkit.rewrite.constraints import LONGEST, logical_name, physical_name


@pytest.mark.parametrize(
    ("name", "piece", "several", "found"),
    [
        ("fk", "t_order_3", True, "fk_3"),
        ("fk", "t_order_3", False, "fk"),
        ("fk", "p3_t_order", True, "fk_p3_t_order"),
        ("t_order_ibfk_1", "t_order_3", True, "t_order_3_ibfk_1"),
        ("t_order_ibfk_1", "t_order_3", False, "t_order_3_ibfk_1"),
        ("t_order_chk_2", "t_order_3", True, "t_order_3_chk_2"),
        ("fk_3", "t_order_3", True, "fk_3_3"),
        ("fk_3", "t_order_3", False, "fk_3"),
    ],
)
def test_there_and_back(name: str, piece: str, several: bool, found: str) -> None:
    assert physical_name(name, "t_order", piece, several) == found
    assert logical_name(found, "t_order", piece, several) == name


def test_a_long_name_is_shortened_and_stays_unique() -> None:
    long, other = "x" * LONGEST, "x" * (LONGEST - 1) + "y"
    names = {physical_name(name, "t", piece, True) for name in (long, other) for piece in ("t_0", "t_10")}
    assert len(names) == 4
    assert {len(name) for name in names} == {LONGEST}
    short = logical_name(physical_name(long, "t", "t_0", True), "t", "t_0", True)
    assert physical_name(short, "t", "t_0", True) == physical_name(long, "t", "t_0", True)
