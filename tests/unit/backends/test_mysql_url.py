"""URLs of MySQL servers, and which backend serves them; nothing is connected."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from shardkit.backends import open_backend
from shardkit.backends.mysql import MySqlBackend
from shardkit.backends.mysql_url import connect_arguments
from shardkit.errors import ProgrammingError
from shardkit.rules import Server
from shardkit.values import ShardId


def test_what_is_not_said_is_the_drivers_own() -> None:
    found = connect_arguments("rds0", make_url("mysql+pymysql://app:p%40ss@db:3307"))
    assert found == {
        "host": "db",
        "port": 3307,
        "user": "app",
        "password": b"p@ss",
        "database": None,
        "charset": "utf8mb4",
        "autocommit": True,
        "connect_timeout": 10.0,
    }


def test_options_of_the_url() -> None:
    url = make_url("mariadb+pymysql://a@h/app?ssl_disabled=true&connect_timeout=2.5&unix_socket=/run/s&ssl_ca=/ca.pem")
    found = connect_arguments("rds0", url)
    assert (found["ssl_disabled"], found["connect_timeout"], found["unix_socket"]) == (True, 2.5, "/run/s")
    assert (found["ssl_ca"], found["database"]) == ("/ca.pem", "app")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("client_flag=2", "unknown URL option 'client_flag'"),
        ("init_command=x", "unknown URL option 'init_command'"),
        ("local_infile=1", "unknown URL option 'local_infile'"),
        ("charset=gbk", "must be utf8mb4"),
        ("connect_timeout=0", "above 0"),
        ("connect_timeout=soon", "connect_timeout"),
        ("ssl_disabled=maybe", "true or false"),
        ("charset=utf8mb4&charset=utf8mb4", "given twice"),
    ],
)
def test_wrong_options_are_named_without_the_password(query: str, message: str) -> None:
    with pytest.raises(ProgrammingError, match=message) as caught:
        connect_arguments("rds0", make_url(f"mysql+pymysql://app:s3cret@db?{query}"))
    assert "s3cret" not in str(caught.value)


def test_backends_by_url() -> None:
    backend = open_backend(Server("rds0", make_url("mysql+pymysql://app:s3cret@db")))
    assert isinstance(backend, MySqlBackend)
    assert repr(backend) == "<MySqlBackend rds0>"
    assert backend.pool_of(ShardId("rds0", "a")) == backend.pool_of(ShardId("rds0", "b"))
    for served in ("mysql+asyncmy://app@db", "mysql+aiomysql://app@db", "mariadb://app@db"):
        assert isinstance(open_backend(Server("rds0", make_url(served))), MySqlBackend)
    with pytest.raises(ProgrammingError, match="mysqlconnector"):
        open_backend(Server("rds0", make_url("mysql+mysqlconnector://app@db")))
    with pytest.raises(ProgrammingError, match="unknown backend 'postgresql'"):
        open_backend(Server("rds0", make_url("postgresql://app@db")))
