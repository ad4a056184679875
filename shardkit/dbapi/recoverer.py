"""Recovery in the background: one thread of a cluster that ends branches which other processes left prepared.

Invariant: it holds no connection between two rounds, and it ends with its cluster.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from shardkit.errors import Error
from shardkit.session.recovery import Recovery

LOG = logging.getLogger("shardkit.recovery")


class Recoverer:
    """Calls `recover` every so many seconds until `stop`."""

    def __init__(self, recover: Callable[[], Recovery], every: float) -> None:
        self._recover, self._every = recover, every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shardkit-recovery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for a round that is running."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                tell(self._recover())
            except Error as error:
                LOG.warning("recovery failed and will be tried again in %g s: %s", self._every, error)


def tell(done: Recovery) -> None:
    """Log what a round did."""
    for one in done.branches:
        level = logging.INFO if one.outcome != "left" else logging.WARNING
        LOG.log(level, "branch of %s on %s: %s %s", one.gtrid, one.place, one.outcome, one.reason)
    for server, error in done.silent.items():
        LOG.warning("server %s could not be asked for its branches: %s", server, error)
