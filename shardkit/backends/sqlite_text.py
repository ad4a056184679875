"""MySQL's text functions for the embedded database.

Every function takes SQLite's values and is strict about NULL: one NULL argument makes NULL unless it says otherwise.
Invariant: pure; the same arguments give the same answer.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from shardkit.backends.sqlite_numbers import number, whole
from shardkit.rewrite.sqlite_collations import alike, comparer, scheme

Function = Callable[..., Any]


def text(value: Any) -> str:
    """A value as MySQL writes it into text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _cased(characters: str, change: Callable[[str], str]) -> str:
    """Case is changed character by character: MySQL leaves ß as it is."""
    changed = change(characters)
    if len(changed) == len(characters):
        return changed
    return "".join(change(char) if len(change(char)) == 1 else char for char in characters)


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else text(value).encode()


def _concat_ws(separator: Any, *values: Any) -> str | None:
    return None if separator is None else text(separator).join(text(v) for v in values if v is not None)


def _substring(value: Any, start: Any, length: Any = None) -> str:
    characters, first = text(value), whole(start)
    if first == 0 or -first > len(characters):
        return ""
    begin = first - 1 if first > 0 else len(characters) + first
    return characters[begin:] if length is None else characters[begin : begin + max(whole(length), 0)]


def _substr(*arguments: Any) -> str | None:
    return None if None in arguments else _substring(*arguments)


