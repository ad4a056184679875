"""What in a SELECT's tokens keeps it on one shard: subqueries, windows, and functions that need all rows in one place.

Invariant: a call whose function stands in no list of `functions` is an obstacle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlglot.tokens import TokenType

from shardkit.parse.functions import BARE, FOLDED, NOT_CALLS, SCALAR, VOLATILE, WHOLE, WINDOW
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


class Whole(NamedTuple):
    """What never crosses shards: groups that hold the shard key, windows that are partitioned by it."""

    groups: bool
    windows: bool


def obstacles(tokens: Tokens, clauses: Mapping[str, Clause], whole: Whole) -> Iterator[Obstacle]:
    """All obstacles of a SELECT whose tables lie together. In its subqueries only unknown functions are obstacles."""
    nested = _nested(tokens)
    for index, word in enumerate(tokens.words()):
        if nested[index]:
            if is_call(tokens, index) and word not in _KNOWN:
                yield _unknown(word, index)
            continue
        if word == "OVER" and _is_bracket(tokens, index + 1) and not whole.windows:
            yield Obstacle("a window function over several shards", index, _EDGE)
        if word == "ROLLUP":
            yield Obstacle("WITH ROLLUP over several shards", index, "super-aggregates need all groups at once")
        if is_call(tokens, index) and word not in SCALAR and word not in FOLDED:
            yield from _call(word, index, whole.groups or (whole.windows and _is_windowed(tokens, index)), clauses)
    if "having" in clauses and "group" not in clauses:
        token = clauses["having"].keyword
        yield Obstacle("HAVING without GROUP BY over several shards", token, "it may make one group of all", "WHERE")
    if "window" in clauses and not whole.windows:
        yield Obstacle("a named window", clauses["window"].keyword, _EDGE)


_KNOWN = FOLDED | SCALAR | VOLATILE | WHOLE | WINDOW


def _unknown(word: str, index: int) -> Obstacle:
    why = "shardkit does not know whether it can be computed shard by shard"
    return Obstacle(f"function {word} over several shards", index, why)


def _call(word: str, index: int, whole: bool, clauses: Mapping[str, Clause]) -> Iterator[Obstacle]:
    if word in VOLATILE and _inside(clauses.get("where"), index):
        return  # each row asks for itself, on whichever server it lies
    if word not in WHOLE and word not in WINDOW:
        yield _unknown(word, index)
    elif not whole:
        why = "its value cannot be put together from the shards' own"
        yield Obstacle(f"{word} over several shards", index, why)


def _is_windowed(tokens: Tokens, index: int) -> bool:
    close = tokens.closing(index + 1)
    return close + 1 < len(tokens.items) and tokens.words()[close + 1] == "OVER"


def _nested(tokens: Tokens) -> list[bool]:
    """For each token whether it stands in a subquery."""
    inside = [False] * len(tokens.items)
    for index, token in enumerate(tokens.items):
        if token.token_type != TokenType.SELECT or tokens.depth[index] == 0 or inside[index]:
            continue
        level, end = tokens.depth[index], index
        while end < len(tokens.items) and tokens.depth[end] >= level:
            inside[end] = True
            end += 1
    return inside


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
