"""Every mistake of a rules file is reported at once, each at its line and column, and none hides another."""

from __future__ import annotations

from textwrap import dedent

import pytest

from shardkit.errors import RulesError
from shardkit.rules import loads

GOOD = """\
version: 1
servers:
  rds0: { url: "mysql://app:pw@10.0.0.1" }
  rds1: { url: "mysql://app:pw@10.0.0.2" }
layouts:
  member: { databases: "member_{0..3}", servers: [rds0, rds1] }
  order: { databases: "order_{0..3}", servers: [rds0, rds1], tables: "{table}_{0..1}" }
tables:
  member: { layout: member, shard_by: memberId }
"""


def problems(text: str, **environ: str) -> list[str]:
    with pytest.raises(RulesError) as caught:
        loads(text, "r.yaml", environ)
    return [str(problem) for problem in caught.value.problems]


def test_ten_mistakes_give_ten_problems() -> None:
    text = dedent(
        """\
        version: 1
        servers:
          rds0:
            url: mysql+pymysql://app:${DB_PASSWORD}@10.0.0.1:3306
            pool: { size: 3, wait: 5x }
          rds1: { url: "mysql+pymysql://app:hunter2@10.0.0.2:3306" }
        layouts:
          member:
            databases: "member_{00..15}"
            servers: [rds0, rds2]
          order:
            databases: "order_{00..15}"
            servers: { rds0: "{00..11}", rds1: "{11..14}" }
        tables:
          member:
            layout: membr
            shard_by: memberId
            algorithm: hsh
          member:
            layout: member
          t_order:
            layout: order
            shard_by: orderId
            generat: { orderId: snowflake }
        defaults:
          unlisted_tables: off
          transactions: xa
        """
    )
    found = problems(text)
    assert found == [
        "r.yaml:4:30: the environment variable DB_PASSWORD is not set (set it, or write ${DB_PASSWORD:-default})",
        "r.yaml:5:28: not a duration; write a number and its unit, such as 500ms, 5s, 2m or 1h",
        "r.yaml:10:21: unknown server 'rds2' (did you mean 'rds1'?)",
        "r.yaml:13:5: database 'order_15' is placed on no server (give each database a server)",
        "r.yaml:13:40: database 'order_11' is placed twice (already on server 'rds0')",
        "r.yaml:16:13: unknown layout 'membr' (did you mean 'member'?)",
        "r.yaml:18:16: unknown algorithm 'hsh' (did you mean 'hash'?)",
        "r.yaml:19:3: duplicate key 'member' (it is already in line 15)",
        "r.yaml:24:5: unknown key 'generat' (did you mean 'generate'?)",
        "r.yaml:26:20: unknown value 'off' (known: refuse, single)",
    ]
    assert "hunter2" not in str(found)


