"""Reading files of this machine, for LOAD DATA LOCAL INFILE.

Invariant: a file is open only while a piece of it is read.
"""

from __future__ import annotations

from shardkit.errors import OperationalError
from shardkit.flow import ReadFile


def read_file(op: ReadFile) -> bytes:
    """One piece of a file; shorter than asked for only at its end."""
    try:
        with open(op.path, "rb") as file:
            file.seek(op.offset)
            return file.read(op.size)
    except OSError as error:
        raise OperationalError(f"Can't find file '{op.path}': {error.strerror or error}", errno=1017) from error
