"""Is everything as shardkit needs it: servers, settings, rights, branches left behind, and tables that are alike?

    facts = examine(rules, ask, now)      everything is asked
    report = diagnose(rules, facts)       nothing is asked any more

Invariant: an examination changes nothing that lasts.
"""

from shardkit.doctor.diagnose import diagnose
from shardkit.doctor.facts import Facts, Finding, Report, ServerFacts, ShardFacts
from shardkit.doctor.questions import Ask, examine

__all__ = ["Ask", "Facts", "Finding", "Report", "ServerFacts", "ShardFacts", "diagnose", "examine"]
