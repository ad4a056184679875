"""Opaque cursors: the key of the last row of a page, signed, and good only for the list it was made for.

A list that is walked by cursor says "rows after this key" instead of "rows after the first 40", so rows that are added
meanwhile neither push a row onto the next page nor pull one from under it. Invariant: `open` gives exactly what
`seal` was given under the same secret and scope, or refuses.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from examples.centers.problems import Problem

Key: TypeAlias = tuple[Any, ...]
SIGNATURE = 12  # bytes; a cursor only names a place in a list its reader may see anyway


class Cursors:
    """Makes and reads cursors with one secret, which all processes of a service share."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, scope: str, key: Key) -> str:
        """The cursor of a key in the list that `scope` names."""
        payload = json.dumps([_plain(part) for part in key], separators=(",", ":")).encode()
        return _written(self._sign(scope, payload) + payload)

    def open(self, scope: str, cursor: str) -> Key:
        """The key of a cursor. Raises Problem (400) for what is no cursor of this list."""
        try:
            sealed = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        except (BadBase64, UnicodeEncodeError, ValueError):
            raise _bad() from None
        signature, payload = sealed[:SIGNATURE], sealed[SIGNATURE:]
        # The decoder skips what is no letter of its alphabet; what was not sealed here is not taken for a cursor.
        if _written(sealed) != cursor or not hmac.compare_digest(signature, self._sign(scope, payload)):
            raise _bad()
        return tuple(_typed(part) for part in json.loads(payload))

    def _sign(self, scope: str, payload: bytes) -> bytes:
        return hmac.digest(self._secret, scope.encode() + b"\0" + payload, "sha256")[:SIGNATURE]


def _written(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _plain(part: Any) -> Any:
    match part:
        case datetime():
            return {"at": part.isoformat()}
        case Decimal():
            return {"number": str(part)}
        case _:
            return part


def _typed(part: Any) -> Any:
    match part:
        case {"at": text}:
            return datetime.fromisoformat(text)
        case {"number": text}:
            return Decimal(text)
        case _:
            return part


def _bad() -> Problem:
    told = "this cursor belongs to another list; take `next` from a page of the same list and filters, or leave it out"
    return Problem(400, "bad-cursor", told)
