"""Partial groups as one JSON parameter: what can be said so, and where the parameter stands."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shardkit.federate import with_rows
from shardkit.flow import Family, Inline
from shardkit.values import Params


def args(rows: list[tuple[Any, ...]], *families: Family, given: Params = (), position: int | str = 0) -> Any:
    return with_rows(Inline("…", given, position, families), rows)


@pytest.mark.parametrize(
    ("value", "family", "said"),
    [
        (None, Family.TEXT, None), ("日\\\"'", Family.TEXT, "日\\\"'"), (-7, Family.INTEGER, "-7"),
        (0.1, Family.DOUBLE, "0.1"), (1e300, Family.DOUBLE, "1e+300"), (Decimal("1E+3"), Family.DECIMAL, "1000"),
        (Decimal("-0.000000010"), Family.DECIMAL, "-0.000000010"), (date(2024, 2, 29), Family.DATE, "2024-02-29"),
        (datetime(2024, 1, 2, 3, 4, 5, 6), Family.DATETIME, "2024-01-02 03:04:05.000006"),
    ],
)  # fmt: skip
def test_a_value_as_text(value: Any, family: Family, said: str | None) -> None:
    (text,) = args([(value,)], family)
    assert json.loads(text) == [[said]]


@pytest.mark.parametrize(
    ("value", "family"),
    [
        ("a\0b", Family.TEXT), ("0000-00-00", Family.DATE), (b"\xff", Family.BINARY), (True, Family.INTEGER),
        (timedelta(hours=-1), Family.TIME),
    ],
)  # fmt: skip
def test_what_cannot_be_said_sends_nothing(value: Any, family: Family) -> None:
    assert args([(1, value)], Family.INTEGER, family) is None


def test_the_parameter_stands_among_the_users_own() -> None:
    assert args([], given=("a", "b"), position=1) == ("a", "[]", "b")
    assert args([], given={"x": 1}, position="sk__rows") == {"x": 1, "sk__rows": "[]"}
    assert args([], given=None) == ("[]",)
