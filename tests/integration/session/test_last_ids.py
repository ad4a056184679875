"""lastrowid and affected rows of INSERTs whose rows bring their AUTO_INCREMENT ids along, against one server."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.integration.dbapi.stage import Stage

ROWS = "INSERT IGNORE INTO scratch (id, x) VALUES (%s, %s)"


def statement(dice: random.Random) -> tuple[str, list[tuple[int, int]] | None]:
    """An INSERT of some rows, some of them there already; rows for executemany, or None."""
    rows = [(dice.randint(1, 30), dice.randint(0, 3)) for _ in range(dice.randint(1, 5))]
    values = ", ".join(map(str, rows))
    kind = dice.randrange(6)
    if kind == 0:
        return ROWS, rows
    if kind == 1:
        return f"INSERT IGNORE INTO scratch (id, x) SELECT id + {dice.randint(0, 9)}, x FROM scratch ORDER BY id", None
    if kind == 2:
        return f"INSERT INTO scratch (id, x) VALUES {values} ON DUPLICATE KEY UPDATE x = x + 1", None
    return f"{('INSERT', 'INSERT IGNORE', 'REPLACE')[kind - 3]} INTO scratch (id, x) VALUES {values}", None


@pytest.mark.usefixtures("scratch")
def test_last_ids_equal_those_of_one_server(stage: Stage, oracle: Any) -> None:
    dice = random.Random(4)
    with stage.connection() as connection:
        for number in range(60):
            sql, rows = statement(dice)
            told = []
            for cursor in (connection.cursor(), oracle):
                try:
                    cursor.execute(sql) if rows is None else cursor.executemany(sql, rows)
                    told.append((cursor.rowcount, cursor.lastrowid))
                except Exception as error:  # both sides' drivers have classes of their own
                    told.append(error.args[0])
            assert told[0] == told[1], (number, sql, rows)


@pytest.mark.usefixtures("scratch")
def test_ids_that_are_texts_or_negative(stage: Stage, oracle: Any) -> None:
    with stage.connection() as connection:
        ours = connection.cursor()
        for ids in (("5", "6"), (-3, -6), (True, 2)):
            sql, params = "INSERT IGNORE INTO scratch (id, x) VALUES (%s, 1), (%s, 2)", ids
            ours.execute(sql, params)
            oracle.execute(sql, params)
            assert (ours.rowcount, ours.lastrowid) == (oracle.rowcount, oracle.lastrowid), ids
