"""SQLAlchemy's test plugin, for the run that `make sqlalchemy-suite` starts in a process of its own."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402, F403 - it is the plugin
