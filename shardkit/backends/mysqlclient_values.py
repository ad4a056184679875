"""How mysqlclient's values and columns become PyMySQL's.

Invariant: the same bytes are the same Python value, and the same column the same description, with both drivers.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from MySQLdb.constants import FLAG
from pymysql.constants import FIELD_TYPE
from pymysql.converters import convert_datetime, decoders

from shardkit.flow import Binary, Unsigned


def moment(text: str) -> datetime | str:
    """A DATETIME or TIMESTAMP; what is none (zero dates) is left to PyMySQL's decoder."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        decoded: datetime | str = convert_datetime(text)
        return decoded


_TEXT_OR_BYTES = ((FLAG.BINARY, bytes), (None, str))
CONVERTERS: dict[int, Any] = {
    **{kind: decoder for kind, decoder in decoders.items() if decoder in (int, float)},
    **{kind: decoders[kind] for kind in (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.TIME, FIELD_TYPE.DATE)},
    **dict.fromkeys((FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP), moment),
    **dict.fromkeys(
        (
            FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING,
            FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.BLOB,
        ),
        _TEXT_OR_BYTES,
    ),
    FIELD_TYPE.JSON: str,
}  # fmt: skip
"""PyMySQL's decoders by type; a type that is not named comes as bytes."""


def described(column: tuple[Any, ...], flags: int, converter: object) -> tuple[Any, ...]:
    """A column as PyMySQL describes it. The C struct's unsigned length comes through a signed int."""
    name, kind, _, length, _, scale, nullable = column
    found = (name, kind, None, length & 0xFFFFFFFF, length & 0xFFFFFFFF, scale, nullable == 1)
    if converter is bytes:
        return Binary(found)
    return Unsigned(found) if flags & FLAG.UNSIGNED else found
