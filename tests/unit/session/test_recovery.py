"""Recovery: what a round does with a server that fails in the middle of it."""

from __future__ import annotations

from typing import Any

from shardkit.errors import ConnectionLost, ProgrammingError
from shardkit.rules import loads
from shardkit.session.recovery import Recovery, recover
from tests.unit.session.play import opened

RULES = loads(
    'version: 1\nservers: { a: { url: "mysql+pymysql://u:p@h:1" } }\n'
    'layouts: { m: { databases: "m{0..2}", servers: [a] } }\ntables: { member: { layout: m, shard_by: id } }\n'
)


def play(*answers: Any) -> Recovery:
    """One round, given these answers."""
    script = recover(RULES, 0.0, 0.0)
    script.send(None)
    try:
        for answer in answers:
            if isinstance(answer, BaseException):
                script.throw(answer)
            else:
                script.send(answer)
    except StopIteration as end:
        assert answer is answers[-1]
        found: Recovery = end.value
        return found
    raise AssertionError("it asks for more")


def test_old_decisions_are_dropped_on_every_shard_that_has_the_table() -> None:
    missing = ProgrammingError("no table", errno=1146)
    assert play(opened(width=4), opened(count=2), missing, opened(count=3)) == Recovery((), {}, 5)


def test_a_server_that_fails_while_they_are_dropped_is_told_and_the_rest_is_done() -> None:
    done = play(opened(width=4), opened(count=2), ConnectionLost("killed"), opened(count=3))
    assert done.dropped == 5
    assert "killed" in done.silent["a"]


def test_nothing_is_dropped_while_a_server_is_silent() -> None:
    done = play(ConnectionLost("gone"))
    assert done.dropped == 0
    assert "gone" in done.silent["a"]
