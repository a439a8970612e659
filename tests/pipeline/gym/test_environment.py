"""The Gymnasium environment: Gymnasium's own checker passes, gold earns 1.0, doing nothing 0.0."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.pipeline.gym.conftest import sample_with, spec_in
from toolweave.servers.environment import open_environment
from toolweave.servers.tools import Tool

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402

from toolweave.pipeline.gym.environment import ToolweaveEnv, Weights  # noqa: E402

GOLD: list[dict[str, Any]] = [
    {"type": "call", "calls": [{"name": "list_parcels", "arguments": {}}]},
    {"type": "call", "calls": [{"name": "send_parcel", "arguments": {"parcel_id": "P-31", "speed": "fast"}}]},
    {"type": "answer", "text": "Parcel P-31 is on its way."},
    {"type": "answer", "text": "At what speed should it go?"},
    {"type": "call", "calls": [{"name": "send_parcel", "arguments": {"parcel_id": "P-47", "speed": "slow"}}]},
    {"type": "answer", "text": "Parcel P-47 is on its way."},
]


Files = tuple[Path, Path]
"""A dataset of one sample, and the `mcp.json`."""


async def listed(folder: Path) -> tuple[Tool, ...]:
    async with open_environment([spec_in(folder)], strict=True) as environment:
        return environment.tools


@pytest.fixture
def files(tmp_path: Path) -> Files:
    sample = sample_with(anyio.run(listed, tmp_path))
    server = {"command": "python", "args": [str(tmp_path / "post.py")], "toolweave": {"disposable": True}}
    samples, mcp = tmp_path / "samples.jsonl", tmp_path / "mcp.json"
    mcp.write_text(json.dumps({"mcpServers": {"post": server}}))
    samples.write_text(sample.model_dump_json() + "\n", encoding="utf-8")
    return samples, mcp


@pytest.fixture
def env(files: Files) -> Iterator[ToolweaveEnv]:
    made = ToolweaveEnv(*files)
    yield made
    made.close()


def play(env: ToolweaveEnv, actions: list[dict[str, Any]]) -> tuple[list[float], dict[str, Any]]:
    env.reset(seed=7)
    rewards: list[float] = []
    info: dict[str, Any] = {}
    for action in actions:
        _, reward, terminated, truncated, info = env.step(json.dumps(action))
        rewards.append(reward)
        if terminated or truncated:
            break
    return rewards, info


def test_gymnasiums_own_checker_passes(env: ToolweaveEnv) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(env, skip_render_check=True)


def test_the_gold_trajectory_earns_one_and_the_same_twice(env: ToolweaveEnv) -> None:
    first, second = play(env, GOLD), play(env, GOLD)
    assert first == second
    assert sum(first[0]) == 1.0
    assert first[1]["passed"] is True


def test_doing_nothing_earns_nothing(env: ToolweaveEnv) -> None:
    rewards, info = play(env, [{"type": "submit"}])
    assert (sum(rewards), info["failure"]) == (0.0, "stopped")
    rewards, info = play(env, [{"type": "answer", "text": "Done."}] * 2)
    assert (sum(rewards), info["failure"]) == (0.0, "missing_call")


def test_rewards_may_be_spread_over_the_calls(files: Files) -> None:
    env = ToolweaveEnv(*files, weights=Weights(final=0.4, calls=0.6))
    try:
        rewards, _ = play(env, GOLD)
    finally:
        env.close()
    assert rewards == pytest.approx([0.2, 0.2, 0.0, 0.0, 0.2, 0.4])


def test_validating_is_free_and_changes_nothing(env: ToolweaveEnv) -> None:
    env.reset(seed=7)
    good = {"type": "validate", "name": "send_parcel", "arguments": {"parcel_id": "P-31", "speed": "fast"}}
    assert json.loads(env.step(json.dumps(good))[0])["problem"] is None
    bad = good | {"arguments": {"parcel_id": 3}}
    assert json.loads(env.step(json.dumps(bad))[0])["problem"]
    seen = json.loads(env.step(json.dumps(GOLD[0]))[0])
    assert '"fast"' not in seen["messages"][0]["content"]


@pytest.mark.parametrize("action", ["", "[]", "{", '{"type": "dance"}', '{"type": "call", "calls": 3}'])
def test_an_action_that_is_none_does_no_harm(env: ToolweaveEnv, action: str) -> None:
    env.reset(seed=7)
    _, reward, terminated, truncated, _ = env.step(action)
    assert (reward, terminated, truncated) == (0.0, False, False)


def test_an_episode_is_cut_when_its_budget_is_used_up(files: Files) -> None:
    env = ToolweaveEnv(*files, most_actions=2)
    try:
        env.reset(seed=1)
        env.step('{"type": "tools"}')
        _, reward, terminated, truncated, info = env.step('{"type": "tools"}')
    finally:
        env.close()
    assert (reward, terminated, truncated, info["passed"]) == (0.0, False, True, False)


def test_the_conversation_can_be_shown(files: Files) -> None:
    env = gymnasium.make("Toolweave-v0", samples=files[0], mcp=files[1], render_mode="ansi")
    try:
        env.reset(seed=1)
        assert env.render() == "user: Please send Ada's parcel fast."
    finally:
        env.close()
