"""Dates and times of one column, made comparable whatever form the driver gave them.

Drivers give datetime or date objects, but text for what Python's calendar lacks ('0000-00-00', '2020-00-00'), and
text for everything where a backend does not convert. Valid text becomes the same object the driver would have given,
the rest a `ZeroDate` that takes its place among the datetimes by its ISO text.
Invariant: equal moments give equal keys with equal hashes, in the order of their ISO text.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

_TIME = re.compile(r"(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?", re.ASCII)
_MIDNIGHT = " 00:00:00"
_DATE_LENGTH = 10


class ZeroDate:
    """A date that no calendar has, as text `YYYY-MM-DD HH:MM:SS[.ffffff]` without trailing zeros of the fraction."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        full = text if len(text) > _DATE_LENGTH else text + _MIDNIGHT
        self.text = full.rstrip("0").rstrip(".") if "." in full else full

    def __lt__(self, other: object) -> bool:
        text = _text(other)
        return NotImplemented if text is None else self.text < text

    def __gt__(self, other: object) -> bool:
        text = _text(other)
        return NotImplemented if text is None else self.text > text

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, ZeroDate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)


def moment(value: Any) -> Any:
    """A datetime for a date of any form, a ZeroDate for what is none, a timedelta for a time of day, None for None."""
    if isinstance(value, str):
        return _parse(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def duration(text: str) -> timedelta | None:
    """The TIME that `text` writes ('-838:59:59.5'), None if it is not one."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes, seconds, fraction = found.groups()
    span = timedelta(
        hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=int((fraction or "").ljust(6, "0"))
    )
    return -span if sign else span


def _parse(text: str) -> Any:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        span = duration(text)
        return ZeroDate(text) if span is None else span


def _text(value: object) -> str | None:
    match value:
        case ZeroDate():
            return value.text
        case datetime():
            text = value.isoformat(" ")
            return text.rstrip("0") if value.microsecond else text
        case _:
            return None
