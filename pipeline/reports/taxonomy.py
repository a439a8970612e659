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
from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass
class Failures:
    """Lost items, counted by class, by the stages of each class, and by server of the target."""

    _stages: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """(class, stage)"""
    _servers: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """(server, class)"""

    def add(self, line: Mapping[str, Any]) -> None:
        """Count one more line of `rejected.jsonl`."""
        stage = str(line["stage"])
        self._stages[failure_class(stage), stage] += 1
        self._servers[_server(line), failure_class(stage)] += 1

    def as_json(self) -> dict[str, Any]:
        """As the report has it."""
        stages = {
            name: {stage: count for (found, stage), count in sorted(self._stages.items()) if found == name}
            for name in CLASSES
        }
        servers = {
            server: {name: count for name in CLASSES if (count := self._servers[server, name])}
            for server in sorted({server for server, _ in self._servers})
        }
        return {
            "classes": {name: sum(found.values()) for name, found in stages.items() if found},
            "stages": {name: found for name, found in stages.items() if found},
            "servers": servers,
        }


def _server(line: Mapping[str, Any]) -> str:
    return str(line.get("target") or "").partition("/")[0] or "unknown"
