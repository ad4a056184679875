"""Statement to what the shards are asked: templates of SQL, and the merge that puts their answers together.

Invariant: a text that one shard answers alone differs from the user's in its table names only.
"""

from shardkit.rewrite.apart import apart
from shardkit.rewrite.around import Around, positional
from shardkit.rewrite.batches import PACKET, among, bound, runs, values
from shardkit.rewrite.constraints import logical_name
from shardkit.rewrite.filled import Filled, Slot, filled
from shardkit.rewrite.json_rows import MARK
from shardkit.rewrite.merging import Merging, merging
from shardkit.rewrite.template import (
    Blanks,
    ConstraintName,
    Template,
    choice_edit,
    labels,
    name_edits,
    quote,
    text_piece,
)
from shardkit.rewrite.two_steps import TwoSteps, two_steps

__all__ = [
    "MARK",
    "PACKET",
    "Around",
    "Blanks",
    "ConstraintName",
    "Filled",
    "Merging",
    "Slot",
    "Template",
    "TwoSteps",
    "among",
    "apart",
    "bound",
    "choice_edit",
    "filled",
    "labels",
    "logical_name",
    "merging",
    "name_edits",
    "positional",
    "quote",
    "runs",
    "text_piece",
    "two_steps",
    "values",
]  # fmt: skip
