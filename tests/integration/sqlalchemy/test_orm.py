"""The ORM over shards: generated ids, relationships, bulk inserts, conditions, locks, versions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session, selectinload

from tests.integration.sqlalchemy.stage import Country, Member, Note, Order


def test_ids_are_generated_and_reach_the_object(engine: Engine) -> None:
    with Session(engine) as session:
        members = [Member(name=name) for name in ("ann", "bob", "cyd")]
        session.add_all(members)
        session.flush()
        ids = [member.memberId for member in members]
        assert len(set(ids)) == 3
        assert all(one > 2**50 for one in ids)
        session.commit()
    with Session(engine) as session:
        assert [session.get_one(Member, one).name for one in ids] == ["ann", "bob", "cyd"]


def test_related_rows_get_the_shard_key(engine: Engine) -> None:
    with Session(engine) as session:
        ann = Member(memberId=5, name="ann", orders=[Order(number=n, amount=Decimal("1.50")) for n in (1, 2, 3)])
        session.add(ann)
        session.commit()
        assert {order.memberId for order in ann.orders} == {5}
    with Session(engine) as session:
        found = session.scalars(select(Member).options(selectinload(Member.orders))).one()
        assert [(order.number, order.amount) for order in found.orders] == [(n, Decimal("1.50")) for n in (1, 2, 3)]
        session.delete(found.orders[1])
        session.commit()
        assert session.scalars(select(Order.number).order_by(Order.number)).all() == [1, 3]


def test_many_rows_in_one_insert_are_spread(engine: Engine) -> None:
    with engine.begin() as connection:
        done = connection.execute(insert(Member), [{"memberId": n, "name": f"m{n}"} for n in range(200)])
        assert done.rowcount == 200
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Member)) == 200
        names = session.scalars(select(Member.name).where(Member.memberId.in_([7, 8, 9])).order_by(Member.memberId))
        assert names.all() == ["m7", "m8", "m9"]
        page = session.scalars(select(Member.memberId).order_by(Member.memberId.desc()).limit(3).offset(10)).all()
        assert page == [190, 189, 188]


def test_groups_and_joins_over_shards(engine: Engine) -> None:
    with Session(engine) as session:
        for n in range(1, 9):
            orders = [Order(number=k, amount=k) for k in range(n)]
            session.add(Member(memberId=n, name="odd" if n % 2 else "even", orders=orders))
            session.commit()
        totals = select(Member.name, func.count(), func.sum(Order.amount)).join(Member.orders).group_by(Member.name)
        assert session.execute(totals.order_by(Member.name)).all() == [
            ("even", 20, Decimal(50)),
            ("odd", 16, Decimal(34)),
        ]


def test_an_update_counts_the_rows_that_match(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 9)])
        same = connection.execute(update(Member).where(Member.memberId == 3).values(name="x"))
        assert same.rowcount == 1
        assert connection.execute(update(Member).values(name="x")).rowcount == 8
        assert connection.execute(update(Member).where(Member.memberId == 99).values(name="x")).rowcount == 0


def test_a_table_that_the_rules_do_not_name(engine: Engine) -> None:
    with Session(engine) as session:
        notes = [Note(text=text) for text in ("a", "b")]
        session.add_all(notes)
        session.commit()
        first, second = (note.id for note in notes)
        assert second == first + 1


def test_a_broadcast_table_is_one_table(engine: Engine) -> None:
    with Session(engine) as session:
        session.add_all([Country(code="cn", name="China"), Country(code="at", name="Austria")])
        session.commit()
        assert session.scalars(select(Country.name).order_by(Country.code)).all() == ["Austria", "China"]


def test_a_broken_key_is_an_integrity_error(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Country(code="cn"))
        session.commit()
        session.add(Country(code="cn"))
        with pytest.raises(IntegrityError) as caught:
            session.commit()
        assert caught.value.orig is not None
        assert caught.value.orig.args[0] == 1062
        session.rollback()
        assert session.scalar(select(func.count()).select_from(Country)) == 1


def test_an_unknown_table_has_mysqls_number(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(ProgrammingError) as caught:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert caught.value.orig is not None
    assert caught.value.orig.args[0] == 1146


def test_rows_stream(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Member), [{"memberId": n, "name": "x"} for n in range(1, 2001)])
    with engine.connect() as connection:
        result = connection.execution_options(yield_per=100).execute(select(Member.memberId))
        parts = [len(part) for part in result.partitions()]
        assert parts == [100] * 20
        streamed = connection.execution_options(stream_results=True).execute(
            select(Member.memberId).order_by(Member.memberId)
        )
        assert streamed.fetchmany(3) == [(1,), (2,), (3,)]
        streamed.close()
        assert connection.scalar(select(func.count()).select_from(Member)) == 2000
