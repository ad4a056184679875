"""Every error of the driver has one class here, with its number, its shard, and no secret."""

from __future__ import annotations

import pytest
from pymysql import err

from shardkit import errors
from shardkit.backends.mysql_errors import translate, unavailable, wrong_parameters
from shardkit.values import ShardId

S = ShardId("rds0", "member_03")


@pytest.mark.parametrize(
    ("error", "kind", "errno"),
    [
        (err.IntegrityError(1062, "Duplicate entry"), errors.IntegrityError, 1062),
        (err.DataError(1264, "Out of range"), errors.DataError, 1264),
        (err.ProgrammingError(1146, "no table"), errors.UnknownTable, 1146),
        (err.OperationalError(1054, "no column"), errors.UnknownColumn, 1054),
        (err.ProgrammingError(1064, "syntax"), errors.SqlSyntaxError, 1064),
        (err.ProgrammingError(1007, "exists"), errors.ProgrammingError, 1007),
        (err.NotSupportedError(1235, "not yet"), errors.DatabaseError, 1235),
        (err.OperationalError(1213, "Deadlock found"), errors.OperationalError, 1213),
        (err.OperationalError(1317, "interrupted by an operator"), errors.OperationalError, 1317),
        (err.InternalError(0, "strange"), errors.InternalError, 0),
        (err.OperationalError(2013, "Lost connection"), errors.ConnectionLost, 2013),
        (err.OperationalError(2006, "gone away"), errors.ConnectionLost, 2006),
        (err.OperationalError(4031, "idle too long"), errors.ConnectionLost, 4031),
        (err.InterfaceError(0, ""), errors.ConnectionLost, 2013),
        (err.OperationalError(3024, "time"), errors.StatementTimeout, 3024),
        (err.OperationalError(1969, "time"), errors.StatementTimeout, 1969),
        (RuntimeError("bytes"), errors.InternalError, 1105),
    ],
)
def test_families(error: Exception, kind: type[errors.Error], errno: int) -> None:
    found = translate(error, S)
    assert type(found) is kind
    assert (found.errno, found.shards) == (errno, (S,))
    assert found.message.startswith("shard rds0/member_03: ")


def read_too_late() -> None:
    try:
        raise TimeoutError("timed out")
    except OSError:
        raise err.OperationalError(2013, "Lost connection (timed out)")  # noqa: B904 - as PyMySQL does


def test_a_socket_that_ran_out_of_time_is_a_timeout() -> None:
    with pytest.raises(err.OperationalError) as caught:
        read_too_late()
    assert isinstance(translate(caught.value, S), errors.StatementTimeout)


def test_no_connection_names_server_and_shard() -> None:
    found = unavailable(err.OperationalError(1040, "Too many connections"), "rds0", S)
    assert (found.errno, found.shards) == (1040, (S,))
    assert "server rds0: Too many connections" in found.message


def test_parameters() -> None:
    assert "placeholder 'name'" in wrong_parameters(KeyError("name"), S).message
    try:
        "\ud800".encode()
    except UnicodeEncodeError as error:
        found = wrong_parameters(error, S)
    assert isinstance(found, errors.DataError)
