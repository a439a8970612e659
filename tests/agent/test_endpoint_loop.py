"""Phases II and III with an endpoint behind the roles, from an executed trace to a conversation."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from toolweave.agent.compose import Asked, ask_backwards, speak_as_user
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.messages import user_message
from toolweave.agent.reason import Reasoner
from toolweave.agent.roles import AdvancedTool, Query, Style
from toolweave.agent.trace import Call, Source, TurnTrace
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

if TYPE_CHECKING:
    from tests.agent.conftest import ScriptedEndpoint

    MakeTeacher = Callable[..., EndpointTeacher]

pytestmark = pytest.mark.anyio


def takes(name: str, description: str, parameter: str) -> Tool:
    schema = {"type": "object", "properties": {parameter: {"type": "string"}}, "required": [parameter]}
    return Tool("nursery", name, description, schema)


FIND = takes("find_bed", "Find a flower bed by its plant.", "plant")
WATER = takes("water_bed", "Water a flower bed.", "bed_id")
ADVANCED = AdvancedTool(name="refresh", description="Waters a plant's bed.", output="wet soil")
CALLS = (
    Call("call_1", FIND, {"plant": "white rose"}, {"/plant": Source("user")}, CallResult("ok", "BED-7", "BED-7", 0.0)),
    Call(
        "call_2",
        WATER,
        {"bed_id": "BED-7"},
        {"/bed_id": Source("output", call="call_1", place="")},
        CallResult("ok", "done, 12 litres", "done, 12 litres", 0.0),
        frozenset({"call_1"}),
    ),
)


def step(reasoning: str, name: str, **arguments: Any) -> dict[str, Any]:
    return {"reasoning": reasoning, "calls": [{"name": name, "arguments": arguments}]}


async def test_a_request_is_written_backwards_and_written_again_when_it_gives_calls_away(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    said = [{"pointer": "/plant", "call": "call_1", "text": "white rose"}]
    endpoint.says(
        {"name": "refresh", "description": "Waters a plant's bed.", "inputs": ["plant"], "output": "wet soil"}
    )
    endpoint.says({"text": "Run water_bed for the white rose.", "said": said})
    endpoint.says({"text": "My white rose looks thirsty, see to it please.", "said": said})
    with anyio.fail_after(10):
        async with make_teacher() as teacher:
            style = Style("a gardener", "plain", "goal")
            asked = await ask_backwards(teacher, TurnTrace(CALLS), (), (), (FIND, WATER), style, random.Random(1))
    assert asked.query.text == "My white rose looks thirsty, see to it please."
    assert "water_bed" in endpoint.requests[2]["messages"][1]["content"].split("problems_before")[1]


async def test_a_wrong_step_is_criticised_and_the_chain_reached(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.says(
        {"name": "refresh", "description": "Waters a plant's bed.", "inputs": ["plant"], "output": "wet soil"}
    )
    endpoint.says(
        {"text": "Water my white rose.", "said": [{"pointer": "/plant", "call": "call_1", "text": "white rose"}]}
    )
    endpoint.says(step("I water the bed right away.", "water_bed", bed_id="white rose"))
    endpoint.says({"hint": "You need the bed's identifier; first look up where the plant stands."})
    endpoint.says(step("I need the bed of the rose, so I look it up.", "find_bed", plant="white rose"))
    endpoint.says(step("The bed is BED-7, so I water it.", "water_bed", bed_id="BED-7"))
    endpoint.says({"reasoning": "The bed is watered.", "answer": "Your white rose got 12 litres."})
    with anyio.fail_after(10):
        async with make_teacher() as teacher:
            rng, style = random.Random(1), Style("a gardener", "plain", "goal")
            asked = await ask_backwards(teacher, TurnTrace(CALLS), (), (), (FIND, WATER), style, rng)
            names = {FIND.id: FIND.name, WATER.id: WATER.name}
            messages = [user_message(asked.query.text)]
            loop = Reasoner(teacher, (FIND, WATER), names, asked.advanced, rng, messages)
            await loop.run(TurnTrace(CALLS), frozenset())
    roles = ["user", "assistant", "tool", "assistant", "tool", "assistant"]
    assert [message["role"] for message in messages] == roles
    assert messages[-1]["content"] == "Your white rose got 12 litres."
    assert [revision.mistake for revision in loop.revisions] == ["missing_prerequisite"]
    assert "identifier" in endpoint.requests[4]["messages"][1]["content"].split('name="guidance"')[1]


async def test_a_slip_is_made_seen_and_mended(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    refused = CallResult("tool_error", "there is no bed white rose", None, 0.0)
    slip = Call("call_0", WATER, {"bed_id": "white rose"}, {"/bed_id": Source("user")}, refused, fails=True)
    endpoint.says(step("I water the bed of the white rose.", "water_bed", bed_id="BED-1"))
    endpoint.says(step("I water the bed of the white rose.", "water_bed", bed_id="white rose"))
    endpoint.says(step("There is no bed of that name, so I look it up.", "find_bed", plant="white rose"))
    endpoint.says(step("The bed is BED-7, so I water it.", "water_bed", bed_id="BED-7"))
    endpoint.says({"reasoning": "The bed is watered.", "answer": "Your white rose got 12 litres."})
    with anyio.fail_after(10):
        async with make_teacher() as teacher:
            messages = [user_message("Water my white rose.")]
            names = {FIND.id: FIND.name, WATER.id: WATER.name}
            loop = Reasoner(teacher, (FIND, WATER), names, ADVANCED, random.Random(1), messages)
            await loop.run(TurnTrace((slip, *CALLS), "error_recovery"), frozenset())
    shown = [request["messages"][1]["content"] for request in endpoint.requests]
    assert ["make_this_call" in text for text in shown] == [True, True, False, False, False]
    assert messages[2]["content"] == "there is no bed white rose"
    assert (loop.masked, loop.revisions, len(messages)) == ([1], [], 8)


async def test_a_question_is_asked_and_the_user_tells_what_was_left_out(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.says({"reasoning": "I do not know the bed.", "answer": "What time is it?"})
    endpoint.says({"hint": "You do not know what is to be looked for; ask the user."})
    endpoint.says({"reasoning": "The plant is missing.", "answer": "Which plant is it?"})
    said = [{"pointer": "/plant", "call": "call_1", "text": "white rose"}]
    endpoint.says({"text": "The white rose, near water_bed.", "said": said})
    endpoint.says({"text": "The white rose.", "said": said})
    trace = TurnTrace(CALLS, "missing_parameter", withheld=(("call_1", "/plant"),))
    asked = Asked(ADVANCED, Query(text="Water the bed."), 1, ("water_bed",))
    with anyio.fail_after(10):
        async with make_teacher() as teacher:
            rng, messages = random.Random(1), [user_message("Water the bed.")]
            names = {FIND.id: FIND.name, WATER.id: WATER.name}
            loop = Reasoner(teacher, (FIND, WATER), names, ADVANCED, rng, messages)
            await loop.ask(trace)
            style = Style("a gardener", "plain", "goal")
            reply = await speak_as_user(teacher, asked, trace, messages, style, rng)
    assert ([item.mistake for item in loop.revisions], messages[-1]["content"]) == (
        ["did_not_ask"],
        "Which plant is it?",
    )
    assert reply.text == "The white rose."
    assert "it says 'water_bed'" in endpoint.requests[-1]["messages"][1]["content"]
