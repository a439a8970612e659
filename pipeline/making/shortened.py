"""How far a conversation went right, by the checker of its plan, and a plan that ends there."""

from __future__ import annotations

from collections import Counter

from toolweave.agent.trace import Trace
from toolweave.pipeline.checking.judge import Verdict, judge
from toolweave.pipeline.gates.kinds import REFUSED
from toolweave.pipeline.gym.episode import Episode
from toolweave.pipeline.gym.score import candidate
from toolweave.pipeline.sample import Checker, Sample, called

MOST_REFUSED = 2
"""Calls of one turn that servers may refuse before the right ones are made."""


def objection(episode: Episode) -> tuple[str, str] | None:
    """What is wrong with a conversation so far, in a word and in a line; its final state is another matter."""
    closed = _closed(episode)
    verdict = _verdict(episode, closed)
    if not verdict.passed:
        return str(verdict.failure), verdict.reason
    if verdict.extra_reads and episode.ended is not None:
        return "needless_look", f"{verdict.extra_reads} looks that the goal did not need"
    made = [(name, str(arguments)) for call, name, arguments in _made(episode) if call in episode.refused]
    if repeated := [name for (name, _), times in Counter(made).items() if times > 1]:
        return "repeated", f"{repeated[0]} is refused and called again in the same way"
    if len([call for call, _, _ in _made(episode, episode.turn) if call in episode.refused]) > MOST_REFUSED:
        return "too_many_errors", f"more than {MOST_REFUSED} calls of one turn are refused"
    return None


def first_turns(episode: Episode) -> int:
    """How many turns of a conversation went right, from its beginning, so that they can stand alone."""
    kinds = [turn.kind for turn in episode.sample.turns]
    for turns in range(min(_closed(episode), len(kinds) - 1), 0, -1):
        verdict = _verdict(episode, turns)
        called_for = any(kind not in REFUSED for kind in kinds[:turns])
        if verdict.passed and not verdict.extra_reads and called_for and kinds[turns - 1] != "missing_function":
            return turns
    return 0


def begun(goal: Trace, expected: Sample, turns: int) -> tuple[Trace, Sample]:
    """A goal and its sample, both ended after so many turns of the sample; nothing is known of the final state then."""
    wanted, left = list(goal.turns), turns
    kept = 0
    while left > 0:
        left -= 2 if wanted[kept].kind == "missing_function" else 1
        kept += 1
    return Trace(goal.turns[:kept]), _ended(expected, turns)


def _ended(sample: Sample, turns: int) -> Sample:
    messages = sample.messages[: sample.turns[turns - 1].messages[1] + 1]
    made = {call for call, _, _ in called(messages)}
    calls = tuple(call for call in sample.checker.calls if call.id in made)
    return sample.model_copy(
        update={
            "messages": messages,
            "turns": sample.turns[:turns],
            "provenance": tuple(item for item in sample.provenance if item.call in made),
            "checker": Checker(calls=calls, reads=sample.checker.reads),
        }
    )


def _verdict(episode: Episode, turns: int) -> Verdict:
    """What the checker says of the first turns, the final state left out."""
    if not turns:
        return Verdict()
    tried = candidate(episode)
    return judge(_ended(episode.sample, turns), type(tried)(tried.turns[:turns], None, tried.values))


def _closed(episode: Episode) -> int:
    """Turns that words have closed."""
    return len(episode.starts) if episode.ended == "answered" else episode.turn


def _made(episode: Episode, turn: int = 0) -> list[tuple[str, str, object]]:
    """(id, name, arguments) of the calls from a turn on."""
    return [*called(tuple(episode.messages[episode.starts[turn] :]))]
