"""Statements about the session: transactions, savepoints and SET. They never reach the parser.

Invariant: a SET that would change what later statements mean is refused, never ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from shardkit.errors import NotSupportedError, SqlSyntaxError


class Step(Enum):
    """What a control statement does."""

    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SAVEPOINT = "savepoint"
    ROLLBACK_TO = "rollback to"
    RELEASE = "release"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Control:
    """One control statement; `savepoint` is the quoted name where there is one."""

    step: Step
    savepoint: str = ""


WORDS = frozenset(("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET"))
"""First words of control statements."""

_NAME = r"(`(?:[^`]|``)+`|\w+)"
_FORMS: tuple[tuple[re.Pattern[str], Step], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), step)
    for pattern, step in (
        (r"BEGIN(?: WORK)?|START TRANSACTION(?: (?:READ (?:ONLY|WRITE)|WITH CONSISTENT SNAPSHOT),?)*", Step.BEGIN),
        (r"COMMIT(?: WORK)?(?: AND NO CHAIN)?(?: NO RELEASE)?", Step.COMMIT),
        (r"ROLLBACK(?: WORK)?(?: AND NO CHAIN)?(?: NO RELEASE)?", Step.ROLLBACK),
        (rf"ROLLBACK(?: WORK)? TO(?: SAVEPOINT)? {_NAME}", Step.ROLLBACK_TO),
        (rf"SAVEPOINT {_NAME}", Step.SAVEPOINT),
        (rf"RELEASE SAVEPOINT {_NAME}", Step.RELEASE),
    )
)
_HARMLESS = frozenset(
    (
        *("names", "character_set_client", "character_set_results", "character_set_connection", "charset"),
        *("foreign_key_checks", "unique_checks", "wait_timeout", "interactive_timeout", "lock_wait_timeout"),
        *("innodb_lock_wait_timeout", "max_execution_time", "net_read_timeout", "net_write_timeout"),
        *("transaction_isolation", "tx_isolation", "optimizer_switch", "sql_notes"),
    )
)
_TIME_ZONES = frozenset(("system", "default"))
_READING_MODES = ("ANSI", "NO_BACKSLASH_ESCAPES", "PIPES_AS_CONCAT", "PAD_CHAR_TO_FULL_LENGTH", "HIGH_NOT_PRECEDENCE")
_ASSIGNMENT = re.compile(r"(?:(?:@@)?(SESSION|LOCAL|GLOBAL|PERSIST)[. ]\s*|@@)?`?(\w+)`?\s*:?=\s*(.+)", re.I | re.S)


def control(sql: str) -> Control:
    """Read a control statement. Raises SqlSyntaxError, and NotSupportedError for a SET that has an effect."""
    plain = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", " ", sql, flags=re.S)).strip().rstrip("; ")
    if plain[:4].upper() == "SET ":
        for part in re.split(r",(?=(?:[^']*'[^']*')*[^']*$)", plain[4:]):
            _set(part.strip())
        return Control(Step.NOTHING)
    for pattern, step in _FORMS:
        found = pattern.fullmatch(plain)
        if found is not None:
            return Control(step, _quoted(found[1]) if pattern.groups else "")
    raise SqlSyntaxError(f"the embedded database does not read {plain.split()[0].upper()} in this form")


def _quoted(name: str) -> str:
    return name if name.startswith("`") else f"`{name}`"


def _set(part: str) -> None:
    words = part.upper().split()
    if words[:1] == ["NAMES"] or words[:2] == ["CHARACTER", "SET"] or words[:1] == ["CHARSET"]:
        return
    if "TRANSACTION" in words[:2] and words[0] in ("TRANSACTION", "SESSION", "LOCAL"):
        return  # a file's snapshots are at least as strict as any level
    found = _ASSIGNMENT.fullmatch(part)
    if part.startswith("@") and not part.startswith("@@"):
        raise _no_effect("a user variable", "the embedded database keeps no variables")
    if found is None or (found[1] or "").upper() in ("GLOBAL", "PERSIST"):
        raise _no_effect(f"SET {part.split('=')[0].strip()}", "there is no server to set it on")
    name, value = found[2].lower(), found[3].strip().strip("'\"")
    if name in _HARMLESS or (name == "time_zone" and value.lower() in _TIME_ZONES):
        return
    if name == "sql_mode" and not any(mode in value.upper() for mode in _READING_MODES):
        return
    if name == "autocommit" and value.upper() in ("1", "ON", "TRUE"):
        return
    raise _no_effect(f"SET {name} to this value", "the embedded database cannot follow it")


def _no_effect(what: str, why: str) -> NotSupportedError:
    return NotSupportedError(what, why=why, instead="leave it out, or use a MySQL server")
