"""SQLModel: its models and sessions are SQLAlchemy's."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import BigInteger, create_engine
from sqlmodel import Field, Session, SQLModel, func, select

from tests.integration.sqlalchemy.stage import ANYWHERE


class Buyer(SQLModel, table=True):
    """The `member` table, as SQLModel would have it."""

    __tablename__ = "member"
    memberId: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    name: str = Field(max_length=40, index=True)
    level: int = 0


@pytest.mark.parametrize("place", ANYWHERE)
def test_a_model(request: pytest.FixtureRequest, place: str) -> None:
    request.getfixturevalue(f"{place}_engine")  # which has made the tables
    rules: Path = request.getfixturevalue(f"{place}_rules")
    engine = create_engine(f"mysql+shardkit:///{rules}")
    with Session(engine) as session:
        for buyer in session.exec(select(Buyer)).all():
            session.delete(buyer)
        session.commit()
        buyers = [Buyer(name=f"b{number}", level=number % 2) for number in range(6)]
        session.add_all(buyers)
        session.commit()
        assert all(buyer.memberId for buyer in buyers)
        found = session.exec(select(Buyer.name).where(Buyer.level == 1).order_by(Buyer.name)).all()
        assert found == ["b1", "b3", "b5"]
        assert session.exec(select(func.count()).select_from(Buyer)).one() == 6
    engine.dispose()
