"""Samples as a Gymnasium environment: fresh MCP servers at every reset, rewards by the samples' own checkers.

Needs the extra `toolweave[gym]`. Observations and actions are JSON text. An action is one of

    {"type": "tools"}                                        the functions on offer now; free
    {"type": "validate", "name": …, "arguments": {…}}        why a call cannot be made, without making it; free
    {"type": "call", "calls": [{"name": …, "arguments": {…}}, …]}
    {"type": "answer", "text": …}                            words to the user, who answers or asks for the next thing
    {"type": "submit"}                                       the end, wherever the conversation stands

and an observation holds `messages` (what is new in the conversation) and, where asked for, `tools` or `problem`.
Anything else is an action that does nothing, and says so. An episode ends when the last turn is answered or submitted
and is truncated when its budget of actions is used up.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
from anyio.from_thread import BlockingPortal, start_blocking_portal

from toolweave.agent.messages import Message
from toolweave.agent.players.player import calling, saying
from toolweave.pipeline.environments import Environments, warm_environments
from toolweave.pipeline.evaluation.evaluate import read_samples
from toolweave.pipeline.gym.episode import Episode, open_episode
from toolweave.pipeline.gym.score import Score, progress, score
from toolweave.pipeline.running.introspect import introspect
from toolweave.servers.config import load_mcp_config
from toolweave.servers.json_values import as_list, as_object

MOST_ACTIONS = 64
Info = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Weights:
    """What is rewarded; with weights that sum to 1 the sample's own assistant earns 1.0."""

    final: float = 1.0
    """Calls, final state and words are right; at the end."""
    acted: float = 0.0
    """Calls and final state are right, whatever was said; at the end."""
    calls: float = 0.0
    """Spread over the expected calls; at the step that makes each."""


class JsonText(gymnasium.Space[str]):
    """JSON text of an object; sampled actions need no knowledge of the tools."""

    SIMPLE = ('{"type": "tools"}', '{"type": "answer", "text": "Done."}', '{"type": "submit"}')

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:
        """One of the actions that can be made anywhere."""
        return self.SIMPLE[int(self.np_random.integers(len(self.SIMPLE)))]

    def contains(self, x: Any) -> bool:
        """Whether it is JSON text of an object."""
        return isinstance(x, str) and _object(x) is not None

    @property
    def is_np_flattenable(self) -> bool:
        """Never: it is text."""
        return False


class ToolweaveEnv(gymnasium.Env[str, str]):
    """One sample per episode.

    Args:
        samples: A `samples.jsonl`.
        mcp: The `mcp.json` with its servers.
        most_actions: Actions after which an episode is truncated; free ones count too.
        weights: What is rewarded.
        render_mode: `ansi` or nothing.

    Raises:
        ToolweaveError: The files or the servers are of no use.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012

    def __init__(
        self,
        samples: str | Path,
        mcp: str | Path,
        most_actions: int = MOST_ACTIONS,
        weights: Weights | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.observation_space = self.action_space = JsonText()
        self.render_mode = render_mode
        self.samples = read_samples(Path(samples))
        self._specs = {spec.name: spec for spec in load_mcp_config(Path(mcp)).servers}
        self._most, self._weights = most_actions, weights or Weights()
        self._stack = ExitStack()
        self._portal: BlockingPortal = self._stack.enter_context(start_blocking_portal())
        self._open: Environments = self._stack.enter_context(self._held(warm_environments()))
        self._tools = self._portal.call(introspect, tuple(self._specs.values()), self._open).tools
        self._context: AbstractContextManager[Episode, bool | None] | None = None
        self._episode: Episode | None = None
        self._actions, self._earned = 0, 0.0

    def _held(self, manager: Any) -> AbstractContextManager[Any, bool | None]:
        """An async context, entered and left by one task of the portal."""
        return self._portal.wrap_async_context_manager(manager)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, Info]:
        """A fresh environment for a sample: `options["sample"]` is its number or id, else one is drawn."""
        super().reset(seed=seed)
        self._leave()
        sample = self.samples[self._number((options or {}).get("sample"))]
        self._context = self._held(open_episode(sample, self._specs, self._tools, self._open))
        self._episode = self._context.__enter__()
        self._actions, self._earned = 0, 0.0
        return _text({"messages": self._episode.messages}), {"sample": sample.id}

    def _number(self, wanted: object) -> int:
        if wanted is None:
            return int(self.np_random.integers(len(self.samples)))
        if isinstance(wanted, int):
            return wanted
        return next(at for at, sample in enumerate(self.samples) if sample.id == wanted)

    def step(self, action: str) -> tuple[str, float, bool, bool, Info]:
        """Take one action.

        Raises:
            RuntimeError: `reset` was not called.
        """
        episode = self._at_work()
        self._actions += 1
        seen = self._portal.call(self._act, episode, _object(action) or {})
        terminated = episode.ended in ("answered", "stopped")
        truncated = not terminated and (episode.ended is not None or self._actions >= self._most)
        if truncated:
            episode.stop()
        reward = self._weights.calls * progress(episode) if self._weights.calls else 0.0
        info: Info = {"sample": episode.sample.id, "turn": episode.turn}
        if terminated or truncated:
            outcome = self._portal.call(score, episode)
            reward += self._weights.final * outcome.passed + self._weights.acted * outcome.acted
            info |= _facts(outcome)
        reward, self._earned = reward - self._earned, reward
        return _text(seen), reward, terminated, truncated, info

    def _at_work(self) -> Episode:
        if self._episode is None:
            raise RuntimeError("reset() comes before step()")
        return self._episode

    async def _act(self, episode: Episode, action: Info) -> Info:
        match action.get("type"):
            case "tools":
                return {"messages": [], "tools": episode.functions}
            case "validate":
                problem = episode.problem(str(action.get("name")), action.get("arguments"))
                return {"messages": [], "problem": problem}
            case "call":
                return {"messages": await episode.take(_called(action))}
            case "answer":
                return {"messages": await episode.take(saying(str(action.get("text") or "")))}
            case "submit":
                episode.stop()
                return {"messages": []}
            case other:
                return {"messages": [], "problem": f"There is no action {other!r}."}

    def render(self) -> str | None:
        """The conversation so far as text."""
        if self.render_mode != "ansi" or self._episode is None:
            return None
        return "\n".join(f"{one['role']}: {_shown(one)}" for one in self._episode.messages)

    def close(self) -> None:
        """End the servers; a second call does nothing."""
        self._leave()
        self._stack.close()

    def _leave(self) -> None:
        context, self._context, self._episode = self._context, None, None
        if context is not None:
            context.__exit__(None, None, None)


def _called(action: Info) -> Message:
    calls = [as_object(call) for call in as_list(action.get("calls"))]
    return calling([(str(call.get("name")), call.get("arguments", {})) for call in calls])


def _facts(outcome: Score) -> Info:
    return {
        "passed": outcome.passed,
        "failure": outcome.failure,
        "reason": outcome.reason,
        "acted": outcome.acted,
        "calls": outcome.calls,
    }


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def _text(value: Info) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shown(message: Message) -> str:
    calls = [f"{call['function']['name']}({call['function']['arguments']})" for call in message.get("tool_calls") or ()]
    return ", ".join(calls) or str(message["content"])


gymnasium.register(id="Toolweave-v0", entry_point=f"{__name__}:ToolweaveEnv")  # pyright: ignore[reportUnknownMemberType]
