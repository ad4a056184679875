"""An INSERT with a placeholder for every id that is generated for it, and which parameters go to its placeholders.

    INSERT INTO t (a) VALUES (%s)   ->   INSERT INTO t (a, `id`) VALUES (%s, %s)

The finished text is planned like any other, so the generated column may be the shard key.
Invariant: an id reaches a server as a parameter, never as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from shardkit.flow import Blanks, ParamRef, Span, Statement

NAME = "sk__id_"
"""Placeholders of ids in a text with named ones: `%(sk__id_0)s` …"""


class Slot(NamedTuple):
    """The place of an id: of which generated column, and the user's parameter that may hold it already."""

    column: str
    given: int | str | None
    name: str  # of its placeholder, in a text with named ones


Entry: TypeAlias = Slot | int


class Filled(NamedTuple):
    """The finished text, and for each of its `%s` in order an id or the index of the user's parameter.

    Where placeholders have names, the entries are the slots alone.
    """

    text: str
    named: bool
    entries: tuple[Entry, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places of ids."""
        return tuple(entry for entry in self.entries if isinstance(entry, Slot))


class _Edit(NamedTuple):
    span: Span
    text: str
    entry: Entry | None


def filled(statement: Statement, found: Blanks) -> Filled:
    """The statement with placeholders where its blanks are."""
    named = bool(statement.named)
    edits = [_Edit((offset, offset), text, None) for offset, text in found.names]
    for number, (column, span, value, before) in enumerate(found.blanks):
        name = f"{NAME}{number}"
        slot = Slot(column, None if value is None else value.key, name)
        edits.append(_Edit(span, before + (f"%({name})s" if named else "%s"), slot))
    if not named:
        taken = [edit.span for edit in edits if edit.entry is not None]
        edits += _users(statement, taken)
    edits.sort(key=lambda edit: edit.span)
    return Filled(_spliced(statement, edits), named, tuple(edit.entry for edit in edits if edit.entry is not None))


def _users(statement: Statement, taken: Sequence[Span]) -> list[_Edit]:
    """The user's own placeholders, those left out that an id's placeholder stands for."""
    kept = []
    for param, (start, end) in zip(statement.params, statement.param_spans, strict=True):
        if not any(a <= start and end <= b for a, b in taken):
            assert isinstance(param, ParamRef)
            assert isinstance(param.key, int)
            kept.append(_Edit((start, end), "%s", param.key))
    return kept


def _spliced(statement: Statement, edits: Sequence[_Edit]) -> str:
    """The text with the edits in it; a text that had no parameters gets some, so its percent signs are doubled."""
    text, position = statement.text, 0
    escape: Callable[[str], str] = (lambda part: part) if statement.named is not None else _doubled
    out: list[str] = []
    for (start, end), put, _ in edits:
        out += (escape(text[position:start]), put)
        position = end
    return "".join((*out, escape(text[position:])))


def _doubled(part: str) -> str:
    return part.replace("%", "%%")
