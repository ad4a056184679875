"""Every case of the corpus against its stored explanation: golden/TOPIC.json holds title -> explanation or error.

Five databases on two servers, everything allowed; see catalog.py. Nothing is asked of a server.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shardkit.errors import Error
from tests.differential import corpus
from tests.differential.corpus import Case
from tests.plan.offline import Offline

GOLDEN = Path(__file__).parent / "golden"
TOPICS = sorted({case.file for case in corpus.load()})


@cache
def plain() -> Offline:
    """The session of all cases that need no statement before."""
    return Offline()


def explained(case: Case) -> dict[str, Any]:
    """The case's explanation, or the error it ends in."""
    session = Offline() if case.before else plain()
    params = tuple(case.params) if isinstance(case.params, list) else case.params
    try:
        for statement in case.before:
            session.execute(statement)
        found: dict[str, Any] = json.loads(json.dumps(session.explain(case.sql, params)))
    except Error as error:
        return {"kind": "error", "code": error.code, "errno": error.errno, "message": error.message}
    if "pulls" in found:
        found["pulls"] = [_shortened(pull) for pull in found["pulls"]]
    return found


def _shortened(pull: dict[str, Any]) -> dict[str, Any]:
    """A pull whose statements differ by the database alone says so once: `*` stands for the database."""
    targets = pull["targets"]
    shards = [target["shard"] for target in targets]
    texts = {target["sql"].replace(f"`{target['shard'].partition('/')[2]}`", "`*`") for target in targets}
    if len(texts) != 1:
        return pull
    return {**pull, "targets": {"shards": " ".join(shards), "sql": texts.pop()}}


def stored(topic: str) -> dict[str, Any]:
    """What was found before; empty when nothing was stored yet."""
    path = GOLDEN / f"{topic}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def written(found: dict[str, dict[str, Any]]) -> str:
    """JSON with a line for each case and each target, so that a difference reads well."""
    return "{\n" + ",\n".join(f"{_line(title)}: {_entry(entry)}" for title, entry in found.items()) + "\n}\n"


def _entry(entry: dict[str, Any]) -> str:
    parts = []
    for key, value in entry.items():
        listed = key in ("targets", "pulls") and value
        text = "[\n    " + ",\n    ".join(map(_line, value)) + "]" if listed else _line(value)
        parts.append(f"{_line(key)}: {text}")
    if not entry.get("targets") and not entry.get("pulls"):
        return _line(entry)
    return "{" + ",\n  ".join(parts) + "}"


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("topic", TOPICS)
def test_plans_are_as_stored(topic: str, update_plans: bool) -> None:
    found = {case.title: explained(case) for case in corpus.load() if case.file == topic}
    if update_plans:
        (GOLDEN / f"{topic}.json").write_text(written(found), encoding="utf-8")
        return
    before = stored(topic)
    changed = [
        f"{title}\n  stored: {_line(before.get(title))}\n  found:  {_line(found.get(title))}"
        for title in dict.fromkeys([*before, *found])
        if before.get(title) != found.get(title)
    ]
    shown = [*changed[:5], f"and {len(changed) - 5} more"] if len(changed) > 5 else changed
    hint = "pytest tests/plan --update-plans stores them as they are now"
    assert not changed, "\n".join([f"{len(changed)} plans changed; {hint}", *shown])


def test_every_stored_file_has_its_topic() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == TOPICS


@pytest.mark.parametrize("case", [case for case in corpus.load() if case.shards], ids=lambda case: case.name)
def test_targets_are_as_the_case_says(case: Case) -> None:
    targets = explained(case)["targets"]
    match case.shards:
        case "one" | "none":
            assert len(targets) == 1
        case "some":
            assert 1 < len(targets) < 5
        case _:
            assert len(targets) == 5
