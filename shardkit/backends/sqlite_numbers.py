"""MySQL's number functions and its exact SUM and AVG for the embedded database.

Decimals live in doubles that are the nearest to a decimal of at most 15 digits; adding them as integers of the
column's smallest unit is exact, and the double nearest to the sum is again the decimal's.
Invariant: a SUM or AVG over DECIMAL that a double cannot give back exactly is an error, not a rounded answer.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from shardkit.errors import DataError
from shardkit.rewrite.sqlite_names import AGGREGATE_SCALES

Function = Callable[..., Any]
_WIDE = Context(prec=120)
_PREFIX = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def number(value: Any) -> int | float:
    """A value as a number, text by its beginning, as MySQL reads it."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    found = _PREFIX.match(str(value))
    if found is None:
        return 0
    read = float(found[0])
    return int(read) if read.is_integer() and abs(read) < 2**53 else read


def whole(value: Any) -> int:
    """A value as an integer, rounded half away from zero."""
    read = number(value)
    return read if isinstance(read, int) else int(_exact(read).to_integral_value(ROUND_HALF_UP))


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)


def _at_scale(rounding: str) -> Function:
    def cut(value: Any, digits: Any = 0) -> int | float | None:
        if value is None or digits is None:
            return None
        read, places = number(value), max(min(whole(digits), 30), -30)
        if isinstance(read, int) and places >= 0:
            return read
        return _plain(Decimal(repr(read)).quantize(Decimal(1).scaleb(-places), rounding, _WIDE))

    return cut


def _cast_decimal(value: Any, precision: Any = 10, scale: Any = 0) -> int | float:
    kept = Decimal(repr(number(value))).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _WIDE)
    limit = (Decimal(10) ** precision - 1).scaleb(-scale)
    return _plain(max(-limit, min(limit, kept)))


def _mod(a: Any, b: Any) -> int | float | None:
    left, right = number(a), number(b)
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int):
        return int(math.copysign(1, left)) * (abs(left) % abs(right))
    return _plain(_WIDE.remainder(Decimal(repr(left)), Decimal(repr(right))))


def _div(a: Any, b: Any) -> int | None:
    left, right = Decimal(repr(number(a))), Decimal(repr(number(b)))
    return int(_WIDE.divide_int(left, right)) if right else None


def _guarded(function: Callable[[float], float]) -> Function:
    """Outside its domain a function is NULL."""

    def answer(value: Any) -> float | None:
        try:
            return function(float(number(value)))
        except ValueError:
            return None

    return answer


def _power(a: Any, b: Any) -> float:
    try:
        return float(float(number(a)) ** float(number(b)))
    except (OverflowError, ZeroDivisionError, TypeError):
        raise DataError("DOUBLE value is out of range in 'pow()'", errno=1690) from None


def _sign(value: Any) -> int:
    read = number(value)
    return (read > 0) - (read < 0)


def _log(*values: Any) -> float | None:
    base, value = (values[0], values[1]) if len(values) == 2 else (math.e, values[0])
    try:
        return math.log(number(value)) if len(values) == 1 else math.log(number(value)) / math.log(number(base))
    except (ValueError, ZeroDivisionError):
        return None


def _cast_unsigned(value: Any) -> int:
    read = whole(value)
    if read < 0:
        raise DataError("the embedded database has no unsigned value for a negative one", errno=1690)
    return read


def _xor(a: Any, b: Any) -> int:
    return int(bool(number(a)) != bool(number(b)))


def _half_up(numerator: int, denominator: int) -> int:
    """The quotient, rounded half away from zero."""
    rounded = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return rounded if (numerator < 0) == (denominator < 0) else -rounded


