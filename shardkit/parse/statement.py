"""From text to Statement in two steps: `read` (text alone) and `analyse` (with names known).

Between the two, the session may look up table metadata, because `read` already knows which tables are meant.
Invariant: every table name in the text is a TableUse, or the statement is refused; a name left unspliced would reach
the wrong table.
"""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, SessionBoundRefused, SqlSyntaxError
from shardkit.flow import Kind, Span, Statement, TableUse
from shardkit.parse import scopes as scoping
from shardkit.parse import write
from shardkit.parse.changes import change
from shardkit.parse.ctes import cte_of, ctes
from shardkit.parse.draft import Draft
from shardkit.parse.functions import BARE, CLOCK, LAST_STATEMENT, SCALAR, SESSION, VOLATILE, WHOLE
from shardkit.parse.grouping import grouping
from shardkit.parse.lexer import PREFIX, Source, Style, lex
from shardkit.parse.needs import calc_found_rows, index_hints, lock, needs, shown, unknown_call
from shardkit.parse.predicate import ANYTHING, Solver
from shardkit.parse.relations import colocated, picks, select_key_facts
from shardkit.parse.schemas import OWN, joined
from shardkit.parse.scopes import Names, Scope
from shardkit.parse.select import Shaper
from shardkit.parse.tokens import Tokens

_KINDS = {
    "SELECT": Kind.SELECT, "WITH": Kind.SELECT, "VALUES": Kind.SELECT, "TABLE": Kind.SELECT, "INSERT": Kind.INSERT,
    "REPLACE": Kind.REPLACE, "UPDATE": Kind.UPDATE, "DELETE": Kind.DELETE,
}  # fmt: skip


def read(source: Source, word: str, own: str = "") -> Draft:
    """Parse a SELECT or a write; `own` is the logical database's name.

    Raises SqlSyntaxError, SessionBoundRefused, NotSupportedError.
    """
    if not source.clean.strip(" \t\r\n;"):
        raise SqlSyntaxError("Query was empty", errno=1065)
    kind = _KINDS.get(word)
    if kind is None:
        raise SqlSyntaxError(
            f"You have an error in your SQL syntax near {source.text.strip()[:20]!r}, {source.place(0)}"
        )
    tokens = Tokens(source)
    _refuse_by_token(source, tokens, kind)
    tree = parse(source)
    if kind is Kind.SELECT and isinstance(tree, (exp.Update, exp.Delete, exp.Insert)):
        kind = {exp.Update: Kind.UPDATE, exp.Delete: Kind.DELETE, exp.Insert: Kind.INSERT}[type(tree)]
    with_schema = joined(tree, own)
    return Draft(source, kind, tree, tokens, tuple(_tables(tree)), with_schema)


def parse(source: Source) -> exp.Expr:
    """sqlglot's tree of one statement. Raises SqlSyntaxError with the place in the user's text."""
    try:
        trees = sqlglot.parse(source.parser_text, dialect="mysql")
    except (ParseError, TokenError) as error:
        raise SqlSyntaxError(_syntax_message(error, source)) from error
    found = [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]
    if len(found) != 1:
        what = "several statements in one text" if found else "an empty statement"
        raise SqlSyntaxError(f"{what}: execute takes exactly one statement", errno=1065 if not found else 1064)
    tree = found[0]
    if isinstance(tree, exp.Command):
        raise SqlSyntaxError("shardkit's parser does not understand this statement")
    for placeholder in tree.find_all(exp.Placeholder):
        if not placeholder.name.startswith(PREFIX):
            raise SqlSyntaxError("a placeholder other than %s or %(name)s")
    return tree


def _syntax_message(error: Exception, source: Source) -> str:
    details = getattr(error, "errors", None)
    if not details:
        return f"You have an error in your SQL syntax: {str(error).splitlines()[0]}"
    first = details[0]
    lines = source.parser_text.split("\n")
    offset = sum(len(line) + 1 for line in lines[: first["line"] - 1]) + first["col"] - len(first["highlight"] or "")
    where = source.place(min(source.origin(max(offset, 0)), len(source.text)))
    return f"You have an error in your SQL syntax near {first['highlight']!r}, {where}"


def _refuse_by_token(source: Source, tokens: Tokens, kind: Kind) -> None:
    """What no shard may be asked, told from the tokens alone."""
    words = tokens.words()
    for index, token in enumerate(tokens.items):
        where = source.place(tokens.start(index))
        call = index + 1 < len(words) and tokens.items[index + 1].token_type == TokenType.L_PAREN
        if call and words[index] in SESSION and token.token_type != TokenType.IDENTIFIER:
            raise SessionBoundRefused(
                f"{words[index]}()", where=where, why="its answer belongs to one server connection, not to the session",
                instead=SESSION[words[index]],
            )  # fmt: skip
        if token.token_type == TokenType.SESSION_PARAMETER:
            name = words[index + 1 + 2 * (words[index + 2 : index + 3] == ["."])].strip("`")
            if name in LAST_STATEMENT:
                raise SessionBoundRefused(
                    f"@@{name.lower()}", where=where, why="it tells of the last statement on one server connection",
                    instead=LAST_STATEMENT[name],
                )  # fmt: skip
        if token.token_type == TokenType.COLON_EQ:
            raise SessionBoundRefused(
                "assigning a user variable in a statement", where=where, instead="SET @name = literal",
                why="the variable would exist on one shard's connection only",
            )  # fmt: skip
        if token.token_type == TokenType.INTO and kind is Kind.SELECT:
            raise NotSupportedError(
                "SELECT … INTO", where=where, why="variables and files belong to one server",
                instead="read the rows and keep them in the program",
            )  # fmt: skip


