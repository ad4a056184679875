"""`pytest tests/plan --update-plans` writes the stored explanations anew; look at the difference before it is kept."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known when tests/plan is named on the command line."""
    parser.addoption("--update-plans", action="store_true", help="store the explanations as they are now")


@pytest.fixture
def update_plans(request: pytest.FixtureRequest) -> bool:
    """Whether to store instead of compare."""
    return bool(request.config.getoption("--update-plans", default=False))
