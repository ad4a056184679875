"""Arrow's schema from a description, and the values that are refused."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from shardkit.arrow import Manner, stream
from shardkit.errors import DataError, NotSupportedError
from shardkit.flow import Binary, Unsigned
from shardkit.values import Row

Column = tuple[Any, ...]


def column(code: int, length: int | None = None, scale: int = 0, nullable: bool = True, name: str = "c") -> Column:
    return (name, code, None, length, length, scale, nullable)


def read(columns: Sequence[Column], rows: Sequence[Row], **manner: Any) -> pa.Table:
    given = list(rows)

    def fetch(size: int) -> Sequence[Row]:
        part, given[:] = given[:size], given[size:]
        return part

    return stream(columns, fetch, Manner(**manner)).read_all()


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (column(1, 4), pa.int8()),
        (Unsigned(column(1, 3)), pa.uint8()),
        (column(2, 6), pa.int16()),
        (column(9, 9), pa.int32()),
        (Unsigned(column(3, 10)), pa.uint32()),
        (column(8, 20), pa.int64()),
        (Unsigned(column(8, 20)), pa.uint64()),
        (column(246, 14, 2), pa.decimal128(12, 2)),
        (Unsigned(column(246, 13, 2)), pa.decimal128(12, 2)),
        (column(246, 11), pa.decimal128(10, 0)),
        (column(246, 67, 30), pa.decimal128(38, 30)),
        (column(4, 12, 31), pa.float32()),
        (column(5, 22, 31), pa.float64()),
        (column(6), pa.null()),
        (column(7, 19), pa.timestamp("us")),
        (column(12, 26, 6), pa.timestamp("us")),
        (column(10, 10), pa.date32()),
        (column(11, 10), pa.duration("us")),
        (column(13, 4), pa.int16()),
        (column(16, 8), pa.binary()),
        (column(253, 80), pa.string()),
        (Binary(column(253, 20)), pa.binary()),
        (column(254, 40), pa.string()),
        (column(252, 262140), pa.string()),
        (column(252, 4294967295), pa.large_string()),
        (Binary(column(252, 65535)), pa.binary()),
        (Binary(column(252, 4294967295)), pa.large_binary()),
        (column(245, 4294967295), pa.large_string()),
        (column(255, 4294967295), pa.large_binary()),
    ],
)
def test_types(given: Column, kind: pa.DataType) -> None:
    assert read([given], []).schema == pa.schema([pa.field("c", kind, True)])


def test_wide_decimals_are_asked_for() -> None:
    wide = column(246, 67, 30)
    value = Decimal("12345678901234567890.5")
    with pytest.raises(DataError, match=r"'c' as decimal128\(38, 30\).*wide_decimals=True"):
        read([wide], [(value,)])
    found = read([wide], [(value,)], wide_decimals=True)
    assert (found.schema.field("c").type, found["c"].to_pylist()) == (pa.decimal256(65, 30), [value])


def test_columns_may_share_a_name_and_have_no_nulls() -> None:
    found = read([column(3, 11, nullable=False), column(253, 80)], [(1, None)])
    assert found.schema == pa.schema([pa.field("c", pa.int32(), False), pa.field("c", pa.string(), True)])
    with pytest.raises(DataError, match="NULLs"):
        read([column(3, 11, nullable=False)], [(None,)])


def test_values() -> None:
    codes = (10, 12, 11, 246, 253)
    row = (date(9999, 12, 31), datetime(1000, 1, 1, 0, 0, 0, 1), timedelta(hours=-838), Decimal("-0.10"), "ä😀")
    found = read([column(code, 12, 2 if code == 246 else 0, name=str(code)) for code in codes], [row, (None,) * 5])
    assert [tuple(one.values()) for one in found.to_pylist()] == [row, (None,) * 5]


@pytest.mark.parametrize(("code", "zero"), [(10, "0000-00-00"), (12, "0000-00-00 00:00:00"), (7, "2024-02-00")])
def test_zero_dates_are_refused_or_null(code: int, zero: str) -> None:
    given = column(code, 19, nullable=False)
    with pytest.raises(DataError, match=f"'c' has the date '{zero}'.*zero_dates='null'") as caught:
        read([given], [(zero,)])
    assert caught.value.errno == 1292
    found = read([given], [(zero,), (None,)], zero_dates="null")
    assert (found["c"].to_pylist(), found.schema.field("c").nullable) == ([None, None], True)


def test_a_value_that_does_not_fit_is_named() -> None:
    with pytest.raises(DataError, match="'c' as int64"):
        read([column(8, 20)], [(2**63,)])


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(NotSupportedError, match="type 99 of column 'c'"):
        read([column(99)], [])


def test_batches() -> None:
    rows: list[Row] = [(n,) for n in range(7)]

    def fetch(size: int) -> Sequence[Row]:
        return [rows.pop(0) for _ in range(min(size, len(rows)))]

    reader = stream([column(3, 11)], fetch, Manner(batch_rows=3))
    assert [batch.num_rows for batch in reader] == [3, 3, 1]


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotSupportedError, match=r"pip install 'shardkit\[arrow\]'"):
        stream([column(3, 11)], lambda size: [], Manner())
