"""The interpreter of Ops for asyncio: one event loop, tasks for threads, cancellation that leaves nothing behind."""
