"""Every item that is lost has a class, by the stage that lost it."""

from __future__ import annotations

import pytest

from toolweave.agent.endpoint.failures import Failure, verdict
from toolweave.pipeline.gates.agreement import GATE
from toolweave.pipeline.gates.static import GATES
from toolweave.pipeline.reports.taxonomy import CLASSES, FailureClass, Failures, failure_class
from toolweave.servers.errors import NeverReached, RequestRefused, TeacherError


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (verdict(Failure("no reply in time"), "small", "http://127.0.0.1:9/v1"), "network"),
        (verdict(Failure("503: busy", 503), "small", "http://127.0.0.1:9/v1"), "network"),
        (RequestRefused("no request passed the checks"), "query"),
        (NeverReached("still wrong value after 3 attempts"), "reasoning"),
        (TeacherError("small gave no usable step reply in 3 attempts: the reply is empty"), "teacher"),
    ],
)
def test_what_a_teacher_fails_at_has_a_class_of_its_own(error: TeacherError, found: FailureClass) -> None:
    assert failure_class(error.stage) == found


@pytest.mark.parametrize("stage", [GATE, "replay", "contamination", "checker", "judge", *GATES])
def test_every_other_stage_is_a_gate(stage: str) -> None:
    assert failure_class(stage) == "gate"


@pytest.mark.parametrize("stage", ["server", "plan", "duplicate", "budget", "internal"])
def test_a_stage_that_says_all_is_its_class(stage: str) -> None:
    assert failure_class(stage) == stage


def test_failures_are_counted_by_class_stage_and_server() -> None:
    lines = [
        {"stage": "plan", "reason": "refused", "target": "shop/buy"},
        {"stage": "plan", "reason": "refused", "target": "depot/send"},
        {"stage": "reasoning", "reason": "still wrong value after 3 attempts", "target": "shop/buy"},
        {"stage": "replay", "reason": "another shape", "target": "shop/buy"},
        {"stage": "leak", "reason": "says it"},
    ]
    found = Failures()
    for line in lines:
        found.add(line)
    told = found.as_json()
    assert told == {
        "classes": {"plan": 2, "reasoning": 1, "gate": 2},
        "stages": {"plan": {"plan": 2}, "reasoning": {"reasoning": 1}, "gate": {"leak": 1, "replay": 1}},
        "servers": {"depot": {"plan": 1}, "shop": {"plan": 1, "reasoning": 1, "gate": 1}, "unknown": {"gate": 1}},
    }
    assert sum(told["classes"].values()) == len(lines)
    assert set(told["classes"]) <= set(CLASSES)
