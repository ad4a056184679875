"""The text before it is parsed: placeholders become numbered ones, calls of MySQL functions get our names.

    SELECT LEFT(a, %s) FROM t   ->   SELECT my_left(a, :p0) FROM t

Invariant: what stands in quotes or comments is never taken for a placeholder or a call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from shardkit.errors import ParameterError, SqlSyntaxError
from shardkit.rewrite.sqlite_names import FAMILY_OF, PREFIX


class Style(Enum):
    """How parameters were given: none at all (the text is raw), a sequence, or a mapping."""

    RAW = "raw"
    POSITIONAL = "positional"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text ready for the parser. `keys[i]` is the parameter of `:p{i}`; `labels` are the columns' texts."""

    sql: str
    keys: tuple[int | str, ...]
    word: str
    labels: tuple[str, ...]


_PIECE = re.compile(
    r"""(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`)
      | (?P<version>/\*!\d*(?P<body>.*?)\*/)
      | (?P<comment>--(?=[\s]|\Z)[^\n]*|\#[^\n]*|/\*.*?\*/)
      | %\((?P<name>[^)]*)\)s
      | (?P<percent>%.?)
      | (?P<foreign>\?|:(?=\w))""",
    re.VERBOSE | re.DOTALL,
)
_MODIFIERS = frozenset(
    (
        *("DISTINCT", "ALL", "DISTINCTROW", "HIGH_PRIORITY", "STRAIGHT_JOIN", "SQL_SMALL_RESULT", "SQL_BIG_RESULT"),
        *("SQL_BUFFER_RESULT", "SQL_NO_CACHE", "SQL_CACHE", "SQL_CALC_FOUND_ROWS"),
    )
)
_AFTER_COLUMNS = frozenset(
    (
        *("FROM", "UNION", "INTERSECT", "EXCEPT", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "FOR", "LOCK"),
        *("INTO", "WINDOW", ";"),
    )
)
_NOT_A_CALL_AFTER = frozenset(("INTO", "TABLE", "FROM", "JOIN", "UPDATE", "AS", ".", "INDEX", "KEY", "REFERENCES"))
_INNER_WORDS = frozenset(["FROM", "BOTH", "LEADING", "TRAILING", "FOR", "USING"])


def prepare(sql: str, style: Style) -> Prepared:
    """Number the placeholders and rename the calls. Raises ParameterError and SqlSyntaxError."""
    keys: list[int | str] = []
    text = _PIECE.sub(lambda found: _piece(found, style, keys), sql).strip().rstrip(";").rstrip()
    try:
        tokens = sqlglot.tokenize(text, read="mysql")
    except TokenError as error:
        raise SqlSyntaxError(f"the text does not read as SQL: {error}") from error
    word = tokens[0].text.upper() if tokens else ""
    if word in ("CREATE", "ALTER"):
        return Prepared(text, tuple(keys), word, ())
    return Prepared(_renamed(text, tokens), tuple(keys), word, tuple(_labels(text, tokens)))


def _piece(found: re.Match[str], style: Style, keys: list[int | str]) -> str:
    """One lexical piece as the parser shall see it; a new placeholder is added to `keys`."""
    whole = found[0]
    match found.lastgroup:
        case "quoted" | "comment":
            return whole if style is Style.RAW else _unescaped(whole)
        case "version" | "body":
            return f" {_PIECE.sub(lambda inner: _piece(inner, style, keys), found['body'])} "
        case "foreign":
            raise SqlSyntaxError(f"{whole!r} is not a placeholder here: write %s or %(name)s")
        case "percent" if style is Style.RAW:
            return whole
        case "percent" if whole == "%%":
            return "%"
        case "percent" if whole == "%s" and style is Style.POSITIONAL:
            keys.append(len(keys))
        case "name" if style is Style.NAMED:
            keys.append(found["name"])
        case "name" if style is Style.RAW:
            return whole
        case _:
            raise ParameterError(f"the placeholder {whole!r} does not fit the parameters, which are {style.value}")
    return f":p{len(keys) - 1}"


_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|`(?:[^`]|``)*`|:p(\d+)")


def numbered(sql: str) -> tuple[str, tuple[int, ...]]:
    """`:p1 … :p0` -> `? … ?` and (1, 0): SQLite looks names up one by one, which is slow for thousands of them."""
    order: list[int] = []

    def replaced(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        order.append(int(found[1]))
        return "?"

    return _PLACEHOLDER.sub(replaced, sql), tuple(order)


def _unescaped(whole: str) -> str:
    if re.search(r"%(?!%)", whole.replace("%%", "")):
        raise ParameterError("a % within quotes or a comment must be written %% when parameters are given")
    return whole.replace("%%", "%")


def _renamed(text: str, tokens: Sequence[Token]) -> str:
    """The text with `my_` before every call of a function we answer."""
    pieces, done = [], 0
    for at, token in enumerate(tokens[:-1]):
        if _is_call(tokens, at):
            pieces += [text[done : token.start], PREFIX + token.text.lower()]
            done = token.end + 1
    return "".join([*pieces, text[done:]])


def _is_call(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if token.token_type in (TokenType.IDENTIFIER, TokenType.STRING) or token.text.lower() not in FAMILY_OF:
        return False
    if tokens[at + 1].token_type is not TokenType.L_PAREN:
        return False
    if at and tokens[at - 1].text.upper() in _NOT_A_CALL_AFTER:
        return False
    return not any(depth == 1 and inner.text.upper() in _INNER_WORDS for depth, inner in _within(tokens, at + 1))


def _within(tokens: Sequence[Token], start: int) -> Iterator[tuple[int, Token]]:
    """The tokens of a parenthesis with their depth, the opening one included."""
    depth = 0
    for token in tokens[start:]:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        yield depth, token
        if depth <= 0:
            return


def _labels(text: str, tokens: Sequence[Token]) -> Iterator[str]:
    """The text of each item of the first SELECT's list: MySQL's name for a column without an alias."""
    items = _items(tokens)
    for first, last in items:
        raw = text[first.start : last.end + 1]
        if first is last and first.token_type is TokenType.STRING:
            raw = first.text
        yield re.sub(r":p\d+", "?", "NULL" if raw.upper() == "NULL" else raw)


def _items(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """The first and last token of each item of the SELECT list at the outermost level."""
    depth, first, last, inside = 0, None, None, False
    for token in tokens:
        word = token.text.upper() if token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER) else ""
        if not depth and inside and (word in _AFTER_COLUMNS or token.token_type is TokenType.COMMA):
            if first is not None and last is not None:
                yield first, last
            first = None
            if word in _AFTER_COLUMNS:
                return
            continue
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if inside:
            if first is None and word in _MODIFIERS:
                continue
            first, last = first or token, token
        elif word == "SELECT" and not depth:
            inside = True
    if inside and first is not None and last is not None:
        yield first, last
