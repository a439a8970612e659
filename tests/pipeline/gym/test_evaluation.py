"""Figures of trials, and whole evaluations on a live server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from toolweave.agent.messages import Message
from toolweave.agent.players.controls import IdlePlayer
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.evaluation.evaluate import EvalSettings, evaluate
from toolweave.pipeline.evaluation.results import figures, line_of, pass_hat, report, wilson
from toolweave.pipeline.evaluation.trials import Course, Trial, run_trials
from toolweave.pipeline.gym.score import Score
from toolweave.servers.errors import RunError, TeacherError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.gym.conftest import PostOffice

pytestmark = pytest.mark.anyio

PASSED, FAILED = Score(None, "", True, 1.0), Score("wrong_value", "no", False, 0.5)


class Silent:
    """Never replies."""

    name = "silent"

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        raise TeacherError("no reply")


def tried(post: PostOffice, outcomes: dict[str, list[bool]]) -> list[Trial]:
    return [
        Trial(post.sample.model_copy(update={"id": name}), number, PASSED if passed else FAILED, 3)
        for name, group in outcomes.items()
        for number, passed in enumerate(group)
    ]


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


async def test_pass_hat_k_is_how_often_k_trials_all_pass(post: PostOffice) -> None:
    trials = tried(post, {"a": [True, True, False, False], "b": [True] * 4})
    assert pass_hat(trials, 1) == pytest.approx(0.75)
    assert pass_hat(trials, 2) == pytest.approx((1 / 6 + 1) / 2)
    assert pass_hat(trials, 4) == pytest.approx(0.5)


async def test_figures_add_up_and_are_given_for_every_kind_of_turn(post: PostOffice) -> None:
    found = report(tried(post, {"a": [True, False], "b": [False, False]}), "tiny")
    assert (found["samples"], found["trials"], found["pass@1"]) == (2, 4, 0.25)
    assert found["failures"] == {"wrong_value": 3}
    assert found["calls"] == pytest.approx(0.625)
    assert set(found["kinds"]) == {"base", "missing_parameter"}
    low, high = found["interval"]
    assert low < 0.25 < high


async def test_the_interval_counts_samples_and_not_their_trials(post: PostOffice) -> None:
    once = figures(tried(post, {"a": [True], "b": [False]}))["interval"]
    often = figures(tried(post, {"a": [True] * 50, "b": [False] * 50}))["interval"]
    assert once == often


async def test_a_player_that_never_replies_fails_every_trial(post: PostOffice) -> None:
    tools, open_fresh = post.opened
    course = Course({"post": post.spec}, tools, open_fresh)
    trials = await run_trials([post.sample], 2, lambda _: Silent(), course, 2, lambda _: None)
    assert [trial.score.failure for trial in trials] == ["no_reply", "no_reply"]
    assert figures(trials)["pass@1"] == 0.0


async def test_trials_come_in_order_and_say_what_they_tried(post: PostOffice) -> None:
    tools, open_fresh = post.opened
    course = Course({"post": post.spec}, tools, open_fresh)
    told: list[Trial] = []
    trials = await run_trials([post.sample], 3, lambda _: IdlePlayer(), course, 3, told.append)
    lines = [line_of(trial) for trial in trials]
    assert [line["trial"] for line in lines] == [0, 1, 2]
    assert len(told) == 3
    assert lines[0]["targets"] == ["post/send_parcel", "post/send_parcel"]
    assert {line["failure"] for line in lines} == {"missing_call"}


@pytest.mark.parametrize(("model", "share"), [("gold", 1.0), ("idle", 0.0)])
async def test_an_evaluation_reads_a_dataset_and_reports(
    sound: PostOffice, tmp_path: Path, model: str, share: float
) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text(sound.sample.model_dump_json() + "\n", encoding="utf-8")
    found = await evaluate(path, [sound.spec], EvalSettings(model, times=2), lambda _: None)
    assert (found["pass@1"], found["trials"]) == (share, 2)
    assert json.loads(json.dumps(found)) == found


async def test_samples_whose_tools_are_gone_are_refused(post: PostOffice) -> None:
    gone = post.sample.model_copy(update={"tools": ({"function": {"name": "ask_oracle", "parameters": {}}},)})
    tools, _ = post.opened
    async with warm_environments() as open_fresh:
        course = Course({"post": post.spec}, tools, open_fresh)
        with pytest.raises(BaseExceptionGroup) as caught:
            await run_trials([gone], 1, lambda _: IdlePlayer(), course, 1, lambda _: None)
    assert caught.group_contains(RunError, match="'ask_oracle' is not listed")


async def test_a_file_without_samples_is_refused(post: PostOffice, tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text("", encoding="utf-8")
    with pytest.raises(RunError, match="holds no samples"):
        await evaluate(path, [post.spec], EvalSettings("idle"), lambda _: None)
