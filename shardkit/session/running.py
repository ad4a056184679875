"""Running a script inside another one: for what it emits, or for all its rows.

Invariant: errors that an Op raises reach the inner script first.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, TypeVar

from shardkit.flow import Description, Head, Op, Plan, Query, Rows, Script
from shardkit.merge import Meter, estimate
from shardkit.session.federated import federated
from shardkit.session.reading import merged, read
from shardkit.session.state import Session
from shardkit.values import Row

S = TypeVar("S")


def select(session: Session, plan: Plan) -> Script:
    """One SELECT, in the way its plan says."""
    if plan.federation is not None:
        return federated(session, plan, plan.federation)
    if plan.merge is not None:
        return merged(session, plan, plan.merge)
    return read(session, plan)


def collected(script: Script) -> Generator[Op, Any, list[Head]]:
    """Run a script for its Heads; rows it emits are left aside."""
    heads: list[Head] = []
    yield from emitted(script, lambda step: heads.append(step) if isinstance(step, Head) else None)
    return heads


def emitted(script: Script, take: Callable[[Head | Rows], None]) -> Generator[Op, Any, None]:
    """Run a script and give what it emits to `take`."""

    def taken(step: Op | Head | Rows) -> Op | None:
        if isinstance(step, (Head, Rows)):
            take(step)
            return None
        return step

    relayed: Generator[Op, Any, None] = _relayed(script, taken)
    yield from relayed


def strictly(script: Script) -> Script:
    """The script with SELECTs that fail where a write would."""

    def strict(step: Op | Head | Rows) -> Op | Head | Rows:
        if isinstance(step, Query):
            return replace(step, tasks=tuple(task._replace(strict=True) for task in step.tasks))
        return step

    relayed: Script = _relayed(script, strict)
    yield from relayed


def _relayed(script: Script, relay: Callable[[Op | Head | Rows], S | None]) -> Generator[S, Any, None]:
    """The script with each step as `relay` gives it, answers and errors passed back; None is passed over."""
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            step = script.send(answer) if error is None else script.throw(error)
        except StopIteration:
            return
        answer = error = None
        relayed = relay(step)
        if relayed is not None:
            try:
                answer = yield relayed
            except Exception as raised:
                error = raised


def gathered(
    session: Session, plan: Plan, step: str, *, strict: bool
) -> Generator[Op, Any, tuple[Description, list[Row]]]:
    """All rows of a SELECT, counted against its budget as those of `step`."""
    meter = Meter(session.budget(plan))
    rows: list[Row] = []
    head: list[Description] = []

    def take(part: Head | Rows) -> None:
        if isinstance(part, Head):
            head.append(part.description)
        if part.rows:
            meter.hold(step, len(part.rows), len(part.rows) * estimate(part.rows))
            rows.extend(part.rows)

    script = select(session, plan)
    yield from emitted(strictly(script) if strict else script, take)
    return head[0], rows
