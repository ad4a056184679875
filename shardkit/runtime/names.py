"""Names of transactions: when they began, in milliseconds, and 64 bits of chance.

Invariant: no two calls give the same name, in any process.
"""

from __future__ import annotations

import secrets
import time

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_name() -> str:
    """`<milliseconds since 1970 in base 36>-<chance in base 16>`."""
    number, text = time.time_ns() // 1_000_000, ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return f"{text}-{secrets.token_hex(8)}"
