"""One world for the tests of the dialect, on two MySQL servers and on two folders of SQLite files.

`Member` and `Order` are sharded by member (four physical tables each, ids generated), `Country` is broadcast, `Note` is
not named by the rules and so lies in the single database.
Invariant: the tables are made by `metadata.create_all` and are empty when a test begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Engine, ForeignKey, Numeric, String, UniqueConstraint, create_engine, delete
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests import servers
from tests.servers import ServerUrl, new_prefix


class Base(DeclarativeBase):
    """The models."""


class Member(Base):
    """Sharded by its own id, which shardkit generates."""

    __tablename__ = "member"
    memberId: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), index=True)
    level: Mapped[int] = mapped_column(default=0)
    orders: Mapped[list[Order]] = relationship(back_populates="member", order_by="Order.orderId")


class Order(Base):
    """Sharded by its member, beside whom it lies."""

    __tablename__ = "t_order"
    __table_args__ = (UniqueConstraint("memberId", "number", name="per_member"), {"comment": "what was bought"})
    orderId: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    memberId: Mapped[int] = mapped_column(ForeignKey("member.memberId", ondelete="CASCADE"))
    number: Mapped[int]
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=0, comment="in yuan")
    member: Mapped[Member] = relationship(back_populates="orders")


class Country(Base):
    """Copied to every shard."""

    __tablename__ = "country"
    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), server_default="?")


class Note(Base):
    """The rules do not name it."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(100), default="")


def rules_text(urls: Sequence[str], prefix: str, **defaults: str) -> str:
    """A rules file over two servers; `defaults` are lines of its last section."""
    more = "".join(f"  {key}: {value}\n" for key, value in defaults.items())
    return (
        "version: 1\n"
        "name: shop\n"
        "servers:\n"
        f'  rds0: {{ url: "{urls[0]}" }}\n'
        f'  rds1: {{ url: "{urls[1]}" }}\n'
        "layouts:\n"
        f'  s: {{ databases: "{prefix}s{{0..1}}", servers: [rds0, rds1], tables: "{{table}}_{{0..1}}" }}\n'
        f'  c: {{ databases: "{prefix}s{{0..1}}", servers: [rds0, rds1] }}\n'
        "tables:\n"
        "  member: { layout: s, shard_by: memberId, algorithm: mod, generate: { memberId: snowflake } }\n"
        "  t_order: { shard_by: memberId, bound_to: member, generate: { orderId: snowflake } }\n"
        "broadcast: { layout: c, tables: [country] }\n"
        f"single: {{ database: rds0/{prefix}app }}\n"
        f"defaults:\n  unlisted_tables: single\n  full_scan_writes: allow\n{more}"
    )


def write_rules(folder: Path, text: str) -> Path:
    """The rules as a file."""
    path = folder / "shard-rules.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="package")
def server_rules(
    mysql_servers: tuple[ServerUrl, ServerUrl], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The rules file over the servers, whose databases are made."""
    prefix = new_prefix()
    for number, name in ((0, "s0"), (1, "s1"), (0, "app")):
        with mysql_servers[number].connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{prefix}{name}` CHARACTER SET utf8mb4")
    yield write_rules(tmp_path_factory.mktemp("rules"), rules_text([one.text for one in mysql_servers], prefix))
    servers.drop_databases(mysql_servers, prefix)


@pytest.fixture(scope="package")
def file_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules file over folders of SQLite files."""
    folder = tmp_path_factory.mktemp("embedded")
    for name in ("east", "west"):
        (folder / name).mkdir()
    urls = ["sqlite:///./east", "sqlite:///./west"]
    return write_rules(folder, rules_text(urls, "own_", transactions="best_effort"))


@pytest.fixture(scope="package")
def server_engine(server_rules: Path) -> Iterator[Engine]:
    """An engine over the servers."""
    yield from _engine(server_rules)


@pytest.fixture(scope="package")
def file_engine(file_rules: Path) -> Iterator[Engine]:
    """An engine over SQLite files."""
    yield from _engine(file_rules)


def _engine(rules: Path) -> Iterator[Engine]:
    engine = create_engine(f"mysql+shardkit:///{rules}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


ANYWHERE = [pytest.param("server", marks=pytest.mark.mysql), "file"]


@pytest.fixture(params=ANYWHERE)
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine with empty tables: over the servers, then over SQLite."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    wipe(found)
    return found


def wipe(engine: Engine) -> None:
    """Empty every table."""
    for table in reversed(Base.metadata.sorted_tables):
        with engine.begin() as connection:
            connection.execute(delete(table))


__all__ = ["engine", "file_engine", "file_rules", "server_engine", "server_rules"]
