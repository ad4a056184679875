"""A program that uses an engine, forks, and uses the same engine in both processes; what it prints is the children's end.

Its argument is the URL of an engine.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable

from sqlalchemy import Engine, create_engine, func, insert, select
from sqlalchemy.pool import QueuePool

from tests.integration.sqlalchemy.stage import Member, Note

PATIENCE = 60


def look(engine: Engine) -> None:
    """Statements of one shard, of all shards, and those that a server finishes; and a write."""
    with engine.begin() as connection:
        assert connection.scalar(select(Member.name).where(Member.memberId == 3)) == "m3"
        ids = connection.scalars(select(Member.memberId).order_by(Member.memberId)).all()
        assert [one for one in ids if one < 10] == list(range(1, 9))
        connection.execute(insert(Member).values(name="new"))
        connection.execute(insert(Note).values(text="seen"))


def as_it_is(engine: Engine) -> None:
    """A child that takes no notice."""
    look(engine)
    engine.dispose()


def anew(engine: Engine) -> None:
    """A child that does what SQLAlchemy's documentation asks of it."""
    engine.dispose(close=False)
    look(engine)
    engine.dispose()


def child(work: Callable[[Engine], None], engine: Engine) -> int:
    """The exit code of a forked process that does this."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.alarm(PATIENCE)
    try:
        work(engine)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main(url: str) -> None:
    """Use it, fork twice, use it again."""
    engine = create_engine(url)
    assert isinstance(engine.pool, QueuePool)
    with engine.begin() as connection:
        connection.execute(insert(Member), [{"memberId": n, "name": f"m{n}"} for n in range(1, 9)])
    look(engine)
    for work in (as_it_is, anew):
        print(work.__name__, child(work, engine))
        look(engine)
    with engine.connect() as connection:
        print("notes", connection.scalar(select(func.count()).select_from(Note)))
        print("members", connection.scalar(select(func.count(Member.memberId.distinct()))))
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
