"""What a statement is when its values are taken out: the name under which its executions are counted together.

    SELECT * FROM t WHERE id IN (1, 2) AND a = 'x'    ->    SELECT * FROM t WHERE id IN (?, …) AND a = ?

Blanks, comments and the case of words do not count; IN lists and the rows of VALUES count as one entry.
Invariant: no value of the statement is in its fingerprint, and texts that no parser can read have one too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+ | --(?=\s|$)[^\n]* | \#[^\n]* | /\*(?!M?!)(?:.*?\*/|.*\Z) | /\*M?!\d* | \*/)
    | (?P<value>[xXbBnN]?'(?:[^'\\]|\\.|'')*(?:'|\Z) | "(?:[^"\\]|\\.|"")*(?:"|\Z))
    | (?P<name>`(?:[^`]|``)*(?:`|\Z))
    | (?P<hole>\?(?!\?) | %s(?!\w) | %\(\w+\)s | (?<![\w:]):[A-Za-z_]\w*)
    | (?P<number>(?:0[xX][0-9a-fA-F]+ | 0b[01]+ | (?:\d+\.?\d*|(?<![\w`)])\.\d+)(?:[eE][+-]?\d+)?)(?![\w$]))
    | (?P<word>@{0,2}[\w$]+)
    | (?P<sign><=>|->>|[<>!:]=|->|<>|<<|>>|\|\||&&|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ROUGH = re.compile(
    r"""
      (?P<value>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*")
    | (?P<name>`(?:[^`]|``)*`)
    | (?P<blank>(?:\s+ | --(?=\s)[^\n]* | \#[^\n]* | /\*(?!M?!).*?\*/)+)
    | (?P<number>(?<![\w$.@:%`])\d+(?:\.\d+)?(?![\w$.]))
    """,
    re.VERBOSE | re.DOTALL,
)
"""Most values and blanks, found quickly: a first step that makes most texts of one fingerprint the same text."""

_SIGNS = frozenset({"(", ",", "=", "<", ">", "<=", ">=", "<>", "!=", "<=>", "+", "-", "*", "/", "%", ":="})
_WORDS = frozenset({
    "AND", "OR", "NOT", "BETWEEN", "IN", "LIKE", "SELECT", "VALUES", "VALUE", "LIMIT", "OFFSET", "WHEN", "THEN", "ELSE",
    "WHERE", "ON", "SET", "BY", "DIV", "MOD", "INTERVAL", "RETURN", "IS", "XOR",
})  # fmt: skip
_BEFORE_VALUE = _SIGNS | _WORDS
"""What a minus follows that is a sign, not a subtraction."""

_NO_BLANK_BEFORE, _NO_BLANK_AFTER = frozenset(",).;"), frozenset("(.")
_CONSTANTS = frozenset({"NULL", "TRUE", "FALSE", "DEFAULT"})
LONGEST = 2000
"""Characters of a fingerprint that are shown."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`key` is the same for statements that differ in values, case and blanks only; `text` is for people."""

    key: bytes
    text: str


def fingerprint(text: str) -> Fingerprint | None:
    """The fingerprint of a statement, or None for a text of nothing but blanks and comments."""
    rough = _ROUGH.sub(_stand_in, text)
    return _remembered(rough) if len(rough) <= LONGEST else _fingerprint(rough)


def _stand_in(match: re.Match[str]) -> str:
    """Another text of the same kind, the same for all: statements that differ in values only become one text."""
    kind = match.lastgroup
    return match.group() if kind == "name" else {"blank": " ", "value": "''", "number": "0"}[kind or ""]


def _fingerprint(text: str) -> Fingerprint | None:
    tokens = list(_collapsed(list(_lifted(text))))
    while tokens and tokens[-1] == ";":
        tokens.pop()
    if not tokens:
        return None
    shown = _spaced(tokens)
    same = " ".join(tokens).lower().replace("`", "")
    key = blake2b(same.encode("utf-8", "replace"), digest_size=16).digest()
    return Fingerprint(key, shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…")


_remembered = lru_cache(20_000)(_fingerprint)


def values(text: str) -> list[str]:
    """The values written in a statement, as they are written, without quotes."""
    found = (match for match in _TOKEN.finditer(text) if match.lastgroup in ("value", "number"))
    return [match.group().strip("'\"") for match in found]


def with_placeholders(text: str) -> tuple[str, int]:
    """The text with its placeholders (`?`, `%s`, `:name`) written `%s`, and how many there are; as it is for none."""
    holes = sum(match.lastgroup == "hole" for match in _TOKEN.finditer(text))
    if not holes:
        return text, 0
    return "".join(
        "%s" if match.lastgroup == "hole" else match.group().replace("%", "%%") for match in _TOKEN.finditer(text)
    ), holes


def _lifted(text: str) -> Iterator[str]:
    """The tokens, values replaced by `?`; a sign that belongs to a number goes with it."""
    last = previous = ""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "blank":
            continue
        token = "?" if kind in ("value", "number", "hole") else match.group()
        if kind == "number" and last == "-" and (not previous or previous.upper() in _BEFORE_VALUE):
            last, previous = token, previous
            continue
        if last:
            yield last
        last, previous = token, last
    if last:
        yield last


def _collapsed(tokens: Sequence[str]) -> Iterator[str]:
    """IN lists of values and the rows after VALUES, each as its first entry."""
    place = 0
    while place < len(tokens):
        yield tokens[place]
        word = tokens[place].upper()
        place += 1
        if place >= len(tokens) or tokens[place] != "(":
            continue
        if word == "IN":
            close = _closing(tokens, place)
            if all(token in "(?,)" for token in tokens[place : close + 1]):
                yield from ("(", "?", ",", "…", ")")
                place = close + 1
        elif word in ("VALUES", "VALUE"):
            close = _closing(tokens, place)
            yield from ("?" if token.upper() in _CONSTANTS else token for token in tokens[place : close + 1])
            place = close + 1
            while tokens[place : place + 2] == [",", "("]:
                place = _closing(tokens, place + 1) + 1


def _closing(tokens: Sequence[str], opening: int) -> int:
    """The place of the bracket that closes the one at `opening`; the last token if none does."""
    depth = 0
    for place in range(opening, len(tokens)):
        depth += (tokens[place] == "(") - (tokens[place] == ")")
        if depth == 0:
            return place
    return len(tokens) - 1


def _spaced(tokens: Sequence[str]) -> str:
    parts: list[str] = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else "("
        call = token == "(" and before[-1:].isalnum() and before.upper() not in _BEFORE_VALUE
        if not (token in _NO_BLANK_BEFORE or before in _NO_BLANK_AFTER or call):
            parts.append(" ")
        parts.append(token)
    return "".join(parts)
