"""The facts of UPDATE and DELETE: where their parts stand, so that their rows can be found by a SELECT first.

Invariant: the spans cover the statement; what stands in none of them changes nothing about which rows are meant.
"""

from __future__ import annotations

from typing import TypeAlias

from sqlglot import exp
from sqlglot.tokens import TokenType

from shardkit.errors import NotSupportedError, UnknownColumn
from shardkit.flow import Assignment, Blocker, ChangeShape, TableUse
from shardkit.parse.cells import Range, cell, own_columns, words
from shardkit.parse.draft import Draft
from shardkit.parse.functions import CLOCK, VOLATILE
from shardkit.parse.lexer import modifiers
from shardkit.parse.predicate import value_of
from shardkit.parse.scopes import ColumnRef, Scope
from shardkit.parse.tokens import Tokens

Assigned: TypeAlias = tuple[list[Assignment], set[ColumnRef | None]]
"""The assignments before one, and the columns of all of them."""


def change(draft: Draft, uses: tuple[TableUse, ...], keys: list[tuple[str, ...]], scope: Scope) -> ChangeShape:
    """The facts of an UPDATE or DELETE; `scope` is its own."""
    tokens = draft.tokens
    verb = _find(tokens, "UPDATE" if isinstance(draft.tree, exp.Update) else "DELETE", 0)
    clauses = {name: tokens.clauses().get(name) for name in ("where", "order", "limit")}
    starts = sorted(clause.keyword for clause in clauses.values() if clause is not None)
    end = starts[0] if starts else len(tokens.items)
    if isinstance(draft.tree, exp.Update):
        middle = _find(tokens, "SET", verb)
        first, sets, assigned = verb + 1, (middle + 1, end), _assignments(draft, scope, (middle + 1, end))
    else:
        using = _find(tokens, "USING", verb, before=end)
        first = (using if using >= 0 and draft.tree.args.get("using") else _find(tokens, "FROM", verb)) + 1
        middle, sets, assigned = end, (end, end), ()
    spans = {name: tokens.span(clause.keyword, clause.end) if clause else None for name, clause in clauses.items()}
    return ChangeShape(
        prefix=(0, tokens.start(verb)), sources=tokens.span(first, middle),
        sets=tokens.span(*sets) if assigned else (0, 0), assignments=assigned, **spans,
        ignore="IGNORE" in modifiers(draft.source.clean).upper(), several=_several(draft),
        volatile=_volatile(tokens, sets), loose=_loose(draft),
        moved=frozenset(one.use for one in assigned if one.column in keys[one.use] and uses[one.use].written),
    )  # fmt: skip


def _find(tokens: Tokens, word: str, first: int, before: int | None = None) -> int:
    """The first of these words outside of brackets; -1 if there is none."""
    found = tokens.words()
    end = len(found) if before is None else before
    return next((at for at in range(first, end) if found[at] == word and tokens.depth[at] == 0), -1)


def _several(draft: Draft) -> bool:
    node = draft.tree
    if isinstance(node, exp.Delete) and (node.args.get("tables") or node.args.get("using")):
        return True
    table = node.this
    return not isinstance(table, exp.Table) or bool(table.args.get("joins")) or bool(node.args.get("from_"))


def _volatile(tokens: Tokens, sets: Range) -> bool:
    outside = words(tokens, (0, sets[0])) | words(tokens, (sets[1], len(tokens.items)))
    return bool(outside & (VOLATILE - CLOCK))


def _loose(draft: Draft) -> Blocker | None:
    at = _find(draft.tokens, "RETURNING", 0)
    if at < 0:
        return None
    return Blocker(
        "RETURNING in a write whose rows are found first", draft.source.place(draft.tokens.start(at)),
        "its rows are changed by key, one shard after another", "a SELECT of the rows before the write",
    )  # fmt: skip


def _assignments(draft: Draft, scope: Scope, sets: Range) -> tuple[Assignment, ...]:
    pairs = [pair for pair in draft.tree.expressions if isinstance(pair, exp.EQ) and isinstance(pair.this, exp.Column)]
    parts = draft.tokens.split(*sets)
    if len(pairs) != len(parts) or len(pairs) != len(draft.tree.expressions):
        raise NotSupportedError(
            "this form of SET", where=draft.source.place(draft.tokens.start(sets[0])),
            why="its assignments cannot be told apart", instead="column = (value), …",
        )  # fmt: skip
    found: list[Assignment] = []
    refs = {scope.resolve(pair.this) for pair in pairs}
    for pair, (first, end) in zip(pairs, parts, strict=True):
        ref = scope.resolve(pair.this)
        if ref is None:
            raise _unplaced(draft, scope, pair.this, first)
        equals = next(at for at in range(first, end) if draft.tokens.items[at].token_type == TokenType.EQ)
        found.append(_assignment(draft, scope, pair, (equals + 1, end), (found, refs)))
    return tuple(found)


def _unplaced(draft: Draft, scope: Scope, column: exp.Column, token: int) -> Exception:
    known = any(column.name.lower() in columns for columns in scope.columns.values())
    if not known and not scope.derived:
        return UnknownColumn(f"Unknown column '{column.sql(dialect='mysql')}'")
    return NotSupportedError(
        f"an assignment to {column.name}", where=draft.source.place(draft.tokens.start(token)),
        why="it is not certain which table's column it is", instead="the column with its table in front",
    )  # fmt: skip


def _assignment(draft: Draft, scope: Scope, pair: exp.EQ, part: Range, assigned: Assigned) -> Assignment:
    node, ref = pair.expression, scope.resolve(pair.this)
    assert ref is not None
    read = [scope.resolve(column) for column in own_columns(node, draft.tree)]
    names = {column.name.lower() for column in node.find_all(exp.Column)}
    computed = cell(node, ref[1], draft.tokens, part, draft.tree)
    value = value_of(node, draft.source.params)
    default = draft.tokens.words()[part[0]] == "DEFAULT" and part[1] - part[0] == 1
    far = computed.query or any(one is None or one[0] != ref[0] for one in read)
    before, anywhere = assigned
    late = names & {one.column for one in before} or any(one in anywhere for one in read if one and one[0] != ref[0])
    return Assignment(
        ref[0], ref[1], computed.span, value, default, far and not default,
        bool(late), None if value is not None else computed,
    )  # fmt: skip
