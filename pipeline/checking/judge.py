"""Judges a trajectory against a sample's checker: it passes, or fails with the first failure that has a name.

Contract: pure, no server is called. The order of calls is free where the checker allows it; a call that only reads may
be made beyond what is expected, is counted, and has to fit its schema; everything else that is not expected fails. A
checker that asserts something of the final state fails a candidate whose state nobody read. What cannot be decided
fails as `undecided`. Not covered: other ways to the same end, by other calls that change something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from toolweave.agent.compare import equal_values
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.replay import ExpectedCall, observation_problem
from toolweave.agent.schemas import schema_errors
from toolweave.pipeline.checking.assertions import state_problem
from toolweave.pipeline.checking.candidate import Candidate, MadeCall, offered_tools
from toolweave.pipeline.checking.matching import Matching, match
from toolweave.pipeline.checking.telling import Telling, word_problems
from toolweave.pipeline.sample import Sample, tool_messages
from toolweave.servers.tools import Tool

Failure = Literal[
    "malformed",
    "hallucinated_tool",
    "hallucinated_parameter",
    "type_drift",
    "stale_observation",
    "foreign_observation",
    "wrong_order",
    "wrong_value",
    "wrong_tool",
    "missing_call",
    "extra_state_changing_call",
    "wrong_state",
    "did_not_ask",
    "did_not_refuse",
    "no_answer",
    "contradicting_answer",
    "unsupported_claim",
    "undecided",
]
"""`stale_observation`: an observation that belongs to another call of the sample. `foreign_observation`: one that the
servers never gave."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a checker says of a candidate."""

    failure: Failure | None = None
    """`None` when it passes."""
    reason: str = ""
    extra_reads: int = 0
    """Calls that only read and that nobody expected."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.failure is None


Problem = tuple[Failure, str]


def judge(sample: Sample, candidate: Candidate, *, words: bool = True) -> Verdict:
    """What the sample's checker says of a candidate, which may be of any origin.

    Args:
        sample: The sample with its checker.
        candidate: The trajectory.
        words: Whether what it says is judged too. Not where calls were made again under old words: these speak of the
            old observations, volatile values included.
    """
    try:
        matching = match(sample, candidate)
        extra_reads = sum(1 for made in matching.extra if matching.reads(made.name))
        problem = next(_problems(sample, candidate, matching, words), None)
    except Exception as error:  # boundary: a candidate may hold anything, and what cannot be decided fails
        return Verdict("undecided", f"{type(error).__name__}: {error}")
    return Verdict(*problem, extra_reads) if problem else Verdict(extra_reads=extra_reads)


def _problems(sample: Sample, candidate: Candidate, matching: Matching, words: bool) -> Iterator[Problem]:
    if len(candidate.turns) != len(sample.turns):
        yield "malformed", f"it has {len(candidate.turns)} turns instead of {len(sample.turns)}"
        return
    yield from _made_up(sample, candidate, matching)
    yield from _observed(sample, matching)
    yield from _unmatched(matching)
    yield from _order(matching)
    if problem := state_problem(sample.checker, candidate.state):
        yield "wrong_state", problem
    for number in range(len(sample.turns) if words else 0):
        yield from word_problems(Telling(sample, candidate, number))


def _made_up(sample: Sample, candidate: Candidate, matching: Matching) -> Iterator[Problem]:
    """Tools and parameters that nobody offers, and unexpected reading calls that do not fit their schema."""
    expected = list(matching.found.values())
    for made in candidate.calls:
        tool = offered_tools(sample, made.turn).get(made.name)
        if tool is None:
            yield "hallucinated_tool", f"{made.id} calls {made.name!r}, which is not on offer"
            continue
        if strays := [name for name in made.arguments if made not in expected and not _knows(tool, name)]:
            yield "hallucinated_parameter", f"{made.id}: {made.name} has no parameter {strays[0]!r}"
        elif made in matching.extra and (errors := schema_errors(tool.input_schema, made.arguments)):
            yield ("type_drift" if "type" in errors[0] else "wrong_value"), f"{made.id}: {errors[0]}"


def _knows(tool: Tool, name: str) -> bool:
    return name in tool.parameters or tool.input_schema.get("additionalProperties") not in (None, False)


def _observed(sample: Sample, matching: Matching) -> Iterator[Problem]:
    """Observations are those that the servers gave to the same calls."""
    shown = tool_messages(sample.messages)
    for call in sample.checker.calls:
        made = matching.found.get(call.id)
        if made is None or (problem := observation_problem(call, shown[call.id], made.observation)) is None:
            continue
        others = {text for name, text in shown.items() if name != call.id}
        yield ("stale_observation" if made.observation in others else "foreign_observation"), problem


def _order(matching: Matching) -> Iterator[Problem]:
    for made, expected in matching.early:
        yield "wrong_order", f"{made.id} ({expected.server}/{expected.tool}) comes before what it needs"


def _unmatched(matching: Matching) -> Iterator[Problem]:
    """Names what is missing by what was done in its stead."""
    for call in matching.missing:
        instead = [made for made in matching.extra if made.turn == matching.turns[call.id]]
        instead = [made for made in instead if not _expected_elsewhere(matching, made, call)]
        yield _instead(matching, call, instead)
    for made in matching.extra:
        if not matching.reads(made.name):
            yield "extra_state_changing_call", f"{made.id} calls {made.name!r}, which nobody asked for"


def _instead(matching: Matching, call: ExpectedCall, instead: list[MadeCall]) -> Problem:
    where = f"{call.server}/{call.tool}"
    same = [made for made in instead if made.name == matching.names[call.id]]
    if not same:
        changing = [made for made in instead if not (matching.reads(made.name) and _repeats(matching, made))]
        if changing:
            return "wrong_tool", f"{changing[0].id} calls {changing[0].name!r} instead of {where}"
        return "missing_call", f"{where} is not called as expected"
    closest = min(same, key=lambda made: len(_differences(matching, call, made)))
    places = _differences(matching, call, closest)
    if not places:
        return "wrong_order", f"{closest.id} ({where}) comes before what it needs"
    if all(_only_another_type(matching, call, closest, place) for place in places):
        return "type_drift", f"{closest.id} ({where}): {places[0]} has another type"
    return "wrong_value", f"{closest.id} ({where}): {places[0]} is not what was asked for"


def _expected_elsewhere(matching: Matching, made: MadeCall, call: ExpectedCall) -> bool:
    """Whether a call that came too early is another one that is missing."""
    return any(other is not call and matching.is_same(made, other) for other in matching.missing)


def _repeats(matching: Matching, made: MadeCall) -> bool:
    """Whether a call was made before in the same words."""
    twins = matching.found.values()
    return any(one.name == made.name and equal_values(one.arguments, made.arguments) for one in twins)


def _differences(matching: Matching, call: ExpectedCall, made: MadeCall) -> list[str]:
    if matching.is_same(made, call):
        return []
    wanted, given = dict(argument_leaves(matching.arguments(call))), dict(argument_leaves(made.arguments))
    differing = [place for place in wanted if place not in given or not equal_values(wanted[place], given[place])]
    return [*differing, *(place for place in given if place not in wanted)] or [""]


def _only_another_type(matching: Matching, call: ExpectedCall, made: MadeCall, place: str) -> bool:
    wanted, given = dict(argument_leaves(matching.arguments(call))), dict(argument_leaves(made.arguments))
    if place not in wanted or place not in given:
        return False
    return str(wanted[place]).lower() == str(given[place]).lower() and type(wanted[place]) is not type(given[place])
