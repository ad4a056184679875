"""Settings from the environment, and the rules that follow from them.

Invariant: over MySQL servers a transaction over several shards is all or nothing (`xa`); only the embedded default,
whose files have no commit in common, runs under `best_effort`.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from shardkit.rules import Rules, loads

LIMITS = {"connect_timeout": "3", "read_timeout": "15"}  # seconds
LOG = logging.getLogger("centers")


class CenterSettings(BaseSettings):
    """What both centers can be told by environment variables; each has a prefix of its own."""

    rules: Path = Field(description="The rules file.")
    cursor_secret: Annotated[SecretStr, Field(min_length=8)] | None = Field(
        default=None,
        description="Signs cursors; the same for all processes. Without it cursors end with theirs.",
    )
    recovery_every: float = Field(default=5.0, gt=0, description="Seconds between two rounds of transaction recovery.")
    requests: int = Field(default=100, ge=1, description="Requests under way at a time; more are refused with 503.")
    writers: int = Field(default=16, ge=1, description="Transactions at a time; more wait their turn.")
    turn_within: float = Field(default=5.0, gt=0, description="Seconds a transaction waits for its turn, then 503.")
    attempts: int = Field(default=4, ge=1, description="How often a transaction that a lock had rolled back is tried.")
    ready_within: float = Field(default=2.0, gt=0, description="Seconds a server has to answer a readiness check.")

    def secret(self) -> bytes:
        """The secret for cursors; a random one, and a warning, where none is set."""
        if self.cursor_secret is not None:
            return self.cursor_secret.get_secret_value().encode()
        LOG.warning("no cursor secret is set: cursors end with this process")
        return secrets.token_bytes(32)


def load_rules(path: Path, prefix: str, environ: Mapping[str, str] | None = None) -> Rules:
    """The rules of a center; `<PREFIX>_TRANSACTIONS` is best_effort on embedded shards unless it is set."""
    given = dict(os.environ if environ is None else environ)
    given |= {name: _limited(url) for name, url in given.items() if name.startswith(f"{prefix}_RDS") and url}
    rules = loads(path.read_text(encoding="utf-8"), file=str(path), environ=given)
    name = f"{prefix}_TRANSACTIONS"
    if embedded(rules) and not given.get(name):
        return loads(path.read_text(encoding="utf-8"), file=str(path), environ=given | {name: "best_effort"})
    return rules


def _limited(url: str) -> str:
    """A server's URL with the time limits it lacks: one that is frozen, not away, would hold a BEGIN or a COMMIT for
    ever, which the rules' budget does not end. The read limit lies above that budget, so that only silence meets it.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        return url  # the rules say what is wrong with it, and where
    if parsed.get_backend_name() != "mysql":
        return url
    missing = {name: value for name, value in LIMITS.items() if name not in parsed.query}
    return parsed.update_query_dict(missing).render_as_string(hide_password=False)


def embedded(rules: Rules) -> bool:
    """Whether the shards are SQLite files."""
    return any(server.embedded for server in rules.servers.values())


def decided(rules: Rules) -> bool:
    """Whether a transaction that has committed on one shard is going to last on all: recovery sees to it."""
    return rules.defaults.transactions == "xa"
