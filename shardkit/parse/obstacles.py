"""What in a SELECT's tokens keeps it on one shard: subqueries, windows, and functions that need all rows in one place.

Invariant: a call whose function stands in no list of `functions` is an obstacle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlglot.tokens import TokenType

from shardkit.parse.functions import BARE, FOLDED, NOT_CALLS, SCALAR, VOLATILE, WHOLE
from shardkit.parse.tokens import Clause, Tokens

ONE_SHARD = "give the shard key with = so that one shard answers"
_WORD = re.compile(r"[A-Za-z_][A-Za-z_ ]*\Z")
_EDGE = "its window would end at each shard's edge"


class Obstacle(NamedTuple):
    """What stands in the way, at which token, why, and what to write instead."""

    what: str
    token: int
    why: str
    instead: str = ONE_SHARD


def obstacles(tokens: Tokens, clauses: Mapping[str, Clause], whole_groups: bool) -> Iterator[Obstacle]:
    """All obstacles of a SELECT. `whole_groups`: its groups never cross shards, so any aggregate can be computed."""
    for index, word in enumerate(tokens.words()):
        if tokens.items[index].token_type == TokenType.SELECT and tokens.depth[index] > 0:
            yield Obstacle("a subquery over several shards", index, "its rows may lie on other shards than its row's")
        if word == "OVER" and _is_bracket(tokens, index + 1):
            yield Obstacle("a window function over several shards", index, _EDGE)
        if word == "ROLLUP":
            yield Obstacle("WITH ROLLUP over several shards", index, "super-aggregates need all groups at once")
        if is_call(tokens, index) and word not in SCALAR and word not in FOLDED:
            yield from _call(word, index, whole_groups, _inside(clauses.get("where"), index))
    if "having" in clauses and "group" not in clauses:
        token = clauses["having"].keyword
        yield Obstacle("HAVING without GROUP BY over several shards", token, "it may make one group of all", "WHERE")
    if "window" in clauses:
        yield Obstacle("a named window", clauses["window"].keyword, _EDGE)


def _call(word: str, index: int, whole_groups: bool, in_where: bool) -> Iterator[Obstacle]:
    if word in VOLATILE and in_where:
        return  # each row asks for itself, on whichever server it lies
    if word not in WHOLE:
        why = "shardkit does not know whether it can be computed shard by shard"
        yield Obstacle(f"function {word} over several shards", index, why)
    elif not whole_groups:
        why = "its value cannot be put together from the shards' own"
        yield Obstacle(f"{word} over several shards", index, why)


def _inside(clause: Clause | None, index: int) -> bool:
    return clause is not None and clause.first <= index < clause.end


def _is_bracket(tokens: Tokens, index: int) -> bool:
    return index < len(tokens.items) and tokens.items[index].token_type == TokenType.L_PAREN


def is_call(tokens: Tokens, index: int) -> bool:
    """Whether the word at this token is a function's name."""
    token = tokens.items[index]
    bare = token.text.upper() in BARE
    if token.token_type in (TokenType.IDENTIFIER, TokenType.STRING) or not (bare or _is_bracket(tokens, index + 1)):
        return False
    if index and tokens.items[index - 1].token_type in (TokenType.DOT, TokenType.PARAMETER):
        return False
    return bool(_WORD.match(token.text)) and token.text.upper() not in NOT_CALLS
