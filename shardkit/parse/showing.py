"""SHOW and DESCRIBE: questions about the logical database, and about what every server answers alike.

Invariant: what names a table or a database names a logical one; a form that is not read here is refused, so that no
physical name is ever shown for a logical one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.parse.lexer import Source
from shardkit.parse.tokens import Tokens


class Shown(Enum):
    """What a SHOW asks for."""

    TABLES = "tables"
    DATABASES = "databases"
    CREATE = "create table"
    CREATE_VIEW = "create view"
    COLUMNS = "columns"
    INDEX = "index"
    SERVER = "server"
    """Settings and abilities, which any one server may tell: the statement goes there as it is."""


@dataclass(frozen=True, slots=True)
class Show:
    """One SHOW or DESCRIBE. `database`: the one it names, '' for none; `like`: its pattern, or None."""

    what: Shown
    text: str
    table: str = ""
    database: str = ""
    full: bool = False
    like: str | None = None


@dataclass(frozen=True, slots=True)
class ShowWarnings:
    """SHOW WARNINGS, SHOW ERRORS (`errors`: only those), and SHOW COUNT(*) of them."""

    errors: bool
    count: bool = False
    offset: int = 0
    limit: int | None = None


WORDS = frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"})
_SERVER = (
    ["VARIABLES"], ["SESSION", "VARIABLES"], ["GLOBAL", "VARIABLES"], ["LOCAL", "VARIABLES"], ["COLLATION"],
    ["CHARACTER", "SET"], ["CHARSET"], ["ENGINES"], ["STORAGE", "ENGINES"],
)  # fmt: skip
_FROM = ("FROM", "IN")
_KNOWN = (
    "SHOW TABLES, DATABASES, CREATE TABLE, CREATE VIEW, COLUMNS, INDEX, VARIABLES, COLLATION, CHARACTER SET and ENGINES"
)


def read_show(source: Source, word: str) -> Show | ShowWarnings | None:
    """The question a SHOW or DESCRIBE asks; None for an EXPLAIN of a statement. Raises for what is refused."""
    tokens = Tokens(source)
    tokens.check_single()
    words = [_normal(word) for word in tokens.words()]
    if word != "SHOW":
        return _described(source, tokens, word)
    for form in _SERVER:
        if words[1 : 1 + len(form)] == form:
            return Show(Shown.SERVER, source.text)
    if source.params:
        raise NotSupportedError(
            "a placeholder in SHOW",
            where=source.place(0),
            why="shardkit itself answers it",
            instead="write the value out",
        )
    reader = _Reader(tokens, words)
    return _warnings(words) or reader.read() or _unknown(source, words)


def _warnings(words: Sequence[str]) -> ShowWarnings | None:
    match list(words[1:]):
        case ["COUNT", "(", "*", ")", "WARNINGS" | "ERRORS" as kind]:
            return ShowWarnings(kind == "ERRORS", count=True)
        case ["WARNINGS" | "ERRORS" as kind]:
            return ShowWarnings(kind == "ERRORS")
        case ["WARNINGS" | "ERRORS" as kind, "LIMIT", count] if count.isdigit():
            return ShowWarnings(kind == "ERRORS", limit=int(count))
        case ["WARNINGS" | "ERRORS" as kind, "LIMIT", offset, ",", count] if offset.isdigit() and count.isdigit():
            return ShowWarnings(kind == "ERRORS", offset=int(offset), limit=int(count))
        case _:
            return None


def _normal(word: str) -> str:
    return {"SCHEMAS": "DATABASES", "FIELDS": "COLUMNS", "INDEXES": "INDEX", "KEYS": "INDEX"}.get(word, word)


def _unknown(source: Source, words: Sequence[str]) -> Show:
    raise NotSupportedError(
        " ".join(words[:2]), where=source.place(0), why="it speaks of one server, or of physical tables",
        instead=f"{_KNOWN}, or a connection straight to the server",
    )  # fmt: skip


def _described(source: Source, tokens: Tokens, word: str) -> Show | None:
    """DESCRIBE t [column]."""
    reader = _Reader(tokens, list(tokens.words()))
    reader.at = 1
    if reader.is_name() and tokens.words()[1] not in ("SELECT", "ANALYZE", "FORMAT", "EXTENDED", "TABLE", "WITH"):
        database, table = reader.name()
        column = reader.one() if not reader.ended() else None
        if reader.ended():
            return Show(Shown.COLUMNS, source.text, table, database, like=column)
    if word == "EXPLAIN" or word in ("DESCRIBE", "DESC"):
        return None
    raise SqlSyntaxError(f"You have an error in your SQL syntax: {word} …")


class _Reader:
    """Reads the words of one SHOW from left to right."""

    def __init__(self, tokens: Tokens, words: list[str]) -> None:
        self._tokens, self._words = tokens, words
        self.at = 1

    def read(self) -> Show | None:
        """The question, or None for one that is not answered."""
        extended, full = self._skip("EXTENDED"), self._skip("FULL")
        if extended:
            return None  # it shows columns that only the server knows
        match self._words[self.at : self.at + 1]:
            case ["TABLES"]:
                self.at += 1
                return self._ended(Shown.TABLES, full, database=self._after_from())
            case ["DATABASES"] if not full:
                self.at += 1
                return self._ended(Shown.DATABASES, full)
            case ["COLUMNS"]:
                return self._of_table(Shown.COLUMNS, full)
            case ["INDEX"] if not full:
                return self._of_table(Shown.INDEX, full)
            case ["CREATE"] if not full and self._words[self.at + 1 : self.at + 2] in (["TABLE"], ["VIEW"]):
                what = Shown(f"create {self._words[self.at + 1].lower()}")
                self.at += 2
                database, table = self.name()
                return self._ended(what, full, table, database)
        return None

    def _of_table(self, what: Shown, full: bool) -> Show | None:
        self.at += 1
        if self._words[self.at : self.at + 1] not in ([word] for word in _FROM):
            raise SqlSyntaxError("You have an error in your SQL syntax: SHOW … FROM a table")
        self.at += 1
        database, table = self.name()
        return self._ended(what, full, table, self._after_from() or database)

    def _ended(self, what: Shown, full: bool, table: str = "", database: str = "") -> Show | None:
        """The question, if nothing follows but LIKE."""
        like = None
        if self._words[self.at : self.at + 1] == ["LIKE"] and what is not Shown.INDEX:
            self.at += 1
            like = self.one()
        text = self._tokens.source.text
        return Show(what, text, table, database, full, like) if self.ended() else None

    def _after_from(self) -> str:
        if self._words[self.at : self.at + 1] in ([word] for word in _FROM):
            self.at += 1
            return self.one()
        return ""

    def _skip(self, word: str) -> bool:
        found = self._words[self.at : self.at + 1] == [word]
        self.at += found
        return found

    def is_name(self) -> bool:
        """Whether a name may stand here."""
        return self.at < len(self._words) and self._tokens.items[self.at].token_type != TokenType.STRING

    def name(self) -> tuple[str, str]:
        """`database.table` or `table`."""
        first = self.one()
        if self._words[self.at : self.at + 1] == ["."]:
            self.at += 1
            return first, self.one()
        return "", first

    def one(self) -> str:
        """One name or text."""
        if self.ended():
            raise SqlSyntaxError("You have an error in your SQL syntax: a name is missing at the end")
        self.at += 1
        return self._tokens.items[self.at - 1].text

    def ended(self) -> bool:
        """Whether all words are read."""
        return self.at >= len(self._words)
