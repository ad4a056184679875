"""Which texts are equal under a collation: asked of the unsharded server, never computed here.

Invariant: nothing is stored on the server; the texts travel as one JSON parameter and come back as numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from shardkit.errors import OperationalError
from shardkit.verify.answers import Connection, Failure, ask

_WORD = re.compile(r"[A-Za-z0-9_]+\Z")


def numbers(oracle: Connection, collation: str, texts: Sequence[str]) -> dict[str, int]:
    """text -> a number, the same for texts that are equal under the collation. Raises OperationalError.

    numbers(oracle, "utf8mb4_general_ci", ["a", "A", "b"]) == {"a": 1, "A": 1, "b": 2}
    """
    if not _WORD.match(collation):
        raise OperationalError(f"{collation!r} is not the name of a collation")
    charset = collation.split("_", 1)[0]
    sql = (
        "SELECT n, DENSE_RANK() OVER (ORDER BY t) FROM JSON_TABLE(%s, '$[*]' COLUMNS "
        f"(n FOR ORDINALITY, t LONGTEXT CHARACTER SET {charset} COLLATE {collation} PATH '$')) AS sk__texts"
    )
    answer = ask(oracle, sql, (json.dumps(list(texts), ensure_ascii=False),))
    if isinstance(answer, Failure):
        raise OperationalError(f"texts cannot be compared under {collation}: {answer.text}", errno=answer.errno)
    return {texts[number - 1]: rank for number, rank in answer.rows}
