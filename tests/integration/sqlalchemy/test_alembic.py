"""Alembic over shards: upgrade, downgrade, and an autogenerate that finds nothing new afterwards.

`alembic_version` is not named by the rules, so it lies once, in the single database.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, String, Table, create_engine, inspect, text

from tests import servers
from tests.integration.sqlalchemy.stage import ANYWHERE, write_rules
from tests.servers import ServerUrl, new_prefix

RULES = """\
version: 1
name: shop
servers: {{ rds0: {{ url: "{0}" }}, rds1: {{ url: "{1}" }} }}
layouts:
  s: {{ databases: "{2}s{{0..1}}", servers: [rds0, rds1], tables: "{{table}}_{{0..1}}" }}
  c: {{ databases: "{2}s{{0..1}}", servers: [rds0, rds1] }}
tables: {{ customer: {{ layout: s, shard_by: id, algorithm: mod }} }}
broadcast: {{ layout: c, tables: [currency] }}
single: {{ database: rds0/{2}app, tables: [setting] }}
defaults: {{ unlisted_tables: single, transactions: {3} }}
"""

ENV = """\
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=context.config.attributes["metadata"])
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""

TEMPLATE = """\
from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

def upgrade():
    ${upgrades if upgrades else "pass"}

def downgrade():
    ${downgrades if downgrades else "pass"}
"""


def models(version: int) -> MetaData:
    """The application's tables in its first and its second version."""
    metadata = MetaData()
    Table(
        "customer", metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("name", String(40), nullable=False, index=True),
        *([Column("level", Integer, nullable=False, server_default="0")] if version > 1 else []),
    )  # fmt: skip
    Table("currency", metadata, Column("code", String(3), primary_key=True))
    Table("setting", metadata, Column("k", String(20), primary_key=True), Column("v", String(99)))
    if version > 1:
        Table("note", metadata, Column("id", BigInteger, primary_key=True), Column("text", String(99)))
    return metadata


class Project:
    """A folder of migrations for one rules file."""

    def __init__(self, folder: Path, rules: Path) -> None:
        (folder / "versions").mkdir(parents=True)
        (folder / "env.py").write_text(ENV, encoding="utf-8")
        (folder / "script.py.mako").write_text(TEMPLATE, encoding="utf-8")
        self.url = f"mysql+shardkit:///{rules}"
        self.config = Config()
        self.config.set_main_option("script_location", str(folder))
        self.config.set_main_option("path_separator", "os")
        self.config.set_main_option("sqlalchemy.url", self.url)

    def revise(self, version: int) -> None:
        """Write the migration to this version of the models, as autogenerate sees it."""
        self.config.attributes["metadata"] = models(version)
        command.revision(self.config, f"version {version}", autogenerate=True)

    def differences(self, version: int) -> list[object]:
        """What autogenerate still finds."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = list(compare_metadata(MigrationContext.configure(connection), models(version)))
        engine.dispose()
        return found


@pytest.fixture
def server_place(mysql_servers: tuple[ServerUrl, ServerUrl], tmp_path: Path) -> Iterator[Path]:
    """Empty databases on the servers."""
    prefix = new_prefix()
    for number, name in ((0, "s0"), (1, "s1"), (0, "app")):
        with mysql_servers[number].connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{prefix}{name}` CHARACTER SET utf8mb4")
    yield write_rules(tmp_path, RULES.format(*(one.text for one in mysql_servers), prefix, "xa"))
    servers.drop_databases(mysql_servers, prefix)


@pytest.fixture
def file_place(tmp_path: Path) -> Path:
    """Empty folders."""
    for name in ("east", "west"):
        (tmp_path / name).mkdir()
    return write_rules(tmp_path, RULES.format("sqlite:///./east", "sqlite:///./west", "", "best_effort"))


@pytest.fixture(params=ANYWHERE)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A project without migrations, over the servers and over SQLite."""
    return Project(tmp_path / "migrations", request.getfixturevalue(f"{request.param}_place"))


def names(engine: Engine) -> list[str]:
    return inspect(engine).get_table_names()


def test_up_and_down_and_nothing_new(project: Project) -> None:
    engine = create_engine(project.url)
    project.revise(1)
    command.upgrade(project.config, "head")
    assert names(engine) == ["alembic_version", "currency", "customer", "setting"]
    assert project.differences(1) == []
    with engine.connect() as connection:
        for number in range(1, 9):
            connection.execute(text("INSERT INTO customer (id, name) VALUES (:id, 'x')"), {"id": number})
            connection.commit()
    project.revise(2)
    command.upgrade(project.config, "head")
    assert names(engine) == ["alembic_version", "currency", "customer", "note", "setting"]
    assert project.differences(2) == []
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id, level FROM customer ORDER BY id")).all() == [
            (number, 0) for number in range(1, 9)
        ]
        assert connection.scalar(text("SELECT COUNT(*) FROM alembic_version")) == 1
    command.downgrade(project.config, "-1")
    assert names(engine) == ["alembic_version", "currency", "customer", "setting"]
    assert project.differences(1) == []
    command.downgrade(project.config, "base")
    assert names(engine) == ["alembic_version"]
    engine.dispose()


def test_autogenerate_sees_what_is_missing(project: Project) -> None:
    project.revise(1)
    command.upgrade(project.config, "head")
    kinds = sorted(str(entry[0]) for entry in project.differences(2))  # type: ignore[index]
    assert kinds == ["add_column", "add_table"]