def _on_grid(total: int, unit: int) -> int | float:
    """total / unit as SQLite can hold it; DataError if no double spells it."""
    if total % unit == 0 and abs(total // unit) < 2**63:
        return total // unit
    nearest = total / unit
    if _WIDE.multiply(Decimal(repr(nearest)), Decimal(unit)) != total:
        raise DataError("a decimal has more digits than the embedded database keeps exactly", errno=1690)
    return nearest


def _quotient(a: Any, b: Any, scale: Any) -> int | float | None:
    """Division of exact numbers, rounded half up to the scale of MySQL's type for it."""
    left, right = Decimal(repr(number(a))), Decimal(repr(number(b)))
    if not right:
        return None
    units = _WIDE.divide(left.scaleb(scale, _WIDE), right).to_integral_value(ROUND_HALF_UP)
    return _on_grid(int(units), 10**scale)


STRICT: dict[str, tuple[Function, int]] = {
    "bitxor": (lambda a, b: whole(a) ^ whole(b), 2),
    "cast_decimal": (_cast_decimal, -1),
    "cast_signed": (lambda v: whole(v), 1),
    "cast_unsigned": (_cast_unsigned, 1),
    "ceil": (lambda v: math.ceil(number(v)), 1),
    "ceiling": (lambda v: math.ceil(number(v)), 1),
    "div": (_div, 2),
    "exp": (_guarded(math.exp), 1),
    "floor": (lambda v: math.floor(number(v)), 1),
    "ln": (_guarded(math.log), 1),
    "log": (_log, -1),
    "log10": (_guarded(math.log10), 1),
    "log2": (_guarded(math.log2), 1),
    "mod": (_mod, 2),
    "number": (number, 1),
    "pi": (lambda: math.pi, 0),
    "pow": (_power, 2),
    "power": (_power, 2),
    "quotient": (_quotient, 3),
    "sign": (_sign, 1),
    "sqrt": (_guarded(math.sqrt), 1),
    "xor": (_xor, 2),
}
"""Functions that answer NULL as soon as one argument is NULL."""

LENIENT: dict[str, tuple[Function, int]] = {
    "round": (_at_scale(ROUND_HALF_UP), -1),
    "truncate": (_at_scale(ROUND_DOWN), -1),
}


def rand(*seed: Any) -> float:
    """RAND(); with a seed the answer repeats, though not with MySQL's numbers."""
    return random.Random(whole(seed[0])).random() if seed and seed[0] is not None else random.random()


class _Adding:
    """The common part: a window's rows come and go, the total is kept in units of 10**-scale."""

    unit = 1

    def __init__(self) -> None:
        self.total = 0
        self.count = 0

    def step(self, value: Any) -> None:
        if value is not None:
            self.total += round((value if type(value) is float else number(value)) * self.unit)
            self.count += 1

    def inverse(self, value: Any) -> None:
        if value is not None:
            self.total -= round(number(value) * self.unit)
            self.count -= 1

    def finalize(self) -> int | float | None:
        return self.value()

    def value(self) -> int | float | None:
        """The answer for the rows that are in; NULL for none."""
        return self.total if self.count else None


class _Sum(_Adding):
    def value(self) -> int | float | None:
        if not self.count:
            return None
        return _on_grid(self.total, self.unit)


class _Avg(_Adding):
    def value(self) -> int | float | None:
        """Four digits more than its numbers, half up, as MySQL's type for it says."""
        return _on_grid(_half_up(self.total * 10_000, self.count), self.unit * 10_000) if self.count else None


class _Floating(_Adding):
    """SUM over floating point, or over what no type is known for: numbers are taken by their shortest spelling."""

    def __init__(self) -> None:
        super().__init__()
        self.exact = Decimal(0)

    def step(self, value: Any) -> None:
        if value is not None:
            self.exact = _WIDE.add(self.exact, Decimal(repr(number(value))))
            self.count += 1

    def inverse(self, value: Any) -> None:
        if value is not None:
            self.exact = _WIDE.subtract(self.exact, Decimal(repr(number(value))))
            self.count -= 1


class _FloatingSum(_Floating):
    def value(self) -> float | None:
        return float(self.exact) if self.count else None


class _FloatingAvg(_Floating):
    def value(self) -> float | None:
        return float(_WIDE.divide(self.exact, Decimal(self.count))) if self.count else None


AGGREGATES: dict[str, type[_Adding]] = {
    **{f"sum_{s}": type(f"Sum{s}", (_Sum,), {"unit": 10**s}) for s in AGGREGATE_SCALES},
    **{f"avg_{s}": type(f"Avg{s}", (_Avg,), {"unit": 10**s}) for s in AGGREGATE_SCALES},
    "sum_f": _FloatingSum,
    "avg_f": _FloatingAvg,
}
"""SUM and AVG, as plain aggregates and over windows."""
