"""Single steps of the offline teacher: what it does with a slip, an error, a hint, or a request that nothing serves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from toolweave.agent.messages import Message, answer_message, call_message, tool_message, user_message
from toolweave.agent.offline.conversation import insists, read_situation
from toolweave.agent.offline.several import behind_several
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.roles import AdvancedTool, CritiqueAsk, Happened, ProposedCall, Step, StepAsk
from toolweave.agent.whole_words import spoken_of
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def tool(label: str, description: str, /, **parameters: str) -> Tool:
    properties = {key: {"type": "string", "description": told} for key, told in parameters.items()}
    return Tool("kiln", label, description, {"type": "object", "properties": properties, "required": list(properties)})


FIND = tool("findPotter", "Find a potter.", name="Name of the potter")
DEBTS = tool("getDebts", "Get the debts of a potter.", potterId="ID of the potter")
CLEAN = tool("cleanKiln", "Clean a kiln.", kilnId="ID of the kiln")
FIRE = tool("fireKiln", "Fire a kiln.", kilnId="ID of the kiln", glaze="Glaze of the load")
TOOLS = (FIND, DEBTS, CLEAN, FIRE)


async def step(goal: str, *messages: Message, hints: tuple[str, ...] = (), slip: ProposedCall | None = None) -> Step:
    """What the student does next on a conversation that wants `goal`."""
    names = {tool.id: tool.name for tool in TOOLS}
    advanced = AdvancedTool(name="x", description=f"{goal}. It takes a name.", output="all of it")
    return await OfflineTeacher().step(StepAsk(messages, TOOLS, names, advanced, hints, 4, slip))


def called(name: str, text: str, **arguments: Any) -> tuple[Message, Message]:
    return call_message("I call it.", [("c1", name, arguments)]), tool_message("c1", name, text)


async def test_a_slip_makes_the_very_call_with_thoughts_that_take_it_for_right() -> None:
    wrong = ProposedCall(name="getDebts", arguments={"potterId": "Iris Lund"})
    made = await step("Get the debts of a potter", user_message("What does Iris Lund owe?"), slip=wrong)
    assert made.calls == (wrong,)
    assert "Iris Lund" in made.reasoning
    assert not re.search(r"wrong|error|fail|mistake", made.reasoning)


async def test_a_call_that_failed_is_not_repeated_but_what_the_error_speaks_of_is_done() -> None:
    failed = called("fireKiln", "Error: clean kiln KN-4 first.", kilnId="KN-4", glaze="celadon")
    made = await step("Fire a kiln", user_message('Please fire the kiln KN-4 with the glaze "celadon".'), *failed)
    assert made.calls == (ProposedCall(name="cleanKiln", arguments={"kilnId": "KN-4"}),)


async def test_a_request_that_nothing_serves_is_refused_without_a_call() -> None:
    made = await step("Order a taxi to the station", user_message("Could you order a taxi to the station for me?"))
    assert made.calls == ()
    assert "order a taxi to the station" in (made.answer or "")


async def test_a_refused_request_is_taken_up_when_the_user_insists() -> None:
    refusal = answer_message("No tool does that.", "I'm sorry, I have no way to find a potter.")
    asked = user_message('I need to find the potter called "Iris Lund".')
    made = await step("Find a potter", asked, refusal, user_message("It works now. Please go ahead."))
    assert made.calls == (ProposedCall(name="findPotter", arguments={"name": "Iris Lund"}),)


async def test_a_new_request_after_a_refusal_stands_for_itself() -> None:
    refusal = answer_message("No tool does that.", "I'm sorry, I have no way to order a taxi.")
    asked = user_message("Could you order a taxi for Iris Lund?")
    situation = read_situation([asked, refusal, user_message("Now clean the kiln KN-4, please.")])
    assert situation.request == "Now clean the kiln KN-4, please."
    assert not situation.insisted


async def test_an_answer_is_heard_in_the_light_of_the_question() -> None:
    question = answer_message("The glaze is missing.", "Which glaze should it be?")
    messages = user_message("Please fire the kiln KN-4."), question, user_message('It\'s "celadon".')
    made = await step("Fire a kiln", *messages)
    assert made.calls == (ProposedCall(name="fireKiln", arguments={"kilnId": "KN-4", "glaze": "celadon"}),)


async def test_words_that_answer_for_one_value_are_not_taken_for_another() -> None:
    order = tool("order_item", "Order an item.", query="What to look for", quantity="How much of it")
    messages = (
        user_message("Order an item, please."),
        answer_message("I have to ask.", "What is the query?"),
        user_message('It\'s "blue".'),
    )
    goal = AdvancedTool(name="x", description="Order an item.", output="all of it")
    made = await OfflineTeacher().step(StepAsk(messages, (order,), {order.id: order.name}, goal, (), 4))
    assert [call.arguments for call in made.calls] == [{"query": "blue"}]


async def test_only_the_hint_makes_it_ask_for_what_it_thought_it_knew() -> None:
    asked = user_message('Fire the kiln KN-4 for "Iris Lund".')
    assert (await step("Fire a kiln", asked)).calls
    hint = "When it comes to firing a kiln, the glaze is known to nobody but the user and has to be asked for."
    asking = await step("Fire a kiln", asked, hints=(hint,))
    assert asking.calls == ()
    assert re.search(r"\bglaze\b.*\?", asking.answer or "")


@pytest.mark.parametrize(
    ("mistake", "tool", "pointer", "expected", "told"),
    [
        (
            "not_together",
            FIND,
            None,
            (Happened("c", FIND, {"name": "Iris"}, "", {}),),
            "the same step also has to find",
        ),
        ("did_not_ask", FIRE, "/glaze", (), "the glaze is known to nobody but the user"),
        ("did_not_refuse", FIND, None, (), "nothing on offer does what is asked for"),
    ],
)
async def test_the_critic_words_what_was_left_out(
    mistake: Any, tool: Tool, pointer: str | None, expected: tuple[Happened, ...], told: str
) -> None:
    ask = CritiqueAsk(mistake, Step(reasoning="I am done.", answer="Done."), tool, pointer, expected, (), 2)
    hint = (await OfflineTeacher().critique(ask)).hint
    assert told in hint.lower()
    assert spoken_of(hint, ["findPotter", "fireKiln", "Iris"]) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("That should work now, please try again.", True),
        ("You can do it now. Go ahead.", True),
        ("Go ahead and list the kilns.", False),
        ("Now list the kilns.", False),
        ("Please go on with KN-4.", False),
    ],
)
def test_insisting_is_told_from_a_new_request(words: str, found: bool) -> None:
    assert insists(words) is found


@pytest.mark.parametrize(
    ("request_text", "behind"),
    [
        ("Find Iris Lund, and the same for Otto Vik. Thanks!", " Otto Vik"),
        ("Fire it on 4 May 2026 and the same again on 6 May 2026?", " on 6 May 2026"),
        ("Find Iris Lund and do the same for Otto Vik, and then clean up.", " Otto Vik"),
    ],
)
def test_further_things_are_found_behind_the_same_for(request_text: str, behind: str) -> None:
    start, end = behind_several(request_text) or (0, 0)
    assert request_text[start:end] == behind


def test_a_plain_request_speaks_of_one_thing() -> None:
    assert behind_several("Find Iris Lund and then clean the same kiln for Otto Vik.") is None
