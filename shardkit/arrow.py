"""Results as Arrow: a schema from a cursor's description, record batches from its rows as they stream in.

    TINYINT … BIGINT                   int8 … int64, or uint8 … uint64; MEDIUMINT takes 32 bits
    DECIMAL                            decimal128; above 38 digits decimal256, where wide decimals are asked for
    FLOAT, DOUBLE, YEAR                float32, float64, int16
    DATE, DATETIME, TIMESTAMP, TIME    date32, timestamp[us], timestamp[us], duration[us]
    CHAR, VARCHAR, TEXT, ENUM, SET     string; MEDIUMTEXT, LONGTEXT and JSON large_string
    BINARY, VARBINARY, BLOB, BIT       binary; MEDIUMBLOB and LONGBLOB large_binary

Invariant: a value is in the stream as it is in the rows, or reading it raises DataError; only a zero date may become
NULL, and only where that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from shardkit.errors import DataError, NotSupportedError
from shardkit.flow import Binary, Unsigned
from shardkit.values import Row

if TYPE_CHECKING:
    import pyarrow as pa

ZeroDates: TypeAlias = Literal["refuse", "null"]
"""What becomes of `0000-00-00` and of dates such as `2024-02-00`, which Arrow does not have."""

BATCH = 8192
"""Rows of one record batch."""


class Manner(NamedTuple):
    """How a result becomes Arrow."""

    zero_dates: ZeroDates = "refuse"
    wide_decimals: bool = False  # decimal256 for over 38 digits, which Polars and DuckDB cannot read
    batch_rows: int = BATCH


_INTEGERS = {1: 8, 2: 16, 3: 32, 8: 64, 9: 32}
_TEXT = frozenset({15, 247, 248, 249, 250, 251, 252, 253, 254})
_BYTES = frozenset({16, 242, 255})
_JSON = 245
_DECIMAL = frozenset({0, 246})
_OTHERS: dict[int, Callable[[Any], Any]] = {
    4: lambda pa: pa.float32(),
    5: lambda pa: pa.float64(),
    6: lambda pa: pa.null(),
    7: lambda pa: pa.timestamp("us"),
    10: lambda pa: pa.date32(),
    11: lambda pa: pa.duration("us"),
    12: lambda pa: pa.timestamp("us"),
    13: lambda pa: pa.int16(),
    14: lambda pa: pa.date32(),
}
_DATES = frozenset({7, 10, 12, 14})
_LONG = 65_535 * 4
"""The longest TEXT in bytes; what may be longer gets 64-bit offsets."""


class Form:
    """How the rows of one result become Arrow."""

    def __init__(self, description: Sequence[Sequence[Any]], manner: Manner) -> None:
        """Raises NotSupportedError: pyarrow is not installed, or a column has a type that is not known here."""
        try:
            import pyarrow as pa
        except ImportError as error:
            raise NotSupportedError(
                "Arrow", where="cursor.arrow", why="it needs pyarrow", instead="pip install 'shardkit[arrow]'"
            ) from error
        self._pa, self._manner = pa, manner
        self.schema: pa.Schema = pa.schema([_field(pa, column, manner) for column in description])

    def batch(self, rows: Sequence[Row]) -> pa.RecordBatch:
        """These rows, of which there is at least one. Raises DataError."""
        columns = zip(zip(*rows, strict=True), self.schema, strict=True)
        arrays = [_array(self._pa, values, field, self._manner.zero_dates) for values, field in columns]
        return self._pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def table(self, batches: Sequence[pa.RecordBatch]) -> pa.Table:
        """All batches together."""
        return self._pa.Table.from_batches(batches, self.schema)

    def reader(self, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
        """The batches as they come."""
        return self._pa.RecordBatchReader.from_batches(self.schema, batches)


def stream(
    description: Sequence[Sequence[Any]], fetch: Callable[[int], Sequence[Row]], manner: Manner
) -> pa.RecordBatchReader:
    """The rows that `fetch(count)` gives, until it gives none. Raises NotSupportedError."""
    form = Form(description, manner)

    def batches() -> Iterator[pa.RecordBatch]:
        while rows := fetch(manner.batch_rows):
            yield form.batch(rows)

    return form.reader(batches())


def _field(pa: Any, column: Sequence[Any], manner: Manner) -> Any:
    name, code, _, _, _, _, nullable = column
    kind = _type(pa, column, 76 if manner.wide_decimals else 38)
    return pa.field(name, kind, bool(nullable) or (manner.zero_dates == "null" and code in _DATES))


def _type(pa: Any, column: Sequence[Any], most_digits: int) -> Any:
    code, length = column[1], column[3] or 0
    if code in _INTEGERS:
        return getattr(pa, f"{'u' if isinstance(column, Unsigned) else ''}int{_INTEGERS[code]}")()
    if code in _TEXT or code in _BYTES or code == _JSON:
        kind = "binary" if code in _BYTES or isinstance(column, Binary) else "string"
        return getattr(pa, f"large_{kind}" if length > _LONG or code == _JSON else kind)()
    if code in _DECIMAL:
        return _decimal(pa, column, most_digits)
    if code in _OTHERS:
        return _OTHERS[code](pa)
    raise NotSupportedError(
        f"the type {code} of column {column[0]!r} in Arrow", where="cursor.arrow", why="it is not known here",
        instead="CAST it to another type in the SELECT",
    )  # fmt: skip


def _decimal(pa: Any, column: Sequence[Any], most: int) -> Any:
    """The length that servers tell has room for the point and the sign."""
    length, scale = column[3] or 67, column[5] or 0
    digits = length - (scale > 0) - (not isinstance(column, Unsigned))
    precision = min(max(digits, scale, 1), most)
    return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)


def _array(pa: Any, values: Sequence[Any], field: Any, zero_dates: ZeroDates) -> Any:
    try:
        found = pa.array(values, field.type)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        if not pa.types.is_temporal(field.type):
            raise DataError(f"column {field.name!r} as {field.type}: {error}; {_remedy(pa, field)}") from error
        found = pa.array(_dated(values, field.name, zero_dates), field.type)
    if found.null_count and not field.nullable:
        raise DataError(f"column {field.name!r} has NULLs, but the server calls it NOT NULL; write COALESCE or NULLIF")
    return found


def _remedy(pa: Any, field: Any) -> str:
    wide = "ask for cursor.arrow(wide_decimals=True), or "
    return f"{wide if pa.types.is_decimal128(field.type) else ''}CAST it to another type in the SELECT"


def _dated(values: Sequence[Any], name: str, zero_dates: ZeroDates) -> list[Any]:
    """The values with NULL for dates that are none: drivers give them as text."""
    if zero_dates == "refuse":
        wrong = next(value for value in values if isinstance(value, str))
        raise DataError(
            f"column {name!r} has the date {wrong!r}, which Arrow cannot hold; ask for "
            "cursor.arrow(zero_dates='null'), or exclude it in the SELECT",
            errno=1292,
        )
    return [None if isinstance(value, str) else value for value in values]
