"""Durations and sizes as text: `500ms`, `5s`, `2m`, `1h`; `64KB`, `256MB`, `1GB` (1 KB = 1024 bytes).

Invariant: a number without its unit is never guessed at.
"""

from __future__ import annotations

import re

DURATION = r"(\d+(?:\.\d+)?) ?(ms|s|m|h)"
SIZE = r"(\d+) ?(B|KB|MB|GB)"

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


def seconds(text: str) -> float:
    """A duration in seconds; ValueError (with what to write) if it is none or longer than a day."""
    match = re.fullmatch(DURATION, text, re.ASCII)
    found = float(match[1]) * _SECONDS[match[2]] if match else -1.0
    if not 0 <= found <= 86_400:
        raise ValueError("not a duration; write a number and its unit, such as 500ms, 5s, 2m or 1h")
    return found


def size(text: str) -> int:
    """A size in bytes; ValueError (with what to write) if it is none or zero."""
    match = re.fullmatch(SIZE, text, re.ASCII)
    found = int(match[1]) * _BYTES[match[2]] if match and len(match[1]) < 16 else 0
    if not found:
        raise ValueError("not a size; write a number and its unit, such as 512KB, 256MB or 1GB")
    return found
