"""Column definitions of CREATE and ALTER TABLE: the type kept as MySQL spells it, text with its collation.

    a VARCHAR(64) NOT NULL DEFAULT ''  ->  `a` VARCHAR(64) COLLATE utf8mb4_0900_ai_ci NOT NULL DEFAULT ''

Invariant: what is not translated is refused, except what has no meaning in a file (comments, ENGINE, storage).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from shardkit.flow import Column, Family
from shardkit.rewrite import sqlite_collations as collations
from shardkit.rewrite import sqlite_types as types
from shardkit.rewrite.sqlite_expressions import rewritten
from shardkit.rewrite.sqlite_query import quoted
from shardkit.rewrite.sqlite_scope import META, Schema, annotate
from shardkit.rewrite.sqlite_terms import refused

_SPELLED = {"timestamptz": "timestamp", "boolean": "tinyint(1)", "nchar": "char", "nvarchar": "varchar"}
_DROPPED = (exp.CommentColumnConstraint, exp.ZeroFillColumnConstraint, exp.CharacterSetColumnConstraint)


@dataclass(frozen=True, slots=True)
class Definition:
    """One column: its SQL without the key, and what the table must know of it."""

    column: Column
    sql: str
    key: bool
    unique: bool
    on_update: str | None


def name(text: str) -> str:
    """A name in backticks; see sqlite_query.quoted for why."""
    if '"' in text:
        raise refused("a name with a double quote")
    return "`" + text.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A string literal of SQLite."""
    return "'" + text.replace("'", "''") + "'"


def definition(node: exp.ColumnDef, default_collation: str) -> Definition:
    """One column definition. Raises NotSupportedError."""
    kinds: dict[type[exp.Expr], exp.Expr] = {type(part.kind): part.kind for part in node.constraints}
    collation = _collation(kinds, default_collation)
    auto = exp.AutoIncrementColumnConstraint in kinds
    key = exp.PrimaryKeyColumnConstraint in kinds
    null = kinds.get(exp.NotNullColumnConstraint)
    nullable = not key and (null is None or bool(null.args.get("allow_null")))
    column = types.column(node.name, type_text(node), nullable=nullable, collation=collation)
    column = replace(column, auto_increment=auto)
    parts = [name(node.name), "INTEGER" if auto else types.declared(column.type_text)]
    if column.collation:
        parts.append(f"COLLATE {column.collation}")
    if not nullable:
        parts.append("NOT NULL")
    parts += _clauses(column, kinds)
    if node.kind is not None and node.kind.this is exp.DType.ENUM:
        values = ", ".join(literal(value.name) for value in node.kind.expressions)
        parts.append(f"CHECK ({name(node.name)} IN ({values}))")
    on_update = kinds.get(exp.OnUpdateColumnConstraint)
    moment = _moment(on_update.this, column) if on_update is not None else None
    return Definition(column, " ".join(parts), key, exp.UniqueColumnConstraint in kinds, moment)


def type_text(node: exp.ColumnDef) -> str:
    """MySQL's spelling of a column's type; an ENUM is text that a CHECK restricts."""
    kind = node.kind
    if kind is None:
        raise refused(f"the column {node.name} without a type")
    if kind.this is exp.DType.ENUM:
        return f"varchar({max((len(value.name) for value in kind.expressions), default=1)})"
    word = kind.this.value.lower() if isinstance(kind.this, exp.DType) else str(kind.this).lower()
    unsigned = word.startswith("u") and word != "uuid"
    word = _SPELLED.get(word, word[1:] if unsigned else word)
    numbers = [part.name for part in kind.expressions]
    if any(not number.isdigit() for number in numbers):
        raise refused(f"the column type {kind.sql(dialect='mysql')}")
    if word == "decimal":
        numbers = [*(numbers or ["10"]), "0"][:2]
    elif word in ("float", "double", "year") or (word.endswith("int") and (word, numbers) != ("tinyint", ["1"])):
        numbers = []  # display widths, which MySQL itself has dropped
    elif word in ("char", "binary", "bit") and not numbers:
        numbers = ["1"]
    text = word + (f"({','.join(numbers)})" if numbers else "")
    types.declared(text)
    return text + (" unsigned" if unsigned else "")


def _collation(kinds: Mapping[type[exp.Expr], exp.Expr], default: str) -> str:
    chosen, charset = kinds.get(exp.CollateColumnConstraint), kinds.get(exp.CharacterSetColumnConstraint)
    if chosen is not None:
        return collations.scheme(chosen.this.name).name
    return collations.of_charset(charset.this.name) if charset is not None else default


def _clauses(column: Column, kinds: Mapping[type[exp.Expr], exp.Expr]) -> list[str]:
    """DEFAULT, CHECK and GENERATED; anything that is not known is refused."""
    clauses = []
    for kind, node in kinds.items():
        if kind is exp.DefaultColumnConstraint:
            clauses.append(f"DEFAULT {_default(node.this, column)}")
        elif kind is exp.CheckColumnConstraint:
            clauses.append(f"CHECK ({expression(node.this, [column])})")
        elif kind is exp.ComputedColumnConstraint:
            stored = "STORED" if node.args.get("persisted") else "VIRTUAL"
            clauses.append(f"GENERATED ALWAYS AS ({expression(node.this, [column])}) {stored}")
        elif kind not in _DROPPED and kind not in _ELSEWHERE:
            raise refused(f"{node.sql(dialect='mysql')} of the column {column.name}")
    return clauses


_ELSEWHERE = (
    exp.NotNullColumnConstraint,
    exp.AutoIncrementColumnConstraint,
    exp.PrimaryKeyColumnConstraint,
    exp.UniqueColumnConstraint,
    exp.OnUpdateColumnConstraint,
    exp.CollateColumnConstraint,
)


def _default(node: exp.Expr, column: Column) -> str:
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, (exp.CurrentTimestamp, exp.Anonymous, exp.Localtimestamp, exp.Localtime)):
        return f"({_moment(node, column)})"
    if isinstance(node, exp.Literal) and node.is_string:
        if column.family is Family.BINARY:
            return f"x'{node.name.encode().hex()}'"
        return literal(node.name)
    if isinstance(node, (exp.Literal, exp.Null, exp.Boolean, exp.Neg, exp.BitString, exp.HexString)):
        return node.sql(dialect="sqlite")
    raise refused(f"DEFAULT {node.sql(dialect='mysql')}", "only constants and CURRENT_TIMESTAMP are kept")


def _moment(node: exp.Expr, column: Column) -> str:
    """CURRENT_TIMESTAMP in its several spellings, with the column's digits."""
    plain = isinstance(node, exp.Anonymous) and node.name.upper() not in ("NOW", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP")
    if plain:
        raise refused(f"DEFAULT {node.sql(dialect='mysql')}", "only constants and CURRENT_TIMESTAMP are kept")
    return f"my_now({column.scale or 0})"


def expression(node: exp.Expr, columns: list[Column]) -> str:
    """An expression of a CHECK or a generated column."""
    known = {column.name.lower(): column for column in columns}
    tree = exp.Paren(this=node.copy())
    for part in tree.find_all(exp.Column):
        if part.name.lower() in known:
            part.meta[META] = known[part.name.lower()]
    annotate(tree, Schema(()))
    return quoted(rewritten(tree)).sql(dialect="sqlite")
