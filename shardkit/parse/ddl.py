"""DDL by its tokens: which table it speaks of, and where its name stands. The rest of the text is the server's matter.

Invariant: a DDL statement reaches every physical table of exactly one logical table, or is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.flow import Kind, Statement, TableUse
from shardkit.parse.lexer import Source, Style, lex
from shardkit.parse.tokens import Tokens

WORDS = frozenset({"CREATE", "DROP", "ALTER", "TRUNCATE"})
_INDEX_KINDS = {"UNIQUE", "FULLTEXT", "SPATIAL"}


@dataclass(frozen=True, slots=True)
class Ddl:
    """A DDL statement: its verb (`create table`, `drop index`, …) and its statement with the table uses."""

    verb: str
    statement: Statement
    gone: frozenset[str] = frozenset()  # columns that ALTER TABLE drops, renames or gives another type, lower case


def read_ddl(source: Source, own: str = "") -> Ddl:
    """`own` is the logical database's name.

    Raises NotSupportedError for DDL that shardkit does not spread, SqlSyntaxError for what it cannot read.
    """
    tokens = Tokens(source)
    tokens.check_single()
    words = list(tokens.words())
    verb, at = _verb(source, tokens, words)
    if at >= len(words):
        raise SqlSyntaxError(f"You have an error in your SQL syntax: {verb} without a table")
    _refuse_forms(source, tokens, words, verb, at)
    targets = [at, *_references(words, at)]
    uses = tuple(_use(source, tokens, number, token, own) for number, token in enumerate(targets))
    named = None if source.style is Style.RAW else source.style is Style.NAMED
    statement = Statement(
        text=source.text, clean=source.clean, named=named, kind=Kind.DDL, params=(), param_spans=(), tables=uses,
        predicates=(), colocated=(), qualifiers=(), picks=(), blockers=(), select=None, insert=None, locking=False,
        needs_database=False, volatile=False, clock=False, clauses=frozenset(),
    )  # fmt: skip
    return Ddl(verb, statement, _gone(tokens, words, at) if verb == "alter table" else frozenset())


def _verb(source: Source, tokens: Tokens, words: list[str]) -> tuple[str, int]:
    """The verb, and the index of the table's name."""
    index = 1
    if words[0] == "TRUNCATE":
        return "truncate table", index + (words[1:2] == ["TABLE"])
    if words[0] in ("CREATE", "DROP") and words[1:2] == ["TEMPORARY"]:
        raise NotSupportedError(
            "a temporary table", where=source.place(tokens.start(1)), why="it would live on one server connection",
            instead="a table of the rules",
        )  # fmt: skip
    if words[index] in _INDEX_KINDS:
        index += 1
    what = words[index] if index < len(words) else ""
    if what == "TABLE":
        index += 1
        for skip in (["IF", "NOT", "EXISTS"], ["IF", "EXISTS"]):
            if words[index : index + len(skip)] == skip:
                index += len(skip)
        return f"{words[0].lower()} table", index
    if what == "INDEX" and words[0] in ("CREATE", "DROP") and "ON" in words:
        return f"{words[0].lower()} index", words.index("ON") + 1
    raise NotSupportedError(
        f"{words[0]} {what}".strip(), where=source.place(tokens.start(0)),
        why="only tables and indexes are spread over shards",
        instead="`shardkit init` for databases; a connection straight to each server for the rest",
    )  # fmt: skip


def _refuse_forms(source: Source, tokens: Tokens, words: list[str], verb: str, at: int) -> None:
    def refuse(what: str, index: int, why: str, instead: str) -> None:
        raise NotSupportedError(what, where=source.place(tokens.start(index)), why=why, instead=instead)

    if source.params:
        refuse("a placeholder in DDL", 0, "DDL takes none", "write the value out")
    if verb == "drop table" and tokens.items[-1].token_type != TokenType.EQ and "," in words[at:]:
        refuse("DROP TABLE of several tables", at, "tables may lie on different shards", "one statement for each table")
    for index in range(at + 1, len(words)):
        if tokens.items[index].token_type == TokenType.SELECT:
            refuse("CREATE TABLE … SELECT", index, "its rows would have to be split", "CREATE TABLE, then INSERT")
        if words[index] == "LIKE" and verb == "create table" and index <= at + 2:
            refuse("CREATE TABLE … LIKE", index, "the other table may lie elsewhere", "the columns written out")
        renames = words[index] == "RENAME" and words[index + 1 : index + 2] not in (["COLUMN"], ["INDEX"], ["KEY"])
        if verb == "alter table" and renames and tokens.depth[index] == 0:
            refuse("ALTER TABLE … RENAME", index, "the rules name the tables", "a new table in the rules")
        if verb == "alter table" and words[index : index + 2] == ["CONVERT", "TO"]:
            refuse(
                "CONVERT TO CHARACTER SET", index, "a text shard key would change under its rows", "MODIFY of columns"
            )
        if verb == "alter table" and words[index] == "EXCHANGE":
            refuse("EXCHANGE PARTITION", index, "the other table may lie elsewhere", "INSERT and DELETE")


def _gone(tokens: Tokens, words: list[str], at: int) -> frozenset[str]:
    """The columns after DROP [COLUMN] [IF EXISTS], CHANGE [COLUMN], MODIFY [COLUMN] and RENAME COLUMN."""
    found = set()
    for index in range(at + 1, len(words)):
        if words[index] not in ("DROP", "CHANGE", "MODIFY", "RENAME") or tokens.depth[index] != 0:
            continue
        name = index + 1
        while name < len(words) and words[name] in ("COLUMN", "IF", "EXISTS"):
            name += 1
        if name < len(words):
            found.add(tokens.items[name].text.lower())
    return frozenset(found)


def _references(words: list[str], at: int) -> list[int]:
    return [index + 1 for index in range(at + 1, len(words) - 1) if words[index] == "REFERENCES"]


def _use(source: Source, tokens: Tokens, number: int, token: int, own: str) -> TableUse:
    """The table that is named at this token, or `schema.table` from there on."""
    first = last = tokens.items[token]
    if token + 2 < len(tokens.items) and tokens.items[token + 1].token_type == TokenType.DOT:
        last = tokens.items[token + 2]
    span = (source.origin(first.start), source.origin(last.end + 1))
    schema = first.text if last is not first and first.text != own else ""
    name = f"{schema}.{last.text}" if schema else last.text
    return TableUse(number, name, None, span, None, 0, written=number == 0, schema=schema)


def split_statements(text: str) -> list[str]:
    """The statements of a script (a schema file), comments kept, semicolons inside quotes left alone."""
    source = lex(text, Style.RAW)
    tokens = Tokens(source)
    found, start = [], 0
    for index, token in enumerate(tokens.items):
        if token.token_type == TokenType.SEMICOLON:
            end = tokens.start(index)
            found.append(text[start:end].strip())
            start = end + 1
    found.append(text[start:].strip())
    return [piece for piece in found if lex(piece, Style.RAW).clean.strip(" \n\t;")]
