"""Splitting lists and rows over targets is a partition, and names put back give the user's text."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardkit.flow import Task
from shardkit.values import Params
from tests.unit.route.tables import session

SESSION = session("transactions: best_effort, full_scan_writes: allow")
KEYS = st.integers(-9, 30)
COMMENTS = st.sampled_from(["", " ", "\n", " /* ), ( member */ ", " -- 'x\n", " # ,\n"])
STRINGS = st.sampled_from(["'a'", "'), ('", "'it''s'", "'东京 😀'", '"member"', "'\\\\'", "'/* x */'", "NULL", "1.50"])


def tasks(sql: str, params: Params) -> tuple[Task, ...]:
    return SESSION.plan(sql, params).tasks


def slot(task: Task) -> int:
    return int(task.shard.database[-1])


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, tuple[Any, ...], list[int]]:
    """The inside of an IN list, its parameters, and its keys."""
    keys = draw(st.lists(KEYS, min_size=2, max_size=8))
    parts, params = [], []
    for key in keys:
        form = draw(st.sampled_from(["literal", "text", "param", "brackets"]))
        params += [key] if form == "param" else []
        parts.append({"literal": str(key), "text": f"'{key}'", "param": "%s", "brackets": f"({key})"}[form])
    return ",".join(draw(COMMENTS) + part + draw(COMMENTS) for part in parts), tuple(params), keys


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    lists(),
    st.sampled_from(
        [
            "SELECT n, %s FROM member WHERE",
            "UPDATE member SET n = %s WHERE",
            "SELECT %s FROM member m WHERE m.id > -99 AND",
        ]
    ),
)
def test_a_list_over_targets_is_a_partition(given_list: tuple[str, tuple[Any, ...], list[int]], head: str) -> None:
    inside, params, keys = given_list
    found = tasks(f"{head} id IN ({inside}) AND n < %s", ("first", *params, "last"))
    if len(found) == 1:
        assert {key % 4 for key in keys} == {slot(found[0])}
        assert found[0].args == ("first", *params, "last")
        return
    gathered: Counter[int] = Counter()
    for task in found:
        assert isinstance(task.args, tuple)
        assert (task.args[0], task.args[-1]) == ("first", "last")
        mine = entries(task.sql, iter(task.args[1:-1]))
        assert {key % 4 for key in mine} == {slot(task)}
        gathered.update(mine)
    assert gathered == Counter(keys)


def entries(sql: str, args: Any) -> list[int]:
    """The keys in the IN list of a shard's SQL, parameters put in."""
    bare = re.sub(r"/\*.*?\*/|-- [^\n]*\n|#[^\n]*\n", "", sql)
    inside = bare[bare.index(" IN (") + 5 : bare.rindex(") AND")]
    found = [next(args) if part.strip() == "%s" else int(part.strip(" \n()'")) for part in inside.split(",")]
    assert next(args, None) is None
    return found


@st.composite
def inserts(draw: st.DrawFn) -> tuple[str, tuple[Any, ...], list[tuple[int, str]]]:
    """An INSERT, its parameters, and for each row its key and its text."""
    rows, params = [], []
    for number, key in enumerate(draw(st.lists(KEYS, min_size=1, max_size=8))):
        as_param, mark = draw(st.booleans()), draw(st.booleans())
        text = f"({draw(COMMENTS)}{'%s' if as_param else key}, {'%s' if mark else draw(STRINGS)}{draw(COMMENTS)})"
        params += ([key] if as_param else []) + ([f"row {number}"] if mark else [])
        rows.append((key, text))
    verb, tail = (
        draw(st.sampled_from(["INSERT INTO", "REPLACE", "INSERT IGNORE"])),
        draw(st.sampled_from(["", " ON DUPLICATE KEY UPDATE n = %s"])),
    )
    tail = "" if verb == "REPLACE" else tail
    between = f",{draw(COMMENTS)}"
    return (
        f"{verb} member (id, n) VALUES {between.join(text for _, text in rows)}{tail}",
        (*params, *(["tail"] if tail else [])),
        rows,
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(inserts())
def test_rows_over_targets_are_a_partition(insert: tuple[str, tuple[Any, ...], list[tuple[int, str]]]) -> None:
    sql, params, rows = insert
    found = tasks(sql, params)
    assert sorted(slot(task) for task in found) == sorted({key % 4 for key, _ in rows})
    tail = sql[len(sql) - len(" ON DUPLICATE KEY UPDATE n = %s") :] if "ON DUPLICATE" in sql else ""
    arguments = split_arguments(rows, params)
    for task in found:
        mine = [number for number, (key, _) in enumerate(rows) if key % 4 == slot(task)]
        head = sql[: sql.index("VALUES ") + 7].replace("member", f"`m_{slot(task)}`.`member`")
        if len(found) > 1:
            assert task.sql == head + ", ".join(rows[number][1] for number in mine) + tail
        assert task.args == (*(value for number in mine for value in arguments[number]), *(["tail"] if tail else []))


def split_arguments(rows: list[tuple[int, str]], params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The parameters of each row, in order."""
    found, at = [], 0
    for _, text in rows:
        count = text.count("%s")
        found.append(params[at : at + count])
        at += count
    return found


PIECES = st.lists(
    st.sampled_from(["n", "'member'", "member.id", "`n`", "UPPER('东')", "5--3", "/* member */ 1", "'😀'", '"a"',
    "n % 3", "(1)", "CASE n WHEN 1 THEN 2 END"]),
    min_size=1, max_size=6,
)  # fmt: skip
TAILS = st.sampled_from(
    ["", ";", " -- member\n", " /* member */", " AND n > 3 ORDER BY n LIMIT 2", " FOR UPDATE",
    " AND EXISTS (SELECT 1 FROM address WHERE memberId = 5)",
     " GROUP BY n HAVING COUNT(*) > 1", " AND name LIKE '100%' ESCAPE '|'"]
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    PIECES,
    st.sampled_from(["member", "`member`", "member FORCE INDEX (a)", "member\n"]),
    TAILS,
    st.sampled_from([0, 5, 7, 6]),
)
def test_a_passed_text_with_its_names_put_back_is_the_users_text(
    pieces: list[str], source: str, tail: str, key: int
) -> None:
    text = f"SELECT {', '.join(pieces)} FROM {source} WHERE {key}=id{tail.replace('5', str(key))}"
    (task,) = tasks(text, None)
    names = f"`m_{key % 4}`."
    assert task.sql.count(names) == 1 + tail.count("FROM")
    back = task.sql.replace(f"{names}`address`", "address").replace(
        f"{names}`member`", "`member`" if "`" in source else "member"
    )
    assert back == text
    assert task.args is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["LIMIT {n} OFFSET {m}", "LIMIT {m}, {n}"]), st.booleans())
def test_every_shard_gives_enough_for_the_window(limit: int, offset: int, form: str, positional: bool) -> None:
    tail = form.format(n="%s", m="%s") if positional else form.format(n=limit, m=offset)
    order = (limit, offset) if form.startswith("LIMIT {n}") else (offset, limit)
    plan = SESSION.plan(f"SELECT id FROM member ORDER BY id {tail}", order if positional else None)
    assert (plan.window.limit, plan.window.offset) == (limit, offset)
    for task in plan.tasks:
        asked = task.args if positional else (int(task.sql.rsplit(" ", 1)[1]),)
        assert asked == (limit + offset,)