def _tables(tree: exp.Expr) -> list[exp.Table]:
    """The uses of real tables: CTE names, multi-table DELETE targets and table functions left out."""
    targets = {id(t) for node in tree.find_all(exp.Delete) for t in node.args.get("tables") or ()}
    if isinstance(tree, exp.Delete) and tree.args.get("using"):
        targets.add(id(tree.this))
    found = []
    for table in tree.find_all(exp.Table):
        if id(table) in targets or not isinstance(table.this, exp.Identifier) or cte_of(table) is not None:
            continue
        if isinstance(table.parent, exp.Lock):
            continue  # FOR UPDATE OF names a table of FROM once more
        if table.name.lower() == "dual" and not table.this.quoted:
            continue
        found.append(table)
    return sorted(found, key=lambda t: t.this.meta["start"])


def analyse(draft: Draft, names: Names) -> Statement:
    """Resolve names and collect every fact routing and rewriting need. Pure."""
    numbered = [(table, use) for use, table in enumerate(draft.tables)]
    scopes = scoping.build(draft.tree, numbered, names)
    uses = tuple(_use(draft, table, use, scopes) for table, use in numbered)
    ordered = list(scopes.values())
    solver = Solver(ordered, draft.source.params)
    keys = [names.keys(use.name) or () for use in uses]
    predicates = tuple(solver.predicate(use.index, keys[use.index]) for use in uses)
    groups = colocated(uses, keys, solver, names)
    select, blockers, grouped = None, [], None
    scope = scopes.get(id(draft.tree))
    if isinstance(draft.tree, exp.Select) and scope is not None and draft.tree.args.get("with_") is None:
        shaper = Shaper(draft.tree, draft.source, draft.tokens, scopes)
        if "select" in shaper.clauses:
            select = shaper.shape(select_key_facts(uses, keys, groups))
            blockers = shaper.blockers
            if blockers or select.group or any(item.expr.aggregated for item in select.items):
                grouped = grouping(draft.tree, draft.source, draft.tokens, scope, (select.items, select.group))
    elif draft.kind is not Kind.SELECT:
        blockers = write.write_blockers(draft.source, draft.tokens)
    words = _calls(draft.tokens)
    return Statement(
        text=draft.source.text, clean=draft.source.clean, named=_named(draft.source), kind=draft.kind,
        params=draft.source.params, param_spans=draft.source.param_spans, tables=uses,
        predicates=predicates if not isinstance(draft.tree, exp.Insert) else (ANYTHING, *predicates[1:]),
        colocated=groups, qualifiers=_qualifiers(draft, uses, scopes),
        picks=picks(draft, ordered, keys, solver), blockers=tuple(blockers), select=select,
        **_written(draft, uses, keys, scopes, names),
        locking=bool(draft.tree.find(exp.Lock)), needs_database=_needs_database(draft),
        volatile=bool(words & (VOLATILE - CLOCK)) or _is_opaque(draft), clock=bool(words & CLOCK),
        clauses=frozenset(draft.tokens.clauses()), hints=draft.source.hints,
        cut=calc_found_rows(draft, select is not None),
        grouping=grouped, **_apart(draft, uses, scopes, names),
    )  # fmt: skip


def _apart(draft: Draft, uses: tuple[TableUse, ...], scopes: dict[int, Scope], names: Names) -> dict[str, Any]:
    """What only a SELECT whose rows must come to one place needs."""
    if draft.kind is not Kind.SELECT:
        return {}
    return {
        "needs": needs(draft, uses, scopes, names), "index_hints": index_hints(draft),
        "unknown_call": unknown_call(draft), "lock": lock(draft), "shown": shown(draft, uses),
        "ctes": ctes(draft, scopes),
    }  # fmt: skip


def _written(
    draft: Draft, uses: tuple[TableUse, ...], keys: list[tuple[str, ...]], scopes: dict[int, Scope], names: Names
) -> dict[str, Any]:
    """What only a write has."""
    if isinstance(draft.tree, exp.Insert) and uses:
        _refuse_moved_rows(draft, keys[0])
        info = names.info(uses[0].name)
        return {"insert": write.shape(draft, keys[0], info), "fill": write.fill(draft, info)}
    if isinstance(draft.tree, (exp.Update, exp.Delete)):
        return {"insert": None, "change": change(draft, uses, keys, scopes[id(draft.tree)])}
    return {"insert": None}