def _pad(left: bool) -> Function:
    def pad(value: Any, length: Any, filling: Any) -> str | None:
        characters, size, fill = text(value), whole(length), text(filling)
        missing = size - len(characters)
        if size < 0 or (missing > 0 and not fill):
            return None if size < 0 else ""
        if missing <= 0:
            return characters[:size]
        more = (fill * (missing // len(fill) + 1))[:missing]
        return more + characters if left else characters + more

    return pad


def _trim(value: Any, what: Any = " ", where: Any = "BOTH") -> str:
    characters, part = text(value), text(what)
    while part and where in ("BOTH", "LEADING") and characters.startswith(part):
        characters = characters[len(part) :]
    while part and where in ("BOTH", "TRAILING") and characters.endswith(part):
        characters = characters[: -len(part)]
    return characters


def _locate(what: Any, value: Any, *rest: Any) -> int:
    """Position from 1, 0 if absent; the last argument is the collation, before it may stand where to begin."""
    first, fold = (whole(rest[0]) if len(rest) == 2 else 1) - 1, _fold(rest[-1])
    return fold(text(value)).find(fold(text(what)), first) + 1 if first >= 0 else 0


def _field(what: Any, *rest: Any) -> int:
    values, collation = rest[:-1], rest[-1]
    if what is None:
        return 0
    texts = all(isinstance(value, str) for value in (what, *values) if value is not None)
    same = _compare(collation) if texts else lambda a, b: int(number(a) != number(b))
    return next((at for at, value in enumerate(values, 1) if value is not None and not same(what, value)), 0)


@lru_cache(maxsize=64)
def _compare(collation: str) -> Callable[[str, str], int]:
    return comparer(collation)


def _find_in_set(what: Any, values: Any, collation: str) -> int:
    same, parts = _compare(collation), text(values).split(",") if values else []
    return next((at for at, part in enumerate(parts, 1) if not same(text(what), part)), 0)


def _strcmp(a: Any, b: Any, collation: str) -> int:
    return _compare(collation)(text(a), text(b))


def _hex(value: Any) -> str:
    if isinstance(value, (int, float)):
        return f"{whole(value) & (2**64 - 1):X}"
    return _raw(value).hex().upper()


def _sha2(value: Any, bits: Any) -> str | None:
    name = {0: "sha256", 224: "sha224", 256: "sha256", 384: "sha384", 512: "sha512"}.get(whole(bits))
    return hashlib.new(name, _raw(value)).hexdigest() if name is not None else None


def _cast_text(value: Any, length: Any = None, scale: Any = None) -> str | None:
    """CAST(… AS CHAR(n)); with a scale, a decimal with all its digits."""
    if value is None:
        return None
    characters = text(value) if scale is None or isinstance(value, str) else f"{value:.{scale}f}"
    return characters if length is None else characters[:length]


@lru_cache(maxsize=512)
def _pattern(pattern: str, escape: str, collation: str) -> re.Pattern[str]:
    """LIKE's pattern as a regular expression over folded characters."""
    fold, made, characters = _fold(collation), [], iter(pattern)
    for char in characters:
        if escape and char == escape:
            made.append(re.escape(fold(next(characters, escape))))
        else:
            made.append({"%": ".*", "_": "."}.get(char) or re.escape(fold(char)))
    return re.compile("".join(made), re.DOTALL)


@lru_cache(maxsize=64)
def _fold(collation: str) -> Callable[[str], str]:
    return alike(collation)


def _like(value: Any, pattern: Any, escape: Any, collation: str) -> int:
    found = _pattern(text(pattern), text(escape), collation).fullmatch(_fold(collation)(text(value)))
    return int(found is not None)


@lru_cache(maxsize=512)
def _expression(pattern: str, collation: str) -> re.Pattern[str]:
    sensitive = collation.endswith(("_bin", "_cs"))
    return re.compile(pattern, 0 if sensitive else re.IGNORECASE)


def _regexp(value: Any, pattern: Any, collation: str) -> int:
    return int(_expression(text(pattern), collation).search(text(value)) is not None)


def weight_string(value: Any, collation: str) -> bytes | None:
    """The bytes that compare as the text does under this collation; NULL for what is not text."""
    if isinstance(value, bytes) or collation in ("binary", "bit"):
        return _raw(value)
    if not isinstance(value, str):
        return None
    return scheme(collation).weigh(value)


STRICT: dict[str, tuple[Function, int]] = {
    "ascii": (lambda v: (_raw(v) or b"\0")[0], 1),
    "char_length": (lambda v: len(v) if isinstance(v, bytes) else len(text(v)), 1),
    "concat": (lambda *values: "".join(map(text, values)), -1),
    "crc32": (lambda v: zlib.crc32(_raw(v)), 1),
    "find_in_set": (_find_in_set, 3),
    "hex": (_hex, 1),
    "instr": (lambda value, what, collation: _locate(what, value, collation), 3),
    "left": (lambda v, n: text(v)[: max(whole(n), 0)], 2),
    "length": (lambda v: len(_raw(v)), 1),
    "like": (_like, 4),
    "locate": (_locate, -1),
    "lower": (lambda v: _cased(text(v), str.lower), 1),
    "lpad": (_pad(True), 3),
    "ltrim": (lambda v: text(v).lstrip(" "), 1),
    "md5": (lambda v: hashlib.md5(_raw(v)).hexdigest(), 1),
    "regexp": (_regexp, 3),
    "repeat": (lambda v, n: text(v) * max(whole(n), 0), 2),
    "replace": (lambda v, old, new: text(v).replace(text(old), text(new)) if old else text(v), 3),
    "reverse": (lambda v: text(v)[::-1], 1),
    "right": (lambda v, n: text(v)[-whole(n) :] if whole(n) > 0 else "", 2),
    "rpad": (_pad(False), 3),
    "rtrim": (lambda v: text(v).rstrip(" "), 1),
    "sha1": (lambda v: hashlib.sha1(_raw(v)).hexdigest(), 1),
    "sha2": (_sha2, 2),
    "space": (lambda n: " " * max(whole(n), 0), 1),
    "strcmp": (_strcmp, 3),
    "substring": (_substr, -1),
    "trim": (_trim, -1),
    "upper": (lambda v: _cased(text(v), str.upper), 1),
    "weight_string": (weight_string, 2),
}
"""Functions that answer NULL as soon as one argument is NULL: the function and its number of arguments."""

STRICT |= {
    "character_length": STRICT["char_length"],
    "lcase": STRICT["lower"],
    "mid": STRICT["substring"],
    "octet_length": STRICT["length"],
    "sha": STRICT["sha1"],
    "substr": STRICT["substring"],
    "ucase": STRICT["upper"],
}

LENIENT: dict[str, tuple[Function, int]] = {
    "cast_text": (_cast_text, -1),
    "concat_ws": (_concat_ws, -1),
    "field": (_field, -1),
    "isnull": (lambda v: int(v is None), 1),
}
"""Functions that see NULL themselves."""