SEMANTIC = [
    (
        'servers: { rds0: { url: "mysql://h", pool: { size: 3 } } }\n'
        'layouts: { m: { databases: "m_{0..3}", servers: [rds0] } }',
        ["1:52: the pool of 3 connections is smaller than the 4 databases of layout 'm' on server 'rds0'"],
    ),
    (
        'servers: { rds0: { url: "mysql://h" } }\nlayouts: { m: { databases: "m_{0..16}", servers: [rds0] } }',
        ["1:12: the pool of 16 connections is smaller than the 17 databases of layout 'm' on server 'rds0'"],
    ),
    (
        'servers: { rds0: { url: "mysql://h" } }\n'
        'layouts: { m: { databases: [a, "b_{0..1}", b_1], servers: [rds0, rds0] } }',
        ["2:44: database 'b_1' is named twice"],
    ),
    (
        'servers: { rds0: { url: "mysql://h" } }\nlayouts: { m: { databases: [a, b], servers: [rds0, rds0] } }',
        ["2:52: server 'rds0' is listed twice"],
    ),
    (
        'servers: { rds0: { url: "mysql://h" } }\n'
        "layouts: { m: { databases: [a, b], servers: { rds0: [a, c], rd1: b } } }",
        [
            "2:57: database 'c' is not in this layout",
            "2:61: unknown server 'rd1'",
        ],
    ),
    (
        'servers: { rds0: { url: "mysql://h" } }\nlayouts: { m: { databases: "a/b", servers: rds0, tables: "t" } }',
        [
            "2:28: 'a/b' cannot be a database: no / \\ . ` { } or control characters, no blank at its ends",
            "2:58: the pattern must contain {table} once, such as {table}_{0..3}",
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), SEMANTIC)
def test_servers_and_layouts(text: str, expected: list[str]) -> None:
    found = [one.removeprefix("r.yaml:").split(" (")[0] for one in problems(f"{text}\nversion: 1\n")]
    assert found == expected


def tables(text: str) -> list[str]:
    """The problems of more tables added to GOOD, with lines counted from the first of them."""
    start = GOOD.count("\n")
    found = []
    for problem in problems(GOOD + text):
        _, line, rest = problem.split(":", 2)
        found.append(f"{int(line) - start}:{rest.split(' (')[0]}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  t: { layout: order }", ["1:3: table 't' has no shard key"]),
        ("  t: { shard_by: id }", ["1:3: table 't' has no layout"]),
        ("  t: { layout: order, shard_by: id, bound_to: membr }", ["1:47: unknown table 'membr'"]),
        ("  t: { layout: order, shard_by: id, bound_to: t }", ["1:47: table 't' is bound to itself"]),
        (
            "  t: { layout: order, shard_by: id, bound_to: member }",
            ["1:16: table 't' is bound to a table of layout 'member'"],
        ),
        (
            "  t: { layout: member, shard_by: [a, b], bound_to: member }",
            ["1:34: table 't' is sharded by several shard keys, its root 'member' by one column"],
        ),
        (
            "  t: { bound_to: member, algorithm: mod }",
            ["1:37: table 't' has another algorithm than its root 'member'"],
        ),
        ("  t: { bound_to: member, algorithm: mdo }", ["1:37: unknown algorithm 'mdo'"]),
        ("  t: { layout: order, shard_by: [a, A] }", ["1:37: column 'a' is named twice"]),
        (
            "  t: { layout: order, shard_by: id, algorithm: { type: date, unit: week, x: 1 } }",
            ["1:68: unknown unit", "1:74: unknown option 'x'"],
        ),
        (
            "  t: { layout: order, shard_by: id, algorithm: { type: gene, key: id, id: other, bits: 2 } }",
            ["1:75: column 'other' is not in shard_by", "1:88: 2 bits cannot hold 8 slots"],
        ),
        (
            "  t: { layout: order, shard_by: { database: a, table: b }, algorithm: mod }",
            ["1:60: with two axes each has its own algorithm"],
        ),
        (
            "  t: { layout: order, shard_by: { database: a, table: A } }",
            ["1:55: one column and one algorithm decide both database and table, which leaves most tables empty"],
        ),
        ("  t: { layout: order, shard_by: id, generate: { id: snwflake } }", ["1:53: unknown generator 'snwflake'"]),
        ("  t: { layout: order, shard_by: id, generate: { a: { type: uid7 } } }", ["1:60: unknown generator 'uid7'"]),
        (
            "  t: { layout: order, shard_by: id, generate: { a: { type: snowflake, epok: x, bits: { worker: 20 } } } }",
            ["1:71: unknown option 'epok'", "1:96: worker 20 is out of range"],
        ),
        (
            "  t: { layout: order, shard_by: id, generate: { id: { type: snowflake, epoch: soon } } }",
            ["1:79: the epoch is a date or a time in UTC"],
        ),
        (
            "  t: { layout: order, shard_by: id, generate: { id: { type: segment, step: 0 }, ID: uuid7 } }",
            ["1:76: step 0 is out of range", "1:81: column 'ID' is named twice"],
        ),
        (
            "  t: { layout: order, shard_by: id }\n  t_0: { layout: order2, shard_by: id }\n"
            "layouts2: {}\nbroadcast: { layout: order, tables: [t_0, t_1, x, member, x] }",
            [
                "2:18: unknown layout 'order2'",
                "3:1: unknown key 'layouts2'",
                "4:38: table 't_0' is already listed in section 'tables'",
                "4:38: tables 't' and 't_0' would share the physical table 't_0'",
                "4:43: tables 't' and 't_1' would share the physical table 't_1'",
                "4:51: table 'member' is already listed in section 'tables'",
                "4:59: table 'x' is already listed here",
            ],
        ),
        (
            "single: { database: rds3/app, tables: [a] }\nbroadcast: { layout: membr, tables: [a] }",
            [
                "1:21: unknown server 'rds3'",
                "1:40: table 'a' is already listed in section 'broadcast'",
                "2:22: unknown layout 'membr'",
            ],
        ),
        ("single: { database: app }", ["1:21: a database is named with its server"]),
        (
            "single: { database: rds0/../x }",
            ["1:21: '../x' cannot be a database: no / \\ . ` { } or control characters, no blank at its ends"],
        ),
        (
            "defaults: { unlisted_tables: single, budget: { rows: 0, memory: 5, time: 0s } }",
            [
                "1:30: there is no `single` section for unlisted tables",
                "1:54: must be at least 1, not '0'",
                "1:65: text is wanted, not '5'",
                "1:74: no statement ends in no time",
            ],
        ),
        (
            f"  {'t' * 63}: {{ layout: order, shard_by: id }}",
            [f"1:3: the physical table '{'t' * 63}_0' is longer than 64 characters"],
        ),
    ],
)
def test_tables_and_sections(text: str, expected: list[str]) -> None:
    assert tables(text) == expected


