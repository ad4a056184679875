"""CREATE TABLE texts as TableInfo, so that statements can be planned where no server is to be asked.

Read by tokens, as DDL is: what a column is stands in its first words, and whatever follows may be new to any parser.
Invariant: a column here has the facts that information_schema would give for it, as far as planning looks at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlglot.tokens import TokenType

from shardkit.errors import SqlSyntaxError
from shardkit.flow import FAMILIES, Column, Family, TableInfo
from shardkit.parse.ddl import split_statements
from shardkit.parse.lexer import Style, lex, without_comments
from shardkit.parse.tokens import Tokens

DEFAULT_COLLATION = "utf8mb4_0900_ai_ci"
"""The collation of text columns when neither the column nor the table names one: MySQL's own default."""

_OTHER_NAMES = {
    "integer": "int", "int1": "tinyint", "int2": "smallint", "int3": "mediumint", "int4": "int", "int8": "bigint",
    "middleint": "mediumint", "bool": "tinyint", "boolean": "tinyint", "dec": "decimal", "numeric": "decimal",
    "fixed": "decimal", "real": "double", "double precision": "double", "float4": "float", "float8": "double",
    "character": "char", "nchar": "char", "national": "char", "nvarchar": "varchar", "character varying": "varchar",
    "char varying": "varchar", "long": "mediumtext", "serial": "bigint",
}  # fmt: skip
_DEFAULTS = {"latin1": "latin1_swedish_ci", "utf8": "utf8mb3_general_ci", "utf8mb4": DEFAULT_COLLATION}
_NO_COLUMN = ("PRIMARY", "KEY", "INDEX", "UNIQUE", "FULLTEXT", "SPATIAL", "CONSTRAINT", "FOREIGN", "CHECK", "PERIOD")
_COLLATED = frozenset({Family.TEXT, Family.ENUM, Family.SET})
_CLOCKS = frozenset({Family.TIME, Family.DATETIME, Family.TIMESTAMP})


def read_schema(text: str) -> dict[str, TableInfo]:
    """The tables that a script creates, by name; its other statements are passed over.

    Raises SqlSyntaxError for a CREATE TABLE that cannot be read.
    """
    found = {}
    for statement in split_statements(without_comments(text)):
        info = _table(statement)
        if info is not None:
            found[info.name] = info
    return found


