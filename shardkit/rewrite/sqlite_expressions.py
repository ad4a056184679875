"""Expressions of MySQL as expressions of SQLite: one rule for each kind of node, children before parents.

Invariant: a node without a rule here means the same in both databases, or `refused` says that it does not; the type
of a node outlives its rewriting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from shardkit.flow import Family
from shardkit.rewrite.sqlite_casts import cast, extract, spelled, substring, trim
from shardkit.rewrite.sqlite_collations import DEFAULT, scheme
from shardkit.rewrite.sqlite_compare import between, collated, comparison, member
from shardkit.rewrite.sqlite_names import FAMILY_OF, INTERNAL, PREFIX
from shardkit.rewrite.sqlite_scope import META, type_of
from shardkit.rewrite.sqlite_terms import call, refused, string

_UNITS = frozenset(["MICROSECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"])
_OURS = frozenset(PREFIX + name for name in (*FAMILY_OF, *INTERNAL))
_COMPARING = frozenset(("my_locate", "my_instr", "my_strcmp", "my_field", "my_find_in_set"))
"""Functions that compare text, and are told the collation as their last argument."""
_SAME_FUNCTIONS = (
    exp.And, exp.Or, exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Coalesce, exp.If, exp.Case, exp.Nullif,
    exp.Abs, exp.Greatest, exp.Least, exp.Anonymous, exp.Exists, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile,
    exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.PercentRank, exp.CumeDist, exp.Cast,
    exp.Concat, exp.GroupConcat,
)  # fmt: skip
_FOREIGN = (exp.Parameter, exp.Any, exp.All, exp.Into, exp.Rollup, exp.Cube, exp.Lateral)
_PLAIN_CHARSETS = frozenset(("utf8mb4", "utf8", "utf8mb3"))


def rewritten(tree: exp.Expr) -> exp.Expr:
    """The annotated tree with every expression as SQLite needs it. Raises NotSupportedError."""
    for node in reversed(list(tree.walk())):
        rule = _RULES.get(type(node))
        if rule is None or _is_assignment(node):
            _check(node)
            continue
        kind, made = type_of(node), rule(node)
        if made is not node:
            made.meta.setdefault(META, kind)
            if node is tree:
                tree = made
            else:
                node.replace(made)
    return tree


def _is_assignment(node: exp.Expr) -> bool:
    """`SET column = value` looks like a comparison."""
    return isinstance(node.parent, (exp.Update, exp.OnConflict)) and node.arg_key == "expressions"


def _check(node: exp.Expr) -> None:
    if isinstance(node, _FOREIGN) or (isinstance(node, exp.Func) and not isinstance(node, _SAME_FUNCTIONS)):
        raise refused(node.sql_name() if isinstance(node, exp.Func) else node.sql(dialect="mysql"))


def _literal(node: exp.Literal) -> exp.Expr:
    return string(node.name) if node.is_string and "\0" in node.name else node


def _introduced(node: exp.Introducer) -> exp.Expr:
    if node.name.lstrip("_").lower() not in _PLAIN_CHARSETS or not isinstance(node.expression, exp.Expr):
        raise refused(f"the introducer {node.name}")
    return node.expression


def _decimal(node: exp.Binary) -> exp.Expr:
    """Exact arithmetic: the double nearest to the true result, which lies on the grid of the type's scale."""
    for side, other in ((node.this, node.expression), (node.expression, node.this)):
        if isinstance(side, exp.Interval):
            name = "date_sub" if isinstance(node, exp.Sub) else "date_add"
            return call(name, other, *_interval(side), like=node)
    kind = type_of(node)
    if kind is None or kind.family is not Family.DECIMAL or node.find(exp.Div):
        return node
    digits = exp.Literal.number(kind.scale or 0)
    return exp.Anonymous(this="ROUND", expressions=[node.copy(), digits])


def _interval(node: exp.Expr) -> list[exp.Expr]:
    """`INTERVAL n UNIT` as two arguments."""
    if not isinstance(node, exp.Interval):
        return [node, string("DAY")]
    unit = str(node.args.get("unit") or "").upper()
    if unit not in _UNITS:
        raise refused(f"INTERVAL … {unit}")
    return [node.this, string(unit)]


def _mod(node: exp.Mod) -> exp.Expr:
    sides = (type_of(node.this), type_of(node.expression))
    if all(kind is not None and kind.family is Family.INTEGER for kind in sides):
        return node
    return call("mod", _bare(node.this), _bare(node.expression))


def _bare(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Paren) else node


def _both(name: str) -> Callable[[exp.Binary], exp.Expr]:
    return lambda node: call(name, node.this, node.expression)


