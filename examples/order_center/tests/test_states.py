"""The order's state machine, without any database."""

from __future__ import annotations

import pytest

from examples.order_center.states import RELEASED, TRANSITIONS, Action, Status, advice, allowed


def test_every_state_is_reached_and_every_way_ends() -> None:
    reached, ahead = {Status.CREATED}, [Status.CREATED]
    while ahead:
        status = ahead.pop()
        targets = {TRANSITIONS[action].target for action in allowed(status)} - reached
        reached |= targets
        ahead += targets
    assert reached == set(Status)
    assert {status for status in Status if not allowed(status)} == {Status.CLOSED, Status.CANCELLED, Status.REFUNDED}


def test_nothing_leads_back() -> None:
    order = list(Status)
    for transition in TRANSITIONS.values():
        assert all(order.index(source) < order.index(transition.target) for source in transition.sources)


def test_what_returns_stock_ends_the_order() -> None:
    assert set(RELEASED) == {Status.CANCELLED, Status.REFUNDED}
    assert not any(allowed(status) for status in RELEASED)


@pytest.mark.parametrize("action", Action)
def test_a_refusal_says_where_the_order_stands_and_what_is_possible(action: Action) -> None:
    for status in Status:
        if action not in allowed(status):
            told = advice(status, action)
            assert f"the order is {status}" in told
            assert all(possible in told for possible in allowed(status))
