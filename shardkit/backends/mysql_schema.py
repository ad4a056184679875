"""Questions about tables and collations, asked of information_schema in one round trip each.

Each is a generator that yields a Question and gets its rows; who asks the server is not its business.

Columns that `SELECT *` does not show (INVISIBLE) are left out: the list stands for what `*` and an INSERT without a
column list mean. A primary key that holds such a column is left out with it.
Invariant: names go to the server as parameters; a collation's name, which cannot, is checked to be a plain word.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from shardkit.errors import Error
from shardkit.flow import FAMILIES, Collation, Column, Family, TableInfo
from shardkit.values import Params, Row

T = TypeVar("T")


class Question(NamedTuple):
    """One SELECT with parameters. Answer: its rows."""

    sql: str
    args: Params = None


Questions: TypeAlias = Generator[Question, Sequence[Row], T]

COLUMNS = """
SELECT c.COLUMN_NAME, c.DATA_TYPE, c.COLUMN_TYPE, c.IS_NULLABLE, c.CHARACTER_MAXIMUM_LENGTH, c.NUMERIC_PRECISION,
       c.NUMERIC_SCALE, c.DATETIME_PRECISION, c.COLLATION_NAME, c.EXTRA, c.COLUMN_DEFAULT, s.SEQ_IN_INDEX
FROM information_schema.COLUMNS c
LEFT JOIN information_schema.STATISTICS s
  ON s.TABLE_SCHEMA = c.TABLE_SCHEMA AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME
     AND s.INDEX_NAME = 'PRIMARY'
WHERE c.TABLE_SCHEMA = %s AND c.TABLE_NAME = %s
ORDER BY c.ORDINAL_POSITION
"""

_NUMBERS = frozenset({Family.INTEGER, Family.DECIMAL, Family.FLOAT, Family.DOUBLE})
_CLOCKS = frozenset({Family.TIME, Family.DATETIME, Family.TIMESTAMP})
_TIME = re.compile(r"(?i)\b(current_timestamp|current_date|current_time|now|localtime|localtimestamp|curdate|curtime|"
                   r"sysdate|utc_\w+|unix_timestamp)\b")  # fmt: skip
_RANDOM = re.compile(r"(?i)\b(uuid\w*|rand|random_bytes|sys_guid|nextval|next value)\b")
_WORD = re.compile(r"[A-Za-z0-9_]+\Z")
_UNKNOWN_COLLATION = frozenset({1115, 1253, 1273})


class _Field(NamedTuple):
    name: str
    data_type: str
    type_text: str
    nullable: str
    length: int | None
    precision: int | None
    scale: int | None
    fraction: int | None
    collation: str | None
    extra: str
    default: str | bytes | None
    key_position: int | None


def describe(database: str, table: str) -> Questions[TableInfo | None]:
    """The table as the server describes it, or None if there is no such table (or none the account may see)."""
    fields = [_Field(*row) for row in (yield Question(COLUMNS, (database, table)))]
    if not fields:
        return None
    hidden = {field.name for field in fields if "INVISIBLE" in field.extra.upper()}
    key = sorted((field.key_position, field.name) for field in fields if field.key_position is not None)
    primary_key = () if any(name in hidden for _, name in key) else tuple(name for _, name in key)
    return TableInfo(table, tuple(_column(field) for field in fields if field.name not in hidden), primary_key)


def _column(field: _Field) -> Column:
    family = FAMILIES.get(field.data_type.lower(), Family.OTHER)
    extra = field.extra.upper()
    return Column(
        name=field.name,
        family=family,
        type_text=field.type_text,
        nullable=field.nullable == "YES",
        length=field.length,
        precision=field.precision,
        scale=field.fraction if family in _CLOCKS else field.scale,
        unsigned=family in _NUMBERS and "unsigned" in field.type_text.lower(),
        collation=field.collation,
        # Not "DEFAULT_GENERATED", which MySQL says of a default that is an expression.
        generated="VIRTUAL GENERATED" in extra or "STORED GENERATED" in extra,
        auto_increment="AUTO_INCREMENT" in extra,
        random_default=_matches(_RANDOM, field.default),
        clock_default=_matches(_TIME, field.default),
        clock_update="ON UPDATE" in extra,
    )


def _matches(words: re.Pattern[str], default: str | bytes | None) -> bool:
    """Whether a default may hold one of the words. A text that only looks like it costs a little, and is no harm."""
    text = default.decode("utf-8", "replace") if isinstance(default, bytes) else default or ""
    return not text.startswith("'") and words.search(text) is not None


def collations(names: Sequence[str]) -> Questions[tuple[Collation, ...]]:
    """How these collations compare, tried on the server itself; unknown ones are left out."""
    found = []
    for name in dict.fromkeys(names):
        collation = yield from _collation(name)
        found += [collation] if collation is not None else []
    return tuple(found)


def _collation(name: str) -> Questions[Collation | None]:
    if not _WORD.match(name):
        return None
    charset = name.split("_", 1)[0]
    short, padded = (f"CONVERT({text} USING `{charset}`) COLLATE `{name}`" for text in ("'a'", "'a '"))
    blank = f"CONVERT(' ' USING `{charset}`) COLLATE `{name}`"
    try:
        rows = yield Question(f"SELECT {short} = {padded}, WEIGHT_STRING({blank})")
    except Error as error:
        if error.errno in _UNKNOWN_COLLATION:
            return None
        raise
    pads, weight = rows[0]
    return Collation(name, weight if pads else b"")
