"""Statement to what the shards are asked: templates of SQL, and the merge that puts their answers together.

Invariant: a text that one shard answers alone differs from the user's in its table names only.
"""

from shardkit.rewrite.apart import apart
from shardkit.rewrite.filled import Filled, Slot, filled
from shardkit.rewrite.json_rows import MARK
from shardkit.rewrite.merging import Merging, merging
from shardkit.rewrite.template import Blanks, Template, choice_edit, labels, name_edits
from shardkit.rewrite.two_steps import TwoSteps, two_steps

__all__ = [
    "MARK", "Blanks", "Filled", "Merging", "Slot", "Template", "TwoSteps", "apart", "choice_edit", "filled", "labels",
    "merging", "name_edits", "two_steps",
]  # fmt: skip
