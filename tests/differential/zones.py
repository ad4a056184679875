"""A time zone with summer time, for servers that know none: a fresh MariaDB has empty tables of zones.

Invariant: a server that knows the zone is not touched.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

ZONE = "Europe/Berlin"
_NUMBER = 77_001
_SUMMERS = (
    (datetime(2001, 3, 25, 1), datetime(2001, 10, 28, 1)),
    (datetime(2024, 3, 31, 1), datetime(2024, 10, 27, 1)),
)
"""Beginnings and ends in UTC, of the years that the data has moments in."""


def teach(cursor: Any) -> None:
    """Make sure that `SET time_zone = 'Europe/Berlin'` works on this server."""
    cursor.execute("SELECT CONVERT_TZ('2024-07-01 12:00:00', '+00:00', %s)", (ZONE,))
    if cursor.fetchone()[0] is not None or _known(cursor):
        return
    turns = [(turn, kind) for summer in _SUMMERS for turn, kind in zip(summer, (1, 0), strict=True)]
    cursor.execute("INSERT IGNORE INTO mysql.time_zone VALUES (%s, 'N')", (_NUMBER,))
    for number, (shift, summer, name) in enumerate(((3600, 0, "CET"), (7200, 1, "CEST"))):
        values = (_NUMBER, number, shift, summer, name)
        cursor.execute("INSERT IGNORE INTO mysql.time_zone_transition_type VALUES (%s, %s, %s, %s, %s)", values)
    for turn, kind in turns:
        seconds = int(turn.replace(tzinfo=UTC).timestamp())
        cursor.execute("INSERT IGNORE INTO mysql.time_zone_transition VALUES (%s, %s, %s)", (_NUMBER, seconds, kind))
    # The name comes last: from now on the zone is used.
    cursor.execute("INSERT IGNORE INTO mysql.time_zone_name VALUES (%s, %s)", (ZONE, _NUMBER))


def _known(cursor: Any) -> bool:
    cursor.execute("SELECT COUNT(*) FROM mysql.time_zone_name WHERE name = %s", (ZONE,))
    return bool(cursor.fetchone()[0])
