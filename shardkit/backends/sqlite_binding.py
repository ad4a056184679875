"""One execution's parameters, on their way to the `?` of a translated statement.

Invariant: each value passes `parameter`, or `storing` of the column it goes into; none becomes text of the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shardkit.backends.sqlite_values import Stored, parameter, storing
from shardkit.errors import ParameterError
from shardkit.rewrite.sqlite import Style, Translated
from shardkit.values import Params


def style_of(args: Params) -> Style:
    """How these parameters are written in the text."""
    if args is None:
        return Style.RAW
    return Style.NAMED if isinstance(args, Mapping) else Style.POSITIONAL


def local(sql: str, database: str) -> str:
    """The text without the shard's own name, so that all shards share one translation.

    Texts with quotes are left alone: there the name could be data.
    """
    return sql if "'" in sql or '"' in sql else sql.replace(f"`{database}`.", "")


Filler = Callable[[Params], list[Stored]]


def filler(plan: Translated) -> Filler:
    """A function from one execution's parameters to the values of the plan's `?`; it raises ParameterError."""
    steps = [(bind.key, parameter if bind.column is None else storing(bind.column)) for bind in plan.binds]

    def fill(args: Params) -> list[Stored]:
        if args is None:
            return []
        if not isinstance(args, Mapping) and len(args) != plan.expects:
            raise ParameterError(f"{plan.expects} placeholders, but {len(args)} parameters")
        try:
            return [make(args[key]) for key, make in steps]  # type: ignore[index]
        except KeyError as error:
            raise ParameterError(f"no parameter named {error.args[0]!r}") from None

    return fill
