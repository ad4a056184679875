"""URLs of MySQL servers, and which backend serves them; nothing is connected."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy.engine import make_url

from shardkit.backends import open_backend
from shardkit.backends.mysql import MySqlBackend
from shardkit.backends.mysql_driver import driver
from shardkit.backends.mysql_url import client_arguments, connect_arguments
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


def test_mysqlclient_gets_the_same_connection() -> None:
    url = make_url(
        "mysql+mysqldb://app:p%40ss@localhost:3307?read_timeout=0.5&server_public_key=/k.pem&collation=utf8mb4_bin"
    )
    assert client_arguments("rds0", url) == {
        "host": "127.0.0.1",  # "localhost" means a socket file to the C library
        "port": 3307,
        "user": "app",
        "password": "p@ss",
        "charset": "utf8mb4",
        "collation": "utf8mb4_bin",
        "autocommit": True,
        "connect_timeout": 10.0,
        "read_timeout": 1,
        "server_public_key_path": "/k.pem",
        "local_infile": 0,
        "multi_statements": False,
    }


@pytest.mark.parametrize(
    ("query", "mode", "files"),
    [
        ("ssl_disabled=true", "DISABLED", None),
        ("ssl_disabled=false", "REQUIRED", None),
        ("ssl_ca=/ca.pem", "VERIFY_CA", {"ca": "/ca.pem"}),
        (
            "ssl_ca=/ca.pem&ssl_verify_cert=false&ssl_cert=/c&ssl_key=/k",
            "REQUIRED",
            {"ca": "/ca.pem", "cert": "/c", "key": "/k"},
        ),
        ("ssl_ca=/ca.pem&ssl_verify_identity=true", "VERIFY_IDENTITY", {"ca": "/ca.pem"}),
        ("unix_socket=/run/s", None, None),
    ],
)
def test_tls_of_mysqlclient_is_that_of_pymysql(query: str, mode: str | None, files: dict[str, str] | None) -> None:
    found = client_arguments("rds0", make_url(f"mysql+mysqldb://app@db?{query}"))
    assert (found.get("ssl_mode"), found.get("ssl")) == (mode, files)


@pytest.mark.parametrize("option", ["bind_address=10.0.0.1", "program_name=x", "ssl_key_password=s3cret"])
def test_options_that_mysqlclient_does_not_have_are_named(option: str) -> None:
    with pytest.raises(ProgrammingError, match=f"'{option.split('=')[0]}' is not known to mysqlclient") as caught:
        client_arguments("rds0", make_url(f"mysql+mysqldb://app@db?{option}"))
    assert "s3cret" not in str(caught.value)


def test_a_driver_that_is_not_installed_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    monkeypatch.delitem(sys.modules, "shardkit.backends.mysqlclient_wire", raising=False)
    with pytest.raises(
        ProgrammingError, match=r"rds0: mysql\+mysqldb needs mysqlclient.*pip install 'shardkit\[mysqlclient\]'"
    ):
        driver("rds0", make_url("mysql+mysqldb://app@db"))


@pytest.mark.parametrize("name", ["mysql", "mariadb", "mysql+pymysql"])
def test_a_url_without_a_driver_means_pymysql(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    assert driver("rds0", make_url(f"{name}://app@db"))[0]["host"] == "db"
