"""What hints mean for one execution: those of its text and those around it, put together; its budget; its place.

Hints never change what is cached by text. A statement that is sent somewhere by a hint is planned by a Prepared of its
own, which belongs to that place.
Invariant: what the text says wins over what is around it; of two blocks the inner one wins.
"""

from __future__ import annotations

from dataclasses import replace

from shardkit.errors import NotSupportedError, ParameterError
from shardkit.flow import NO_HINTS, Budget, Hints, Literal, ParamRef
from shardkit.values import Params


def together(own: Hints, around: Hints | None) -> Hints:
    """Both, item by item; where the statement goes counts as one item."""
    if around is None or around is own:
        return own
    if own is NO_HINTS:
        return around
    place = own if own.placed else around
    return Hints(
        place.shard, place.key, place.said, own.primary or around.primary,
        around.budget_rows if own.budget_rows is None else own.budget_rows,
        around.budget_memory if own.budget_memory is None else own.budget_memory,
        around.timeout if own.timeout is None else own.timeout,
    )  # fmt: skip


def bound(hints: Hints, params: Params) -> Hints:
    """The hints with the value of a key that is a placeholder. Raises ParameterError."""
    key = hints.key
    if not isinstance(key, ParamRef):
        return hints
    try:
        value = params[key.key]  # type: ignore[index]
    except (KeyError, IndexError):
        raise ParameterError(f"{hints.said}: there is no parameter for its placeholder") from None
    return replace(hints, key=Literal(value), placeholders=0)


def budget_of(hints: Hints, usual: Budget) -> Budget | None:
    """The rules' budget as the hints change it, or None if they do not."""
    rows, memory, timeout = hints.budget_rows, hints.budget_memory, hints.timeout
    if rows is None and memory is None and timeout is None:
        return None
    return Budget(
        usual.rows if rows is None else rows, usual.memory if memory is None else memory,
        usual.time if timeout is None else timeout,
    )  # fmt: skip


def refuse_place(hints: Hints | None, what: str) -> None:
    """Raise NotSupportedError if the hints say where a statement goes that always goes where it must."""
    if hints is not None and hints.placed:
        raise NotSupportedError(
            f"{what} sent somewhere by a hint", where=hints.said, why="it goes wherever it must",
            instead="the statement without shard= or key=",
        )  # fmt: skip
