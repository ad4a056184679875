"""The user's text with a stretch of ours in it: its values, or the condition that finds rows by key.

The result takes positional parameters, whatever the user's text takes.
Invariant: arguments leave in the order in which their placeholders stand in the finished text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from shardkit.flow import Span, Statement, Target
from shardkit.rewrite.template import Alias, Edit, Name, Qualifier, Text, name_edits, spelled, text_piece
from shardkit.values import Params

_NAMED = re.compile(r"%%|%\([^)]*\)s")
Part = tuple[str, tuple[Any, ...]]


class Around:
    """One statement around one gap. `cut` are other stretches that are left out."""

    def __init__(self, statement: Statement, gap: Span, cut: Sequence[Span] = ()) -> None:
        self._statement = statement
        gone = (gap, *cut)
        names = [edit for edit in name_edits(statement) if not any(_within(edit[0], span) for span in gone)]
        edits: list[Edit] = [*names, *((span, None) for span in cut)]
        before = [edit for edit in edits if edit[0][1] <= gap[0]]
        after = [edit for edit in edits if edit[0][0] >= gap[1] and edit not in before]
        self._before = _pieces(statement, before, (0, gap[0]))
        self._after = _pieces(statement, after, (gap[1], len(statement.text)))

    def render(self, target: Target, params: Params, sql: str, args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        """One target's text and arguments with this in the gap."""
        before, first = self._side(self._before, target, params)
        after, last = self._side(self._after, target, params)
        return f"{before}{sql}{after}", (*first, *args, *last)

    def _side(self, pieces: Sequence[Text | Name | Alias | Qualifier], target: Target, params: Params) -> Part:
        out: list[str] = []
        args: list[Any] = []
        for piece in pieces:
            if isinstance(piece, Text):
                out.append(positional(piece.sql, self._statement.named))
                args += [params[param.key] for param in piece.params]  # type: ignore[index]
            else:
                out.append(spelled(piece, self._statement, target).replace("%", "%%"))
        return "".join(out), tuple(args)


def positional(text: str, named: bool | None) -> str:
    """A stretch of the user's text as part of a text with `%s`."""
    if named is None:
        return text.replace("%", "%%")
    return _NAMED.sub(lambda match: "%%" if match.group() == "%%" else "%s", text) if named else text


def _within(inner: Span, outer: Span) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1] and outer[0] < outer[1] and inner[0] < outer[1]


def _pieces(statement: Statement, edits: Sequence[Edit], within: Span) -> list[Text | Name | Alias | Qualifier]:
    found: list[Text | Name | Alias | Qualifier] = []
    position, end = within
    for (start, stop), piece in sorted(edits, key=lambda edit: edit[0]):
        if start > position:
            found.append(text_piece(statement, (position, start)))
        if isinstance(piece, (Name, Alias, Qualifier)):
            found.append(piece)
        position = max(position, stop)
    if end > position:
        found.append(text_piece(statement, (position, end)))
    return found
