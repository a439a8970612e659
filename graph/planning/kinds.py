"""What the kinds of turn ask of a chain: a value left out, a slip, a target held back or never on offer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from toolweave.graph.chains import ancestors
from toolweave.graph.plan import FromCall, PlannedCall, Slip, Supplied, TurnPlan, Withheld
from toolweave.graph.planning.draft import Past, producers
from toolweave.graph.planning.knowledge import ToolKnowledge
from toolweave.graph.planning.state import BELIEVED_STATE
from toolweave.graph.reach import Reach
from toolweave.graph.schema import Parameter, only_value

LARGE = 40
"""Callable tools from which a catalogue makes a long context."""


def withholding(turn: TurnPlan, past: Past, known: ToolKnowledge, rng: random.Random) -> TurnPlan | None:
    """The turn with a value that the user leaves out at first; `None` when no call has one that only the user knows.

    What has the name of something that was said in an earlier turn is left alone: it might be taken to be known.
    """
    told = {path for call in past.calls for path in _said(call)}
    free = [
        Withheld(call.step, path)
        for call in turn.calls
        for path in _said(call)
        if path not in told and _only_the_user_knows(known.parameters(call.tool)[path])
    ]
    return replace(turn, kind="missing_parameter", withheld=rng.choice(free)) if free else None


def _said(call: PlannedCall) -> list[str]:
    return [path for path, source in call.sources.items() if isinstance(source, Supplied)]


def _only_the_user_knows(parameter: Parameter) -> bool:
    schema = parameter.schema
    fixed = "default" in schema or only_value(schema) is not None
    return parameter.required and not fixed and schema.get("type") != "boolean"


def slipping(turn: TurnPlan, known: ToolKnowledge, rng: random.Random) -> TurnPlan | None:
    """The turn with a call that is first made wrongly; `None` when no call can be.

    A wrong value is likeliest to be refused where experiments saw that only produced values work; a call made too
    early where they saw that it works only after another.
    """
    slips = [*_wrong_values(turn, known), *_too_early(turn, known)]
    return replace(turn, kind="error_recovery", slip=rng.choice(slips)) if slips else None


def _wrong_values(turn: TurnPlan, known: ToolKnowledge) -> Iterable[Slip]:
    by_step = {call.step: call for call in turn.calls}
    for call in turn.calls:
        if call.corrects is not None:
            continue
        latest = max(producers(call), default=-1)
        for path, source in call.sources.items():
            if not isinstance(source, FromCall) or source.step != latest or latest not in by_step:
                continue
            words = any(_is_text(known, by_step[latest].tool, said) for said in _said(by_step[latest]))
            if words and _refuses_others(call, path, source, by_step, known):
                yield Slip(call.step, path)


def _refuses_others(
    call: PlannedCall, path: str, source: FromCall, by_step: dict[int, PlannedCall], known: ToolKnowledge
) -> bool:
    """Whether the parameter takes any text by its schema, but only what the producer returns by what was seen."""
    schema = known.parameters(call.tool)[path].schema
    if schema.get("type") != "string" or any(word in schema for word in ("enum", "const", "pattern", "format")):
        return False
    return any(
        edge.confirmed and edge.target_param == path and edge.source_field == source.field
        for edge in known.graph.into(call.tool)
        if edge.source == by_step[source.step].tool
    )


def _is_text(known: ToolKnowledge, tool: str, path: str) -> bool:
    schema = known.parameters(tool)[path].schema
    return schema.get("type") == "string" and "enum" not in schema and "const" not in schema


def _too_early(turn: TurnPlan, known: ToolKnowledge) -> Iterable[Slip]:
    """Calls that do not work before another one of the turn whose output they do not take."""
    fed_by = ancestors({call.step: producers(call) for call in turn.calls})
    for number, call in enumerate(turn.calls):
        enabling = {
            edge.source
            for edge in known.graph.into(call.tool, "state")
            if edge.effect == "enables" and edge.confidence >= BELIEVED_STATE and edge.confirmed
        }
        feeding = fed_by[call.step]
        steps = [done.step for done in turn.calls[:number] if done.step in call.after - feeding]
        tools = {done.tool for done in turn.calls if done.step in steps}
        if steps and tools & enabling and all(step < min(steps) for step in producers(call)):
            yield Slip(call.step)


def held_back(turn: TurnPlan, past: Past, known: ToolKnowledge) -> TurnPlan | None:
    """The turn with its target on offer only after a refusal; `None` when its like has been used before."""
    had = {call.tool for call in past.calls}
    if any(known.alike(tool, turn.target) for tool in had) or any(call.corrects is not None for call in turn.calls):
        return None
    return replace(turn, kind="missing_function")


def unoffered_targets(
    reach: Reach, known: ToolKnowledge, called: Collection[str], servers: Collection[str] | None
) -> list[str]:
    """Tools that a user may ask for in vain when the tools of `servers` (`None`: of all) are on offer without them.

    Their required values can be said, the conversation does not call them, and nothing on offer does the same to the
    same kind of thing.
    """
    offered = {tool for tool in known.graph.tools if servers is None or known.server(tool) in servers}
    likes = Counter((known.nouns(tool).deed, known.nouns(tool).head) for tool in known.graph.tools if tool in offered)
    found: list[str] = []
    for tool in reach.costs:
        nouns = known.nouns(tool)
        others = likes[nouns.deed, nouns.head] - (tool in offered)
        sayable = all(reach.said_cost(tool, need) == 0.0 for need in reach.needs[tool])
        if sayable and nouns.head and not others and tool not in called:
            found.append(tool)
    return found
