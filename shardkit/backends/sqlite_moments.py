"""Dates and times as the embedded database stores them: ISO text that sorts as the moments do.

    2020-01-05            DATE
    2020-01-05 07:08:09   DATETIME, TIMESTAMP; a fraction follows without zeros at its end
    -12:30:00             TIME

Invariant: one moment has one text, whatever the digits of its column, so that text comparison is comparison in time.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

_MOMENT = re.compile(
    r"\s*(\d{4}|\d{2})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?)?\s*"
)
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})(?:\.(\d*))?)?\s*")
_TIME = re.compile(r"\s*(-?)(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?\s*")


def moment(value: object) -> datetime | None:
    """The moment a value means, a date at midnight; None if it means none."""
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and len(value) in (10, 19, 26) and value[4] == value[7] == "-":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None
    found = (_MOMENT.fullmatch(value) or _COMPACT.fullmatch(value)) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if len(found[1]) == 2:
        year += 2000 if year < 70 else 1900
    try:
        return datetime(year, month, day, hour, minute, second) + _fraction(found[7])
    except (ValueError, OverflowError):
        return None


def _fraction(digits: str | None) -> timedelta:
    padded = (digits or "").ljust(7, "0")
    return timedelta(microseconds=int(padded[:6]) + (padded[6] >= "5"))


def is_date_only(value: object) -> bool:
    """Whether a value names a day without a time."""
    if isinstance(value, str):
        return len(value.strip()) <= 10 and ":" not in value
    return isinstance(value, date) and not isinstance(value, datetime)


def moment_text(value: datetime) -> str:
    """The stored text of a moment."""
    text = value.isoformat(" ")
    return text.rstrip("0") if value.microsecond else text


def rounded(value: datetime, digits: int) -> datetime:
    """The moment with so many digits of a second, half up as MySQL does. Raises OverflowError after year 9999."""
    if not value.microsecond:
        return value
    step = 10 ** (6 - min(digits, 6))
    whole = (value.microsecond + step // 2) // step * step
    return value.replace(microsecond=0) + timedelta(microseconds=whole)


def span(value: object) -> timedelta | None:
    """The time span (TIME) a value means; None if it means none."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, time):
        value = value.isoformat()
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value[1:]):
        at = moment(value)
        return at - datetime(at.year, at.month, at.day) if at is not None else None
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:4])
    if minutes > 59 or seconds > 59 or hours > 838:
        return None
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds) + _fraction(found[5])
    return -length if found[1] else length


def span_text(value: timedelta, digits: int = 6) -> str:
    """The stored text of a time span."""
    sign = "-" if value < timedelta() else ""
    step = 10 ** (6 - min(digits, 6))
    micros = (abs(value) // timedelta(microseconds=1) + step // 2) // step * step
    seconds, micros = divmod(micros, 1_000_000)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{micros:06}".rstrip("0") if micros else text
