"""The ways to start two private MySQL servers: containers, a program of this machine, a package from apt-get.

Invariant: each way either returns two servers that answer, or raises NoServers with the reason.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import shutil
import socket
import subprocess
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from tests.servers import LABEL, NAMES, PASSWORD, NoServers, ServerUrl, wait_until_ready

Pair = tuple[ServerUrl, ServerUrl]

SETTINGS = (
    "--max-connections=400",
    "--skip-log-bin",
    "--sync-binlog=0",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=256M",
    "--performance-schema=OFF",
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
)
"""What both flavors understand: little memory, and no waiting for a disk whose data is thrown away."""

LASTING = (
    "--sync-binlog=1",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-flush-method=fsync",
    "--innodb-doublewrite=1",
)
"""After SETTINGS: a killed server loses nothing that it has acknowledged."""

_RUNNING: list[subprocess.Popen[bytes]] = []
"""Kept because a Popen that is collected while its process runs warns; servers.stop ends the processes by number."""


def _disown() -> None:
    """The run stops its servers by their process ids; the process that started them need not wait."""
    for process in _RUNNING:
        process.returncode = process.poll() or 0


atexit.register(_disown)


def ways(flavor: str, *, lasting: bool = False) -> Iterator[Callable[[Path], Pair]]:
    """The ways that can give this flavor ('' is any), best first. `lasting`: their data survives a kill."""
    settings = (*SETTINGS, *LASTING) if lasting else SETTINGS
    if flavor != "mariadb":
        yield lambda folder: containers(folder, settings)
    yield lambda folder: local(folder, flavor, settings)
    if flavor != "mysql":
        yield lambda folder: installed(folder, settings)


def containers(folder: Path, settings: Sequence[str]) -> Pair:
    """Two containers from `SHARDKIT_MYSQL_IMAGE`. Their ports are fixed, or they would change with a restart."""
    image = os.environ.get("SHARDKIT_MYSQL_IMAGE", "mysql:8.4")
    _have_image(image)
    (folder / "containers").touch()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(
            lambda name, port: _container(name, image, folder.name, port, settings), NAMES, _free_ports()
        )
    return first, second


@contextmanager
def docker() -> Iterator[Any]:
    """A client of the Docker engine. It is closed, or its sockets would be found open by whichever test runs later."""
    from testcontainers.core.docker_client import DockerClient

    client = DockerClient().client
    try:
        yield client
    finally:
        client.close()


def _have_image(image: str) -> None:
    """The engine answers and has the image, or can pull it; NoServers otherwise."""
    from docker.errors import DockerException, ImageNotFound  # type: ignore[import-untyped]

    if "DOCKER_HOST" not in os.environ and not Path("/var/run/docker.sock").exists():
        raise NoServers(f"there is no Docker engine to run {image}")
    try:
        with docker() as client:
            client.ping()
            try:
                client.images.get(image)
            except ImageNotFound:
                client.images.pull(image)
    except (DockerException, OSError) as error:
        with warnings.catch_warnings():  # the client leaves a socket open when no engine answers
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
        raise NoServers(f"Docker gives no container of {image}: {error}") from error


def _container(name: str, image: str, run: str, bound: int, settings: Sequence[str]) -> ServerUrl:
    from testcontainers.community.mysql import MySqlContainer
    from testcontainers.core.config import testcontainers_config

    # The run stops its containers itself, by their label. The reaper is one more image to have, and would remove
    # them when one worker of several ends.
    testcontainers_config.ryuk_disabled = True
    container = MySqlContainer(image, username="root", root_password=PASSWORD, password=PASSWORD, dbname="test")
    container.with_kwargs(labels={LABEL: run})
    container.with_command(" ".join([*settings, "--mysqlx=OFF"]))
    container.with_bind_ports(3306, bound)
    try:
        container.start()
    except Exception as error:
        # testcontainers raises many unrelated classes here; to the search all of them mean "not this way".
        raise NoServers(f"the container {image} did not start: {error}") from error
    host, port = container.get_container_host_ip(), int(container.get_exposed_port(3306))
    container.get_docker_client().client.close()
    return wait_until_ready(name, _url(host, port), lambda: True)


def remove_containers(run: str) -> None:
    """Remove the containers that this run labelled, with their volumes."""
    with docker() as client:
        for container in client.containers.list(all=True, filters={"label": f"{LABEL}={run}"}):
            container.remove(force=True, v=True)


def local(folder: Path, flavor: str = "", settings: Sequence[str] = SETTINGS) -> Pair:
    """Two private instances of a server program found on this machine."""
    program, found = _program(flavor)
    homes = [folder / name for name in NAMES]
    with ThreadPoolExecutor(2) as pool:
        command = [program, *settings, *_account(), *(["--mysqlx=OFF"] if found == "mysql" else [])]
        first, second = pool.map(lambda home, port: _instance(home, port, command, found), homes, _free_ports())
    return first, second


def _program(flavor: str) -> tuple[str, str]:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/libexec"])
    for name in ("mariadbd", "mysqld"):
        program = shutil.which(name, path=path)
        if program is None:
            continue
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        found = "mariadb" if "mariadb" in said.lower() else "mysql"
        if flavor in ("", found):
            return program, found
    raise NoServers(f"no {flavor or 'mariadb or mysql'} server program on this machine")


def _instance(home: Path, port: int, program: Sequence[str], flavor: str) -> ServerUrl:
    data, scratch = home / "data", home / "tmp"
    scratch.mkdir(parents=True)
    _initialize(program[0], flavor, data, scratch)
    accounts = home / "accounts.sql"
    accounts.write_text(
        f"CREATE USER IF NOT EXISTS 'root'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
        f"ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
        "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n",
        encoding="utf-8",
    )
    # A server that starts clears its folder for temporary tables: in /tmp it would clear that of others too.
    # skip-name-resolve makes a TCP connection '127.0.0.1', never 'localhost'; --no-defaults keeps /etc/mysql out.
    own = ["--no-defaults", f"--datadir={data}", f"--socket={home}/s", f"--pid-file={home}/own.pid"]
    own += [f"--tmpdir={scratch}", f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"]
    own += [f"--init-file={accounts}"]
    (home / "command.json").write_text(json.dumps([port, program[0], *own, *program[1:]]), encoding="utf-8")
    return start(home)


def start(home: Path) -> ServerUrl:
    """Start a local instance, or start it again after it was killed: same port, same data."""
    port, *command = json.loads((home / "command.json").read_text(encoding="utf-8"))
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    _RUNNING.append(process)
    (home / "server.pid").write_text(str(process.pid))
    try:
        return wait_until_ready(home.name, _url("127.0.0.1", port), lambda: process.poll() is None)
    except NoServers as error:
        tail = (home / "server.log").read_text(errors="replace")[-1500:]
        raise NoServers(f"{error}\n{tail}") from error


def _initialize(program: str, flavor: str, data: Path, scratch: Path) -> None:
    if flavor == "mariadb":
        installer = shutil.which("mariadb-install-db") or shutil.which("mysql_install_db")
        if installer is None:
            raise NoServers(f"{program} is here, but mariadb-install-db is not")
        command = [installer, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
        command += ["--skip-test-db"]
    else:
        command = [program, "--no-defaults", "--initialize-insecure", f"--datadir={data}"]
    command += [f"--tmpdir={scratch}", *_account()]  # a server that makes its tables clears this folder as well
    log = data.parent / "init.log"
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise NoServers(f"{command[0]} failed: {log.read_text(errors='replace')[-1500:]}")


def installed(folder: Path, settings: Sequence[str] = SETTINGS) -> Pair:
    """MariaDB from Debian's archive (the package without a system service), then like `local`."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoServers("MariaDB can be installed only by root on Debian")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = ["mariadb-server-core", "mariadb-client-core"]  # the second has what mariadb-install-db calls
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoServers(f"apt-get {' '.join(command)} failed: {done.stderr[-800:]}")
    return local(folder, "mariadb", settings)


def _account() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _free_ports() -> tuple[int, int]:
    # Both are held while they are chosen: asked for one after the other, the system may give the same port twice.
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        return int(first.getsockname()[1]), int(second.getsockname()[1])


def _url(host: str, port: int) -> URL:
    return URL.create("mysql+pymysql", "root", PASSWORD, host, port)
