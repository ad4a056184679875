"""Reflection shows logical tables: their names, columns, keys and comments, never a physical name."""

from __future__ import annotations

import pytest
from sqlalchemy import BigInteger, CheckConstraint, Column, Engine, ForeignKeyConstraint, MetaData, Table, inspect
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.schema import AddConstraint, DropConstraint

from tests.integration.sqlalchemy.stage import Base


def test_the_tables_are_the_logical_ones(engine: Engine) -> None:
    found = inspect(engine)
    assert found.get_table_names() == ["country", "member", "note", "t_order"]
    assert found.get_view_names() == []
    assert found.get_schema_names() == ["information_schema", "shop"]
    assert found.default_schema_name == "shop"
    assert found.get_table_names(schema="shop") == ["country", "member", "note", "t_order"]


@pytest.mark.parametrize(
    ("name", "there"), [("member", True), ("country", True), ("note", True), ("member_0", False), ("nowhere", False)]
)
def test_has_table(engine: Engine, name: str, there: bool) -> None:
    assert inspect(engine).has_table(name) is there
    assert inspect(engine).has_table(name, schema="shop") is there


def test_a_table_that_is_not_there(engine: Engine) -> None:
    with pytest.raises(NoSuchTableError):
        inspect(engine).get_columns("nowhere")
    assert not inspect(engine).has_table("member", schema="elsewhere")


def test_a_sharded_tables_parts(engine: Engine) -> None:
    found = inspect(engine)
    assert [column["name"] for column in found.get_columns("t_order")] == ["orderId", "memberId", "number", "amount"]
    assert found.get_pk_constraint("t_order")["constrained_columns"] == ["orderId"]
    (foreign,) = found.get_foreign_keys("t_order")
    assert foreign["referred_table"] == "member"
    assert foreign["referred_schema"] is None
    assert foreign["name"] == "t_order_ibfk_1"
    assert foreign["options"] == {"ondelete": "CASCADE"}
    (unique,) = found.get_unique_constraints("t_order")
    assert (unique["name"], unique["column_names"]) == ("per_member", ["memberId", "number"])
    indexes = {index["name"]: index["column_names"] for index in found.get_indexes("member")}
    assert indexes == {"ix_member_name": ["name"]}


@pytest.mark.mysql
@pytest.mark.parametrize("name", ["order_of_member", "t_order_ibfk_7", "of each 100%", "x" * 60])
def test_a_foreign_key_has_its_name_on_every_piece(server_engine: Engine, name: str) -> None:
    metadata = MetaData()
    member = Table("member", metadata, Column("memberId", BigInteger, primary_key=True))
    order = Table("t_order", metadata, Column("memberId", BigInteger))
    key = ForeignKeyConstraint([order.c.memberId], [member.c.memberId], name=name)
    order.append_constraint(key)
    with server_engine.begin() as connection:
        connection.execute(AddConstraint(key))
    assert {"t_order_ibfk_1", name} == {one["name"] for one in inspect(server_engine).get_foreign_keys("t_order")}
    with server_engine.begin() as connection:
        connection.execute(DropConstraint(key))
    assert [one["name"] for one in inspect(server_engine).get_foreign_keys("t_order")] == ["t_order_ibfk_1"]


@pytest.mark.mysql
def test_comments(server_engine: Engine) -> None:
    found = inspect(server_engine)
    assert found.get_table_comment("t_order") == {"text": "what was bought"}
    assert found.get_columns("t_order")[3]["comment"] == "in yuan"


def test_everything_reflects_into_the_same_tables(engine: Engine) -> None:
    reflected = MetaData()
    reflected.reflect(engine)
    assert reflected.tables.keys() == Base.metadata.tables.keys()
    for name, table in Base.metadata.tables.items():
        other = reflected.tables[name]
        assert [c.name for c in other.columns] == [c.name for c in table.columns]
        assert [c.nullable for c in other.columns] == [c.nullable for c in table.columns]
        assert [c.name for c in other.primary_key] == [c.name for c in table.primary_key]
        targets = {key.target_fullname for key in table.foreign_keys}
        assert {key.target_fullname for key in other.foreign_keys} == targets


@pytest.mark.mysql
@pytest.mark.parametrize("name", ["positive", "t_order_chk_7", "of each 100%"])
def test_a_check_has_its_name_on_every_piece(server_engine: Engine, name: str) -> None:
    order = Table("t_order", MetaData(), Column("memberId", BigInteger))
    check = CheckConstraint(order.c.memberId > 0, name=name)
    order.append_constraint(check)
    with server_engine.begin() as connection:
        connection.execute(AddConstraint(check))
    (found,) = inspect(server_engine).get_check_constraints("t_order")
    assert found["name"] == name
    assert "memberId" in found["sqltext"]
    with server_engine.begin() as connection:
        connection.execute(DropConstraint(check))
    assert inspect(server_engine).get_check_constraints("t_order") == []
