"""The room's worlds: see tests/integration/dbapi/stage.py and hostile.py."""

from __future__ import annotations

from tests.integration.dbapi.hostile import anywhere, embedded, embedded_cluster
from tests.integration.dbapi.stage import built_cluster, built_stage, cluster, connection, loose, stage

__all__ = [
    "anywhere", "built_cluster", "built_stage", "cluster", "connection", "embedded", "embedded_cluster", "loose", "stage",
]  # fmt: skip

collect_ignore = ["sqlalchemy_suite"]
"""SQLAlchemy's suite brings its own plugin: see `make sqlalchemy-suite`."""
