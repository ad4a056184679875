"""Publishes a process's figures for `shardkit top`: a file in a folder, written anew every so many seconds.

Invariant: whoever reads the file finds a whole one; it is gone when its cluster is closed.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import socket
import threading
from os import PathLike
from pathlib import Path

from shardkit.telemetry import Figures

LOG = logging.getLogger("shardkit.figures")
_numbers = itertools.count(1)


class Publisher:
    """One thread that writes until `stop`; a file that cannot be written is logged and tried again."""

    def __init__(self, figures: Figures, folder: str | PathLike[str], every: float) -> None:
        self._figures, self._every = figures, every
        self._host, self._process = socket.gethostname(), os.getpid()
        self._file = Path(folder) / f"{self._host}-{os.getpid()}-{next(_numbers)}.json"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shardkit-figures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and take the file away. A second call does nothing."""
        self._stopped.set()
        self._thread.join()
        if self._process != os.getpid():
            return  # forked off: the file is its parent's
        with contextlib.suppress(NotADirectoryError):  # there never was a folder for it
            self._file.unlink(missing_ok=True)

    def _run(self) -> None:
        going = True
        while going:
            try:
                self._write()
            except OSError as error:
                LOG.warning("figures could not be written, which is tried again in %g s: %s", self._every, error)
            going = not self._stopped.wait(self._every)

    def _write(self) -> None:
        data = {"host": self._host, "every": self._every, **self._figures.snapshot()}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        whole = self._file.with_suffix(".new")
        whole.write_text(json.dumps(data), encoding="utf-8")
        whole.replace(self._file)
