"""What becomes of statements, planned without servers; kinds are explain's own, also those that are not known here."""

from __future__ import annotations

from typing import Any

import pytest

from shardkit.analyze import Classifier, Fate, Offline, Tally, as_data, planner_of, report
from shardkit.analyze.entries import Entry
from shardkit.plan import Explanation
from shardkit.rules import loads
from shardkit.values import Params
from tests.unit.route.tables import RULES, TABLES


def classifier(defaults: str = "transactions: best_effort", show_values: bool = False) -> Classifier:
    planner = planner_of(loads(RULES.replace("transactions: best_effort", defaults)), TABLES)
    return Classifier(planner, Offline(planner).explain, show_values)


def fate(*texts: str, defaults: str = "transactions: best_effort") -> Fate:
    return classifier(defaults).fate(texts)


@pytest.mark.parametrize(
    ("sql", "name", "shards"),
    [
        ("SELECT * FROM member WHERE id = 5", "pass", 1),
        ("SELECT * FROM member WHERE id = ?", "pass", 1),
        ("SELECT * FROM member WHERE id IN (%s, %s)", "merge", 2),
        ("SELECT * FROM member WHERE id = :id AND name LIKE 'a%' LIMIT ?", "pass", 1),
        ("SELECT * FROM listed WHERE code = ?", "pass", 1),
        ("SELECT * FROM log WHERE memberId = ? AND at = ?", "pass", 1),
        ("SELECT * FROM member ORDER BY name", "merge", 4),
        ("SELECT * FROM country", "pass", 1),
        ("SELECT n FROM member GROUP BY n HAVING COUNT(*) + 1 > 3", "federate", 4),
        ("SELECT GET_LOCK('x', 0) FROM member", "refused", 0),
        ("INSERT INTO member (id, n) VALUES (1, 2)", "write, one shard", 1),
        ("INSERT INTO member (id, n) VALUES (?, ?)", "write, one shard", 1),
        ("INSERT INTO member (id, n) VALUES (1, 2), (2, 3)", "write, several shards", 2),
        ("UPDATE member SET n = 1 WHERE id = 3", "write, one shard", 1),
        ("DELETE FROM member WHERE n = 3", "refused", 0),
        ("UPDATE country SET n = 1", "write, broadcast", 4),
        ("UPDATE config SET v = 'x'", "write, one shard", 1),
        ("CREATE INDEX i ON member (n)", "ddl", 4),
        ("SET NAMES utf8mb4", "session", 0),
        ("BEGIN", "session", 0),
        ("SHOW TABLES", "session", 0),
        ("SHOW PROCESSLIST", "refused", 0),
        ("SELECT * FROM nowhere", "error", 0),
        ("SELECT nothing FROM member", "error", 0),
        ("SELECT FROM", "error", 0),
        ("SELECT 'open", "error", 0),
        ("nonsense", "error", 0),
    ],
)
def test_fates(sql: str, name: str, shards: int) -> None:
    found = fate(sql)
    assert (found.name, found.shards) == (name, shards), found.reason
    assert found.reason or found.kind == "session"


def test_writes_over_several_shards_need_the_leave_of_the_rules() -> None:
    sql = "INSERT INTO member (id, n) VALUES (1, 2), (2, 3)"
    found = fate(sql, defaults="transactions: single_shard")
    assert found.kind == "refused"
    assert "single_shard" in found.reason


def test_the_worst_of_several_examples_counts() -> None:
    one, two = "SELECT * FROM member WHERE id IN (1)", "SELECT * FROM member WHERE id IN (1, 2)"
    assert fate(one, one).name == "pass"
    found = fate(one, two)
    assert found.name == "merge"
    assert found.reason.endswith("; with other values: pass")


def test_kinds_that_are_not_known_here() -> None:
    def explain(text: str, params: Params) -> Explanation:
        kind = "federate" if "federate" in text else "teleport"
        targets = [{"shard": "a/b"}, {"shard": "a/c"}]
        where = {"targets": [], "pulls": [{"targets": targets}]} if kind == "federate" else {"targets": targets}
        return Explanation(kind, {"kind": kind, "reason": "new", **where})

    made = Classifier(classifier().planner, explain)
    assert made.fate(["SELECT federate"]) == Fate("federate", "", "new", 2)
    assert made.fate(["SELECT teleport"]) == Fate("teleport", "", "new", 2)
    assert Fate("federate").cost < Fate("teleport").cost < Fate("refused").cost < Fate("error").cost


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM member WHERE id = = 'secret-1'",
        "SELECT 'secret-1' 'x' FROM FROM",
        "'secret-1'",
        "SELECT * FROM `nowhere` WHERE a = 'secret-1'",
        "SELECT * FROM log WHERE at = 'secret-1'",
        "SELECT `secret-1`.x FROM member WHERE name = 'secret-1'",
    ],
)
def test_reasons_hold_no_values(sql: str) -> None:
    assert "secret-1" not in fate(sql).reason
    data: dict[str, Any] = as_data(report(counted(sql), classifier()))
    assert "secret-1" not in str(data).replace("`secret-1`", "")


def counted(*texts: str, seconds: float | None = None) -> Tally:
    tally = Tally()
    for text in texts:
        tally.add(Entry(text, seconds))
    return tally


def test_values_are_shown_when_asked_for() -> None:
    made = classifier(show_values=True)
    assert "'secret'" in made.fate(["SELECT FROM FROM 'secret'"]).reason or made.fate(["'secret'"]).reason
    data = as_data(report(counted("SELECT * FROM member WHERE id = 5"), made), examples=True)
    assert data["statements"][0]["example"] == "SELECT * FROM member WHERE id = 5"


def test_a_report_adds_up() -> None:
    texts = ["SELECT * FROM member WHERE id = 1"] * 3 + ["SELECT COUNT(*) FROM member", "nonsense", "SELECT x FROM"]
    tally = counted(*texts)
    tally.add(Entry("SELECT 'cut off", cut=True))
    told: list[int] = []
    found = report(tally, classifier(), told.append)
    assert [(kind.name, kind.count, kind.fingerprints) for kind in found.kinds()] == [
        ("error", 3, 3),
        ("pass", 3, 1),
        ("merge", 1, 1),
    ]
    assert told == [1, 2, 3, 4, 5]
    assert found.judged[0].weight == 3.0
    assert any("not read to its end" in one.fate.reason for one in found.judged)
    data = as_data(found)
    assert sum(kind["count"] for kind in data["kinds"]) == data["count"] == 7
    assert data["weighted_by"] == "count"


def test_times_are_the_weights_of_a_slow_log() -> None:
    tally = counted("SELECT * FROM member WHERE id = 1", "SELECT * FROM member WHERE id = 2", seconds=0.5)
    tally.add(Entry("SELECT COUNT(*) FROM member", 3.0))
    found = report(tally, classifier())
    assert [(kind.name, kind.seconds) for kind in found.kinds()] == [("merge", 3.0), ("pass", 1.0)]
    assert found.judged[0].group.text == "SELECT COUNT(*) FROM member"
    assert as_data(found)["weighted_by"] == "seconds"


def test_a_table_that_the_schema_does_not_create() -> None:
    planner = planner_of(loads(RULES), [])
    found = Classifier(planner, Offline(planner).explain).fate(["SELECT * FROM member"])
    assert found.kind == "error"
    assert "no CREATE TABLE for member" in found.reason