def _refuse_moved_rows(draft: Draft, keys: tuple[str, ...]) -> None:
    """ON DUPLICATE KEY UPDATE of a shard key would leave the row on a shard where nobody looks for it."""
    for column in write.assigned_columns(draft.tree):
        if column.name.lower() in keys:
            where = draft.source.place(draft.source.origin(column.this.meta.get("start", 0)))
            raise NotSupportedError(
                f"giving the shard key {column.name} a new value in ON DUPLICATE KEY UPDATE", where=where,
                why="whether a row is inserted or moved would be known only on its shard",
                instead="an UPDATE of the row, which moves it",
            )  # fmt: skip


def _named(source: Source) -> bool | None:
    return None if source.style is Style.RAW else source.style is Style.NAMED


def _use(draft: Draft, table: exp.Table, use: int, scopes: dict[int, Scope]) -> TableUse:
    scope = scoping.scope_of(table, scopes)
    tokens = draft.tokens
    token = tokens.at(table.this.meta["start"])
    span: Span = (tokens.start(token), draft.source.origin(table.this.meta["end"] + 1))
    written = _is_target(table, draft.tree, scope)
    root = draft.tree
    no_alias = written and (
        isinstance(root, exp.Insert) or (isinstance(root, exp.Delete) and not root.args.get("tables"))
    )
    alias_at = None if no_alias or table.alias else span[1]
    schema = draft.schema(table.name)
    after = token + (3 if schema or OWN in table.this.meta else 1)
    if alias_at is not None and after < len(tokens.items) and tokens.words()[after] == "PARTITION":
        alias_at = tokens.start(tokens.closing(after + 1)) + 1
    number = scope.number if scope is not None else 0
    optional = scope is not None and use in scope.optional
    return TableUse(use, table.name, table.alias or None, span, alias_at, number, written, optional, schema)


def _is_target(table: exp.Table, root: exp.Expr, scope: Scope | None) -> bool:
    """Whether this is a table the statement changes; in doubt it is."""
    if isinstance(root, exp.Insert):
        return table is root.this or (isinstance(root.this, exp.Schema) and table is root.this.this)
    if not isinstance(root, (exp.Update, exp.Delete)) or table.find_ancestor(exp.Select) is not None:
        return False
    if isinstance(root, exp.Delete):
        named = [root.this] if root.args.get("using") else root.args.get("tables") or [table]
        return table in named or table.alias_or_name in {target.name for target in named}
    owners = [scope.resolve(column) if scope is not None else None for column in write.assigned_columns(root)]
    use = scope.uses.get(table.alias_or_name) if scope is not None else None
    return None in owners or use in {owner[0] for owner in owners if owner is not None}


def _qualifiers(draft: Draft, uses: tuple[TableUse, ...], scopes: dict[int, Scope]) -> tuple[tuple[Span, int], ...]:
    """`t.` before columns of tables that can take no alias, or have a schema: to be renamed with the table."""
    fixed = {use.name: use.index for use in uses if use.alias is None and (use.alias_at is None or use.schema)}
    named = {use.name: use.index for use in uses if use.alias is None}
    found = []
    for column in draft.tree.find_all(exp.Column):
        part = column.args.get("table")
        if part is None or "start" not in part.meta:
            continue
        use = named.get(part.name) if OWN in part.meta else fixed.get(part.name)
        if use is not None:
            span = (draft.source.origin(part.meta["start"]), draft.source.origin(part.meta["end"] + 1))
            found.append((span, use))
    return tuple(sorted(set(found)))


def _calls(tokens: Tokens) -> set[str]:
    words = tokens.words()
    bracket = [token.token_type == TokenType.L_PAREN for token in tokens.items]
    return {word for word, following in zip(words, [*bracket[1:], False], strict=True) if following} | (
        set(words) & BARE
    )


def _is_opaque(draft: Draft) -> bool:
    """Server variables, and functions shardkit does not know: each server may have its own answer."""
    return any(
        isinstance(node, exp.SessionParameter)
        or (isinstance(node, exp.Anonymous) and node.name.upper() not in SCALAR | WHOLE | CLOCK | _INSERTED)
        for node in draft.tree.walk()
    )


def _needs_database(draft: Draft) -> bool:
    """Stored functions, and the targets of a multi-table DELETE, are looked up in the selected database."""
    if isinstance(draft.tree, exp.Delete) and (draft.tree.args.get("tables") or draft.tree.args.get("using")):
        return True
    return any(isinstance(node, exp.Anonymous) and node.name.upper() not in _INSERTED for node in draft.tree.walk())


_INSERTED = frozenset({"VALUES", "VALUE"})
"""Reserved words: in ON DUPLICATE KEY UPDATE they name a value of the row that was to be inserted, and call nothing."""


def prepare(text: str, style: Style) -> Source:
    """The lexer's view of a text; see lexer.lex."""
    return lex(text, style)
