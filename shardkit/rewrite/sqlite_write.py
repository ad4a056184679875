"""INSERT, REPLACE, UPDATE and DELETE as SQLite has them.

    INSERT … ON DUPLICATE KEY UPDATE n = n + VALUES(n)  ->  INSERT … ON CONFLICT DO UPDATE SET n = n + excluded.n

Every value on its way into a column passes `store`, in the backend for a parameter, else by `my_store`: MySQL rounds,
checks ranges and refuses what does not fit, SQLite takes anything.
Invariant: no value reaches a column of a known table without having been made that column's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from shardkit.errors import NotSupportedError, ProgrammingError, SqlSyntaxError
from shardkit.flow import Column
from shardkit.rewrite import sqlite_types as types
from shardkit.rewrite.sqlite_scope import Schema
from shardkit.rewrite.sqlite_terms import call, refused

_COUNT = types.column("LIMIT", "bigint unsigned")
Targets = dict[str, Column]
"""Placeholder name -> the column its value goes to."""


def prepared(tree: exp.Expr) -> exp.Expr:
    """Before types are found: `VALUES(x)` and the row alias become `excluded.x`, left sides lose their table."""
    if isinstance(tree, exp.Insert):
        _excluded(tree)
        conflict = tree.args.get("conflict")
        _in_turn(conflict.expressions if conflict is not None else ())
    if isinstance(tree, exp.Update):
        _in_turn(tree.expressions)
    return tree


def _excluded(tree: exp.Insert) -> None:
    conflict, values = tree.args.get("conflict"), tree.args.get("expression")
    alias = values.args.get("alias") if isinstance(values, exp.Values) else None
    names = _alias_columns(tree, alias)
    for part in conflict.expressions if conflict is not None else ():
        for node in list(part.expression.walk()):
            if isinstance(node, exp.Anonymous) and node.name.upper() == "VALUES" and len(node.expressions) == 1:
                _becomes(part, node, node.expressions[0].name)
            elif alias is not None and isinstance(node, exp.Column) and _of_alias(node, alias, names):
                _becomes(part, node, names.get(node.name.lower(), node.name))
    if isinstance(values, exp.Values):
        values.set("alias", None)


def _alias_columns(tree: exp.Insert, alias: exp.Expr | None) -> dict[str, str]:
    """`AS new(m, n)`: the alias's names of the inserted columns."""
    named = alias.args.get("columns") if alias is not None else None
    listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
    if not named:
        return {}
    if len(named) != len(listed):
        raise refused("a row alias with columns", "it needs the INSERT's own list of columns, one for each name")
    return {name.name.lower(): column.name for name, column in zip(named, listed, strict=True)}


def _of_alias(node: exp.Column, alias: exp.Expr, names: dict[str, str]) -> bool:
    if node.table:
        return node.table.lower() == alias.name.lower()
    return node.name.lower() in names


def _becomes(part: exp.Expr, node: exp.Expr, name: str) -> None:
    node.replace(exp.column(name, table="excluded"))


def _in_turn(assignments: Sequence[exp.Expr]) -> None:
    """MySQL assigns from left to right and later right sides see the new values; SQLite's see the old ones."""
    done: dict[str, exp.Expr] = {}
    for part in assignments:
        if not isinstance(part, exp.EQ) or not isinstance(part.this, exp.Column):
            raise SqlSyntaxError("SET needs column = value")
        target = part.this
        for node in list(part.expression.find_all(exp.Column)):
            known = done.get(node.name.lower())
            same_row = node.table.lower() in ("", target.table.lower())
            if known is not None and same_row and not node.find_ancestor(exp.Subquery):
                node.replace(exp.Paren(this=known.copy()))
        done[target.name.lower()] = part.expression
        part.set("this", exp.column(target.this.copy()))