def unique_keys(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The primary and unique keys of the tables that a script creates: the table, and the key's columns in order.

    A column of which the key holds only the beginning, and an expression, stand as they are written, with a bracket.
    Raises SqlSyntaxError for a CREATE TABLE that cannot be read.
    """
    found = []
    for statement in split_statements(without_comments(text)):
        made = _made(statement)
        if made is not None:
            keys = (tuple(part.unique_key()) for part in made.parts)
            found += [(made.name, key) for key in keys if key]
    return found


@dataclass(frozen=True, slots=True)
class _Made:
    """What a CREATE TABLE makes: its entries, and the collation of text columns that name none."""

    name: str
    parts: list[_Part]
    collation: str


def _made(text: str) -> _Made | None:
    tokens = Tokens(lex(text, Style.RAW))
    words = [" ".join(word.split()) for word in tokens.words()]
    if words[:2] != ["CREATE", "TABLE"]:
        return None
    at = 5 if words[2:5] == ["IF", "NOT", "EXISTS"] else 2
    at += 2 if words[at + 1 : at + 2] == ["."] else 0
    if at + 1 >= len(words) or words[at + 1] != "(":
        raise SqlSyntaxError(f"the columns of this table cannot be read: {' '.join(text.split()[:6])} …")
    close = tokens.closing(at + 1)
    collation = _collation(words, close + 1, len(words)) or DEFAULT_COLLATION
    return _Made(
        tokens.items[at].text, [_Part(tokens, words, *part) for part in tokens.split(at + 2, close)], collation
    )


def _table(text: str) -> TableInfo | None:
    made = _made(text)
    if made is None:
        return None
    key = tuple(_primary_key(made.parts))
    columns = (part.column(made.collation) for part in made.parts if part.is_column)
    sure = tuple(replace(column, nullable=False) if column.name in key else column for column in columns)
    return TableInfo(made.name, sure, key)


@dataclass(frozen=True, slots=True)
class _Part:
    """One entry between the brackets of a CREATE TABLE: tokens `first` to `end`."""

    tokens: Tokens
    words: list[str]
    first: int
    end: int

    @property
    def is_column(self) -> bool:
        word = self.words[self.first].split()[0]
        return word not in _NO_COLUMN and self.end - self.first > 1

    @property
    def name(self) -> str:
        return self.tokens.items[self.first].text

    def has(self, words: str) -> bool:
        """Whether these keywords stand side by side, outside brackets and quotes."""
        level = self.tokens.depth[self.first]
        there = [self.words[i] for i in range(self.first, self.end) if self.tokens.depth[i] == level]
        bare = ["''" if word[0] in "'`" else word for word in there]
        return f" {words} " in f" {' '.join(bare)} "

    def column(self, collation: str) -> Column:
        base = self.words[self.first + 1].lower()
        if base in ("character", "char", "double") and self.words[self.first + 2 : self.first + 3] in (
            ["VARYING"], ["PRECISION"],
        ):  # fmt: skip
            base += f" {self.words[self.first + 2].lower()}"
        sizes = [1] if base in ("bool", "boolean") else list(self.sizes())
        unsigned = self.has("UNSIGNED") or base == "serial"
        if base == "float" and len(sizes) == 1 and sizes[0] > 24:
            base, sizes = "double", []
        base = _OTHER_NAMES.get(base, base)
        family = FAMILIES.get(base, Family.OTHER)
        counted = sizes[0] if sizes else 1 if base in ("char", "binary") else None
        decimals = sizes[1] if len(sizes) > 1 else 0
        return Column(
            name=self.name, family=family, type_text=_type_text(base, sizes, unsigned),
            nullable=not (self.has("NOT NULL") or self.words[self.first + 1] == "SERIAL"),
            length=counted if family in (Family.TEXT, Family.BINARY) else None,
            precision=(sizes[0] if sizes else 10) if family is Family.DECIMAL else None,
            scale=decimals if family is Family.DECIMAL else (sizes or [0])[0] if family in _CLOCKS else None,
            unsigned=unsigned,
            collation=(_collation(self.words, self.first, self.end) or collation) if family in _COLLATED else None,
            generated=self.has("AS") or self.has("GENERATED ALWAYS"),
            auto_increment=self.has("AUTO_INCREMENT") or self.words[self.first + 1] == "SERIAL",
            clock_default=any(self.has(f"DEFAULT {word}") for word in ("CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "(")),
            clock_update=self.has("ON UPDATE"),
        )  # fmt: skip

    def sizes(self) -> Iterator[int]:
        """The numbers in the bracket after the type; none for the texts of an ENUM or SET."""
        index = self.first + 2
        if self.words[index : index + 1] in (["VARYING"], ["PRECISION"], ["CHAR"], ["VARCHAR"], ["CHARACTER"]):
            index += 1
        if index < self.end and self.words[index] == "(":
            for inner in range(index + 1, self.tokens.closing(index)):
                if self.tokens.items[inner].token_type == TokenType.NUMBER:
                    yield int(self.words[inner])

    def key_columns(self) -> Iterator[str]:
        """The columns of PRIMARY KEY (a, b(10), c DESC)."""
        opening = next(i for i in range(self.first, self.end) if self.words[i] == "(")
        for first, _ in self.tokens.split(opening + 1, self.tokens.closing(opening)):
            yield self.tokens.items[first].text

    def unique_key(self) -> Iterator[str]:
        """The columns of a primary or unique key; nothing if this entry makes none."""
        if self.is_column:
            if any(self.has(words) for words in ("PRIMARY KEY", "UNIQUE", "UNIQUE KEY")):
                yield self.name
        elif self.has("PRIMARY KEY") or self.has("UNIQUE"):
            opening = next(i for i in range(self.first, self.end) if self.words[i] == "(")
            for first, end in self.tokens.split(opening + 1, self.tokens.closing(opening)):
                whole = first + 1 == end or self.words[first + 1] in ("ASC", "DESC")
                yield "".join(token.text for token in self.tokens.items[first : first + 1 if whole else end])


def _primary_key(parts: list[_Part]) -> Iterator[str]:
    names: Mapping[str, str] = {part.name.lower(): part.name for part in parts if part.is_column}
    for part in parts:
        if part.is_column and part.has("PRIMARY KEY"):
            yield part.name
        elif not part.is_column and part.has("PRIMARY KEY"):
            yield from (names.get(name.lower(), name) for name in part.key_columns())


def _type_text(base: str, sizes: list[int], unsigned: bool) -> str:
    brackets = f"({','.join(map(str, sizes))})" if sizes else ""
    return f"{base}{brackets}{' unsigned' if unsigned else ''}"


def _collation(words: list[str], first: int, end: int) -> str | None:
    """What COLLATE says, else the default of the CHARACTER SET; None when neither is there."""
    named = [word.strip("'`").lower() for word in words]
    charset = None
    for index in range(first, end):
        value = index + 2 if words[index + 1 : index + 2] == ["="] else index + 1
        if words[index] == "COLLATE" and value < end:
            return named[value]
        if words[index] in ("CHARSET", "CHARACTER SET") and value < end:
            charset = named[value]
        elif words[index : index + 2] == ["CHARACTER", "SET"] and index + 2 < end:
            value = index + 3 if words[index + 2] == "=" else index + 2
            charset = named[value] if value < end else None
    return _DEFAULTS.get(charset, f"{charset}_general_ci") if charset is not None else None
