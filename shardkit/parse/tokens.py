"""Where the clauses of a statement stand in the user's text, told from its tokens.

sqlglot's tree keeps offsets for names only, so the spans of clauses, of list entries and of value rows are counted
from the tokens at bracket depth 0.
Invariant: a span's start is exact; its end is the start of what follows, trailing blanks cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot.dialects.mysql import MySQL
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from shardkit.errors import SqlSyntaxError
from shardkit.flow import Span
from shardkit.parse.lexer import Source

_CLAUSES = {
    TokenType.SELECT: "select", TokenType.FROM: "from", TokenType.WHERE: "where", TokenType.GROUP_BY: "group",
    TokenType.HAVING: "having", TokenType.WINDOW: "window", TokenType.ORDER_BY: "order", TokenType.LIMIT: "limit",
    TokenType.FOR: "lock", TokenType.LOCK: "lock", TokenType.INTO: "into", TokenType.VALUES: "values",
}  # fmt: skip
_MODIFIERS = {
    "ALL", "DISTINCT", "DISTINCTROW", "HIGH_PRIORITY", "STRAIGHT_JOIN", "SQL_SMALL_RESULT", "SQL_BIG_RESULT",
    "SQL_BUFFER_RESULT", "SQL_NO_CACHE", "SQL_CACHE", "SQL_CALC_FOUND_ROWS",
}  # fmt: skip
_QUOTES = {TokenType.STRING: "'{}'", TokenType.IDENTIFIER: "`{}`"}
_BEFORE_TABLE = {"INSERT", "REPLACE", "INTO", "IGNORE", "LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED"}
_OPEN, _CLOSE = TokenType.L_PAREN, TokenType.R_PAREN


class _Renaming(MySQL):
    """MySQL, but RENAME TABLE comes in tokens too, not as one text."""

    class Tokenizer(MySQL.Tokenizer):
        """Its words."""

        COMMANDS = MySQL.Tokenizer.COMMANDS - {TokenType.RENAME}


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its keyword's first token and the tokens of its body, as indexes into the token list."""

    keyword: int
    first: int
    end: int


class Tokens:
    """The tokens of one statement with their bracket depth."""

    def __init__(self, source: Source) -> None:
        self.source = source
        try:
            self.items: list[Token] = _Renaming().tokenize(source.parser_text)
        except TokenError as error:
            raise SqlSyntaxError(f"the text cannot be read: {str(error).splitlines()[0]}") from error
        while self.items and self.items[-1].token_type == TokenType.SEMICOLON:
            self.items.pop()
        self.depth: list[int] = []
        depth = 0
        for token in self.items:
            if token.token_type == _CLOSE:
                depth -= 1
            self.depth.append(depth)
            if token.token_type == _OPEN:
                depth += 1

    def check_single(self) -> None:
        """Raise SqlSyntaxError if another statement follows."""
        for index, token in enumerate(self.items):
            if token.token_type == TokenType.SEMICOLON:
                where = self.source.place(self.start(index))
                raise SqlSyntaxError(f"several statements in one text, {where}: execute takes exactly one")

    def start(self, index: int) -> int:
        """Offset of a token's first character in the user's text; past the last token: the statement's end."""
        if index >= len(self.items):
            text = self.source.clean.rstrip()
            while text.endswith(";"):
                text = text[:-1].rstrip()
            return len(text)
        return self.source.origin(self.items[index].start)

    def span(self, first: int, end: int) -> Span:
        """The span of tokens first to end (exclusive)."""
        start = self.start(first)
        return start, start + len(self.source.clean[start : self.start(end)].rstrip())

    def split(self, first: int, end: int) -> list[tuple[int, int]]:
        """Token ranges between the commas at the depth of the first token's level."""
        if first >= end:
            return []
        level = min(self.depth[first:end])
        parts, begin = [], first
        for index in range(first, end):
            if self.items[index].token_type == TokenType.COMMA and self.depth[index] == level:
                parts.append((begin, index))
                begin = index + 1
        return [*parts, (begin, end)]

    def closing(self, opening: int) -> int:
        """The index of the bracket that closes the one at `opening`."""
        level = self.depth[opening]
        for index in range(opening + 1, len(self.items)):
            if self.items[index].token_type == _CLOSE and self.depth[index] == level:
                return index
        raise SqlSyntaxError(f"a bracket is never closed, {self.source.place(self.start(opening))}")

    def clauses(self) -> dict[str, Clause]:
        """The clauses at depth 0 of a plain statement, by name; the first of each name counts."""
        marks: list[tuple[str, int]] = []
        for index, token in enumerate(self.items):
            name = _CLAUSES.get(token.token_type)
            if name is None or self.depth[index] != 0 or self._is_index_hint(index):
                continue
            marks.append((name, index))
        found: dict[str, Clause] = {}
        ends = [*(index for _, index in marks), len(self.items)][1:]
        for (name, index), following in zip(marks, ends, strict=True):
            first = index + 1
            while name == "select" and first < following and self._is_modifier(first):
                first += 1
            found.setdefault(name, Clause(index, first, following))
        return found

    def at(self, offset: int) -> int:
        """The index of the token that starts at this offset of the parser's text; -1 if none does."""
        low, high = 0, len(self.items)
        while low < high:
            middle = (low + high) // 2
            if self.items[middle].start < offset:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.items) and self.items[low].start == offset else -1

    def values_keyword(self) -> int:
        """The token VALUES (or VALUE, its other spelling) before the rows of an INSERT; -1 if there is none."""
        words = self.words()
        for index, word in enumerate(words[:-1]):
            opens = self.items[index + 1].token_type in (_OPEN, TokenType.ROW)
            named = index == 0 or words[index - 1] in _BEFORE_TABLE  # a table may be called `value`
            if word in ("VALUES", "VALUE") and self.depth[index] == 0 and opens and not named:
                return index
        return -1

    def value_rows(self, first: int) -> list[tuple[int, int]]:
        """Token ranges (brackets included) of the rows that follow VALUES."""
        rows = []
        index = first
        while index < len(self.items) and self.items[index].token_type in (_OPEN, TokenType.ROW):
            opening = index if self.items[index].token_type == _OPEN else index + 1
            close = self.closing(opening)
            rows.append((index, close + 1))
            index = close + 1
            if index < len(self.items) and self.items[index].token_type == TokenType.COMMA:
                index += 1
        return rows

    def words(self) -> Sequence[str]:
        """The tokens' texts in capitals; strings and quoted names keep quotes, so that they are no keywords."""
        return [_QUOTES.get(token.token_type, "{}").format(token.text.upper()) for token in self.items]

    def _is_modifier(self, index: int) -> bool:
        token = self.items[index]
        return token.token_type not in _QUOTES and token.text.upper() in _MODIFIERS

    def _is_index_hint(self, index: int) -> bool:
        """`USE INDEX FOR ORDER BY (…)` holds words of clauses."""
        before = self.items[index - 1] if index else None
        after = self.items[index + 1].token_type if index + 1 < len(self.items) else None
        if self.items[index].token_type == TokenType.FOR:
            return after in (TokenType.ORDER_BY, TokenType.GROUP_BY, TokenType.JOIN)
        return before is not None and before.token_type == TokenType.FOR
