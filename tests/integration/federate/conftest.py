"""The room's world: see tests/integration/dbapi/stage.py."""

from __future__ import annotations

from tests.integration.dbapi.stage import built_cluster, built_stage, cluster, connection, loose, stage

__all__ = ["built_cluster", "built_stage", "cluster", "connection", "loose", "stage"]
