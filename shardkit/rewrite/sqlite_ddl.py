"""CREATE, ALTER, DROP and TRUNCATE as SQLite has them; one statement may become several.

Index names are one per file in SQLite and one per table in MySQL, so `KEY k` of table t is the index `t.k`.
Invariant: after CREATE TABLE, the table's columns read back as MySQL's; what SQLite cannot keep is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from shardkit.flow import Column
from shardkit.rewrite import sqlite_collations as collations
from shardkit.rewrite.sqlite_columns import Definition, definition, expression, name
from shardkit.rewrite.sqlite_terms import refused


def statements(tree: exp.Expr) -> tuple[str, ...]:
    """The statements for one DDL statement. Raises NotSupportedError."""
    if isinstance(tree, exp.TruncateTable):
        return tuple(f"DELETE FROM {name(table.name)}" for table in tree.expressions)
    kind = str(tree.args.get("kind") or "").upper()
    rule = _RULES.get((type(tree), kind))
    if rule is None:
        raise refused(f"{tree.key.upper()} {kind}".strip())
    return tuple(rule(tree))


def _create_table(tree: exp.Create) -> list[str]:
    schema = tree.this
    options = tree.args["properties"].expressions if tree.args.get("properties") else []
    if not isinstance(schema, exp.Schema) or tree.expression or any(isinstance(o, _REFUSED) for o in options):
        raise refused("CREATE TABLE … LIKE, … SELECT, … PARTITION BY and TEMPORARY tables")
    table = schema.this.name
    default = _table_collation(options)
    columns = [definition(node, default) for node in schema.expressions if isinstance(node, exp.ColumnDef)]
    rest = [node for node in schema.expressions if not isinstance(node, exp.ColumnDef)]
    clauses, indexes = _Keys(table, columns).of(rest)
    exists = "IF NOT EXISTS " if tree.args.get("exists") else ""
    body = ",\n  ".join(clauses)
    moments = [_on_update(table, d.column, d.on_update, exists) for d in columns if d.on_update]
    created = [sql.replace("INDEX ", f"INDEX {exists}", 1) for sql in indexes]
    return [f"CREATE TABLE {exists}{name(table)} (\n  {body}\n)", *created, *moments]


_REFUSED = (
    exp.LikeProperty,
    exp.TemporaryProperty,
    exp.PartitionedByProperty,
    exp.PartitionByRangeProperty,
    exp.PartitionByListProperty,
)


def _table_collation(options: Sequence[exp.Expr]) -> str:
    chosen = collations.DEFAULT
    for option in options:
        if isinstance(option, exp.CharacterSetProperty):
            chosen = collations.of_charset(option.name)
    for option in options:
        if isinstance(option, exp.CollateProperty):
            chosen = collations.scheme(option.name).name
    return chosen


def _on_update(table: str, column: Column, moment: str | None, exists: str) -> str:
    """ON UPDATE CURRENT_TIMESTAMP: a trigger, for updates that leave the column itself alone."""
    mine = name(column.name)
    return (
        f"CREATE TRIGGER {exists}{name(f'{table}.{column.name}')} AFTER UPDATE ON {name(table)} FOR EACH ROW"
        f" WHEN NEW.{mine} IS OLD.{mine}"
        f" BEGIN UPDATE {name(table)} SET {mine} = {moment} WHERE rowid = NEW.rowid; END"
    )


class _Keys:
    """The keys of one CREATE TABLE: clauses inside it, and indexes after it."""

    def __init__(self, table: str, columns: list[Definition]) -> None:
        self._table, self._columns = table, columns
        self._primary: list[str] = [d.column.name for d in columns if d.key]
        self._indexes = [index(table, "", [name(d.column.name)], unique=True) for d in columns if d.unique]
        self._clauses: list[str] = []

    def of(self, nodes: Sequence[exp.Expr]) -> tuple[list[str], list[str]]:
        """Clauses of the table, columns first, and CREATE INDEX statements."""
        for node in nodes:
            inner = node.expressions if isinstance(node, exp.Constraint) else [node]
            for part in inner:
                self._take(part, node.name if isinstance(node, exp.Constraint) else "")
        keys = {column.lower() for column in self._primary}
        return [*(self._column(d, keys) for d in self._columns), *self._ending(), *self._clauses], self._indexes

    def _take(self, node: exp.Expr, named: str) -> None:
        if isinstance(node, exp.PrimaryKey):
            self._primary = [_plain(part) for part in node.expressions]
        elif isinstance(node, (exp.IndexColumnConstraint, exp.UniqueColumnConstraint)):
            self._indexes.append(key_index(self._table, node, named))
        elif isinstance(node, exp.ForeignKey):
            self._clauses.append(_foreign_key(node))
        elif isinstance(node, exp.CheckColumnConstraint):
            self._clauses.append(f"CHECK ({expression(node.this, [d.column for d in self._columns])})")
        else:
            raise refused(node.sql(dialect="mysql"))

    def _column(self, made: Definition, keys: set[str]) -> str:
        if made.column.auto_increment:
            if keys != {made.column.name.lower()}:
                raise refused(
                    f"AUTO_INCREMENT of {made.column.name}", "SQLite counts up only a column that is the primary key"
                )
            return f"{name(made.column.name)} INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL"
        missing = made.column.name.lower() in keys and made.column.nullable
        return made.sql + (" NOT NULL" if missing else "")  # MySQL's key columns are never NULL, SQLite's may be

    def _ending(self) -> list[str]:
        if not self._primary or any(d.column.auto_increment for d in self._columns):
            return []
        return [f"PRIMARY KEY ({', '.join(map(name, self._primary))})"]


def _plain(part: exp.Expr) -> str:
    node = part.this if isinstance(part, exp.Ordered) else part
    if isinstance(node, exp.ColumnPrefix):
        raise refused("a primary key over the beginning of a column")
    return node.name


def key_index(table: str, node: exp.Expr, named: str = "") -> str:
    """The CREATE INDEX for `KEY k (a, b DESC)` or `UNIQUE KEY k (a)`."""
    unique = isinstance(node, exp.UniqueColumnConstraint)
    if str(node.args.get("kind") or "").upper() in ("FULLTEXT", "SPATIAL"):
        raise refused(f"a {node.args['kind']} index")
    holder = node.this if unique and isinstance(node.this, exp.Schema) else node
    given = holder.this.name if isinstance(holder.this, exp.Expr) else ""
    return index(table, given or named, [_indexed(part, unique) for part in holder.expressions], unique=unique)


def _indexed(part: exp.Expr, unique: bool) -> str:
    ordered = part if isinstance(part, exp.Ordered) else None
    node = ordered.this if ordered is not None else part
    if isinstance(node, exp.ColumnPrefix):
        if unique:
            raise refused("a unique key over the beginning of a column")
        node = node.this
    if not isinstance(node, (exp.Column, exp.Identifier)):
        raise refused("an index over an expression")
    return name(node.name) + (" DESC" if ordered is not None and ordered.args.get("desc") else "")


def index(table: str, given: str, columns: Sequence[str], *, unique: bool) -> str:
    """CREATE INDEX under the table's own name for it."""
    own = given or "_".join(column.strip("`").removesuffix(" DESC").strip("`") for column in columns)
    kind = "UNIQUE INDEX" if unique else "INDEX"
    return f"CREATE {kind} {name(f'{table}.{own}')} ON {name(table)} ({', '.join(columns)})"


