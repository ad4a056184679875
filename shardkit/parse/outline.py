"""The outermost parts of a SELECT, told without knowing any table: what orders it, what limits it, what stands before.

Works on the text alone, so it also serves statements that are asked of a server shardkit knows nothing about.
Invariant: `body` is the statement without its ORDER BY, LIMIT and locks, and gives the same rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile

from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from shardkit.errors import SqlSyntaxError
from shardkit.parse.functions import CLOCK, VOLATILE
from shardkit.parse.lexer import Style, first_word, lex
from shardkit.parse.statement import parse
from shardkit.parse.tokens import Clause, Tokens

_MAIN = {"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE", "VALUES", "TABLE"}
_WORD = re.compile(r"[^\W\d][\w$]*")
_DRAWN = re.compile(rf"\b({'|'.join(sorted(VOLATILE - CLOCK))})\s*\(", re.IGNORECASE)
_GATHERED = (exp.Group, exp.Distinct, exp.AggFunc)


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One ORDER BY entry: a position of the select list (from 1), or a bare name, or an expression's text."""

    text: str  # an expression that may stand in the select list: aliases are written out
    descending: bool
    name: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """The outermost parts of a SELECT. Texts have no comments."""

    body: str
    list_end: int | None  # where the body takes further columns; None: it takes none without changing its rows
    items: tuple[str, ...]  # the select list's texts; () for a star or a set operation
    order: tuple[OrderKey, ...]
    limit: int | None
    offset: int
    gathered: bool  # DISTINCT, groups, aggregates, unions: a text may stand for others that are equal to it
    unsteady: tuple[str, ...]  # what makes its answer another one each time, or leaves it open


def is_select(text: str) -> bool:
    """Whether the text is a SELECT (also WITH, VALUES, or in brackets). Raises SqlSyntaxError for open quotes."""
    source = lex(text, Style.RAW)
    word = first_word(source)
    if word == "WITH":
        tokens = Tokens(source)
        words = tokens.words()
        word = next((words[i] for i in range(len(words)) if tokens.depth[i] == 0 and words[i] in _MAIN), "")
    return word in ("SELECT", "VALUES")


def outline(text: str) -> Outline:
    """The parts of a SELECT without parameters. Raises SqlSyntaxError when it cannot be read."""
    source = lex(text, Style.RAW)
    tokens = Tokens(source)
    if tokens.items and tokens.items[0].token_type == TokenType.L_PAREN and tokens.closing(0) == len(tokens.items) - 1:
        return outline(source.clean[tokens.start(0) + 1 : tokens.start(len(tokens.items) - 1)])
    tree = parse(source)
    clauses = tokens.clauses()
    tail = [clauses[name].keyword for name in ("order", "limit", "lock") if name in clauses]
    body = source.clean[: tokens.start(min(tail, default=len(tokens.items)))].rstrip()
    plain = isinstance(tree, exp.Select) and "select" in clauses
    items, aliases = _items(tree, tokens, clauses["select"]) if plain else ((), {})
    limit, offset = _limit(tokens, clauses.get("limit"))
    extensible = plain and tree.args.get("distinct") is None
    return Outline(
        body, tokens.span(clauses["select"].first, clauses["select"].end)[1] if extensible else None, items,
        _order(tokens, clauses.get("order"), aliases), limit, offset, _gathered(tree),
        tuple(_unsteady(tree, tokens)),
    )  # fmt: skip


def _gathered(tree: exp.Expr) -> bool:
    merged = any(node.args.get("distinct") for node in tree.find_all(exp.SetOperation))
    return merged or any(tree.find(kind) for kind in _GATHERED)


def _is_name(token: Token) -> bool:
    """Whether the token may be a name; words that are keywords elsewhere may, too."""
    if token.token_type == TokenType.STRING:
        return False
    return token.token_type == TokenType.IDENTIFIER or _WORD.fullmatch(token.text) is not None


def _text(tokens: Tokens, first: int, end: int) -> str:
    start, stop = tokens.span(first, end)
    return tokens.source.clean[start:stop]


