"""What one connection does, as generator scripts that yield Ops. Threads and asyncio both run them.

Invariant: nothing here knows a driver, a thread or a clock.
"""

from shardkit.session.state import Session

__all__ = ["Session"]
