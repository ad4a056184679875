"""docs/reference/sql.md from the SQL corpus: statements that the tests run, and how each is answered over five shards.

Invariant: the page says nothing that the stored plans of the corpus do not say.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.differential.corpus import FOLDER, Case, load

GOLDEN = Path(__file__).parent.parent / "tests" / "plan" / "golden"
KINDS = ("pass", "merge", "federate", "write", "ddl", "session", "refused", "error")
LONGEST = 400

INTRODUCTION = """\
# SQL by example

*This page is generated from the SQL corpus in `tests/cases` by `make docs`. Do not edit it by hand.*

Each statement below is a test: its answer over 1, 2, 3, 5 and 16 shards is compared with the answer of one unsharded
MySQL and MariaDB. The word before it says how it is answered where rows lie in five databases on two servers:

- **pass**: one shard answers, the text goes there with only its table names changed
- **merge**: each shard answers its part, the parts are put together as they arrive
- **federate**: rows or partial groups are brought to one server, which finishes
  ([federation](../explanation/federation.md))
- **write**, **ddl**, **session**: changes rows, tables, or the connection's settings
- **refused**: a typed error says why and what to write instead ([limits](../explanation/limits.md))
- **error**: fails, with MySQL's own error number
"""


def page() -> str:
    """The whole page as Markdown."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    topics = {path.stem: _cases(path.stem) for path in sorted(FOLDER.glob("*.yaml"))}
    yield "\n| topic | " + " | ".join(KINDS) + " |\n| --- |" + " ---: |" * len(KINDS) + "\n"
    for topic, found in topics.items():
        counts = Counter(kind for _, kind in found)
        anchor = _title(topic).lower().replace(" ", "-")
        yield f"| [{_title(topic)}](#{anchor}) | " + " | ".join(str(counts[kind] or "") for kind in KINDS) + " |\n"
    for topic, found in topics.items():
        yield f"\n## {_title(topic)}\n\n{_about(topic)}\n\n"
        yield from (f"- **{kind}** {case.title}: {_code(case.sql)}\n" for case, kind in found)


def _cases(topic: str) -> list[tuple[Case, str]]:
    plans: dict[str, dict[str, Any]] = json.loads((GOLDEN / f"{topic}.json").read_text(encoding="utf-8"))
    return [(case, str(plans[case.title]["kind"])) for case in load() if case.file == topic]


def _title(topic: str) -> str:
    return topic.replace("_", " ").capitalize().replace("Ctes", "CTEs")


def _about(topic: str) -> str:
    """The comment at the beginning of the topic's file."""
    lines = (FOLDER / f"{topic}.yaml").read_text(encoding="utf-8").split("\n- ", 1)[0].splitlines()
    return "\n".join(line.removeprefix("#").strip() for line in lines if line.startswith("#"))


def _code(sql: str) -> str:
    text = " ".join(sql.split())
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    fence = "``" if "`" in text else "`"
    return f"{fence} {text} {fence}" if fence == "``" else f"`{text}`"
