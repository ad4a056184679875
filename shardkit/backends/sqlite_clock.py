"""MySQL's functions of dates and times for the embedded database.

Moments come and go as the stored text (sqlite_moments); text that is no moment makes NULL, as in MySQL's SELECT.
Invariant: pure but for the statement's own start time, which the caller passes in.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from shardkit.backends.sqlite_moments import is_date_only, moment, moment_text, rounded, span, span_text
from shardkit.backends.sqlite_numbers import number, whole
from shardkit.errors import DataError, NotSupportedError

Function = Callable[..., Any]
_STEPS = {
    "MICROSECOND": timedelta(microseconds=1),
    "SECOND": timedelta(seconds=1),
    "MINUTE": timedelta(minutes=1),
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
    "WEEK": timedelta(weeks=1),
}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def _of(read: Callable[[datetime], Any]) -> Function:
    """A function of one moment."""

    @wraps(read)
    def answer(value: Any) -> Any:
        found = moment(value)
        return read(found) if found is not None else None

    return answer


def _clock(read: Callable[[int], int]) -> Function:
    """A function of the time of day, in microseconds; TIME values may pass a day."""

    def answer(value: Any) -> int | None:
        if isinstance(value, str) and ":" not in value:
            value = f"{value} 00:00:00"
        found = span(value)
        return read(abs(found) // timedelta(microseconds=1)) if found is not None else None

    return answer


def as_datetime(value: Any) -> str | None:
    """A value beside a DATETIME column. DataError (1525) for text that is no moment."""
    return moment_text(_moment(value, "DATETIME")) if value is not None else None


def as_date(value: Any) -> str | None:
    """A value beside a DATE column: a day, or a moment later on that day."""
    if value is None:
        return None
    found = _moment(value, "DATE")
    return moment_text(found) if found.time() != datetime.min.time() else found.date().isoformat()


def _moment(value: Any, kind: str) -> datetime:
    found = moment(value)
    if found is None:
        raise DataError(f"Incorrect {kind} value", errno=1525)
    return found


def as_time(value: Any) -> str | None:
    """A value beside a TIME column."""
    if value is None:
        return None
    found = span(value)
    if found is None:
        raise DataError("Incorrect TIME value", errno=1525)
    return span_text(found)


def _moved(sign: int) -> Function:
    def move(value: Any, amount: Any, unit: str) -> str | None:
        found = moment(value)
        if found is None:
            return None
        try:
            later = _later(found, sign, amount, unit)
        except (OverflowError, ValueError):
            return None
        day = is_date_only(value) and unit in ("DAY", "WEEK", *_MONTHS)
        return later.date().isoformat() if day else moment_text(later)

    return move


def _later(start: datetime, sign: int, amount: Any, unit: str) -> datetime:
    if unit not in _MONTHS:
        count = number(amount) if unit == "SECOND" else whole(amount)
        return start + _STEPS[unit] * sign * count
    months = start.year * 12 + start.month - 1 + sign * whole(amount) * _MONTHS[unit]
    year, month = divmod(months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def _timestampdiff(unit: str, first: Any, second: Any) -> int | None:
    start, end = moment(first), moment(second)
    if start is None or end is None:
        return None
    if unit not in _MONTHS:
        length = abs(end - start) // _STEPS[unit]
        return length if end >= start else -length
    low, high, sign = (start, end, 1) if end >= start else (end, start, -1)
    months = (high.year - low.year) * 12 + high.month - low.month
    if (high.day, high.time()) < (low.day, low.time()):
        months -= 1
    return sign * (months // _MONTHS[unit])


def _datediff(first: Any, second: Any) -> int | None:
    start, end = moment(second), moment(first)
    return (end.date() - start.date()).days if start is not None and end is not None else None


_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_FORMATS: dict[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "c": lambda at: str(at.month),
    "M": lambda at: _MONTH_NAMES[at.month - 1],
    "b": lambda at: _MONTH_NAMES[at.month - 1][:3],
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: str(at.day),
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "W": lambda at: _DAY_NAMES[at.weekday()],
    "a": lambda at: _DAY_NAMES[at.weekday()][:3],
    "w": lambda at: str(at.isoweekday() % 7),
    "H": lambda at: f"{at.hour:02}",
    "k": lambda at: str(at.hour),
    "h": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "l": lambda at: str((at.hour - 1) % 12 + 1),
    "i": lambda at: f"{at.minute:02}",
    "s": lambda at: f"{at.second:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "T": lambda at: f"{at:%H:%M:%S}",
    "r": lambda at: f"{(at.hour - 1) % 12 + 1:02}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}",
}


def _date_format(value: Any, form: Any) -> str | None:
    found, made, characters = moment(value), [], iter(str(form))
    if found is None:
        return None
    for char in characters:
        letter = next(characters, "") if char == "%" else ""
        if letter in ("U", "u", "V", "v", "X", "x", "D"):
            raise NotSupportedError(
                f"DATE_FORMAT with %{letter} in the embedded database",
                why="weeks are counted in several ways there",
                instead="count weeks in the program, or use a MySQL server",
            )
        made.append(_FORMATS[letter](found) if letter in _FORMATS else letter or char)
    return "".join(made)


def _unix(at: datetime) -> int | float:
    seconds = at.astimezone(UTC).timestamp()
    return int(seconds) if seconds.is_integer() else round(seconds, 6)


def _from_unixtime(seconds: Any) -> str:
    return moment_text(datetime.fromtimestamp(number(seconds)))


def _last_day(at: datetime) -> str:
    return at.date().replace(day=monthrange(at.year, at.month)[1]).isoformat()


def _time(value: Any) -> str | None:
    found = span(value)
    return span_text(found) if found is not None else None


STRICT: dict[str, tuple[Function, int]] = {
    "as_date": (as_date, 1),
    "as_datetime": (as_datetime, 1),
    "as_time": (as_time, 1),
    "date": (_of(lambda at: at.date().isoformat()), 1),
    "date_add": (_moved(1), 3),
    "date_format": (_date_format, 2),
    "date_sub": (_moved(-1), 3),
    "datediff": (_datediff, 2),
    "day": (_of(lambda at: at.day), 1),
    "dayname": (_of(lambda at: _DAY_NAMES[at.weekday()]), 1),
    "dayofmonth": (_of(lambda at: at.day), 1),
    "dayofweek": (_of(lambda at: at.isoweekday() % 7 + 1), 1),
    "dayofyear": (_of(lambda at: at.timetuple().tm_yday), 1),
    "from_unixtime": (_from_unixtime, 1),
    "hour": (_clock(lambda micros: micros // 3_600_000_000), 1),
    "last_day": (_of(_last_day), 1),
    "microsecond": (_clock(lambda micros: micros % 1_000_000), 1),
    "minute": (_clock(lambda micros: micros // 60_000_000 % 60), 1),
    "month": (_of(lambda at: at.month), 1),
    "monthname": (_of(lambda at: _MONTH_NAMES[at.month - 1]), 1),
    "quarter": (_of(lambda at: (at.month + 2) // 3), 1),
    "second": (_clock(lambda micros: micros // 1_000_000 % 60), 1),
    "time": (_time, 1),
    "timestamp": (_of(moment_text), 1),
    "timestampdiff": (_timestampdiff, 3),
    "to_days": (_of(lambda at: at.toordinal() + 365), 1),
    "weekday": (_of(lambda at: at.weekday()), 1),
    "year": (_of(lambda at: at.year), 1),
}
"""Functions that answer NULL as soon as one argument is NULL."""


def moving(now: Callable[[], datetime]) -> dict[str, tuple[Function, int]]:
    """The functions that tell the statement's start time."""

    def local(digits: Any = 0) -> str:
        return moment_text(_cut(now(), whole(digits)))

    def utc(digits: Any = 0) -> str:
        return moment_text(_cut(now().astimezone(UTC).replace(tzinfo=None), whole(digits)))

    def today() -> str:
        return now().date().isoformat()

    def clock(digits: Any = 0) -> str:
        at = _cut(now(), whole(digits))
        return span_text(at - datetime(at.year, at.month, at.day))

    def unix(*value: Any) -> int | float | None:
        found = moment(value[0]) if value else now().replace(microsecond=0)
        return _unix(found) if found is not None else None

    def utc_today() -> str:
        return now().astimezone(UTC).date().isoformat()

    made: dict[str, tuple[Function, int]] = {"utc_timestamp": (utc, -1), "utc_date": (utc_today, 0)}
    made |= dict.fromkeys(("now", "current_timestamp", "localtime", "localtimestamp", "sysdate"), (local, -1))
    made |= dict.fromkeys(("curdate", "current_date"), (today, 0))
    made |= dict.fromkeys(("curtime", "current_time"), (clock, -1))
    return made | {"unix_timestamp": (unix, -1)}


def _cut(at: datetime, digits: int) -> datetime:
    """The moment without the digits that were not asked for; now never rounds up."""
    step = 10 ** (6 - max(0, min(digits, 6)))
    return rounded(at.replace(microsecond=at.microsecond // step * step), 6)
