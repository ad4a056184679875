"""YAML's traps do not bite; variables come from the environment, and what they hold never shows."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardkit.errors import RulesError
from shardkit.rules import loads
from shardkit.rules.scalars import resolve, substitute
from shardkit.rules.source import Source

SECRET = "s3cr3t@/:%#?日本"


@pytest.mark.parametrize(
    "text", ["on", "off", "yes", "no", "Yes", "010", "0x1F", "0o17", "12:30:45", "1__0", "_1", "1_"]
)
def test_text_stays_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["2024-01-01", "1e3", ".5", "5.", ".inf", ".nan", "<<", "=", "-", "00", "9" * 70])
def test_more_text_stays_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000_000", 1_000_000),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("~", None),
    ],
)
def test_values(text: str, value: Any) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_the_same_in_a_file() -> None:
    source = Source("f", "a: [on, 010, 12:30:45, 1_000, '5', 1.5, true]\non: 1\n", {})
    assert source.data == {"a": ["on", "010", "12:30:45", 1000, "5", 1.5, True], "on": 1}
    assert not source.problems


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("${A}", {"A": "x"}, "x"),
        ("a${A}b${B:-c}d", {"A": "x"}, "axbcd"),
        ("${A:-d}", {"A": ""}, "d"),
        ("${A}", {"A": ""}, ""),
        ("${A:-}", {}, ""),
        ("${A:-x:y-z}", {}, "x:y-z"),
        ("$${A}", {"A": "x"}, "${A}"),
        ("$A $ 5$", {"A": "x"}, "$A $ 5$"),
        ("${A}", {"A": "${B}", "B": "no"}, "${B}"),
        ("m://u:${A}@h", {"A": SECRET}, "m://u:s3cr3t%40%2F%3A%25%23%3F%E6%97%A5%E6%9C%AC@h"),
        ("m://${U}:${A}@${H}:${P}", {"U": "a@b", "A": "/", "H": "h:1", "P": "2"}, "m://a%40b:%2F@h:1:2"),
        ("${URL}", {"URL": "m://u:p@h"}, "m://u:p@h"),
        ("m://h/?x=${A}@", {"A": "/"}, "m://h/?x=/@"),
    ],
)
def test_substitution(text: str, environ: dict[str, str], expected: str) -> None:
    assert substitute(text, environ) == (expected, [])


def test_every_unset_variable_has_its_place() -> None:
    text = "a: x\nb: [ \"${ONE} ${TWO}\", 'it''s ${THREE}' ]\nc: ${FOUR!}\nd: \"${FIVE\"\ne: |\n  text\n  ${SIX}\n"
    source = Source("f", text, {"TWO": "2"})
    assert [str(problem).split(" (")[0] for problem in source.problems] == [
        "f:2:7: the environment variable ONE is not set",
        "f:2:30: the environment variable THREE is not set",
        "f:3:4: this is not a variable",
        "f:4:5: this is not a variable",
        "f:7:3: the environment variable SIX is not set",
    ]
    assert source.data == {"a": "x"}


@pytest.mark.parametrize("pool", ['{ size: "${SIZE}" }', "\n    size: ${SIZE}", "\n    size: '1${SIZE}'"])
def test_a_number_may_come_from_the_environment(pool: str) -> None:
    text = f"version: 1\nservers:\n  a:\n   url: 'mysql://h'\n   pool: {pool}"
    assert loads(text, environ={"SIZE": "7"}).servers["a"].pool.size in (7, 17)
    with pytest.raises(RulesError, match="a whole number is wanted") as caught:
        loads(text, environ={"SIZE": "s3cr3t"})
    assert "s3cr3t" not in str(caught.value)


def test_quoted_numbers_are_text() -> None:
    with pytest.raises(RulesError, match="a whole number is wanted, not '7'"):
        loads("version: 1\nservers: { a: { url: 'mysql://h', pool: { size: '7' } } }")


def test_the_environment_cannot_become_structure() -> None:
    source = Source("f", "a: ${X}", {"X": "{ b: [c] }\nd: e"})
    assert source.data == {"a": "{ b: [c] }\nd: e"}


def test_the_password_reaches_the_url_unchanged_and_nothing_else() -> None:
    rules = loads(
        "version: 1\nservers: { a: { url: 'mysql://u:${PW}@h:1', replicas: [{ url: 'mysql://u:${PW}@r' }] } }",
        environ={"PW": SECRET},
    )
    assert rules.servers["a"].url.password == SECRET
    assert rules.servers["a"].url.host == "h"
    shown = f"{rules!r} {rules.servers['a']!r} {rules.servers!r} {rules.notices}"
    assert SECRET not in shown
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(
    "line",
    [
        "servers: { a: { url: '${PW}' } }",
        "servers: { a: { url: 'mysql://u:${PW}@h:notaport' } }",
        "servers: { a: { url: 'mysql://u:x@h:${PW}' } }",
        "servers: { a: { url: 'mysql://u@h/${PW}' } }",
        "servers: { a: { url: 'mysql://h?password=${PW}' } }",
        "servers: { a: { url: 'postgres://u:${PW}@h' } }",
        "servers: { a: { url: 'mysql://u:s3cr3t@h', pool: { size: 'mysql://u:s3cr3t@h' } } }",
        "servers: { a: { url: ['mysql://u:s3cr3t@h'] } }",
        "servers: { a: 'mysql://u:s3cr3t@h' }",
        "servers: { a: { ulr: 'mysql://u:s3cr3t@h' } }",
        "servers: { a: { url: 'mysql://h', pool: { size: '${PW}', wait: '${PW}' } } }",
        "servers: { a: { url: 'mysql://h' } }\nlayouts: { l: { databases: [x], servers: ['${PW}'], tables: '${PW}' } }",
        "servers: { a: { url: 'mysql://h' } }\ntables: { t: { layout: '${PW}', shard_by: x, algorithm: '${PW}' } }",
        "servers: { a: { url: 'mysql://h' } }\nsingle: { database: '${PW}/x' }\ndefaults: { transactions: '${PW}' }",
    ],
)
def test_no_message_shows_a_password(line: str) -> None:
    with pytest.raises(RulesError) as caught:
        loads(f"version: 1\n{line}", environ={"PW": SECRET[:6]})
    assert SECRET[:6] not in "".join(traceback.format_exception(caught.value))


@given(st.text())
def test_any_text_gives_rules_or_rules_error(text: str) -> None:
    with pytest.raises(RulesError) as caught:
        loads(text, environ={})
    assert caught.value.problems


@given(st.text("abcxyz01239_.:-+eE~ "))
def test_only_what_looks_like_a_number_is_one(text: str) -> None:
    found = resolve(text)
    if isinstance(found, int | float) and not isinstance(found, bool):
        assert type(found)(text.replace("_", "")) == found
        assert not text.lstrip("+-").startswith("0") or float(found) < 1