def finished(tree: exp.Expr, schema: Schema, targets: Targets) -> exp.Expr:
    """After expressions are rewritten: values are made their columns', clauses become SQLite's."""
    if isinstance(tree, exp.Insert):
        return _insert(tree, schema, targets)
    if isinstance(tree, exp.Update):
        return _update(tree, schema, targets)
    return _delete(tree) if isinstance(tree, exp.Delete) else tree


def _insert(tree: exp.Insert, schema: Schema, targets: Targets) -> exp.Expr:
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if tree.args.get("partition"):
        raise refused("INSERT … PARTITION")
    info = schema.get(table.name)
    columns = {column.name.lower(): column for column in info.columns} if info is not None else {}
    listed = [part.name for part in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    source = tree.args.get("expression")
    if isinstance(source, exp.Values) and not any(row.expressions for row in source.expressions):
        return _defaults(tree, table, len(source.expressions))
    if info is not None and not listed:
        listed = [column.name for column in info.columns if not column.generated]
    goals = [columns.get(name.lower()) for name in listed]
    if isinstance(source, exp.Values):
        _rows(tree, table, listed, goals, targets)
    elif isinstance(source, (exp.Select, exp.SetOperation)):
        source = _selected(tree, source, goals, targets)
    _conflict(tree, source, columns, targets)
    return tree


def _defaults(tree: exp.Insert, table: exp.Expr, rows: int) -> exp.Expr:
    if rows != 1 or tree.args.get("conflict"):
        raise refused("several rows of defaults alone", "SQLite takes one row of defaults at a time")
    return exp.Insert(this=table, default=True, alternative=tree.args.get("alternative"))


def _rows(tree: exp.Insert, table: exp.Expr, listed: list[str], goals: list[Column | None], targets: Targets) -> None:
    """Each value into its column; a column that is DEFAULT in every row is left out."""
    rows = [list(row.expressions) for row in tree.args["expression"].expressions]
    for number, row in enumerate(rows, 1):
        if listed and len(row) != len(listed):
            raise ProgrammingError(f"Column count doesn't match value count at row {number}", errno=1136)
    flags = [[_is_default(value) for value in row] for row in rows]
    dropped = {at for at, marks in enumerate(zip(*flags, strict=True)) if all(marks)}
    if any(mark and at not in dropped for marks in flags for at, mark in enumerate(marks)):
        raise refused("DEFAULT for one row and a value for another", "SQLite has no DEFAULT in VALUES")
    if dropped:
        if not listed:
            raise refused("DEFAULT in an INSERT without a list of columns")
        kept = [exp.to_identifier(name, quoted=True) for at, name in enumerate(listed) if at not in dropped]
        tree.set("this", exp.Schema(this=table, expressions=kept) if kept else table)
    for node, row in zip(tree.args["expression"].expressions, rows, strict=True):
        pairs = list(zip(row, goals or [None] * len(row), strict=True))
        node.set("expressions", [_stored(v, g, targets) for at, (v, g) in enumerate(pairs) if at not in dropped])


def _is_default(value: exp.Expr) -> bool:
    return isinstance(value, (exp.Var, exp.Column)) and value.name.upper() == "DEFAULT"


def _selected(tree: exp.Insert, source: exp.Expr, goals: list[Column | None], targets: Targets) -> exp.Expr:
    """INSERT … SELECT: WITH part (c0, …) AS (query) SELECT my_store(c0, …), … FROM part."""
    if not any(goals):
        return source
    names = [exp.to_identifier(f"c{at}") for at in range(len(goals))]
    alias = exp.TableAlias(this=exp.to_identifier("part"), columns=names)
    items = [_stored(exp.column(name.name), goal, targets) for name, goal in zip(names, goals, strict=True)]
    outer = exp.Select(expressions=items, from_=exp.From(this=exp.to_table("part")))
    outer.set("with_", exp.With(expressions=[exp.CTE(this=source, alias=alias)]))
    tree.set("expression", outer)
    return outer


def _conflict(tree: exp.Insert, source: exp.Expr | None, columns: dict[str, Column], targets: Targets) -> None:
    conflict = tree.args.get("conflict")
    if conflict is None:
        return
    if isinstance(source, exp.Select) and not source.args.get("where"):
        source.set("where", exp.Where(this=exp.true()))  # else SQLite reads ON as the beginning of a join's condition
    tree.set("ignore", False)
    parts = _assigned(conflict.expressions, columns, targets)
    tree.set("conflict", exp.OnConflict(duplicate=False, action=exp.Var(this="DO UPDATE"), expressions=parts))


def _assigned(parts: Sequence[exp.Expr], columns: dict[str, Column], targets: Targets) -> list[exp.Expr]:
    made: list[exp.Expr] = []
    for part in parts:
        if _is_default(part.expression):
            raise refused("SET column = DEFAULT")
        goal = columns.get(part.this.name.lower())
        if goal is not None and goal.auto_increment:
            goal = replace(goal, auto_increment=False)  # 0 asks for the next number in an INSERT only
        made.append(exp.EQ(this=part.this, expression=_stored(part.expression, goal, targets)))
    return made


def _stored(value: exp.Expr, goal: Column | None, targets: Targets) -> exp.Expr:
    """The value as the column holds it."""
    if goal is None or isinstance(value, exp.Null):
        return value
    if isinstance(value, exp.Placeholder) and targets.setdefault(value.name, goal) == goal:
        return value
    arguments = (exp.Literal.string(goal.type_text), exp.Literal.string(goal.name))
    stored = call("store", value, *arguments)
    return exp.Nullif(this=stored, expression=exp.Literal.number(0)) if goal.auto_increment else stored


def counted(tree: exp.Expr, targets: Targets) -> None:
    """LIMIT and OFFSET take numbers from 0 on; SQLite would read -1 as no limit."""
    for node in tree.find_all(exp.Limit, exp.Offset):
        number = node.expression
        if isinstance(number, exp.Placeholder):
            targets[number.name] = _COUNT
        elif not (isinstance(number, exp.Literal) and not number.is_string and number.name.isdigit()):
            raise SqlSyntaxError("LIMIT and OFFSET take whole numbers from 0 on")


def _update(tree: exp.Update, schema: Schema, targets: Targets) -> exp.Expr:
    table = tree.this
    if not isinstance(table, exp.Table) or table.args.get("joins") or tree.args.get("from_"):
        raise _of_several("UPDATE")
    info = schema.get(table.name)
    columns = {column.name.lower(): column for column in info.columns} if info is not None else {}
    tree.set("expressions", _assigned(tree.expressions, columns, targets))
    return _limited(tree, table)


def _delete(tree: exp.Delete) -> exp.Expr:
    table, named = tree.this, tree.args.get("tables") or []
    if not isinstance(table, exp.Table) or table.args.get("joins") or tree.args.get("using") or len(named) > 1:
        raise _of_several("DELETE")
    if named and named[0].name.lower() != table.alias_or_name.lower():
        raise SqlSyntaxError(f"Unknown table {named[0].name!r} in MULTI DELETE", errno=1109)
    tree.set("tables", None)
    return _limited(tree, table)


def _limited(tree: exp.Update | exp.Delete, table: exp.Table) -> exp.Expr:
    """UPDATE and DELETE with ORDER BY and LIMIT: by the rows' numbers."""
    order, limit, where = (tree.args.get(part) for part in ("order", "limit", "where"))
    tree.set("order", None)
    if limit is None:
        return tree
    rowid = exp.column("rowid", table=table.alias_or_name)
    source = exp.From(this=table.copy())
    rows = exp.Select(expressions=[rowid], from_=source, where=where, order=order, limit=limit)
    tree.set("limit", None)
    chosen = exp.In(this=rowid.copy(), query=exp.Subquery(this=rows))
    tree.set("where", exp.Where(this=chosen))
    return tree


def _of_several(what: str) -> NotSupportedError:
    return refused(f"{what} of several tables", "SQLite writes to one table at a time")
