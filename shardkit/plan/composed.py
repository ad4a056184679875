"""Statements of logical tables put together from stretches of the user's text and words of ours.

Invariant: a stretch keeps its placeholders, and they get the values that they would have got where they stood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from shardkit.flow import ParamRef, Span, Statement
from shardkit.rewrite import text_piece
from shardkit.values import Params

Part: TypeAlias = str | Span
NEW = "sk__v"
"""The beginning of the names of placeholders that are ours."""


class Composed:
    """One such text."""

    def __init__(self, statement: Statement, parts: Sequence[Part]) -> None:
        self._named = statement.named
        pieces: list[str] = []
        refs: list[ParamRef] = []
        for part in parts:
            if isinstance(part, str):
                pieces.append(part if statement.named is None else part.replace("%", "%%"))
            else:
                piece = text_piece(statement, part)
                pieces.append(piece.sql)
                refs += piece.params
        self.text, self._refs = "".join(pieces), tuple(refs)

    def args(self, params: Params) -> Params:
        """The parameters of one execution."""
        if self._named is None or self._named:
            return params
        return tuple(params[ref.key] for ref in self._refs)  # type: ignore[index]


def with_values(statement: Statement, spans: Sequence[Span], params: Params, values: Sequence[Any]) -> tuple[str, Any]:
    """The user's statement with values, as parameters, in place of these stretches of it; and all its parameters."""
    pieces: list[str] = []
    args: list[Any] = []
    position = 0
    for number, (span, value) in enumerate(zip(spans, values, strict=True)):
        kept = text_piece(statement, (position, span[0]))
        pieces += [_escaped(statement, kept.sql), f"%({NEW}{number})s" if statement.named else "%s"]
        args += [*_values(kept.params, params), value]
        position = span[1]
    rest = text_piece(statement, (position, len(statement.text)))
    text = "".join([*pieces, _escaped(statement, rest.sql)])
    if statement.named:
        assert isinstance(params, Mapping)
        return text, {**params, **{f"{NEW}{number}": value for number, value in enumerate(values)}}
    return text, (*args, *_values(rest.params, params))


def _values(refs: Sequence[ParamRef], params: Params) -> list[Any]:
    return [params[ref.key] for ref in refs]  # type: ignore[index]


def _escaped(statement: Statement, text: str) -> str:
    return text.replace("%", "%%") if statement.named is None else text
