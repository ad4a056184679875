"""Names such as `audit.log`: a table of another schema, or of the logical database under its own name.

The tree is made to read as if the table were called `audit.log`, dot and all, so that nothing behind it needs to know
of schemas; only where names are spelled for a server does the schema count again.
Invariant: every name with a schema keeps the place in the text of both its parts.
"""

from __future__ import annotations

from sqlglot import exp

OWN = "own"
"""Marks, in the meta of a column's table, that the logical database's name stood before it."""


def joined(tree: exp.Expr, own: str) -> frozenset[str]:
    """Join schema and name of tables, and of columns' tables; gives the tables that had a schema. Changes the tree.

    `own` is the logical database's name: it is left out instead.
    """
    tables = [table for table in tree.find_all(exp.Table) if table.args.get("db") and _plain(table.this)]
    if not tables:
        return frozenset()
    with_schema = frozenset(_name(table.args["db"], table.this, own) for table in tables if table.db != own)
    bare = {table.alias_or_name for table in tree.find_all(exp.Table) if not table.args.get("db")}
    short: dict[str, str] = {}
    for table in tables:
        name = table.name
        table.set("this", _one(table.args["db"], table.this, own))
        table.set("db", None)
        if not table.alias and name not in bare:
            short[name] = table.name
    for column in tree.find_all(exp.Column):
        part = column.args.get("table")
        if part is None:
            continue
        if column.args.get("db"):
            column.set("table", _one(column.args["db"], part, own))
            column.set("db", None)
        elif part.name in short:
            column.set("table", _renamed(part, short[part.name]))
    return with_schema


def _plain(node: object) -> bool:
    return isinstance(node, exp.Identifier)


def _name(schema: exp.Identifier, name: exp.Identifier, own: str) -> str:
    return name.name if schema.name == own else f"{schema.name}.{name.name}"


def _one(schema: exp.Identifier, name: exp.Identifier, own: str) -> exp.Identifier:
    made = _renamed(name, _name(schema, name, own))
    made.meta["start"] = schema.meta["start"]
    if schema.name == own:
        made.meta[OWN] = True
    return made


def _renamed(part: exp.Identifier, name: str) -> exp.Identifier:
    made = exp.Identifier(this=name, quoted=True)
    made.meta.update(part.meta)
    return made
