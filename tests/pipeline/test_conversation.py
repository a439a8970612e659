"""How each kind of turn is spoken, by a teacher that follows a script."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest

from toolweave.agent.arguments import ValueBook
from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    ProposedCall,
    Query,
    QueryAsk,
    Said,
    Step,
    StepAsk,
    Style,
    ToolingAsk,
    UserAsk,
    Value,
    ValueAsk,
)
from toolweave.agent.slips import NOT_MADE
from toolweave.agent.trace import Call, Source, Trace, TurnTrace
from toolweave.graph.model import ToolGraph
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.making.conversation import Conversation, converse
from toolweave.pipeline.making.offers import offer
from toolweave.pipeline.making.workshop import Log, Workshop
from toolweave.pipeline.settings import RunSettings
from toolweave.servers.errors import TeacherError
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio


def tool(server: str, called: str, *names: str) -> Tool:
    properties = {name: {"type": "string", "description": f"The {name}."} for name in names}
    schema = {"type": "object", "properties": properties, "required": list(names)}
    return Tool(server, called, f"{called.replace('_', ' ').capitalize()}.", schema)


FIND, LEND = tool("library", "find_member", "name"), tool("library", "lend_copy", "member", "date")
WATER = tool("garden", "water_bed", "bed")
GRAPH = ToolGraph({one.id: one for one in (FIND, LEND, WATER)}, (), {})
FOUND = CallResult("ok", '{"id": "MB-1"}', {"id": "MB-1"}, 0.0)
LENT = CallResult("ok", '{"loan": "L-9"}', {"loan": "L-9"}, 0.0)
SAID = Source("user", turn=0)


def find(number: int, name: str) -> Call:
    return Call(f"call_{number}", FIND, {"name": name}, {"/name": SAID}, FOUND)


ADA = find(1, "Ada Voss")
LENDING = Call(
    "call_2",
    LEND,
    {"member": "MB-1", "date": "2026-03-04"},
    {"/member": Source("output", call="call_1", place="/id"), "/date": SAID},
    LENT,
    frozenset({"call_1"}),
)


@dataclass
class Script:
    """A teacher that says what it is told to, in this order; requests say every value that they are asked to say."""

    steps: deque[Step]
    offered: list[list[str]] = field(default_factory=list[list[str]])
    """Names of the tools on offer at every step."""
    mistakes: list[str] = field(default_factory=list[str])
    name: str = "script"

    async def tooling(self, ask: ToolingAsk) -> AdvancedTool:
        return AdvancedTool(name="do_it_all", description="Do it all.", output="It is done.")

    async def query(self, ask: QueryAsk) -> Query:
        words = "And this too: " if ask.relation != "opens" else "Please see to this: "
        return Query(
            text=words + ", ".join(str(item.value) for item in ask.inputs) + ".",
            said=tuple(Said(call=item.call, pointer=item.pointer, text=str(item.value)) for item in ask.inputs),
        )

    async def user(self, ask: UserAsk) -> Query:
        if ask.purpose == "insist":
            return Query(text="You can now, go on.")
        said = tuple(Said(call=item.call, pointer=item.pointer, text=str(item.value)) for item in ask.values)
        return Query(text=f"It is {said[0].text}.", said=said)

    async def step(self, ask: StepAsk) -> Step:
        self.offered.append(list(ask.names.values()))
        return self.steps.popleft()

    async def critique(self, ask: CritiqueAsk) -> Critique:
        self.mistakes.append(ask.mistake)
        return Critique(hint="Not like this.")

    async def value(self, ask: ValueAsk) -> Value:
        return Value()


def calls(*items: tuple[Tool, dict[str, Any]]) -> Step:
    return Step(
        reasoning="I go on.", calls=tuple(ProposedCall(name=one.name, arguments=arguments) for one, arguments in items)
    )


def says(text: str) -> Step:
    return Step(reasoning="I say so.", answer=text)


async def spoken(*turns: TurnTrace, steps: list[Step]) -> tuple[Conversation, Script]:
    model, trace = Script(deque(steps)), Trace(turns)
    settings = RunSettings.model_validate({"mcp": "mcp.json"})
    offered = offer(GRAPH, trace, frozenset(GRAPH.tools), settings, random.Random(1))
    assert not isinstance(offered, str)
    async with warm_environments() as open_fresh:
        shop = Workshop(settings, GRAPH, {}, ValueBook({}), model, frozenset(GRAPH.tools), open_fresh, open_fresh)
        style = Style("a reader", "plain", "goal")
        conversation, _ = await converse(shop, trace, offered, style, Log(), random.Random(1))
    assert not model.steps
    return conversation, model


FIND_ADA, LEND_IT = (FIND, {"name": "Ada Voss"}), (LEND, {"member": "MB-1", "date": "2026-03-04"})
ROLES = "user assistant tool assistant"


def roles(conversation: Conversation) -> str:
    return " ".join(message["role"] for message in conversation.messages)


async def test_a_value_that_was_left_out_is_asked_for_and_told() -> None:
    turn = TurnTrace((ADA, LENDING), "missing_parameter", withheld=(("call_2", "/date"),))
    steps = [calls(FIND_ADA), says("Which date?"), calls(FIND_ADA), calls(LEND_IT), says("The loan is L-9.")]
    conversation, model = await spoken(turn, steps=steps)
    assert roles(conversation) == f"user assistant {ROLES} tool assistant"
    assert conversation.messages[0]["content"] == "Please see to this: Ada Voss."
    assert conversation.messages[2]["content"] == "It is 2026-03-04."
    assert conversation.said == {("call_1", "/name"): (0, "Ada Voss"), ("call_2", "/date"): (0, "2026-03-04")}
    assert model.mistakes == ["did_not_ask"]


async def test_a_tool_is_missing_until_the_user_insists() -> None:
    turn = TurnTrace((ADA, LENDING), "missing_function")
    steps = [calls(FIND_ADA), says("I can't lend."), calls(FIND_ADA), calls(LEND_IT), says("The loan is L-9.")]
    conversation, model = await spoken(turn, steps=steps)
    assert [(one.kind, one.messages, sorted(one.withheld)) for one in conversation.turns] == [
        ("missing_function", (0, 1), ["library/lend_copy"]),
        ("base", (2, 7), []),
    ]
    assert model.offered[:2] == [["find_member"]] * 2
    assert model.offered[2:] == [["find_member", "lend_copy"]] * 3
    assert model.mistakes == ["did_not_refuse"]
    assert conversation.said["call_1", "/name"] == (0, "Ada Voss")


async def test_what_nothing_on_offer_does_is_refused() -> None:
    wish = Call("wish_2", WATER, {"bed": "Roses"}, {"/bed": Source("user", turn=1)}, NOT_MADE)
    steps = [calls(FIND_ADA), says("It is MB-1."), says("I watered it."), says("No tool of mine can do that.")]
    conversation, model = await spoken(
        TurnTrace((ADA,)), TurnTrace((), "irrelevant", "switches", wish=wish), steps=steps
    )
    assert [(one.kind, one.calls, one.target.id) for one in conversation.turns] == [
        ("base", (ADA,), "library/find_member"),
        ("irrelevant", (), "garden/water_bed"),
    ]
    assert all("water_bed" not in names for names in model.offered)
    assert model.mistakes == ["did_not_refuse"]


async def test_independent_calls_belong_into_one_step() -> None:
    ben = find(2, "Ben Hill")
    both = calls(FIND_ADA, (FIND, {"name": "Ben Hill"}))
    conversation, model = await spoken(
        TurnTrace((ADA, ben), "parallel"), steps=[calls(FIND_ADA), both, says("Both are MB-1.")]
    )
    assert roles(conversation) == "user assistant tool tool assistant"
    assert model.mistakes == ["not_together"]


async def test_a_slip_is_made_as_it_is_and_masked() -> None:
    wrong = {"member": "Ada Voss", "date": "2026-03-04"}
    refused = CallResult("tool_error", "no member Ada Voss", "no member Ada Voss", 0.0)
    sources = {"/member": Source("user", turn=0, said_for=("call_2", "/name")),
               "/date": Source("user", turn=0, said_for=("call_3", "/date"))}  # fmt: skip
    slip = Call("call_1", LEND, wrong, sources, refused, fails=True)
    taken = {"/member": Source("output", call="call_2", place="/id"), "/date": SAID}
    right = [
        Call("call_2", FIND, ADA.arguments, ADA.sources, FOUND, frozenset({"call_1"})),
        Call("call_3", LEND, LENDING.arguments, taken, LENT, frozenset({"call_1", "call_2"})),
    ]
    steps = [calls(FIND_ADA), calls((LEND, wrong)), calls(FIND_ADA), calls(LEND_IT), says("The loan is L-9.")]
    conversation, model = await spoken(TurnTrace((slip, *right), "error_recovery"), steps=steps)
    assert conversation.turns[0].masked == (1,)
    assert conversation.messages[2]["content"] == "no member Ada Voss"
    assert len(model.mistakes) == 1


async def test_a_later_turn_that_fails_is_left_out() -> None:
    late = Call("call_3", FIND, {"name": "Ben Hill"}, {"/name": Source("user", turn=1)}, FOUND)
    wrong = [calls((FIND, {"name": "Somebody"}))] * 3
    conversation, _ = await spoken(
        TurnTrace((ADA,)), TurnTrace((late,)), steps=[calls(FIND_ADA), says("It is MB-1."), *wrong]
    )
    assert roles(conversation) == ROLES


async def test_without_a_first_turn_there_is_no_conversation() -> None:
    with pytest.raises(TeacherError, match="still wrong value after 3 attempts"):
        await spoken(TurnTrace((ADA,)), steps=[calls((FIND, {"name": "Somebody"}))] * 3)
