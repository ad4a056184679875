"""Setting both centers up and running them as processes of their own, as a deployment would.

Invariant: whatever happens, the processes started here have ended when `running` is left, and a temporary folder is
gone.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import httpx

from examples.centers.settings import load_rules
from shardkit.cli.init import create
from shardkit.rules import Rules

EXAMPLES = Path(__file__).parents[1]
STARTING = 60.0  # seconds a center may take to become ready
STOPPING = 15.0


class NotStarted(Exception):
    """A center did not become ready; the message says why."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the data lies, which centers to run, and on which ports (0: any free one)."""

    mysql: tuple[str, str] | None = None
    folder: Path | None = None
    ports: Mapping[str, int] = field(default_factory=lambda: {"member": 0, "order": 0})


@dataclass(frozen=True, slots=True)
class Running:
    """The centers at work, by name (member, order): their URLs and rules."""

    urls: Mapping[str, str]
    rules: Mapping[str, Rules]
    where: str


@contextmanager
def running(places: Places) -> Iterator[Running]:
    """Make databases and tables where they are missing, start the centers, and stop them at the end."""
    # Being terminated ends this program as Ctrl-C does, so that nothing it started is left.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGTERM, before)
        servers, where = _servers(stack, places)
        environ = {**os.environ, "PYTHONUTF8": "1", "MEMBER_REVEAL_TOKENS": "true"}
        urls: dict[str, str] = {}
        rules: dict[str, Rules] = {}
        processes: dict[str, subprocess.Popen[bytes]] = {}
        for center, port in places.ports.items():
            _refuse_taken(center, port)
        for center, port in places.ports.items():
            prefix = center.upper()
            environ |= {f"{prefix}_RDS{number}": url for number, url in enumerate(servers[center])}
            environ.setdefault(f"{prefix}_CURSOR_SECRET", secrets.token_hex(16))
            folder = EXAMPLES / f"{center}_center"
            rules[center] = load_rules(folder / "rules.yaml", prefix, environ)
            create(rules[center], (folder / "schema.sql").read_text(encoding="utf-8"))
            urls[center] = f"http://127.0.0.1:{port or _free_port()}"
            processes[center] = _start(stack, center, urls[center], environ)
        for center, process in processes.items():
            _wait(process, center, urls[center])
        yield Running(urls, rules, where)


def _servers(stack: ExitStack, places: Places) -> tuple[dict[str, tuple[str, ...]], str]:
    """The two server URLs of each center, and where that is in words."""
    if places.mysql is not None:
        return dict.fromkeys(places.ports, places.mysql), "two MySQL servers"
    folder = places.folder
    if folder is None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shardkit-centers-")))
    paths = {center: [(folder / center / name).absolute() for name in ("rds0", "rds1")] for center in places.ports}
    for path in chain.from_iterable(paths.values()):
        path.mkdir(parents=True, exist_ok=True)
    return {
        center: tuple(f"sqlite:///{path}" for path in own) for center, own in paths.items()
    }, f"SQLite files in {folder}"


def _start(stack: ExitStack, center: str, url: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    app = f"examples.{center}_center.app:create_app"
    host, port = url.removeprefix("http://").split(":")
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--host", host, "--port", port]
    # A session of its own: Ctrl-C reaches this program, which then stops the centers in good order.
    process = subprocess.Popen(
        [*command, "--log-level", "warning"], cwd=EXAMPLES.parent, env=dict(environ), start_new_session=True
    )
    stack.callback(_stop, process)
    return process


def _wait(process: subprocess.Popen[bytes], center: str, url: str) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStarted(f"the {center} center ended while starting (exit code {process.returncode})")
        try:
            if httpx.get(f"{url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # it does not listen yet
    raise NotStarted(f"the {center} center was not ready after {STARTING:g} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPPING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _refuse_taken(center: str, port: int) -> None:
    """Whoever listens there would answer in the center's place, and be filled with what is meant for it."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the center does
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            told = f"the {center} center cannot listen on port {port}: {error.strerror}; choose another one"
            raise NotStarted(f"{told}, or 0 for any (--{center}-port)") from error


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
