"""The password shows nowhere: not in errors, causes, explanations, logs, rules errors or the repr of anything."""

from __future__ import annotations

import gc
import io
import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

import shardkit
from shardkit.cli import main
from shardkit.rules import loads
from tests.integration.dbapi.stage import Stage, rows, run, thread_of

Said = list[str]


@pytest.fixture
def secrets(stage: Stage) -> tuple[str, ...]:
    """The password, as it is and as a URL holds it."""
    return stage.password, quote(stage.password, safe=""), stage.password.rsplit("/", 1)[1]


@pytest.fixture
def said(secrets: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> Iterator[Said]:
    """Texts that a test collects; none of them, and nothing in the log, may hold a secret."""
    caplog.set_level(logging.DEBUG)
    texts: Said = []
    yield texts
    assert texts
    texts += [record.getMessage() for record in caplog.records] + [caplog.text]
    for text in texts:
        for secret in secrets:
            assert secret not in text


def everything_about(error: BaseException) -> str:
    """What a traceback, a log or a debugger would show of an error and its causes."""
    out = io.StringIO()
    traceback.print_exception(error, file=out)
    found = [out.getvalue()]
    link: BaseException | None = error
    while link is not None:
        found += [str(link), repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    if isinstance(error, shardkit.Error):
        found.append(repr(pickle.loads(pickle.dumps(error))))
    return "\n".join(found)


def wrong(stage: Stage, old: str, new: str) -> str:
    text = stage.text()
    assert old in text
    return text.replace(old, new)


def test_repr_of_everything(stage: Stage, said: Said) -> None:
    rules = stage.rules()
    with shardkit.Cluster(rules) as cluster:
        connection = cluster.connect(autocommit=True)
        cursor = connection.cursor().execute("SELECT * FROM member")
        said += [
            repr(thing) for thing in (rules, rules.servers, rules.layouts, rules.sharded, cluster, connection, cursor)
        ]
        said += [str(rules), f"{rules.servers['rds0'].url}", repr(cluster.planner), repr(connection.session)]
        engine = cluster.engine
        said += [repr(engine), repr(engine.pools), repr(vars(engine)), repr(connection._lanes), repr(vars(cluster))]
        for shard in rules.shards[:3:2]:
            backend = engine.backend(shard)
            server_connection = backend.connect(shard)
            said += [repr(backend), repr(server_connection), str(backend)]
            server_connection.close()
        connection.close()


def test_explanations(stage: Stage, said: Said, connection: shardkit.Connection) -> None:
    for sql in (
        "SELECT * FROM member",
        "SELECT * FROM member WHERE memberId = 1",
        "INSERT INTO member (memberId) VALUES (1)",
    ):
        found = connection.cursor().explain(sql)
        said += [str(found), repr(found), repr(found.json())]


def test_errors_of_statements(stage: Stage, said: Said, connection: shardkit.Connection) -> None:
    statements: list[tuple[str, Any]] = [
        ("SELEC 1", None), ("SELECT * FROM nowhere", None), ("SELECT nothing FROM member", None), ("SELECT %s", ()),
        ("SELECT @n := 1", None), ("SET no_such_variable = 1", None), ("SELECT 1 FROM member WHERE nothing(1) = memberId", None),
        ("INSERT INTO member (memberId, n) VALUES (1, 'x')", None), ("SELECT * FROM scratch", None),
    ]  # fmt: skip
    for sql, params in statements:
        with pytest.raises(shardkit.Error) as caught:
            connection.cursor().execute(sql, params)
        said.append(everything_about(caught.value))


def test_a_wrong_password(stage: Stage, said: Said, secrets: tuple[str, ...]) -> None:
    text = stage.text().replace(secrets[1], f"{secrets[1]}X")
    with shardkit.Cluster(loads(text)) as cluster, pytest.raises(shardkit.OperationalError) as caught:
        rows(cluster.connect(), "SELECT * FROM member")
    assert caught.value.errno == 1045
    said += [everything_about(caught.value), repr(cluster), repr(cluster.rules)]


def test_a_host_that_is_not_there(stage: Stage, said: Said) -> None:
    text = wrong(stage, f':{stage.servers[0].port}"', ':1"').replace(f':{stage.servers[1].port}"', ':1"')
    with shardkit.Cluster(loads(text)) as cluster, pytest.raises(shardkit.OperationalError) as caught:
        rows(cluster.connect(), "SELECT * FROM member")
    assert caught.value.errno == 2003
    said.append(everything_about(caught.value))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mysql+pymysql://", "postgresql://"),
        ("mysql+pymysql://", "mysql+pymysql:/"),
        ("rds0: { url:", "rds0: { ulr:"),
        ("rds0: { url:", "rds0: { url: 5, x:"),
        ("@HOST:", "HOST:"),
        ("@HOST:", "@HOST:x"),
        (', pool: {', '/db", pool: {'),
        (', pool: {', '?password=x", pool: {'),
        ("servers:\n", "servers:\n  rds0:\n"),
        ("version: 1", "version: 1\n  bad: ["),
        ("rds1: {", "rds0: {"),
        ("pool: { size: 16", "pool: { size: many"),
    ],
)  # fmt: skip
def test_errors_of_rules(stage: Stage, said: Said, tmp_path: Path, old: str, new: str) -> None:
    host = stage.servers[0].host
    text = wrong(stage, old.replace("HOST", host), new.replace("HOST", host))
    with pytest.raises(shardkit.ProgrammingError) as caught:
        loads(text)
    said.append(everything_about(caught.value))
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    for command in (["check", str(file)], ["explain", str(file), "SELECT 1"], ["sql", str(file), "SELECT 1"]):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 1
        said += [done.output, done.stderr]


def test_a_password_from_the_environment(stage: Stage, said: Said, secrets: tuple[str, ...]) -> None:
    text = stage.text().replace(secrets[1], "${DB_PASSWORD}")
    with pytest.raises(shardkit.ProgrammingError, match="DB_PASSWORD") as caught:
        loads(text, environ={})
    said.append(everything_about(caught.value))
    for given in (secrets[1], stage.password):
        rules = loads(text, environ={"DB_PASSWORD": given})
        said += [repr(rules), str(rules)]
    with pytest.raises(shardkit.ProgrammingError) as caught:
        loads(text.replace("mysql+pymysql", "nothing"), environ={"DB_PASSWORD": secrets[1]})
    said.append(everything_about(caught.value))


def test_a_killed_connection_and_a_failed_commit(stage: Stage, said: Said) -> None:
    with stage.connection(autocommit=False) as connection:
        run(connection, "INSERT INTO member (memberId) VALUES (1)")
        stage.kill(0, thread_of(connection, stage.databases[1]))
        with pytest.raises(shardkit.Error) as caught:
            connection.commit()
        said.append(everything_about(caught.value))
        gc.collect()


def test_the_log_of_a_busy_session(stage: Stage, said: Said) -> None:
    with stage.connection(transactions="best_effort") as connection:
        run(connection, "SET time_zone = '+01:00'")
        connection.begin()
        run(connection, "INSERT INTO member (memberId) VALUES (0), (1), (2), (3)")
        connection.commit()
        said.append(repr(rows(connection, "SELECT * FROM member ORDER BY memberId")))
