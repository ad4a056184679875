"""What each aggregate asks of the shards besides its visible column."""

from __future__ import annotations

import pytest

from shardkit.aggregates import aggregates
from shardkit.errors import ProgrammingError


@pytest.mark.parametrize(
    ("function", "text", "partials"),
    [
        ("count", False, ()),
        ("count", True, ()),
        ("sum", False, ()),
        ("min", False, ()),
        ("min", True, ("WEIGHT_STRING(MIN(a.`x`))",)),
        ("max", True, ("WEIGHT_STRING(MAX(a.`x`))",)),
        ("avg", False, ("SUM(a.`x`)", "COUNT(a.`x`)")),
    ],
)
def test_partials(function: str, text: bool, partials: tuple[str, ...]) -> None:
    assert aggregates.get(function).partials("a.`x`", text) == partials


def test_the_five_are_known_and_others_are_refused_by_name() -> None:
    assert {"avg", "count", "max", "min", "sum"} <= set(aggregates.names())
    with pytest.raises(ProgrammingError, match="unknown aggregate 'cuont'; did you mean 'count'"):
        aggregates.get("cuont")
