"""The fixtures of the stage."""

from tests.integration.ecosystem.stage import connection, files

__all__ = ["connection", "files"]
