"""What is going on now: on the servers, and in the processes that publish their figures.

    look(rules, ask, now, folder) -> Look        everything is asked
    picture(before, after)        -> plain data  what happened between two looks, and what is so at the second

Invariant: looking changes nothing, and a server or process that does not answer does not keep the others from it.
"""

from shardkit.top.looking import Ask, Look, ServerLook, look
from shardkit.top.picture import picture
from shardkit.top.published import Process, read_published

__all__ = ["Ask", "Look", "Process", "ServerLook", "look", "picture", "read_published"]
