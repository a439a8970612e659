"""A judge by endpoint can reject and tag, and never lets through what it could not decide."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.reviewing import JudgeAsk
from toolweave.pipeline.gates.rubric import load_rubric
from toolweave.pipeline.running.synthesis import run_job
from toolweave.pipeline.settings import RunSettings
from toolweave.servers.errors import ConfigError, TeacherError

pytestmark = pytest.mark.anyio
ASK = JudgeAsk({"true": "Is it true?", "kind": "Is it kind?"}, (), ({"role": "user", "content": "Hello"},), 7)
RUBRIC = """
model = "judge-model"
base_url = "{url}"
[[criteria]]
name = "true"
question = "Is it true?"
[[criteria]]
name = "kind"
question = "Is it kind?"
rejects = false
"""
Make = Callable[..., EndpointTeacher]


def opinions(**verdicts: str) -> dict[str, Any]:
    return {"opinions": [{"criterion": name, "verdict": said, "why": "It is."} for name, said in verdicts.items()]}


async def test_a_judge_that_leaves_a_question_out_is_asked_again(endpoint: Any, make_teacher: Make) -> None:
    endpoint.says(opinions(true="yes"))
    endpoint.says(opinions(true="yes", kind="unsure"))
    async with make_teacher() as judge:
        judgement = await judge.judge(ASK)
    assert {one.criterion: one.verdict for one in judgement.opinions} == {"true": "yes", "kind": "unsure"}
    assert "one entry for each of true, kind" in endpoint.requests[1]["messages"][-1]["content"]
    assert judge.usage()["judge"]["requests"] == 2


async def test_a_judge_that_never_answers_every_question_has_not_judged(endpoint: Any, make_teacher: Make) -> None:
    endpoint.says(opinions(true="yes"))
    endpoint.says(opinions(true="yes", kind="yes", brave="yes"))
    endpoint.says("I like it.")
    async with make_teacher() as judge:
        with pytest.raises(TeacherError, match="no usable judge reply"):
            await judge.judge(ASK)


async def judged_run(endpoint: Any, folder: Path, reply: Any) -> dict[str, Any]:
    """The manifest of a run of up to two samples, of which the endpoint always thinks the same."""
    rubric = folder / "rubric.toml"
    rubric.write_text(RUBRIC.format(url=endpoint.url), "utf-8")
    mcp = folder / "mcp.json"
    world = {"command": "python", "args": ["-m", "toolweave.servers.worlds.kitchen"]}
    mcp.write_text(json.dumps({"mcpServers": {"kitchen": world | {"toolweave": {"disposable": True}}}}))
    while len(endpoint.script) < 40:
        endpoint.says(reply)
    settings = RunSettings(mcp=mcp, samples=2, turns=1, probe_calls=2, kinds={"base": 1}, judge=rubric, wave=2)
    return await run_job(settings, folder / "run")


async def test_samples_that_hold_up_are_kept_with_what_the_judge_noted(endpoint: Any, tmp_path: Path) -> None:
    manifest = await judged_run(endpoint, tmp_path, opinions(true="yes", kind="no"))
    rows = [json.loads(line) for line in (tmp_path / "run" / "samples.jsonl").read_text().splitlines()]
    assert len(rows) == manifest["outcomes"]["kept"] == 2
    assert [row["quality"]["judged"] for row in rows] == [{"true": "yes", "kind": "no"}] * 2
    assert manifest["teacher"]["judge"] == "judge-model"
    assert manifest["teacher"]["usage"]["judge"]["prompt_tokens"] == 10 * len(endpoint.requests)


@pytest.mark.parametrize("reply", [opinions(true="unsure", kind="yes"), opinions(true="no", kind="yes"), "What?"])
async def test_nothing_is_kept_that_a_judge_objects_to_or_cannot_decide(
    endpoint: Any, tmp_path: Path, reply: Any
) -> None:
    manifest = await judged_run(endpoint, tmp_path, reply)
    assert manifest["outcomes"]["kept"] == 0
    assert manifest["reasons"]["judge"] >= 2
    assert (tmp_path / "run" / "samples.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("criteria = []", "criteria"),
        ("[[criteria]]\nname = 'a'\nquestion = 'Q?'\n" * 2, "two criteria have the same name"),
        ("[[criteria]]\nname = 'Not A Name'\nquestion = 'Q?'", "criteria.0.name"),
        ("[[criteria]]\nname = 'a'\nquestion = 'Q?'\nreject = true", "criteria.0.reject"),
        ("name = ", "cannot be read as a rubric"),
    ],
)
def test_a_broken_rubric_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "rubric.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=complaint):
        load_rubric(path)


async def test_the_offline_teacher_cannot_judge(tmp_path: Path) -> None:
    rubric, mcp = tmp_path / "rubric.toml", tmp_path / "mcp.json"
    rubric.write_text("[[criteria]]\nname = 'a'\nquestion = 'Q?'", "utf-8")
    mcp.write_text('{"mcpServers": {"a": {"command": "python"}}}', "utf-8")
    with pytest.raises(ConfigError, match="name a model in the rubric"):
        await run_job(RunSettings(mcp=mcp, judge=rubric), tmp_path / "run")


def test_the_example_is_a_rubric() -> None:
    rubric = load_rubric(Path(__file__).parents[2] / "examples" / "rubric.toml")
    assert [one.name for one in rubric.criteria if one.rejects] == ["answered", "reasoned"]
