"""The states of an order, and which actions lead from one to another.

    created ── pay ──▶ paid ── ship ──▶ shipped ── receive ──▶ received ── close ──▶ closed
       └─ cancel ─▶ cancelled   └────────────── refund ──────────────┘ ──▶ refunded

Invariant: this table is the only place that knows the transitions; the UPDATE that moves an order takes its condition
from here, so an action that is not listed cannot happen, whoever races.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """Where an order stands."""

    CREATED = "created"
    PAID = "paid"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Action(StrEnum):
    """What is done to an order."""

    PAY = "pay"
    SHIP = "ship"
    RECEIVE = "receive"
    CLOSE = "close"
    CANCEL = "cancel"
    REFUND = "refund"


class Transition(NamedTuple):
    """From which states an action leads where, and whether the goods go back to the stock."""

    sources: tuple[Status, ...]
    target: Status
    returns_stock: bool = False


TRANSITIONS: dict[Action, Transition] = {
    Action.PAY: Transition((Status.CREATED,), Status.PAID),
    Action.SHIP: Transition((Status.PAID,), Status.SHIPPED),
    Action.RECEIVE: Transition((Status.SHIPPED,), Status.RECEIVED),
    Action.CLOSE: Transition((Status.RECEIVED,), Status.CLOSED),
    Action.CANCEL: Transition((Status.CREATED,), Status.CANCELLED, returns_stock=True),
    Action.REFUND: Transition((Status.PAID, Status.RECEIVED), Status.REFUNDED, returns_stock=True),
}

RELEASED = tuple(transition.target for transition in TRANSITIONS.values() if transition.returns_stock)
"""The states of orders whose goods are back in the stock."""


def allowed(status: Status) -> tuple[Action, ...]:
    """The actions that an order in this state may undergo; () where its way ends."""
    return tuple(action for action, transition in TRANSITIONS.items() if status in transition.sources)


def advice(status: Status, action: Action) -> str:
    """Why this action is refused in this state, and what is possible: for people."""
    wanted = TRANSITIONS[action]
    sources = " or ".join(wanted.sources)
    possible = ", ".join(allowed(status))
    now = f"the order is {status}; {action} is for orders that are {sources}"
    return f"{now}. Possible now: {possible}" if possible else f"{now}. Nothing can be done to it any more"
