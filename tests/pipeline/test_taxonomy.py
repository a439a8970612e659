"""Every item that is lost has a class, by its stage and by the reasons that our own code words."""

from __future__ import annotations

import pytest

from toolweave.agent.endpoint.failures import Failure, verdict
from toolweave.agent.reason import NeverReached
from toolweave.pipeline.gates.agreement import GATE
from toolweave.pipeline.gates.static import GATES
from toolweave.pipeline.reports.taxonomy import CLASSES, FailureClass, failure_class, failures

NO_REPLY = str(verdict(Failure("no reply in time"), "small", "http://127.0.0.1:9/v1"))
FAILING = str(verdict(Failure("503: busy", 503), "small", "http://127.0.0.1:9/v1"))


@pytest.mark.parametrize(
    ("stage", "reason", "found"),
    [
        ("server", "shop/find: timeout: no answer", "server"),
        ("server", "shop: cannot connect to http://127.0.0.1:9/mcp", "network"),
        ("plan", "shop/find: tool_error: no reply from the depot", "plan"),
        ("teacher", "no request passed the checks: it says 'find_shop'", "query"),
        ("teacher", "no words of the user passed the checks: it says 'x'", "query"),
        ("teacher", str(NeverReached("still wrong value after 3 attempts")), "reasoning"),
        ("teacher", NO_REPLY, "network"),
        ("teacher", FAILING, "network"),
        ("teacher", "small gave no usable step reply in 3 attempts: the reply is empty", "teacher"),
        ("replay", "call_1: another shape the second time", "gate"),
        ("contamination", "shares 13 words with row 4", "gate"),
        (GATE, "call_1 calls 'a', and the checker b", "gate"),
        ("duplicate", "twin of tw-1", "duplicate"),
        ("budget", "--max-calls 9 is used up", "budget"),
        ("internal", "KeyError: 'x'", "internal"),
        *((gate, "anything", "gate") for gate in GATES),
    ],
)
def test_every_stage_has_its_class(stage: str, reason: str, found: FailureClass) -> None:
    assert failure_class(stage, reason) == found


def test_failures_are_counted_by_class_stage_and_server() -> None:
    lines = [
        {"stage": "plan", "reason": "refused", "target": "shop/buy"},
        {"stage": "plan", "reason": "refused", "target": "depot/send"},
        {"stage": "teacher", "reason": "still wrong value after 3 attempts", "target": "shop/buy"},
        {"stage": "replay", "reason": "another shape", "target": "shop/buy"},
        {"stage": "leak", "reason": "says it"},
    ]
    assert failures(lines) == {
        "classes": {"plan": 2, "reasoning": 1, "gate": 2},
        "stages": {"plan": {"plan": 2}, "reasoning": {"teacher": 1}, "gate": {"leak": 1, "replay": 1}},
        "servers": {"depot": {"plan": 1}, "shop": {"plan": 1, "reasoning": 1, "gate": 1}, "unknown": {"gate": 1}},
    }
    assert sum(failures(lines)["classes"].values()) == len(lines)
    assert set(failures(lines)["classes"]) <= set(CLASSES)
