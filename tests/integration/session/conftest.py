"""The room's world (see tests/integration/dbapi/stage.py), and an unsharded database to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.dbapi.stage import BODIES, Stage, built_cluster, built_stage, cluster, connection, loose, stage

__all__ = ["built_cluster", "built_stage", "cluster", "connection", "loose", "stage"]

SCRATCH = "id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, x INT, at TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6)"


@pytest.fixture
def oracle(stage: Stage) -> Iterator[Any]:
    """A bare cursor in an unsharded database with tables of the same names."""
    connection = stage.servers[0].connect()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{stage.prefix}whole` CHARACTER SET utf8mb4")
        cursor.execute(f"USE `{stage.prefix}whole`")
        for table in ("member", "t_order"):
            cursor.execute(f"CREATE TABLE `{table}` ({BODIES[table]})")
        cursor.execute(f"CREATE TABLE scratch ({SCRATCH})")
        yield cursor
        cursor.execute(f"DROP DATABASE `{stage.prefix}whole`")
    connection.close()


@pytest.fixture
def scratch(stage: Stage) -> Iterator[None]:
    """The table `scratch` on every shard, empty, with an AUTO_INCREMENT key and a moment."""
    stage.everywhere(f"CREATE TABLE scratch ({SCRATCH})")
    yield
    stage.everywhere("DROP TABLE scratch")