def _foreign_key(node: exp.ForeignKey) -> str:
    target = node.args["reference"].this
    mine = ", ".join(name(part.name) for part in node.expressions)
    theirs = ", ".join(name(part.name) for part in target.expressions)
    options = [*node.args["reference"].args.get("options", ())]
    options += [f"ON {w.upper()} {node.args[w]}" for w in ("delete", "update") if node.args.get(w)]
    ending = "".join(f" {option}" for option in options)
    return f"FOREIGN KEY ({mine}) REFERENCES {name(target.this.name)} ({theirs}){ending}"


def _create_index(tree: exp.Create) -> list[str]:
    node, unique = tree.this, bool(tree.args.get("unique"))
    columns = [_indexed(part, unique) for part in node.args["params"].args["columns"]]
    return [index(node.args["table"].name, node.name, columns, unique=unique)]


def _drop_table(tree: exp.Drop) -> list[str]:
    exists = "IF EXISTS " if tree.args.get("exists") else ""
    return [f"DROP TABLE {exists}{name(table.name)}" for table in tree.args["tables"]]


def _drop_index(tree: exp.Drop) -> list[str]:
    on = tree.args.get("cluster")
    if not isinstance(on, exp.Expr):
        raise refused("DROP INDEX without ON")
    return [f"DROP INDEX {name(f'{on.this.name}.{table.name}')}" for table in tree.args["tables"]]


def _alter_table(tree: exp.Alter) -> list[str]:
    return [sql for action in tree.args["actions"] for sql in _action(tree.this.name, action)]


def _action(table: str, action: exp.Expr) -> list[str]:
    if isinstance(action, exp.ColumnDef):
        return [_add_column(table, action)]
    if isinstance(action, exp.RenameColumn):
        return [f"ALTER TABLE {name(table)} RENAME COLUMN {name(action.this.name)} TO {name(action.args['to'].name)}"]
    if isinstance(action, exp.Drop) and str(action.args.get("kind")).upper() in ("COLUMN", "INDEX"):
        names = [part.name for part in action.args["tables"]]
        if str(action.args["kind"]).upper() == "INDEX":
            return [f"DROP INDEX {name(f'{table}.{each}')}" for each in names]
        return [f"ALTER TABLE {name(table)} DROP COLUMN {name(each)}" for each in names]
    if isinstance(action, exp.AddConstraint):
        inner = [part for node in action.expressions for part in _unnamed(node)]
        if all(isinstance(part, (exp.IndexColumnConstraint, exp.UniqueColumnConstraint)) for part, _ in inner):
            return [key_index(table, part, named) for part, named in inner]
    raise refused(f"ALTER TABLE … {action.sql(dialect='mysql')}", "SQLite changes a table only in simple ways")


def _unnamed(node: exp.Expr) -> list[tuple[exp.Expr, str]]:
    """The constraints within `CONSTRAINT name …`, with that name."""
    return [(part, node.name) for part in node.expressions] if isinstance(node, exp.Constraint) else [(node, "")]


def _add_column(table: str, action: exp.ColumnDef) -> str:
    made = definition(action, collations.DEFAULT)
    if action.args.get("position"):
        raise refused("ADD COLUMN … FIRST and … AFTER", "SQLite adds a column only behind the last one")
    if made.key or made.unique or made.on_update or made.column.auto_increment:
        raise refused("ADD COLUMN with a key or ON UPDATE", "SQLite adds plain columns only")
    if not made.column.nullable and " DEFAULT " not in made.sql:
        raise refused("ADD COLUMN … NOT NULL without DEFAULT", "SQLite would not know what old rows hold")
    return f"ALTER TABLE {name(table)} ADD COLUMN {made.sql}"


_RULES: dict[tuple[type[exp.Expr], str], Callable[..., list[str]]] = {
    (exp.Create, "TABLE"): _create_table,
    (exp.Create, "INDEX"): _create_index,
    (exp.Drop, "TABLE"): _drop_table,
    (exp.Drop, "INDEX"): _drop_index,
    (exp.Alter, "TABLE"): _alter_table,
}
