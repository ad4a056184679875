"""MySQL's SQL -> SQLite's, for the embedded database. Pure: text and table descriptions in, text out.

    SELECT * FROM `member_03`.`member` WHERE a = %s LIMIT 5, 10   ->   … FROM `member` WHERE `a` = ? LIMIT 10 OFFSET 5

Two steps, both cached by text: `parse` says which tables a statement names; `translate` needs their descriptions,
because SQLite knows neither decimals nor dates nor MySQL's collations and must be told at every place.
Invariant: a translation means what the text means in MySQL, or the text is refused; docs/explanation/embedded.md
lists the known differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, UnsupportedError

from shardkit.errors import SqlSyntaxError
from shardkit.flow import Column
from shardkit.rewrite import sqlite_ddl, sqlite_query, sqlite_write
from shardkit.rewrite.sqlite_control import WORDS, Control, Step, control
from shardkit.rewrite.sqlite_expressions import rewritten
from shardkit.rewrite.sqlite_scope import Schema, annotate
from shardkit.rewrite.sqlite_terms import refused
from shardkit.rewrite.sqlite_text import Prepared, Style, numbered, prepare

__all__ = ["Bind", "Does", "Parsed", "Schema", "Step", "Style", "Translated", "parse", "translate"]

_DDL = (exp.Create, exp.Alter, exp.Drop, exp.TruncateTable)
_DML = (exp.Select, exp.SetOperation, exp.Subquery, exp.Insert, exp.Update, exp.Delete)


class Does(Enum):
    """What running a translation gives."""

    ROWS = "rows"
    WRITE = "write"
    DDL = "ddl"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A statement before its tables are known. `tree` is never changed."""

    prepared: Prepared
    tree: exp.Expr | None
    tables: tuple[str, ...]
    control: Control | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """The value of one `?`: the parameter's key, and the column it is stored in, if it is."""

    key: int | str
    column: Column | None = None


@dataclass(frozen=True, slots=True)
class Translated:
    """What to run. `expects` counts the text's own placeholders, `binds` has one for each `?`.

    `outputs` are the types of the result's columns (None: a star that could not be opened). `counts_up`: an
    INSERT leaves an AUTO_INCREMENT column to SQLite (True), gives it (False), or there is none (None). `locks` names a
    table whose file an open transaction must first lock (FOR UPDATE).
    """

    does: Does
    statements: tuple[str, ...]
    expects: int = 0
    binds: tuple[Bind, ...] = ()
    outputs: tuple[Column | None, ...] | None = None
    control: Control | None = None
    counts_up: bool | None = None
    locks: str | None = None


@lru_cache(maxsize=4096)
def parse(sql: str, style: Style = Style.RAW) -> Parsed:
    """Read one statement. Raises SqlSyntaxError, ParameterError and NotSupportedError."""
    words = sql.split(None, 1)
    if words and words[0].upper().rstrip(";") in WORDS:
        return Parsed(Prepared(sql, (), words[0].upper(), ()), None, (), control(sql))
    prepared = prepare(sql, style)
    text = prepared.sql
    if prepared.word == "REPLACE":
        start = text.upper().index("REPLACE")
        text = f"{text[:start]}INSERT {text[start + 7 :]}"
    try:
        trees = sqlglot.parse(text, read="mysql", error_level=ErrorLevel.IMMEDIATE)
    except ParseError as error:
        raise _syntax_error(error) from error
    if len(trees) != 1 or trees[0] is None:
        raise SqlSyntaxError("exactly one statement is needed")
    tree = trees[0]
    if not isinstance(tree, (*_DDL, *_DML)):
        raise refused(f"the statement {prepared.word}")
    ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    names = {table.name for table in tree.find_all(exp.Table) if table.db or table.name.lower() not in ctes}
    return Parsed(prepared, tree, tuple(sorted(names)))


def _syntax_error(error: ParseError) -> SqlSyntaxError:
    """Where the parser stopped, without what it says about its own tokens."""
    place = error.errors[0] if error.errors else {}
    where = f" at line {place['line']}, column {place['col']}" if place.get("line") else ""
    near = f" near {place['highlight']!r}" if place.get("highlight") else ""
    return SqlSyntaxError(f"You have an error in your SQL syntax{where}{near}")


@lru_cache(maxsize=4096)
def translate(sql: str, style: Style = Style.RAW, schema: Schema | None = None) -> Translated:
    """One statement for SQLite. Raises SqlSyntaxError, ParameterError and NotSupportedError.

    translate("SELECT IFNULL(a, 0) FROM t") -> SELECT COALESCE(`a`, 0) AS `IFNULL(a, 0)` FROM `t`
    """
    parsed = parse(sql, style)
    if parsed.control is not None or parsed.tree is None:
        return Translated(Does.CONTROL, (), control=parsed.control)
    if isinstance(parsed.tree, _DDL):
        if _database(parsed.tree):
            return Translated(Does.CONTROL, (), control=Control(Step.NOTHING))
        return Translated(Does.DDL, sqlite_ddl.statements(parsed.tree))
    return _dml(parsed, schema or Schema(()))


def _database(tree: exp.Expr) -> bool:
    """CREATE DATABASE: the file is there as soon as it is opened."""
    return isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper() in ("DATABASE", "SCHEMA")


def _dml(parsed: Parsed, schema: Schema) -> Translated:
    if parsed.tree is None:
        raise SqlSyntaxError("exactly one statement is needed")
    tree = sqlite_write.prepared(parsed.tree.copy())
    if parsed.prepared.word == "REPLACE":
        tree.set("alternative", "REPLACE")
    lock = parsed.tables[0] if parsed.tables and sqlite_query.locks(tree) else None
    outputs = annotate(tree, schema)
    rows = isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery))
    targets: sqlite_write.Targets = {}
    sqlite_write.counted(tree, targets)
    tree = sqlite_query.shaped(rewritten(tree), parsed.prepared.labels if rows else ())
    tree = sqlite_write.finished(tree, schema, targets)
    counts_up = _counts_up(tree, schema) if isinstance(tree, exp.Insert) else None
    text, order = numbered(_generated(sqlite_query.quoted(tree)))
    keys = parsed.prepared.keys
    return Translated(
        Does.ROWS if rows else Does.WRITE,
        (text,),
        expects=len(keys),
        binds=tuple(Bind(keys[at], targets.get(f"p{at}")) for at in order),
        outputs=outputs if rows else None,
        counts_up=counts_up,
        locks=lock,
    )


def _generated(tree: exp.Expr) -> str:
    """The text of a tree; what sqlglot itself cannot say in SQLite is refused, not left out."""
    try:
        return tree.sql(dialect="sqlite", comments=False, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise refused(str(error)) from error


def _counts_up(tree: exp.Insert, schema: Schema) -> bool | None:
    """Whether SQLite makes the new row's AUTO_INCREMENT value; None without such a column."""
    listed = [part.name.lower() for part in tree.this.expressions] if isinstance(tree.this, exp.Schema) else None
    table = tree.this if listed is None else tree.this.this
    info = schema.get(table.name)
    column = next((c.name for c in info.columns if c.auto_increment), None) if info is not None else None
    return (
        None
        if column is None
        else bool(tree.args.get("default")) or (listed is not None and column.lower() not in listed)
    )
