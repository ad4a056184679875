"""SELECT as SQLite has it: modifiers, locks and hints fall away, columns get MySQL's names, text its collation.

Invariant: the result has the columns MySQL gives, under MySQL's names, in MySQL's order.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shardkit.errors import SqlSyntaxError
from shardkit.flow import Family
from shardkit.rewrite.sqlite_compare import collated
from shardkit.rewrite.sqlite_scope import type_of
from shardkit.rewrite.sqlite_terms import call, refused

_CALC = "SQL_CALC_FOUND_ROWS"


def shaped(tree: exp.Expr, labels: Sequence[str]) -> exp.Expr:
    """The tree with every query in it shaped; `labels` name the columns of the outermost one."""
    for node in reversed(list(tree.walk())):
        if isinstance(node, exp.Table):
            _table(node)
        elif isinstance(node, exp.Select):
            _select(node)
        elif isinstance(node, exp.SetOperation):
            _united(node)
        elif isinstance(node, exp.Ordered):
            node.set("this", _text(node.this))
    tree = _outermost(tree)
    first = tree
    while isinstance(first, exp.SetOperation):
        first = first.left
    if isinstance(first, exp.Select) and len(labels) == len(first.expressions):
        first.set("expressions", [_labelled(i, label) for i, label in zip(first.expressions, labels, strict=True)])
    return tree


def locks(tree: exp.Expr) -> bool:
    """Whether a query asks for row locks (FOR UPDATE, LOCK IN SHARE MODE)."""
    return any(select.args.get("locks") for select in tree.find_all(exp.Select))


def quoted(tree: exp.Expr) -> exp.Expr:
    """Every name in backticks: an unknown name in double quotes would be taken for a string by SQLite."""
    for node in tree.find_all(exp.Identifier):
        if '"' in node.name:
            raise refused("a name with a double quote")
        if node.name != "*":
            node.set("this", "`" + node.name.replace("`", "``") + "`")
            node.set("quoted", False)
    return tree


def _table(node: exp.Table) -> None:
    if node.args.get("partition") or node.args.get("sample"):
        raise refused("PARTITION (…)", "an embedded table has no partitions")
    for part in ("db", "catalog", "hints"):
        node.set(part, None)


def _select(node: exp.Select) -> None:
    if not node.expressions:
        raise SqlSyntaxError("You have an error in your SQL syntax: SELECT names no column")
    if any(word.name.upper() == _CALC for word in node.args.get("operation_modifiers") or ()):
        raise refused(_CALC)
    for part in ("operation_modifiers", "hint", "locks"):
        node.set(part, None)
    source = node.args.get("from_")
    if source is not None and isinstance(source.this, exp.Table) and source.this.name.upper() == "DUAL":
        node.set("from_", None)
    for join in node.args.get("joins") or ():
        if str(join.args.get("kind") or "").upper() in ("STRAIGHT", "STRAIGHT_JOIN"):
            join.set("kind", "")
    node.set("expressions", [_item(item) for item in node.expressions])
    group = node.args.get("group")
    if group is not None:
        group.set("expressions", [_text(part) for part in group.expressions])


def _item(item: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Alias):
        item.set("this", _item(item.this))
        return item
    kind = type_of(item)
    if isinstance(item, exp.Div) and kind is not None and kind.family is Family.DECIMAL:
        # Shown with its type's digits; within an expression MySQL keeps more, and so does the plain division.
        return call("quotient", item.this, item.expression, exp.Literal.number(kind.scale or 0), like=item)
    return _text(item)


def _text(node: exp.Expr) -> exp.Expr:
    kind = type_of(node)
    plain = kind is None or kind.family is not Family.TEXT or isinstance(node, exp.Literal)
    return node if plain else collated(node)


def _labelled(item: exp.Expr, label: str) -> exp.Expr:
    """The item under MySQL's name: a column's is its own, an expression's is its text."""
    if isinstance(item, (exp.Alias, exp.Star)) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
        return item
    name = item.name if isinstance(item, exp.Column) else label.replace('"', "'")
    return exp.Alias(this=item, alias=exp.Identifier(this=name, quoted=True))


def _united(node: exp.SetOperation) -> None:
    """SQLite takes no parentheses around the parts of a UNION."""
    for side in ("this", "expression"):
        part = node.args[side]
        if isinstance(part, exp.Subquery):
            node.set(side, _opened(part))
        elif side == "expression" and isinstance(part, exp.SetOperation):
            node.set(side, _as_table(part))


def _opened(part: exp.Subquery) -> exp.Expr:
    inner = part.this
    bare = isinstance(inner, exp.Select) and not any(inner.args.get(a) for a in ("order", "limit", "offset", "with_"))
    return inner if bare else _as_table(inner)


def _as_table(query: exp.Expr) -> exp.Select:
    alias = exp.TableAlias(this=exp.Identifier(this="part"))
    source = exp.Subquery(this=query, alias=alias)
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=source))


def _outermost(tree: exp.Expr) -> exp.Expr:
    """A query in parentheses, with or without ORDER BY and LIMIT behind them."""
    while isinstance(tree, exp.Subquery):
        outer = {a: tree.args[a] for a in ("order", "limit", "offset") if tree.args.get(a)}
        if tree.args.get("with_"):
            raise SqlSyntaxError("WITH must stand within the parentheses")
        tree = tree.this
        if outer:
            tree = _as_table(tree)
            for name, part in outer.items():
                tree.set(name, part)
    return tree
