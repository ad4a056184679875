"""DDL by its tokens: which table it speaks of, and where its name stands. The rest of the text is the server's matter.

Invariant: a DDL statement reaches every physical table of exactly one logical table, or is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, SqlSyntaxError
from shardkit.flow import Kind, Span, Statement, TableUse
from shardkit.parse.ddl_query import query_of_table, query_of_view, query_uses
from shardkit.parse.lexer import Source, Style, lex
from shardkit.parse.tokens import Tokens

WORDS = frozenset({"CREATE", "DROP", "ALTER", "TRUNCATE", "RENAME"})
NEW_NAME = "the new name"
"""How RENAME refers to the name that it gives."""
_INDEX_KINDS = {"UNIQUE", "FULLTEXT", "SPATIAL"}


@dataclass(frozen=True, slots=True)
class Ddl:
    """A DDL statement: its verb (`create table`, `drop index`, …) and its statement with the table uses."""

    verb: str
    statement: Statement
    refers: tuple[str, ...] = ()  # how it refers to each table but the first, with words such as `a foreign key to`
    query: str = ""  # `CREATE VIEW`, `CREATE TABLE … SELECT`: it holds a query, which one server must answer
    constraints: tuple[tuple[Span, str], ...] = ()  # names of foreign keys and checks, and where they stand
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
    first = _query(source, tokens, words, verb, at)
    query = "" if first is None else f"{words[0]} VIEW" if verb.endswith("view") else "CREATE TABLE … SELECT"
    others = _others(tokens, words, verb, at, len(words) if first is None else first)
    uses = [_use(source, tokens, number, token, own) for number, token in enumerate((at, *others))]
    refers = list(others.values())
    if first is not None:
        inside = query_uses(source, tokens, first, own)
        uses += [replace(use, index=number) for number, use in enumerate(inside, len(uses))]
        refers += [f"{query} from"] * len(inside)
    named = None if source.style is Style.RAW else source.style is Style.NAMED
    statement = Statement(
        text=source.text, clean=source.clean, named=named, kind=Kind.DDL, params=(), param_spans=(), tables=tuple(uses),
        predicates=(), colocated=(), qualifiers=(), picks=(), blockers=(), select=None, insert=None, locking=False,
        needs_database=False, volatile=False, clock=False, clauses=frozenset(),
    )  # fmt: skip
    gone = _gone(tokens, words, at) if verb == "alter table" else frozenset()
    return Ddl(verb, statement, tuple(refers), query, _constraints(source, tokens, words, at), gone)


def _verb(source: Source, tokens: Tokens, words: list[str]) -> tuple[str, int]:
    """The verb, and the index of the table's name."""
    index = 1
    if words[0] == "TRUNCATE":
        return "truncate table", index + (words[1:2] == ["TABLE"])
    if words[0] == "RENAME" and words[1:2] in (["TABLE"], ["TABLES"]):
        return "rename table", index + 1
    if words[0] in ("CREATE", "DROP") and words[1:2] == ["TEMPORARY"]:
        raise NotSupportedError(
            "a temporary table", where=source.place(tokens.start(1)), why="it would live on one server connection",
            instead="a table of the rules",
        )  # fmt: skip
    if "VIEW" in words and (view := _view(words)) is not None:
        return f"{words[0].lower()} view", view
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
        why="only tables, their indexes and views of single tables are known",
        instead="`shardkit init` for databases; a connection straight to each server for the rest",
    )  # fmt: skip


def _view(words: list[str]) -> int | None:
    """The index of a view's name; None if the statement is of something else.

    Between the verb and VIEW stand OR REPLACE, ALGORITHM = …, DEFINER = … and SQL SECURITY ….
    """
    index = words.index("VIEW")
    if words[1] not in ("VIEW", "OR", "ALGORITHM", "DEFINER", "SQL") or "TABLE" in words[:index]:
        return None
    index += 1
    for skip in (["IF", "NOT", "EXISTS"], ["IF", "EXISTS"]):
        if words[index : index + len(skip)] == skip:
            index += len(skip)
    return index


def _query(source: Source, tokens: Tokens, words: list[str], verb: str, at: int) -> int | None:
    """The token at which the statement's query begins, if it has one."""
    if verb in ("create view", "alter view"):
        return query_of_view(source, tokens, words, at + 1)
    return query_of_table(tokens, words, at + 1) if verb == "create table" else None


def _others(tokens: Tokens, words: list[str], verb: str, at: int, end: int) -> dict[int, str]:
    """The tokens before the query at which other tables are named, and how the statement refers to them."""
    found = {
        index + 1: "a foreign key to"
        for index in range(at + 1, min(end, len(words) - 1))
        if words[index] == "REFERENCES"
    }
    name_ends = at + (3 if words[at + 1 : at + 2] == ["."] else 1)
    like = name_ends + (words[name_ends : name_ends + 1] == ["("])
    if verb == "create table" and words[like : like + 1] == ["LIKE"] and like + 1 < len(words):
        found[like + 1] = "CREATE TABLE … LIKE"
    for index in range(at + 1, len(words) - 1):
        renames = words[index] == "RENAME" and words[index + 1] not in ("COLUMN", "INDEX", "KEY")
        if verb == "rename table" and words[index] == "TO":
            found[index + 1] = NEW_NAME
        elif verb == "alter table" and renames and tokens.depth[index] == 0:
            found[index + 1 + (words[index + 1] in ("TO", "AS", "="))] = NEW_NAME
    return found


def _refuse_forms(source: Source, tokens: Tokens, words: list[str], verb: str, at: int) -> None:
    def refuse(what: str, index: int, why: str, instead: str) -> None:
        raise NotSupportedError(what, where=source.place(tokens.start(index)), why=why, instead=instead)

    if source.params:
        refuse("a placeholder in DDL", 0, "DDL takes none", "write the value out")
    if verb in ("drop table", "drop view", "rename table") and "," in words[at:]:
        refuse(f"{verb.upper()} of several", at, "they may lie on different shards", "one statement for each")
    for index in range(at + 1, len(words)):
        if words[index : index + 2] == ["UNION", "="] and tokens.depth[index] == 0:
            refuse("UNION=(…) of a MERGE table", index, "the other tables may lie elsewhere", "UNION in a query")
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


def _constraints(source: Source, tokens: Tokens, words: list[str], at: int) -> tuple[tuple[Span, str], ...]:
    """The names after CONSTRAINT before FOREIGN KEY and CHECK, and after what drops or changes such a constraint.

    DROP CONSTRAINT may mean a unique key too, whose name is the same on every piece: DROP INDEX is for those.
    """
    found = []
    for index in range(at + 1, len(words) - 1):
        name = index + 1
        match words[index - 1], words[index]:
            case _, "CONSTRAINT" if words[index + 2 : index + 3] in (["FOREIGN KEY"], ["CHECK"]):
                pass  # sqlglot makes one token of FOREIGN KEY
            case ("DROP", "FOREIGN KEY" | "CHECK" | "CONSTRAINT") | ("ALTER", "CHECK" | "CONSTRAINT"):
                name += 2 * (words[name : name + 2] == ["IF", "EXISTS"])
            case _:
                continue
        if name < len(words):
            token = tokens.items[name]
            found.append(((source.origin(token.start), source.origin(token.end + 1)), token.text))
    return tuple(found)


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
