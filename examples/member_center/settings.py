"""The member center's settings: environment variables that begin with MEMBER_."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from examples.centers.settings import CenterSettings

FOLDER = Path(__file__).parent


class Settings(CenterSettings):
    """MEMBER_RULES, MEMBER_CURSOR_SECRET, MEMBER_REVEAL_TOKENS, …; the rules read MEMBER_RDS0 and MEMBER_RDS1."""

    model_config = SettingsConfigDict(env_prefix="MEMBER_")

    rules: Path = FOLDER / "rules.yaml"
    reveal_tokens: bool = Field(default=False, description="Answer verification tokens instead of only sending them.")