def test_circles_of_bound_tables() -> None:
    found = tables("  a: { bound_to: b }\n  b: { bound_to: a }\n  c: { bound_to: a }")
    assert found == ["1:18: table 'a' is bound to itself", "2:18: table 'b' is bound to itself"]


def test_a_mistake_in_a_range_is_placed_inside_the_options() -> None:
    text = """\
  t:
    layout: order
    shard_by: id
    algorithm:
      type: range
      ranges:
        - { below: 10, slot: 0 }
        - { from: 5, below: 20, slot: 1 }
        - { from: 30, slot: 99 }
"""
    assert tables(text) == ["9:29: slot 99 does not exist"]
    assert tables(text.replace("99", "2")) == [
        "8:11: the range overlaps range 1",
        "9:11: there is a hole between range 2 and this one",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: the file is empty"]),
        ("# nothing", ["1:1: the file is empty"]),
        ("- a", ["1:1: the rules are not a mapping"]),
        ("{}", ["1:1: 'servers' is missing", "1:1: 'version' is missing"]),
        ("version: 2\nservers: {}", ["1:10: the only version is 1, not '2'"]),
        ("version: 1\nserver: {}", ["2:1: unknown key 'server'"]),
        ("version: 1\nservers: 5", ["2:10: a mapping is wanted, not '5'"]),
        ("version: 1\nservers:", ["2:1: 'servers' has no value"]),
        ("version: 1\nservers: { a: { ulr: 'mysql://u:pw@h' } }", ["2:17: unknown key 'ulr'"]),
        ("version: 1\nservers: { a: { pool: {} } }", ["2:12: 'url' is missing"]),
        (
            "version: 1\nservers: { a: {url: 'mysql://h', pool: {size: 010}}}",
            ["2:47: a whole number is wanted, not '010'"],
        ),
        ("version: 1\nservers: { ? [a] : b }", ["2:14: a key is a single word"]),
        (
            "version: 1\nservers: { a: { url: 'mysql+odbc://h' } }",
            [
                "2:22: this kind of server is not known; begin the URL with mysql, mysql+pymysql, mysql+mysqldb, "
                "mysql+asyncmy, mysql+aiomysql, mariadb, mariadb+pymysql, mariadb+mysqldb, mariadb+asyncmy, "
                "mariadb+aiomysql or sqlite"
            ],
        ),
        ("version: 1\nservers: { a: { url: !secret x } }", ["2:22: tags are not used in rules"]),
        ("version: 1\n\tservers: {}", ["2:1: this is not YAML: found character '\\t' that cannot start any token"]),
        ("version: 1\nservers: {\n", ["3:1: this is not YAML: expected the node content, but found '<stream end>'"]),
        ("version: 1\n---\nversion: 1", ["2:1: this is not YAML: but found another document"]),
        ("version: 1\nx: \x01", ["2:4: a character that YAML does not allow"]),
        ("version: 1\nservers: &a { b: *a }", ["2:10: an alias inside its own anchor"]),
        ("a: " + "[" * 1000, ["1:1: the file is nested too deeply, or its aliases make it too large"]),
    ],
)
def test_form(text: str, expected: list[str]) -> None:
    assert [one.removeprefix("r.yaml:").split(" (")[0] for one in problems(text)] == expected


def test_aliases_cannot_blow_the_file_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert len(problems("\n".join(lines))) == 1


def test_problems_come_in_the_order_of_the_file_and_are_one_error() -> None:
    with pytest.raises(RulesError) as caught:
        loads("version: 3\nservers: { a: { url: x } }\nfoo: 1\nbar: 2")
    places = [(problem.line, problem.column) for problem in caught.value.problems]
    assert places == sorted(places)
    assert len(places) == 4
    assert str(caught.value).startswith("[SK1001] (1105) 4 problems in the rules\n<rules>:1:10: ")
