"""What a statement would do, for people as a tree and for programs as JSON. The JSON is what tests compare.

Invariant: an explanation never holds parameter values, only SQL with placeholders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shardkit.errors import NotSupportedError
from shardkit.federate import ROWS, tasks
from shardkit.flow import Compare, Federation, Hints, Key, Kind, MergeSpec, Plan, Stage, Strategy
from shardkit.parse import Ddl
from shardkit.plan.filling import Filling
from shardkit.plan.hinted import refuse_place
from shardkit.plan.planner import Planner
from shardkit.plan.prepared import Prepared
from shardkit.values import Params


@dataclass(frozen=True, slots=True)
class Explanation:
    """`kind` is pass, merge, federate, write, ddl, session or refused; `data` is the JSON."""

    kind: str
    data: dict[str, Any]

    def json(self) -> dict[str, Any]:
        """The explanation as plain data."""
        return self.data

    def analyzed(self, steps: list[dict[str, Any]], expected: list[int | None]) -> Explanation:
        """The same with what happened: `steps` as they were taken, `expected` rows of each pull or of the shards."""
        pulls = self.data.get("pulls")
        asked = ["shards"] if pulls is None else [f"pull {pull['table']}" for pull in pulls]
        rows = dict(zip(asked, expected, strict=True))
        told = [{**step, "expected_rows": rows.get(step["name"])} for step in steps]
        return Explanation(self.kind, {**self.data, "steps": told})

    def __str__(self) -> str:
        return "\n".join(_tree(self.data))


def explain_ready(planner: Planner, text: str, params: Params, around: Hints | None = None) -> Explanation:
    """Explain a statement from what the catalog knows; `around`: see Prepared.plan.

    Raises MetadataNeeded, and errors other than refusals.
    """
    try:
        ready = planner.prepare(text, params)
        if isinstance(ready, Prepared):
            plan = ready.sample(params, around)
            return _explained(plan, ready.filling) if plan.stage is None else _staged(planner, plan, plan.stage)
        if isinstance(ready, Ddl):
            refuse_place(around, ready.verb.upper())
            return _explained(planner.spread(ready))
    except NotSupportedError as error:
        refused = {
            "code": error.code, "what": error.what, "where": error.where, "why": error.why, "instead": error.instead,
        }  # fmt: skip
        return Explanation("refused", {"kind": "refused", "refused": refused, "targets": []})
    return Explanation("session", {"kind": "session", "statement": type(ready).__name__, "targets": []})


def _explained(plan: Plan, filling: Filling | None = None) -> Explanation:
    if plan.federation is not None:
        return _federated(plan, plan.federation)
    kind = kind_of(plan)
    targets = [
        {"shard": str(task.shard), "slot": target.slot, "tables": list(target.names), "sql": task.sql}
        for target, task in zip(plan.route.targets, plan.tasks, strict=True)
    ]
    data: dict[str, Any] = {
        "kind": kind, "statement": plan.kind.value, "reason": plan.route.reason, "targets": targets,
    }  # fmt: skip
    if filling is not None:
        data["generated"] = filling.names
    if plan.merge is not None:
        data["merge"] = _merge(plan.merge, plan)
    return Explanation(kind, data)


def _staged(planner: Planner, plan: Plan, stage: Stage) -> Explanation:
    """A write that reads first: the plan of its SELECT. Where it writes is known only when the rows are there."""
    reads = explain_ready(planner, stage.sql, stage.args, plan.hints)
    if reads.kind == "refused":
        return reads
    data: dict[str, Any] = {
        "kind": "write", "statement": plan.kind.value, "reason": plan.route.reason, "targets": [], "sql": stage.sql,
        "reads": reads.data,
    }  # fmt: skip
    return Explanation("write", data)


def _federated(plan: Plan, work: Federation) -> Explanation:
    pulls = [
        {
            "table": pull.table,
            "into": pull.name,
            "columns": [column.name for column in pull.columns],
            "targets": [{"shard": str(task.shard), "sql": task.sql} for task in tasks(pull)],
            "copies": len(pull.copies) // 2,
            "among": [f"{join.column.name} in {join.source}.{join.source_column}" for join in pull.joins],
        }
        for pull in work.pulls
    ]
    data: dict[str, Any] = {
        "kind": "federate", "statement": plan.kind.value, "reason": plan.route.reason, "workspace": str(work.place),
        "pulls": pulls, "final": work.sql, "targets": [],
    }  # fmt: skip
    if work.inline is not None:
        data["one_step"] = work.inline.sql
    return Explanation("federate", data)


def kind_of(plan: Plan) -> str:
    """pass, merge, federate, write or ddl."""
    if plan.kind is Kind.DDL:
        return "ddl"
    if plan.kind is not Kind.SELECT:
        return "write"
    if plan.federation is not None:
        return "federate"
    return "pass" if plan.merge is None else "merge"


def _merge(spec: MergeSpec, plan: Plan) -> dict[str, Any]:
    return {
        "strategy": spec.strategy.value,
        "columns": spec.columns,
        "hidden": list(spec.hidden),
        "order": [_key(key, spec) for key in spec.order],
        "group": [_key(key, spec) for key in spec.group],
        "distinct": [_key(key, spec) for key in spec.distinct],
        "folds": [f"{fold.function} of {', '.join(_column(c, spec) for c in fold.operands)}" for fold in spec.folds],
        "offset": plan.window.offset,
        "limit": plan.window.limit,
    }


def _column(column: int, spec: MergeSpec) -> str:
    return f"column {column + 1}" if column < spec.columns else f"hidden {spec.hidden[column - spec.columns]}"


def _key(key: Key, spec: MergeSpec) -> str:
    words = [_column(key.column, spec)]
    if key.descending:
        words.append("DESC")
    if key.compare is Compare.WEIGHT:
        words.append("by weight, blanks padded" if key.blank else "by weight")
    return " ".join(words)


_STRATEGIES = {
    Strategy.CONCAT.value: "rows of all shards, one after another",
    Strategy.ORDERED.value: "k-way merge of ordered streams",
    Strategy.GROUP.value: "fold partial groups",
}


def _tree(data: dict[str, Any]) -> list[str]:
    lines = _plan_lines(data)
    if "steps" in data:
        lines.append("what happened:")
        lines += [_step_line(step) for step in data["steps"]]
    return lines


def _step_line(step: dict[str, Any]) -> str:
    line = f"   {step['name']}: {step['seconds'] * 1000:.1f} ms"
    if step["statements"]:
        line += f", {step['statements']} statement{'s' if step['statements'] != 1 else ''}"
    if step["rows"] or step["expected_rows"] is not None:
        line += f", {step['rows']:,} rows, {step['bytes']:,} bytes"
    return line + (f" ({step['expected_rows']:,} expected)" if step["expected_rows"] is not None else "")


def _plan_lines(data: dict[str, Any]) -> list[str]:
    if data["kind"] == "refused":
        refused = data["refused"]
        return [f"refused {refused['code']}: {refused['what']}", f"├─ where: {refused['where'] or 'the statement'}",
                f"├─ why: {refused['why']}", f"└─ instead: {refused['instead']}"]  # fmt: skip
    if data["kind"] == "session":
        return [f"session: {data['statement']}", "└─ changes this connection only"]
    lines = [f"{data['kind']} {data['statement']}: {data['reason']}"]
    if data["kind"] == "federate":
        return lines + _federate_lines(data)
    if "reads" in data:
        return [*lines, f"├─ reads first: {data['sql']}", *(f"│  {line}" for line in _plan_lines(data["reads"])),
                "└─ writes on the shards of these rows"]  # fmt: skip
    if "merge" in data:
        lines += _merge_lines(data["merge"])
    if "generated" in data:
        names = ", ".join(data["generated"])
        lines.append(f"├─ {names}: generated when it runs; what follows is for stand-ins")
    targets = data["targets"]
    lines.append(f"└─ {len(targets)} target{'s' if len(targets) != 1 else ''}")
    for number, target in enumerate(targets):
        branch = "└─" if number == len(targets) - 1 else "├─"
        lines.append(f"   {branch} {target['shard']} slot {target['slot']}: {target['sql']}")
    return lines


def _federate_lines(data: dict[str, Any]) -> list[str]:
    lines = []
    for pull in data["pulls"]:
        targets = pull["targets"]
        lines.append(f"├─ pull {pull['table']} from {len(targets)} table{'s' if len(targets) != 1 else ''}")
        lines.append(f"│  columns: {', '.join(pull['columns'])}")
        lines += [f"│  among, if these are few: {among}" for among in pull["among"]]
        lines += [f"│  {target['shard']}: {target['sql']}" for target in targets]
    if "one_step" in data:
        lines.append(f"├─ at most {ROWS:,} partial groups: finish on {data['workspace']}: {data['one_step']}")
    return [*lines, f"└─ finish on {data['workspace']}: {data['final']}"]


def _merge_lines(merge: dict[str, Any]) -> list[str]:
    lines = [f"├─ {_STRATEGIES[merge['strategy']]}"]
    for name in ("group", "folds", "distinct", "order", "hidden"):
        if merge[name]:
            lines.append(f"│  {name}: {'; '.join(merge[name])}")
    if merge["limit"] is not None or merge["offset"]:
        end = "the end" if merge["limit"] is None else merge["offset"] + merge["limit"]
        lines.append(f"│  rows {merge['offset'] + 1} to {end}")
    return lines
