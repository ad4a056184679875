"""Models whose primary key is not the shard key, where the rules refuse writes that would ask every shard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, select, update
from sqlalchemy.exc import NotSupportedError
from sqlalchemy.orm import Session, registry

from shardkit.rules import load
from tests.integration.sqlalchemy.stage import Member, Order


class OrderOfMember:
    """The same table; the shard key belongs to an object's identity."""

    orderId: int
    memberId: int
    number: int
    amount: Any

    def __init__(self, **given: Any) -> None:
        for name, value in given.items():
            setattr(self, name, value)


registry(metadata=Order.metadata).map_imperatively(
    OrderOfMember, Order.__table__, primary_key=[Order.__table__.c.memberId, Order.__table__.c.orderId]
)


@pytest.fixture
def strict(engine: Engine) -> Iterator[Engine]:
    """An engine over the same tables whose rules allow no write on every shard, with the member 5 and two orders."""
    with Session(engine) as session:
        session.add(Member(memberId=5, name="eve", orders=[Order(number=1), Order(number=2)]))
        session.commit()
    rules = load(engine.url.database or "")
    rules = replace(rules, defaults=replace(rules.defaults, full_scan_writes="refuse"))
    found = create_engine("mysql+shardkit://", connect_args={"rules": rules})
    yield found
    found.dispose()


def test_a_write_by_a_primary_key_alone_is_refused_and_says_what_to_do(strict: Engine) -> None:
    with Session(strict) as session:
        order = session.scalars(select(Order).where(Order.memberId == 5, Order.number == 1)).one()
        order.amount = Decimal(5)
        with pytest.raises(NotSupportedError, match="the shard key in the model's primary key"):
            session.flush()


def test_a_mapper_that_knows_the_shard_key_writes_on_one_shard(strict: Engine) -> None:
    texts: list[str] = []
    event.listen(strict, "before_cursor_execute", lambda *given: texts.append(" ".join(given[2].split())))
    model: Any = OrderOfMember
    with Session(strict) as session:
        new = OrderOfMember(memberId=5, number=3)
        session.add(new)
        session.commit()
        assert new.orderId > 2**50
        first = session.scalars(select(model).where(model.memberId == 5, model.number == 1)).one()
        first.amount = 7
        session.delete(new)
        session.commit()
        assert "UPDATE t_order SET amount=%s WHERE t_order.`orderId` = %s AND t_order.`memberId` = %s" in texts
        key = (first.memberId, first.orderId)
        session.expunge_all()
        assert session.get_one(model, key).amount == 7
        session.execute(update(model), [{"memberId": 5, "orderId": key[1], "amount": 8}])
        session.commit()
        found = session.execute(select(model.number, model.amount).order_by(model.number)).all()
        assert [(number, int(amount)) for number, amount in found] == [(1, 8), (2, 0)]