def _without_arguments(name: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: call(name, *([node.this] if isinstance(node.args.get("this"), exp.Expr) else []))


def _collation_of(*nodes: exp.Expr) -> str:
    kinds = [type_of(node) for node in nodes]
    if any(kind is not None and kind.family in (Family.BINARY, Family.BIT) for kind in kinds):
        return "utf8mb4_0900_bin"
    named = [type_of(node) for node in nodes if isinstance(node, (exp.Column, exp.Collate))]
    names = [kind.collation for kind in named or kinds if kind is not None and kind.collation]
    return next((name for name in names if name.endswith("_bin")), names[0] if names else DEFAULT)


def _like(node: exp.Like) -> exp.Expr:
    above = node.parent
    escape = above.expression if isinstance(above, exp.Escape) else string("\\")
    made = call("like", node.this, node.expression, escape, string(_collation_of(node.this, node.expression)))
    return exp.Not(this=made) if node.args.get("negate") else made


def _regexp(node: exp.RegexpLike) -> exp.Expr:
    return call("regexp", node.this, node.expression, string(_collation_of(node.this)))


def _weight_string(node: exp.WeightString) -> exp.Expr:
    """WEIGHT_STRING(x) under x's collation, WEIGHT_STRING(x COLLATE name) under that one."""
    if node.args.get("to"):
        raise refused("WEIGHT_STRING(… AS …)")
    inner = node.this.this if isinstance(node.this, exp.Collate) else node.this
    inner = _bare(inner)
    kind = type_of(node.this)
    family = kind.family if kind is not None else Family.TEXT
    name = _collation_of(node.this) if family is Family.TEXT else family.value
    return call("weight_string", inner, string(name))


def _collate(node: exp.Collate) -> exp.Expr:
    node.set("expression", exp.Var(this=scheme(node.expression.name).name))
    return node


def _total(node: exp.AggFunc) -> exp.Expr:
    """SUM and AVG by the scale of what they add, so that decimals stay exact."""
    kind, name = type_of(node.this), "sum" if isinstance(node, exp.Sum) else "avg"
    whole = kind is not None and kind.family is Family.INTEGER
    if whole and name == "sum":
        return node
    exact = whole or (kind is not None and kind.family is Family.DECIMAL and not node.find(exp.Div))
    return call(f"{name}_{(kind.scale or 0) if exact and kind is not None else 'f'}", node.this)


def _counted(node: exp.AggFunc) -> exp.Expr:
    """COUNT, MIN, MAX: DISTINCT and order under the collation."""
    inner = node.this
    if isinstance(inner, exp.Distinct):
        if len(inner.expressions) > 1:
            raise refused("COUNT(DISTINCT a, b)")
        inner.set("expressions", [_collated_text(inner.expressions[0])])
    elif isinstance(inner, exp.Expr) and not isinstance(node, exp.Count):
        node.set("this", _collated_text(inner))
    return node


def _collated_text(node: exp.Expr) -> exp.Expr:
    kind = type_of(node)
    return collated(node) if kind is not None and kind.family is Family.TEXT else node


def _group_concat(node: exp.GroupConcat) -> exp.Expr:
    separator = node.args.get("separator")
    if isinstance(node.this, exp.Order):
        raise refused("GROUP_CONCAT(… ORDER BY …)")
    if isinstance(node.this, exp.Distinct):
        if separator is not None and separator.name != ",":
            raise refused("GROUP_CONCAT(DISTINCT … SEPARATOR …)")
        node.set("separator", None)
    return node


def _case(node: exp.Case) -> exp.Expr:
    if node.this:
        node.set("this", _collated_text(node.this))
    return node


def _called(node: exp.Anonymous) -> exp.Expr:
    """A call by name: only ours have come so far on purpose."""
    name = node.name.lower()
    if name not in _OURS:
        raise refused(f"the function {node.name.upper()}")
    arguments = node.expressions
    if name in ("my_date_add", "my_date_sub", "my_adddate", "my_subdate") and len(arguments) == 2:
        plain = name.replace("my_adddate", "my_date_add").replace("my_subdate", "my_date_sub")
        return call(plain.removeprefix(PREFIX), arguments[0], *_interval(arguments[1]), like=node)
    if name == "my_timestampdiff" and len(arguments) == 3:
        unit = arguments[0].name.upper()
        if unit not in _UNITS:
            raise refused(f"TIMESTAMPDIFF({unit}, …)")
        return call("timestampdiff", string(unit), *arguments[1:])
    if name in _COMPARING:
        node.append("expressions", string(_collation_of(*arguments)))
    if FAMILY_OF.get(name.removeprefix(PREFIX)) is Family.TEXT:
        node.set("expressions", [spelled(argument) for argument in arguments])
    return node


def _column(node: exp.Column) -> exp.Expr:
    node.set("db", None)
    node.set("catalog", None)
    return node


_RULES: dict[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ), comparison),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _decimal),
    **dict.fromkeys((exp.Sum, exp.Avg), _total),
    **dict.fromkeys((exp.Count, exp.Min, exp.Max), _counted),
    exp.Between: between,
    exp.In: member,
    exp.Literal: _literal,
    exp.Introducer: _introduced,
    exp.National: lambda node: string(node.name),
    exp.Mod: _mod,
    exp.IntDiv: _both("div"),
    exp.Xor: _both("xor"),
    exp.BitwiseXor: _both("bitxor"),
    exp.Cast: cast,
    exp.Extract: extract,
    exp.Substring: substring,
    exp.Trim: trim,
    exp.Like: _like,
    exp.Escape: lambda node: node.this,
    exp.RegexpLike: _regexp,
    exp.WeightString: _weight_string,
    exp.Collate: _collate,
    exp.GroupConcat: _group_concat,
    exp.Case: _case,
    exp.Anonymous: _called,
    exp.Column: _column,
    exp.SessionParameter: lambda node: call("variable", string(node.name.lower())),
    exp.CurrentDate: _without_arguments("curdate"),
    exp.CurrentTime: _without_arguments("curtime"),
    exp.CurrentTimestamp: _without_arguments("now"),
    exp.Localtime: _without_arguments("now"),
    exp.Localtimestamp: _without_arguments("now"),
    exp.UtcDate: _without_arguments("utc_date"),
    exp.UtcTimestamp: _without_arguments("utc_timestamp"),
}
