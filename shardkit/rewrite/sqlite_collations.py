"""MySQL's collations for the embedded database, as weights: text -> bytes that compare as the text does.

One function per strength gives the weights; a collation is a strength and whether it pads with blanks. SQLite's own
comparison (indexes, `=`, ORDER BY) and WEIGHT_STRING both come from here, so they cannot disagree. Order and equality
are MySQL's for ASCII and for accented Latin, Greek and Cyrillic letters; other scripts are ordered by code point.
Invariant: a weight is a pure function of the text; compare(a, b) orders as the padded weights do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from shardkit.errors import NotSupportedError

DEFAULT = "utf8mb4_0900_ai_ci"

# The order of the Unicode Collation Algorithm (DUCET) for what comes before the letters, in three groups.
_PUNCTUATION = "\t\n\x0b\x0c\r _-,;:!?.'\"()[]{}@*/\\&#%"
_SYMBOLS = "`^+<=>|~"
_DIGITS = "$0123456789"
_ORDERED = {
    char: (group << 21) + place
    for group, text in ((1, _PUNCTUATION), (2, _SYMBOLS), (3, _DIGITS))
    for place, char in enumerate(text, 1)
}
_GROUPS = {"Z": 1, "P": 1, "S": 2, "N": 3}
_STROKED = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ð": "d", "æ": "ae", "œ": "oe"})


_WHOLE = frozenset("\u0439\u0419")  # й decomposes in Unicode but is a letter of its own in DUCET


def _letters(char: str, strokes: dict[int, str]) -> str:
    """The base letters of one character: no accents, no case, compatibility forms opened."""
    if unicodedata.category(char) == "Sk":
        return char  # an accent that stands alone is a symbol of its own
    if char in _WHOLE:
        return char.casefold()
    plain = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.category(c).startswith("M"))
    return unicodedata.normalize("NFKD", plain.casefold().translate(strokes))


def _primary_of(char: str) -> int:
    if char in _ORDERED:
        return _ORDERED[char]
    category = unicodedata.category(char)
    if category[0] in "CM" and category not in ("Cn", "Co"):
        return 0  # controls and marks are ignored
    if category == "Nd":
        return _ORDERED[str(unicodedata.decimal(char))]
    return (_GROUPS.get(category[0], 4) << 21) + ord(char)


class _Primary(dict[str, bytes]):
    """Character -> its primary weights, filled as characters are met. `strokes`: letters that count as a plain one."""

    def __init__(self, strokes: dict[int, str]) -> None:
        super().__init__()
        self._strokes = strokes

    def __missing__(self, char: str) -> bytes:
        plain = char if char in _ORDERED else _letters(char, self._strokes)
        values = [_primary_of(c) for c in plain]
        weight = self[char] = b"".join(v.to_bytes(3, "big") for v in values if v)
        return weight


class _General(dict[str, bytes]):
    """Character -> its weight under general_ci: the capital base letter, two bytes; beyond the BMP all are equal."""

    def __missing__(self, char: str) -> bytes:
        value = ord(unicodedata.normalize("NFD", char)[0].upper()[0]) if ord(char) < 0x10000 else 0xFFFD
        weight = self[char] = value.to_bytes(2, "big")
        return weight


_PRIMARY, _PRIMARY_4, _GENERAL = _Primary(_STROKED), _Primary({}), _General()


def _ai_ci(text: str) -> bytes:
    return b"".join(map(_PRIMARY.__getitem__, text))


def _unicode_4(text: str) -> bytes:
    return b"".join(map(_PRIMARY_4.__getitem__, text))


def _marks(text: str) -> bytes:
    return "".join(c if unicodedata.combining(c) else " " for c in unicodedata.normalize("NFD", text)).encode()


def _as_ci(text: str) -> bytes:
    return _ai_ci(text) if text.isascii() else _ai_ci(text) + b"\0\0\0" + _marks(text)


def _as_cs(text: str) -> bytes:
    case = bytes(3 if c.isupper() else 2 for c in text)
    return _ai_ci(text) + b"\0\0\0" + _marks(text) + b"\0\0\0" + case


def _general(text: str) -> bytes:
    return b"".join(map(_GENERAL.__getitem__, text))


def _code_points(text: str) -> bytes:
    return b"".join(ord(c).to_bytes(3, "big") for c in text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class Scheme(NamedTuple):
    """How one collation compares. `blank` is the weight of ' ' if it pads, else b''."""

    name: str
    weigh: Callable[[str], bytes]
    blank: bytes


_STRENGTHS: dict[str, tuple[Callable[[str], bytes], bool]] = {
    "utf8mb4_0900_ai_ci": (_ai_ci, False),
    "utf8mb4_0900_as_ci": (_as_ci, False),
    "utf8mb4_0900_as_cs": (_as_cs, False),
    "utf8mb4_0900_bin": (_bytes, False),
    "utf8mb4_bin": (_code_points, True),
    "utf8mb4_general_ci": (_general, True),
    "utf8mb4_unicode_ci": (_unicode_4, True),
    "utf8mb4_unicode_520_ci": (_ai_ci, True),
    "utf8mb4_uca1400_ai_ci": (_ai_ci, True),
    "utf8mb3_general_ci": (_general, True),
    "utf8mb3_unicode_ci": (_unicode_4, True),
    "utf8mb3_bin": (_code_points, True),
    "utf8_general_ci": (_general, True),
    "utf8_unicode_ci": (_unicode_4, True),
    "utf8_bin": (_code_points, True),
    "latin1_swedish_ci": (_general, True),
    "latin1_bin": (_code_points, True),
    "ascii_general_ci": (_general, True),
    "ascii_bin": (_code_points, True),
}

SCHEMES = {n: Scheme(n, weigh, weigh(" ") if pad else b"") for n, (weigh, pad) in _STRENGTHS.items()}
"""Every collation the embedded database knows, by MySQL's name."""

