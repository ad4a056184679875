"""`python -m examples.centers`: both centers start, are filled, answer what is printed, and stop with the program."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import httpx
import pytest

from examples.centers.running import NotStarted, Places, running

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0


class Started:
    """The program, and what it has printed up to the line about Ctrl-C."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        # Without this a program that hangs would hang the test.
        watch = Timer(PATIENCE, process.kill)
        watch.start()
        self.printed = ""
        for line in process.stdout:
            self.printed += line
            if "Ctrl-C" in line:
                break
        watch.cancel()

    def urls(self) -> list[str]:
        """Where the centers are."""
        return sorted(set(re.findall(r"http://127\.0\.0\.1:\d+", self.printed)))

    def calls(self) -> list[list[str]]:
        """The calls that were printed, as a shell takes them apart."""
        return [shlex.split(line) for line in self.printed.splitlines() if line.strip().startswith("curl ")]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """The program at work on free ports."""
    command = [
        sys.executable,
        "-m",
        "examples.centers",
        "--member-port",
        "0",
        "--order-port",
        "0",
        "--data",
        str(tmp_path),
    ]
    environ = os.environ | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        yield Started(process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        process.stdout.close()
        process.wait(PATIENCE)


def test_both_centers_answer_the_calls_that_are_printed_and_stop_with_ctrl_c(started: Started) -> None:
    assert len(started.urls()) == 2, started.printed
    calls = started.calls()
    assert len(calls) >= 8
    statuses = [call(arguments).status_code for arguments in calls]
    assert all(status < 300 or status == 409 for status in statuses), list(zip(calls, statuses, strict=True))
    assert statuses.count(409) <= 1  # an order that cannot be shipped is told so
    for url in started.urls():
        assert httpx.get(f"{url}/docs").is_success
    started.process.send_signal(signal.SIGINT)
    assert started.process.stdout is not None
    assert "Both centers have stopped." in started.process.stdout.read()
    assert started.process.wait(PATIENCE) == 0
    for url in started.urls():
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{url}/healthz")


def test_a_port_that_somebody_else_listens_on_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        places = Places(folder=tmp_path, ports={"member": 0, "order": port})
        refusal = pytest.raises(NotStarted, match=f"order center cannot listen on port {port}.*--order-port")
        with refusal, running(places):
            raise AssertionError("it has started")
    assert not list(tmp_path.rglob("*.db"))


def call(arguments: list[str]) -> httpx.Response:
    """What curl would do with these arguments."""
    method, headers, body, url = "GET", {}, None, ""
    rest = iter(arguments[1:])
    for argument in rest:
        match argument:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "--json":
                method, body = "POST", next(rest)
                headers["Content-Type"] = "application/json"
            case _:
                url = argument
    return httpx.request(method, url, headers=headers, content=body, timeout=30)
