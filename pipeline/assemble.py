"""Assembles a sample from an executed trace and the conversation that was written for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from toolweave.agent.messages import Message
from toolweave.agent.replay import expected_call
from toolweave.agent.roles import Query, Style
from toolweave.agent.trace import Call, Trace, TurnTrace
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.sample import Checker, Provenance, Quality, Sample, ServerRecord, Turn, sample_id
from toolweave.servers.info import ServerInfo
from toolweave.servers.tools import Tool


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """One turn as it was executed and spoken."""

    trace: TurnTrace
    query: Query
    messages: tuple[int, int]
    attempts: int


@dataclass
class Conversation:
    """The conversation so far."""

    tools: tuple[Tool, ...]
    names: dict[str, str]
    messages: list[Message] = field(default_factory=list[Message])
    turns: list[SpokenTurn] = field(default_factory=list[SpokenTurn])


def assemble(
    conversation: Conversation,
    trace: Trace,
    servers: Sequence[ServerInfo],
    teacher: str,
    plan: TrajectoryPlan,
    style: Style,
) -> Sample:
    """The row, before its observations were replayed: nothing is marked volatile yet."""
    tools = tuple(_function(tool, conversation.names[tool.id]) for tool in conversation.tools)
    messages = tuple(conversation.messages)
    used = {call.tool.server for call in trace.calls}
    return Sample(
        id=sample_id(tools, messages, plan.seed),
        tools=tools,
        messages=messages,
        turns=tuple(
            Turn(kind="base", messages=turn.messages, target=turn.trace.calls[-1].tool.id)
            for turn in conversation.turns
        ),
        provenance=tuple(item for turn in conversation.turns for item in _provenance(turn)),
        checker=Checker(calls=tuple(expected_call(call) for call in trace.calls)),
        servers=tuple(ServerRecord(name=s.name, version=s.version, digest=s.digest) for s in servers if s.name in used),
        teacher=teacher,
        seed=plan.seed,
        index=plan.index,
        style=asdict(style),
        quality=quality(conversation, trace),
    )


def _function(tool: Tool, name: str) -> dict[str, object]:
    facts = {"name": name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": facts}


def _provenance(turn: SpokenTurn) -> list[Provenance]:
    said = {(item.tool, item.pointer): item.text for item in turn.query.said}
    found: list[Provenance] = []
    for call in turn.trace.calls:
        for place, source in call.sources.items():
            facts = source.as_json()
            if source.kind == "user":
                facts["text"] = said[call.tool.id, place]
            found.append(Provenance(call=call.id, argument=place, source=facts))
    return found


def quality(conversation: Conversation, trace: Trace) -> Quality:
    """Figures of a trajectory."""
    feeding = {call.id: producers(call) for call in trace.calls}
    return Quality(
        turns=len(conversation.turns),
        calls=len(trace.calls),
        depth=max(_depths(feeding).values()),
        dependent_calls=sum(1 for found in feeding.values() if found),
        tools_offered=len(conversation.tools),
        attempts=max(turn.attempts for turn in conversation.turns),
    )


def producers(call: Call) -> list[str]:
    """Ids of the calls whose outputs this call uses."""
    return sorted({source.call for source in call.sources.values() if source.call is not None})


def _depths(feeding: dict[str, list[str]]) -> dict[str, int]:
    """Length of the longest chain of values that ends in each call; calls come in an order in which they can run."""
    depths: dict[str, int] = {}
    for call, before in feeding.items():
        depths[call] = 1 + max((depths[item] for item in before), default=0)
    return depths
