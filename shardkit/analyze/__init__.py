"""A log of statements before a migration: what would pass, merge, or be refused, and which shard key it asks for.

    read_log -> Entry -> Tally (by fingerprint) -> Classifier (explain) -> Report

Invariant: nothing is run, and no value of a statement is shown unless it is asked for.
"""

from shardkit.analyze.classify import Classifier, Explain, Fate
from shardkit.analyze.entries import Entry
from shardkit.analyze.keys import KeyUse
from shardkit.analyze.offline import Offline, planner_of
from shardkit.analyze.reading import FORMATS, read_log, sniff
from shardkit.analyze.report import Judged, Kind, Report, as_data, report
from shardkit.analyze.tally import MOST, Group, Tally
from shardkit.fingerprint import Fingerprint, fingerprint

__all__ = [
    "FORMATS", "MOST", "Classifier", "Entry", "Explain", "Fate", "Fingerprint", "Group", "Judged", "KeyUse", "Kind",
    "Offline", "Report", "Tally", "as_data", "fingerprint", "planner_of", "read_log", "report", "sniff",
]  # fmt: skip
