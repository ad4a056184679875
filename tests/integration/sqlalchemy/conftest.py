"""The room's world: see tests/integration/sqlalchemy/stage.py."""

from __future__ import annotations

from tests.integration.sqlalchemy.stage import engine, file_engine, file_rules, server_engine, server_rules

__all__ = ["engine", "file_engine", "file_rules", "server_engine", "server_rules"]
