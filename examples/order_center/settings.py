"""The order center's settings: environment variables that begin with ORDER_."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from examples.centers.settings import CenterSettings

FOLDER = Path(__file__).parent


class Settings(CenterSettings):
    """ORDER_RULES, ORDER_CURSOR_SECRET, ORDER_WRITERS, …; the rules file reads ORDER_RDS0 and ORDER_RDS1 itself."""

    model_config = SettingsConfigDict(env_prefix="ORDER_")

    rules: Path = FOLDER / "rules.yaml"