def _items(tree: exp.Expr, tokens: Tokens, clause: Clause) -> tuple[tuple[str, ...], dict[str, str]]:
    """The texts of the select list (none with a star), and alias (lower case) -> text."""
    parts = tokens.split(clause.first, clause.end)
    if len(parts) != len(tree.expressions):
        return (), {}
    texts, aliases = [], {}
    for node, (first, end) in zip(tree.expressions, parts, strict=True):
        if isinstance(node, exp.Alias):
            end -= 2 if tokens.items[end - 2].token_type == TokenType.ALIAS else 1
            aliases[node.alias.lower()] = _text(tokens, first, end)
        texts.append(_text(tokens, first, end))
    star = any(node.is_star and not isinstance(node.unalias(), exp.Count) for node in tree.expressions)
    return () if star else tuple(texts), aliases


def _order(tokens: Tokens, clause: Clause | None, aliases: dict[str, str]) -> tuple[OrderKey, ...]:
    """The sort keys; a key that is drawn by lot orders nothing, and neither do those after it."""
    if clause is None:
        return ()
    keys = (_key(tokens, *part, aliases) for part in tokens.split(clause.first, clause.end))
    return tuple(takewhile(lambda key: _DRAWN.search(key.text) is None, keys))


def _key(tokens: Tokens, first: int, end: int, aliases: dict[str, str]) -> OrderKey:
    last = tokens.items[end - 1].token_type
    if last in (TokenType.ASC, TokenType.DESC):
        end -= 1
    descending = last == TokenType.DESC
    only = tokens.items[first] if end - first == 1 else None
    if only is not None and only.token_type == TokenType.NUMBER:
        return OrderKey(only.text, descending, position=int(only.text) if only.text.isdigit() else None)
    name = only.text if only is not None and _is_name(only) else None
    return OrderKey(_written_out(tokens, first, end, aliases), descending, name)


def _written_out(tokens: Tokens, first: int, end: int, aliases: dict[str, str]) -> str:
    """The text with each alias of the select list replaced by what it stands for."""
    start, stop = tokens.span(first, end)
    text, at = "", start
    for index in range(first, end):
        token = tokens.items[index]
        meant = aliases.get(token.text.lower()) if _is_name(token) else None
        if meant is None or _is_part(tokens, index):
            continue
        text += f"{tokens.source.clean[at : tokens.start(index)]}({meant})"
        at = tokens.source.origin(token.end) + 1
    return text + tokens.source.clean[at:stop]


def _is_part(tokens: Tokens, index: int) -> bool:
    """Whether the name is qualified, qualifies, or is called."""
    around = [tokens.items[i].token_type for i in (index - 1, index + 1) if 0 <= i < len(tokens.items)]
    return TokenType.DOT in around or around[-1:] == [TokenType.L_PAREN]


def _limit(tokens: Tokens, clause: Clause | None) -> tuple[int | None, int]:
    if clause is None:
        return None, 0
    parts = tokens.items[clause.first : clause.end]
    numbers = [int(token.text) for token in parts if token.token_type == TokenType.NUMBER and token.text.isdigit()]
    if len(numbers) not in (1, 2) or len(parts) != 2 * len(numbers) - 1:
        raise SqlSyntaxError(f"LIMIT takes whole numbers, {tokens.source.place(tokens.start(clause.keyword))}")
    if len(numbers) == 1:
        return numbers[0], 0
    return (numbers[1], numbers[0]) if parts[1].token_type == TokenType.COMMA else (numbers[0], numbers[1])


def _unsteady(tree: exp.Expr, tokens: Tokens) -> list[str]:
    """What leaves the answer open, in words."""
    words = tokens.words()
    bracket = [token.token_type == TokenType.L_PAREN for token in tokens.items[1:]] + [False]
    called = {word for word, call in zip(words, bracket, strict=True) if call} | (set(words) & CLOCK)
    found = [f"{name}() differs from moment to moment" for name in sorted(called & CLOCK)]
    found += [f"{name}() differs each time" for name in sorted(called & (VOLATILE - CLOCK))]
    for node in tree.find_all(exp.GroupConcat, exp.JSONArrayAgg, exp.Anonymous):
        name = "GROUP_CONCAT" if isinstance(node, exp.GroupConcat) else "JSON_ARRAYAGG"
        if (not isinstance(node, exp.Anonymous) or node.name.upper() == name) and node.find(exp.Order) is None:
            found.append(f"{name} without ORDER BY has no fixed order")
    if any(node.args.get("limit") and node is not tree for node in tree.find_all(exp.Select, exp.Subquery)):
        found.append("a LIMIT in a subquery may take any of several equal rows")
    return found
