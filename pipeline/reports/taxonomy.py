"""What kind of failure lost an item: one class for each, by the stage that lost it.

server      a server did not start, died, hung, or refused by policy
network     the endpoint could not be reached or kept failing
teacher     the model behind a role gave nothing that could be used
plan        the chain did not lead to its target: a tool refused, or a look-up came back without the wanted field
query       no request passed the checks
reasoning   the chain was not reached by thinking within the attempts that it had
role_play   no conversation of a simulated user and an assistant passed the checker of its plan, or the gates
gate        a finished sample did not pass a check
duplicate   a finished sample is nearly the same as one that was kept
budget      what the item or the run may use up was used up
internal    our own fault
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

FailureClass = Literal[
    "server", "network", "teacher", "plan", "query", "reasoning", "role_play", "gate", "duplicate", "budget", "internal"
]
CLASSES: tuple[FailureClass, ...] = get_args(FailureClass)
_OF_STAGE: dict[str, FailureClass] = {name: name for name in CLASSES}
"""Stages that are classes; every other one is a gate."""


def failure_class(stage: str) -> FailureClass:
    """The class of one item that was not kept: its stage where that is one, else a gate."""
    return _OF_STAGE.get(stage, "gate")


def failures(rejected: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Lines of `rejected.jsonl`, counted: by class, by the stages of each class, and by server of the target."""
    lines = [(failure_class(str(one["stage"])), one) for one in rejected]
    classes = Counter(found for found, _ in lines)
    stages = {name: Counter(str(one["stage"]) for found, one in lines if found == name) for name in classes}
    servers = sorted({_server(one) for _, one in lines})
    by_server = {name: Counter(found for found, one in lines if _server(one) == name) for name in servers}
    return {
        "classes": {name: classes[name] for name in CLASSES if classes[name]},
        "stages": {name: dict(sorted(stages[name].items())) for name in CLASSES if name in stages},
        "servers": {name: {one: found[one] for one in CLASSES if found[one]} for name, found in by_server.items()},
    }


def _server(line: Mapping[str, Any]) -> str:
    return str(line.get("target") or "").partition("/")[0] or "unknown"
