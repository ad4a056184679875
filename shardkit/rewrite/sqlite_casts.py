"""CAST, EXTRACT, SUBSTRING … FROM and TRIM … FROM: MySQL's own syntax, turned into plain calls.

Invariant: a decimal that becomes text has all its digits.
"""

from __future__ import annotations

from sqlglot import exp

from shardkit.flow import Family
from shardkit.rewrite.sqlite_scope import type_of
from shardkit.rewrite.sqlite_terms import call, refused, string

_PLAIN_CHARSETS = frozenset(("utf8mb4", "utf8", "utf8mb3"))


def cast(node: exp.Cast) -> exp.Expr:
    """CAST and CONVERT by their target. Raises NotSupportedError for one that SQLite cannot keep."""
    numbers = [exp.Literal.number(int(part.name)) for part in node.to.expressions if part.name.isdigit()]
    match node.to.this.name:
        case "BIGINT" | "INT":
            return call("cast_signed", node.this)
        case "UBIGINT" | "UINT":
            return call("cast_unsigned", node.this)
        case "CHAR" | "VARCHAR" | "TEXT" | "NCHAR" | "NVARCHAR":
            return call("cast_text", spelled(node.this), *numbers)
        case "CHARACTER_SET" if node.to.args["kind"].name.lower() in _PLAIN_CHARSETS:
            return call("cast_text", spelled(node.this))
        case "DECIMAL":
            return call("cast_decimal", node.this, *numbers)
        case "DOUBLE" | "FLOAT":
            return exp.Cast(this=node.this, to=exp.DataType(this=exp.DType.DOUBLE))
        case "DATE" | "TIME":
            return call(node.to.this.name.lower(), node.this)
        case "DATETIME" | "TIMESTAMP" | "TIMESTAMPTZ":
            return call("timestamp", node.this)
        case "BINARY" | "VARBINARY" if not numbers:
            return exp.Cast(this=node.this, to=exp.DataType(this=exp.DType.BLOB))
        case _:
            raise refused(f"CAST AS {node.to.sql(dialect='mysql')}")


def extract(node: exp.Extract) -> exp.Expr:
    """EXTRACT(YEAR FROM x) is YEAR(x)."""
    unit = node.name.lower()
    if unit not in ("year", "quarter", "month", "day", "hour", "minute", "second", "microsecond"):
        raise refused(f"EXTRACT({unit} …)")
    return call(unit, node.expression)


def substring(node: exp.Substring) -> exp.Expr:
    """SUBSTRING(x FROM a FOR b) is SUBSTRING(x, a, b)."""
    parts = (node.args.get("start"), node.args.get("length"))
    return call("substring", node.this, *(part for part in parts if part is not None))


def trim(node: exp.Trim) -> exp.Expr:
    """TRIM(BOTH y FROM x), with the side as the third argument."""
    what = node.args.get("expression") or string(" ")
    return call("trim", node.this, what, string(str(node.args.get("position") or "BOTH").upper()))


def spelled(node: exp.Expr) -> exp.Expr:
    """A decimal on its way into text: with all its digits, as SQLite keeps 1.10 as 1.1."""
    kind = type_of(node)
    if kind is None or kind.family is not Family.DECIMAL:
        return node
    return call("cast_text", node, exp.Null(), exp.Literal.number(kind.scale or 0))
