"""Assembles a sample from an executed trace and the conversation that was written for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from toolweave.agent.messages import Message
from toolweave.agent.patterns import get
from toolweave.agent.relative import rule_for
from toolweave.agent.replay import expected_call
from toolweave.agent.roles import Style
from toolweave.agent.trace import Call, Trace
from toolweave.graph.chains import depths
from toolweave.graph.plan import TrajectoryPlan, TurnKind
from toolweave.pipeline.gates.kinds import is_long, is_parallel
from toolweave.pipeline.making.conversation import Conversation, SpokenTurn
from toolweave.pipeline.sample import (
    Checker,
    Composite,
    Provenance,
    Quality,
    Sample,
    ServerRecord,
    Turn,
    called,
    sample_id,
)
from toolweave.servers.info import ServerInfo
from toolweave.servers.tools import Tool


def assemble(
    conversation: Conversation,
    trace: Trace,
    servers: Sequence[ServerInfo],
    teacher: str,
    plan: TrajectoryPlan,
    style: Style,
) -> Sample:
    """The row, before its observations were replayed: nothing is marked volatile yet."""
    offered = [tool for tool in conversation.tools if any(tool.id not in turn.withheld for turn in conversation.turns)]
    tools = tuple(_function(tool, conversation.names[tool.id]) for tool in offered)
    messages = tuple(conversation.messages)
    used = {call.tool.server for call in trace.calls}
    calls = _as_spoken(trace, messages)
    by_id = {call.id: call for call in calls}
    return Sample(
        id=sample_id(tools, messages, plan.seed),
        tools=tools,
        messages=messages,
        turns=tuple(_turn(turn, conversation, offered, tools) for turn in conversation.turns),
        provenance=tuple(item for call in calls for item in _provenance(call, by_id, conversation)),
        checker=Checker(calls=tuple(expected_call(call) for call in calls)),
        servers=tuple(_server(info) for info in servers if info.name in used),
        teacher=teacher,
        seed=plan.seed,
        index=plan.index,
        style=asdict(style),
        quality=quality(conversation, trace, len(offered)),
    )


def _as_spoken(trace: Trace, messages: Sequence[Message]) -> list[Call]:
    """The calls in the order of the conversation: calls that are independent may have changed places."""
    order = [call_id for call_id, _, _ in called(tuple(messages))]
    return sorted(trace.calls, key=lambda call: order.index(call.id))


def _server(info: ServerInfo) -> ServerRecord:
    return ServerRecord(name=info.name, version=info.version, digest=info.digest, simulated=info.simulated)


def _function(tool: Tool, name: str) -> dict[str, object]:
    facts = {"name": name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": facts}


def _turn(
    turn: SpokenTurn, conversation: Conversation, offered: Sequence[Tool], tools: Sequence[dict[str, object]]
) -> Turn:
    first, last = turn.messages
    return Turn(
        kind=_kind(turn.kind, conversation.messages[first : last + 1], tools),
        messages=turn.messages,
        target=turn.target.id,
        relation=turn.relation,
        withheld=tuple(conversation.names[tool.id] for tool in offered if tool.id in turn.withheld),
        masked=turn.masked,
        advanced=Composite(**turn.advanced.model_dump()),
    )


def _kind(planned: TurnKind, messages: Sequence[Message], tools: Sequence[dict[str, object]]) -> TurnKind:
    """A turn that was planned as an ordinary one is named after what it became."""
    if planned not in ("base", "long_context"):
        return planned
    if is_long(messages, tools):
        return "long_context"
    return "parallel" if is_parallel(messages) else "base"


def _provenance(call: Call, by_id: Mapping[str, Call], conversation: Conversation) -> Iterator[Provenance]:
    for place, source in call.sources.items():
        facts = source.as_json()
        if source.kind == "user":
            said_for = source.said_for or (call.id, place)
            facts["turn"], facts["text"] = conversation.said[said_for]
            facts |= _derived(facts["text"], said_for, by_id)
        yield Provenance(call=call.id, argument=place, source=facts)


def _derived(text: str, said_for: tuple[str, str], by_id: Mapping[str, Call]) -> dict[str, str]:
    """What a value is counted from, where the user only says how it differs from what was wanted before."""
    call, place = by_id[said_for[0]], said_for[1]
    if (origin := call.sources[place].instead_of) is None:
        return {}
    before, value = get(by_id[origin[0]].arguments, origin[1]), get(call.arguments, place)
    rule = rule_for(text, before, value)
    return {} if rule is None else {"kind": "derived", "rule": rule, "call": origin[0], "argument": origin[1]}


def quality(conversation: Conversation, trace: Trace, offered: int) -> Quality:
    """Figures of a trajectory."""
    feeding = {call.id: call.producers for call in trace.calls}
    return Quality(
        turns=len(conversation.turns),
        calls=len(trace.calls),
        depth=max(depths(feeding).values()),
        dependent_calls=sum(1 for found in feeding.values() if found),
        tools_offered=offered,
        attempts=max(turn.attempts for turn in conversation.turns),
    )
