"""What an episode is worth, by the sample's checker.

Calls that a server refused are left out before judging: nothing came of them, and an assistant that mends its own
mistake has done what was asked. A call of a tool that nobody offers stays in, and fails.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from toolweave.agent.messages import Message
from toolweave.pipeline.checking.candidate import Candidate, FinalState
from toolweave.pipeline.checking.judge import Failure, judge
from toolweave.pipeline.checking.matching import Matching, match
from toolweave.pipeline.checking.state import read_state
from toolweave.pipeline.gym.episode import Episode

EpisodeFailure = Failure | Literal["ran_out", "stopped", "no_reply"]
"""What a checker says, or why there was nothing to judge."""


@dataclass(frozen=True, slots=True)
class Score:
    """The outcome of one episode."""

    failure: EpisodeFailure | None
    """`None` when everything is right, the words included."""
    reason: str
    acted: bool
    """Whether calls and final state are right, whatever was said."""
    calls: float
    """Share of the expected calls that were made; 1.0 where none is expected."""
    extra_reads: int = 0
    refused_calls: int = 0
    """Calls that failed and were left out."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.failure is None


async def score(episode: Episode) -> Score:
    """Judge an episode; its environment must still be open, because the final state is read."""
    matching = match(episode.sample, candidate(episode))
    refused, share = len(episode.refused), _share(matching)
    if episode.ended != "answered":
        ended: EpisodeFailure = "ran_out" if episode.ended == "ran_out" else "stopped"
        return Score(ended, f"turn {episode.turn} was not closed", False, share, refused_calls=refused)
    tried = candidate(episode, await _final_state(episode, matching))
    verdict = judge(episode.sample, tried)
    acted = verdict.passed or judge(episode.sample, tried, words=False).passed
    return Score(verdict.failure, verdict.reason, acted, share, verdict.extra_reads, refused)


def progress(episode: Episode) -> float:
    """Share of the expected calls that have been made so far; 1.0 where none is expected."""
    return _share(match(episode.sample, candidate(episode)))


def candidate(episode: Episode, state: FinalState | None = None) -> Candidate:
    """The conversation as the judge reads it."""
    ends = [*episode.starts[1:], len(episode.messages)]
    spans = zip(episode.starts, ends, strict=True)
    refused = episode.refused
    turns = tuple(_without(refused, episode.messages[first:last]) for first, last in spans)
    return Candidate(turns, state, {name: result.value for name, result in episode.results.items()})


def _without(refused: Collection[str], messages: list[Message]) -> tuple[Message, ...]:
    kept: list[Message] = []
    for message in messages:
        if message.get("tool_call_id") in refused:
            continue
        if calls := message.get("tool_calls"):
            message = message | {"tool_calls": [call for call in calls if call["id"] not in refused]}
            if not message["tool_calls"]:
                continue
        kept.append(message)
    return tuple(kept)


def _share(matching: Matching) -> float:
    expected = [call for call in matching.sample.checker.calls if not call.fails]
    return sum(call.id in matching.found for call in expected) / len(expected) if expected else 1.0


async def _final_state(episode: Episode, matching: Matching) -> FinalState:
    results = {name: episode.results[made.id] for name, made in matching.found.items()}
    return await read_state(episode.sample.checker, episode.environment, results)
