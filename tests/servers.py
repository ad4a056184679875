"""Two MySQL servers for the tests: given by the environment, in containers, or private local ones.

Order of search: `SHARDKIT_TEST_MYSQL` (one or two URLs, separated by a comma; one URL serves under both names),
Docker (`SHARDKIT_MYSQL_IMAGE`, default mysql:8.4), a server program on this machine, MariaDB from apt-get.
`SHARDKIT_TEST_FLAVOR` (mysql or mariadb) leaves only the ways that give that flavor; `none` leaves no way, so that a
test which needs servers and does not say so (the mark `mysql`) fails where it would start them unseen.
Invariant: everything started here is recorded in the run's folder or by the run's label before it is waited for, so
`stop` ends it whatever happened in between; a missing server is an error, never a skip.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from sqlalchemy.engine import URL, make_url

PASSWORD = "shardkit-test"
LABEL = "shardkit.tests"
NAMES = ("rds0", "rds1")
HELP = (
    "The tests need two MySQL servers and found none. Do one of these: set SHARDKIT_TEST_MYSQL to "
    "'mysql+pymysql://root:PASSWORD@HOST:PORT,mysql+pymysql://…'; start Docker (and set SHARDKIT_MYSQL_IMAGE if "
    "mysql:8.4 cannot be pulled); install mariadb-server or mysql-server."
)


class NoServers(Exception):
    """No way led to two servers; the message says what was tried and what to do."""


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """One MySQL server: where it is and what it is."""

    name: str
    url: URL
    flavor: str  # "mysql" or "mariadb"
    version: str

    @property
    def host(self) -> str:
        """Its host name or address."""
        return self.url.host or "127.0.0.1"

    @property
    def port(self) -> int:
        """Its TCP port."""
        return self.url.port or 3306

    @property
    def user(self) -> str:
        """An account that may do everything."""
        return self.url.username or "root"

    @property
    def password(self) -> str:
        """That account's password."""
        return str(self.url.password or "")

    @property
    def text(self) -> str:
        """The URL with its password, as a rules file takes it."""
        return self.url.render_as_string(hide_password=False)

    def connect(self, database: str | None = None, **options: Any) -> pymysql.Connection[Any]:
        """A plain driver connection, in autocommit unless `options` say otherwise."""
        settings: dict[str, Any] = {"charset": "utf8mb4", "autocommit": True, "connect_timeout": 10} | options
        return pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, database=database, **settings
        )


def inspect(name: str, url: URL) -> ServerUrl:
    """Ask the server at `url` for its version; pymysql's errors pass."""
    bare = ServerUrl(name, url.set(drivername="mysql+pymysql", database=None), "mysql", "")
    with bare.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        row = cursor.fetchone()
    version = str(row[0]) if row else ""
    flavor = "mariadb" if "mariadb" in version.lower() else "mysql"
    return ServerUrl(name, bare.url, flavor, version)


def wait_until_ready(name: str, url: URL, alive: Callable[[], bool], seconds: float = 90.0) -> ServerUrl:
    """Ask until the server answers; NoServers when it died or does not answer in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return inspect(name, url)
        except pymysql.MySQLError as error:
            if not alive():
                raise NoServers(f"{name} ended while starting") from error
            if time.monotonic() > deadline:
                raise NoServers(f"{name} did not answer in {seconds:.0f} s: {error}") from error
        time.sleep(0.2)


def given() -> tuple[ServerUrl, ServerUrl] | None:
    """The servers that `SHARDKIT_TEST_MYSQL` names, or None when it is not set."""
    text = os.environ.get("SHARDKIT_TEST_MYSQL", "").strip()
    if not text:
        return None
    urls = [make_url(part.strip()) for part in text.split(",")]
    if len(urls) > 2:
        raise NoServers("SHARDKIT_TEST_MYSQL takes one or two URLs")
    first, second = urls[0], urls[-1]
    return inspect(NAMES[0], first), inspect(NAMES[1], second)


def find(folder: Path) -> tuple[ServerUrl, ServerUrl]:
    """Two servers that answer; what has to be started leaves its traces in `folder` for `stop`."""
    # Imported here: tests without servers must not pay for Docker's libraries.
    from tests import server_kinds

    flavor = os.environ.get("SHARDKIT_TEST_FLAVOR", "").strip().lower()
    if flavor == "none":
        raise NoServers("this run uses no servers (SHARDKIT_TEST_FLAVOR=none); mark what needs them with `mysql`")
    servers = given()
    if servers is not None:
        return servers
    if flavor not in ("", "mysql", "mariadb"):
        raise NoServers(f"SHARDKIT_TEST_FLAVOR is mysql, mariadb or none, not {flavor!r}")
    tried: list[str] = []
    for way in server_kinds.ways(flavor):
        try:
            return way(folder)
        except NoServers as error:
            tried.append(str(error))
            stop(folder)
    raise NoServers("\n  - ".join([HELP, *tried]))


def shared(folder: Path) -> tuple[ServerUrl, ServerUrl]:
    """The run's two servers: the first process that asks starts them, the others read where they are."""
    import fcntl

    record = folder / "servers.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not record.exists():
            servers = find(folder)
            record.write_text(json.dumps([server.text for server in servers]), encoding="utf-8")
            return servers
        first, second = json.loads(record.read_text(encoding="utf-8"))
    return inspect(NAMES[0], make_url(first)), inspect(NAMES[1], make_url(second))


def stop(folder: Path) -> None:
    """End every server this run started; their data is thrown away, so they get no time to save it."""
    for note in folder.glob("*/server.pid"):
        end_process(int(note.read_text()))
    for name in NAMES:
        shutil.rmtree(folder / name, ignore_errors=True)
    if (folder / "containers").exists():
        from tests import server_kinds

        server_kinds.remove_containers(folder.name)


def end_process(pid: int) -> None:
    """Kill one process that this run started and wait until it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    for _ in range(100):
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            if not Path(f"/proc/{pid}").exists():
                return
        time.sleep(0.05)


def drop_databases(servers: tuple[ServerUrl, ...], prefix: str) -> None:
    """Drop every database of these servers whose name begins with `prefix`."""
    if len(prefix) < 4:
        raise ValueError(f"{prefix!r} is too short to be a prefix of test databases only")
    for server in dict.fromkeys(servers):
        with server.connect() as connection, connection.cursor() as cursor:
            # A connection that a failed test left in a transaction would block the drop; say so instead of hanging.
            cursor.execute("SET SESSION lock_wait_timeout = 30")
            cursor.execute("SHOW DATABASES")
            for (name,) in cursor.fetchall():
                if str(name).startswith(prefix):
                    cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")


def new_prefix() -> str:
    """A prefix for database names that no other run or module uses."""
    return f"sk{secrets.token_hex(3)}_"
