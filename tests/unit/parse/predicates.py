"""Predicates as short text, and the table uses of a statement."""

from __future__ import annotations

from typing import assert_never

from shardkit.flow import And, Anything, Between, Eq, In, Literal, Nothing, Or, Predicate, Statement, Value
from shardkit.values import Params
from tests.plan.offline import Offline

_SESSION = Offline()


def statement(sql: str, params: Params = None) -> Statement:
    """The analysed statement, over the corpus's tables."""
    return _SESSION.prepared(sql, params).statement


def where(condition: str, params: Params = None) -> str:
    """The predicate on member.memberId of a SELECT with this WHERE."""
    return words(statement(f"SELECT 1 FROM member m WHERE {condition}", params).predicates[0])


def predicates(sql: str, params: Params = None) -> list[str]:
    """The predicate of each table use, in text order."""
    return [words(predicate) for predicate in statement(sql, params).predicates]


def words(predicate: Predicate) -> str:
    """`memberid = 1`, `in (1, 2)`, `1..5`, `any`, `none`, and brackets with & and |."""
    match predicate:
        case Eq(_, value):
            return f"= {_value(value)}"
        case In(_, values):
            return f"in ({', '.join(map(_value, values))})"
        case Between(_, low, high):
            return f"{_value(low) if low else ''}..{_value(high) if high else ''}"
        case And(parts):
            return f"({' & '.join(map(words, parts))})"
        case Or(parts):
            return f"({' | '.join(map(words, parts))})"
        case Anything():
            return "any"
        case Nothing():
            return "none"
        case _:
            assert_never(predicate)


def _value(value: Value) -> str:
    return repr(value.value) if isinstance(value, Literal) else f"%{value.key}"
