"""The other side of a comparison, without a server: what its URL must hold, and what its errors say."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from shardkit.backends.plain import PlainConnection
from shardkit.errors import ProgrammingError, ShardUnavailable, SqlSyntaxError


def test_a_url_without_a_database() -> None:
    with pytest.raises(ProgrammingError, match="names its database"):
        PlainConnection(make_url("mysql+pymysql://app:hunter2@127.0.0.1:1"))


def test_nothing_is_opened_before_it_is_asked() -> None:
    made = PlainConnection(make_url("mysql+pymysql://app:hunter2@127.0.0.1:1/shop"))
    made.close()
    made.drop()
    assert repr(made) == "<PlainConnection 127.0.0.1:1/shop>"


def test_a_server_that_does_not_answer() -> None:
    made = PlainConnection(make_url("mysql+pymysql://app:hunter2@127.0.0.1:1/shop"))
    with pytest.raises(ShardUnavailable, match=r"^\[SK3001\] \(2003\) server 127.0.0.1:1: ") as raised:
        made.cursor()
    assert "hunter2" not in str(raised.value)


def test_errors_name_no_shard() -> None:
    made = PlainConnection(make_url("mysql+pymysql://app@127.0.0.1:1/shop"))
    found = made.said(SqlSyntaxError("shard 127.0.0.1:1/shop: near 'x'", errno=1149))
    assert (type(found), found.message, found.errno) == (SqlSyntaxError, "near 'x'", 1149)
