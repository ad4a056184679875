"""What a text costs that was never seen before, against one that is in the plan cache.

Measured from outside, so it stays true whatever the inside becomes: the same point select with one text, and with a
comment that differs each time. Invariant: both do the same work on the server.
"""

from __future__ import annotations

from benchmarks.measure import Bounds, Rival, difference, summarize, take_turns
from benchmarks.stage import Stage

TEXT = "SELECT memberName FROM member WHERE memberId = %s"
MOST = 300  # new texts in a block: a miss costs about a thousand hits


def plan_costs(stage: Stage, bounds: Bounds) -> dict[str, float]:
    """CPU microseconds: a whole point select with a cached plan, and what an unseen text adds to it."""

    def ask(sql: str, index: int) -> object:
        cursor = stage.sharded.cursor()
        cursor.execute(sql, (stage.members[index % len(stage.members)],))
        rows = cursor.fetchall()
        cursor.close()
        return rows

    hit = Rival("hit", lambda index: ask(TEXT, index))
    miss = Rival("miss", lambda index: ask(f"{TEXT} /* {index} */", index))
    short = Bounds(min(bounds.rounds, 7), min(bounds.seconds, 0.3), min(bounds.count, MOST))
    hits, misses = ([sample.cpu for sample in samples] for samples in take_turns((hit, miss), short))
    return {
        "point select, plan cached (CPU)": summarize(hits).median,
        "added by a text never seen before (CPU)": difference(misses, hits),
    }