OF_CHARSET = {
    "utf8mb4": DEFAULT,
    "utf8mb3": "utf8mb3_general_ci",
    "utf8": "utf8_general_ci",
    "latin1": "latin1_swedish_ci",
    "ascii": "ascii_general_ci",
}
"""The default collation of each character set."""


def scheme(name: str) -> Scheme:
    """The collation of that name, in any case; NotSupportedError for one that is not built in."""
    found = SCHEMES.get(name.lower())
    if found is None:
        raise NotSupportedError(
            f"the collation {name}",
            why="the embedded database has only the collations it builds in",
            instead=f"use one of {', '.join(SCHEMES)}, or a MySQL server",
        )
    return found


def of_charset(name: str) -> str:
    """The default collation of a character set; NotSupportedError for one that is not built in."""
    if name.lower() not in OF_CHARSET:
        raise NotSupportedError(
            f"the character set {name}",
            why="the embedded database stores text as Unicode",
            instead=f"use one of {', '.join(OF_CHARSET)}, or a binary type",
        )
    return OF_CHARSET[name.lower()]


def comparer(name: str) -> Callable[[str, str], int]:
    """The three-way comparison of a collation, as sqlite3.create_collation wants it."""
    _, weigh, blank = scheme(name)
    cached = lru_cache(maxsize=4096)(lambda text: stripped(weigh(text), blank))

    def compare(a: str, b: str) -> int:
        if a == b:
            return 0
        left, right = cached(a), cached(b)
        if blank and len(left) != len(right):
            size = max(len(left), len(right))
            left, right = padded(left, blank, size), padded(right, blank, size)
        return (left > right) - (left < right)

    return compare


def stripped(weight: bytes, blank: bytes) -> bytes:
    """The weight without the blanks at its end (unchanged where blanks count)."""
    while blank and weight.endswith(blank):
        weight = weight[: -len(blank)]
    return weight


def padded(weight: bytes, blank: bytes, size: int) -> bytes:
    """The weight, gone on in blanks up to `size` bytes."""
    return weight + blank * ((size - len(weight)) // len(blank))


def alike(name: str) -> Callable[[str], str]:
    """A function that maps text, character by character, to text in which equal characters are the same (for LIKE)."""
    weigh = scheme(name).weigh
    fold = lru_cache(maxsize=4096)(lambda char: weigh(char).decode("latin-1") or char)
    numbers: dict[str, str] = {}

    def folded(text: str) -> str:
        return "".join(numbers.setdefault(fold(c), chr(0xF0000 + len(numbers))) for c in text)

    return folded
