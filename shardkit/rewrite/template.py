"""The user's text cut into pieces once, and spliced together for each target.

Only table names, `t.` before columns, IN lists, value rows, LIMIT and hidden columns ever differ from the user's text;
everything else, comments and hints included, reaches the shard as it was written.
Invariant: positional parameters leave in the order in which their placeholders stand in the finished text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from shardkit.flow import ParamRef, Pick, Span, Statement, Target
from shardkit.rewrite.constraints import physical_name
from shardkit.values import Params

LIMIT_NAME = "sk__limit"


class Text(NamedTuple):
    """Text as the user wrote it, or hidden columns of ours, with the placeholders in it."""

    sql: str
    params: tuple[ParamRef, ...] = ()


class Name(NamedTuple):
    """The name of a table use, qualified with its database."""

    use: int


class Alias(NamedTuple):
    """` AS logical` behind a table whose physical name differs, so that `logical.column` still finds it."""

    use: int


class Qualifier(NamedTuple):
    """`t` of `t.column`, where the table can take no alias, or was written with its schema."""

    use: int


class ConstraintName(NamedTuple):
    """The name of a foreign key or check of the first table; see rewrite.constraints."""

    name: str
    several: bool


class Choice(NamedTuple):
    """A list of which each target gets its own entries."""

    pick: int
    entries: tuple[Text, ...]


class Limit(NamedTuple):
    """LIMIT with the number of rows one shard must give."""


Piece: TypeAlias = Text | Name | Alias | Qualifier | ConstraintName | Choice | Limit
Edit: TypeAlias = tuple[Span, Piece | None]


def quote(name: str) -> str:
    """A name in backticks."""
    return "`" + name.replace("`", "``") + "`"


class Template:
    """The pieces of one statement under one strategy; `render` makes a shard's SQL and arguments."""

    def __init__(self, statement: Statement, edits: Sequence[Edit]) -> None:
        self.statement = statement
        self.pieces = tuple(_pieces(statement, sorted(edits, key=lambda edit: edit[0])))
        self.varies = any(isinstance(piece, (Choice, Limit)) for piece in self.pieces)
        self._fixed: dict[tuple[Any, ...], tuple[str, tuple[int | str, ...] | None]] = {}

    def render(
        self, target: Target, params: Params, chosen: Mapping[int, Sequence[int]], limit: int | None
    ) -> tuple[str, Params]:
        """One target's SQL and its arguments. `chosen` gives, for a pick, the entries that this target gets."""
        if self.varies:
            sql, keys = self._join(target, chosen, limit)
        else:
            found = self._fixed.get(target)
            if found is None:
                found = self._fixed[target] = self._join(target, {}, None)
            sql, keys = found
        if keys is None:
            return sql, params
        if self.statement.named:
            return sql, {**params, LIMIT_NAME: limit} if limit is not None else params  # type: ignore[dict-item]
        return sql, tuple(limit if key == LIMIT_NAME else params[key] for key in keys)  # type: ignore[index]

    def repeat(self, target: Target, pick: int, times: int) -> str:
        """One target's SQL with the only entry of a list (a row of VALUES) repeated; no arguments are bound."""
        sql, _ = self._join(target, {pick: [0] * times}, None)
        return sql

    def _join(
        self, target: Target, chosen: Mapping[int, Sequence[int]], limit: int | None
    ) -> tuple[str, tuple[int | str, ...] | None]:
        """The text, and the parameter keys in its order; None if the user's parameters fit as they are."""
        out: list[str] = []
        keys: list[int | str] = []
        for piece in self.pieces:
            match piece:
                case Text(sql, params):
                    out.append(sql)
                    keys += [param.key for param in params]
                case Choice(pick, entries):
                    parts = [entries[i] for i in chosen[pick]] if pick in chosen else list(entries)
                    out.append(", ".join(part.sql for part in parts))
                    keys += [param.key for part in parts for param in part.params]
                case Limit():
                    out.append(self._limit(limit))
                    keys += [LIMIT_NAME] if limit is not None and self.statement.named is not None else []
                case _:
                    out.append(spelled(piece, self.statement, target))
        same = keys == [param.key for param in self.statement.params] and not self.statement.hints.placeholders
        return "".join(out), None if same or self.statement.named is None else tuple(keys)

    def _limit(self, limit: int | None) -> str:
        if limit is None:
            return ""
        if self.statement.named is None:
            return f"LIMIT {limit:d}"
        return f"LIMIT %({LIMIT_NAME})s" if self.statement.named else "LIMIT %s"


def spelled(piece: Name | Alias | Qualifier | ConstraintName, statement: Statement, target: Target) -> str:
    """A table's name, alias or qualifier, or the name of a constraint, as this target has it."""
    number = 0 if isinstance(piece, ConstraintName) else piece.use
    use = statement.tables[number]
    physical, logical = target.names[number], use.name
    match piece:
        case ConstraintName(name, several):
            text = quote(physical_name(name, logical, physical, several))
        case Name():
            text = f"{quote(use.schema or target.shard.database)}.{quote(physical)}"
        case Alias():
            text = "" if physical == logical else f" AS {quote(logical)}"
        case Qualifier():
            text = quote(physical if use.alias_at is None else logical)
    return text if statement.named is None else text.replace("%", "%%")


def name_edits(statement: Statement) -> list[Edit]:
    """The edits every strategy makes: table names and what hangs on them."""
    edits: list[Edit] = []
    for use in statement.tables:
        edits.append((use.span, Name(use.index)))
        if use.alias_at is not None:
            edits.append(((use.alias_at, use.alias_at), Alias(use.index)))
    edits += [(span, Qualifier(use)) for span, use in statement.qualifiers]
    edits += [(span, None) for span in statement.cut]
    return edits


def labels(statement: Statement, target: Target) -> tuple[tuple[str, str], ...]:
    """For each table use that shows in a column's name: what is put there, and what the user wrote."""
    found = []
    for number in statement.shown:
        use = statement.tables[number]
        physical = target.names[number]
        put = f"{quote(use.schema or target.shard.database)}.{quote(physical)}"
        if use.alias_at is not None and physical != use.name:
            put += f" AS {quote(use.name)}"
        start, end = use.span
        found.append((put, statement.text[start:end]))
    return tuple(found)


def choice_edit(statement: Statement, number: int, pick: Pick) -> Edit:
    """The edit that lets each target have its own entries of a list."""
    return pick.span, Choice(number, tuple(text_piece(statement, span) for span in pick.entries))


def text_piece(statement: Statement, span: Span) -> Text:
    """A stretch of the user's text with its placeholders."""
    start, end = span
    params = tuple(
        param for param, (a, b) in zip(statement.params, statement.param_spans, strict=True) if start <= a and b <= end
    )
    return Text(statement.text[start:end], params)


def _pieces(statement: Statement, edits: list[Edit]) -> list[Piece]:
    pieces: list[Piece] = []
    position = 0
    for (start, end), piece in edits:
        if start > position:
            pieces.append(text_piece(statement, (position, start)))
        if piece is not None:
            pieces.append(piece)
        position = max(position, end)
    if position < len(statement.text):
        pieces.append(text_piece(statement, (position, len(statement.text))))
    return pieces


Blanks: TypeAlias = Callable[[str], bytes | None]
"""The blank's weight of a collation (b'' if it does not pad), or None if the collation is not known."""
