"""Turn kinds with an endpoint behind the roles: the simulated user, slips, and what the new mistakes may give away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from toolweave.agent.endpoint import render
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.messages import answer_message, call_message, tool_message, user_message
from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    Happened,
    Mistake,
    ProposedCall,
    Query,
    QueryAsk,
    Said,
    Step,
    StepAsk,
    Style,
    ToolingAsk,
    UserAsk,
    UserValue,
)
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

if TYPE_CHECKING:
    from tests.agent.conftest import ScriptedEndpoint

    MakeTeacher = Callable[..., EndpointTeacher]
    Blocks = Callable[[str], dict[str, list[Any]]]

pytestmark = pytest.mark.anyio
FIND = Tool("shop", "find_shop", "Find a shop by city.")
BOOK = Tool("shop", "book_visit", "Book a visit.")
ADVANCED = AdvancedTool(name="visit", description="Books a visit in a city.", output="a confirmed visit")
STYLE = Style("a florist", "brisk", "goal")
CITY = UserValue("call_1", FIND, "/city", {"type": "string", "description": "Where."}, "Ghent")
CONVERSATION = (
    user_message("Book me a visit."),
    call_message("I look at the calendar.", [("call_0", "find_day", {})]),
    tool_message("call_0", "find_day", "D-1"),
    answer_message("The city is missing.", "In which city?"),
)
TELL = UserAsk("tell", ADVANCED, (CITY,), CONVERSATION, STYLE, ("find_shop",), 5)
INSIST = replace(TELL, purpose="insist", values=())
TOLD: dict[str, Any] = {"text": "In Ghent.", "said": [{"call": "call_1", "pointer": "/city", "text": "Ghent"}]}
STEP_ASK = StepAsk(CONVERSATION[:1], (FIND, BOOK), {FIND.id: FIND.name, BOOK.id: BOOK.name}, ADVANCED, (), 3)
SLIP_ASK = replace(STEP_ASK, slip=ProposedCall(name="book_visit", arguments={"shop": "Rose Corner", "guests": 1}))


def slipped(reasoning: str, **arguments: Any) -> dict[str, Any]:
    return {"reasoning": reasoning, "calls": [{"name": "book_visit", "arguments": arguments}]}


SLIPPED = slipped("The shop is Rose Corner, so I book it.", shop="Rose Corner", guests=1)


async def test_the_user_tells_what_was_asked_for(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.says(TOLD)
    async with make_teacher() as teacher:
        said = await teacher.user(TELL)
        assert teacher.usage()["user"]["requests"] == 1
        assert teacher.usage()["query"]["requests"] == 0
    assert said == Query(text="In Ghent.", said=(Said(pointer="/city", call="call_1", text="Ghent"),))


def test_the_user_sees_the_spoken_words_and_nothing_of_the_calls(blocks: Blocks) -> None:
    assert blocks(render.user(TELL)) == {
        "conversation": [
            {"role": "user", "content": "Book me a visit."},
            {"role": "assistant", "content": "In which city?"},
        ],
        "wanted": [{"what": "Books a visit in a city.", "outcome": "a confirmed visit"}],
        "purpose": ["tell"],
        "style": [{"persona": "a florist", "register": "brisk"}],
        "say_these": [
            {
                "call": "call_1",
                "tool": "shop/find_shop",
                "pointer": "/city",
                "meaning": {"description": "Where.", "type": "string"},
                "value": "Ghent",
            }
        ],
        "never_say": ["find_shop"],
    }
    assert {"say_these", "problems_before"} & set(blocks(render.user(INSIST))) == set()


@pytest.mark.parametrize(
    ("ask", "bad", "good", "complaint"),
    [
        (TELL, {"text": "In Ghent.", "said": []}, TOLD, "one entry for each value"),
        (TELL, TOLD | {"said": TOLD["said"] * 2}, TOLD, "one entry for each value"),
        (TELL, TOLD | {"text": "You know where."}, TOLD, "'Ghent' is not a piece of the text"),
        (INSIST, TOLD, {"text": "You have it now, go on.", "said": []}, "one entry for each value"),
        (INSIST, {"text": "Go on. " * 30, "said": []}, {"text": "Go on.", "said": []}, "one short sentence"),
    ],
)
async def test_a_user_who_says_too_little_or_too_much_is_asked_again(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, ask: UserAsk, bad: Any, good: Any, complaint: str
) -> None:
    endpoint.says(bad)
    endpoint.says(good)
    async with make_teacher() as teacher:
        assert await teacher.user(ask) == Query.model_validate(good)
        assert teacher.usage()["user"]["retries"] == 1
    assert complaint in endpoint.requests[1]["messages"][-1]["content"]


async def test_a_user_who_never_says_it_fails_the_ask(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    for _ in range(2):
        endpoint.says({"text": "Guess!", "said": []})
    async with make_teacher(max_replies=2) as teacher:
        with pytest.raises(TeacherError, match="no usable user reply in 2 attempts"):
            await teacher.user(TELL)
        assert teacher.usage()["user"]["failures"] == 1


def test_what_is_left_out_of_a_request_is_shown_without_its_value(blocks: Blocks) -> None:
    query = QueryAsk(ADVANCED, (), (), (), CONVERSATION, STYLE, (), 1, unsaid=(CITY,), relation="corrects")
    found = blocks(render.query(query))
    assert found["relation"] == ["corrects"]
    assert [(item["pointer"], item["value"]) for item in found["leave_out"]] == [("/city", "(do not say)")]
    assert "Ghent" not in render.query(query)


def test_a_call_that_was_never_made_has_no_result(blocks: Blocks) -> None:
    wish = Happened("wish_1", FIND, {"city": "Ghent"}, "", None)
    calls = blocks(render.tooling(ToolingAsk((wish, replace(wish, value=[])), (), 0)))["calls"]
    assert ["result" in call for call in calls] == [False, True]


async def test_a_slip_is_made_as_asked(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, blocks: Blocks) -> None:
    endpoint.says(SLIPPED)
    async with make_teacher() as teacher:
        assert await teacher.step(SLIP_ASK) == Step.model_validate(SLIPPED)
    sent = endpoint.requests[0]["messages"][1]["content"].split("\n\nReply with one JSON object")[0]
    assert blocks(sent)["make_this_call"] == [{"name": "book_visit", "arguments": {"shop": "Rose Corner", "guests": 1}}]
    assert "make_this_call" not in blocks(render.step(STEP_ASK, 100))


OTHER_STEPS: list[tuple[dict[str, Any], str]] = [
    (slipped("I book it.", shop="S-1", guests=1), "exactly the call"),
    (slipped("I book it.", shop="Rose Corner", guests=True), "exactly the call"),
    (SLIPPED | {"calls": SLIPPED["calls"] * 2}, "exactly the call"),
    ({"reasoning": "I need its id.", "calls": [{"name": "find_shop", "arguments": {}}]}, "exactly the call"),
    ({"reasoning": "I cannot.", "answer": "Which shop?"}, "exactly the call"),
    (SLIPPED | {"reasoning": "This will likely fail, but I book it."}, "'will likely fail' shows a doubt"),
    (SLIPPED | {"reasoning": "I was told to use make_this_call."}, "'make_this_call' shows a doubt"),
]


@pytest.mark.parametrize(("bad", "complaint"), OTHER_STEPS)
async def test_any_other_step_than_the_slip_is_asked_for_again(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, bad: Any, complaint: str
) -> None:
    endpoint.says(bad)
    endpoint.says(SLIPPED)
    async with make_teacher() as teacher:
        assert await teacher.step(SLIP_ASK) == Step.model_validate(SLIPPED)
    assert complaint in endpoint.requests[1]["messages"][-1]["content"]


async def test_parallel_calls_and_questions_are_steps(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    calls = [{"name": "find_shop", "arguments": {"city": city}} for city in ("Ghent", "Bruges")]
    both: dict[str, Any] = {"reasoning": "Both at once.", "calls": calls}
    question: dict[str, Any] = {"reasoning": "The city is missing.", "answer": "In which city?"}
    endpoint.says(both)
    endpoint.says(question)
    async with make_teacher() as teacher:
        assert await teacher.step(STEP_ASK) == Step.model_validate(both)
        assert await teacher.step(STEP_ASK) == Step.model_validate(question)


def critique_ask(mistake: Mistake, tool: Tool | None, step: Step) -> CritiqueAsk:
    right = (Happened("call_1", FIND, {"city": "Ghent"}, "S-1", "S-1"), Happened("call_2", BOOK, {}, "ok", "ok"))
    return CritiqueAsk(mistake, step, tool, "/city" if tool else None, right, CONVERSATION[:1], 1, ("Look again.",))


@pytest.mark.parametrize(
    ("mistake", "tool", "leak", "hint"),
    [
        ("not_together", FIND, "Call find_shop too.", "A second look-up needs nothing of this one: make both now."),
        ("did_not_ask", FIND, "Ask whether Ghent is meant.", "You do not know the place; ask the user where."),
        ("did_not_ask", FIND, "You lack what find_shop needs.", "You do not know the place; ask the user where."),
        ("did_not_refuse", FIND, "Say that find_shop is gone.", "Nothing on offer does it; say so to the user."),
    ],
)
async def test_hints_on_the_new_mistakes_give_neither_value_nor_tool_away(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, mistake: Mistake, tool: Tool | None, leak: str, hint: str
) -> None:
    step = Step(reasoning="x", calls=(ProposedCall(name="book_visit", arguments={}),))
    endpoint.says({"hint": leak})
    endpoint.says({"hint": hint})
    async with make_teacher() as teacher:
        assert await teacher.critique(critique_ask(mistake, tool, step)) == Critique(hint=hint)
    assert len(endpoint.requests) == 2


def test_the_coach_sees_what_the_mistake_is_about_and_the_hints_before(blocks: Blocks) -> None:
    step = Step(reasoning="x", answer="Done.")
    found = blocks(render.critique(critique_ask("did_not_ask", FIND, step), show_values=False))
    assert (found["mistake"], found["hints_before"]) == (["did_not_ask"], ["Look again."])
    assert found["about"] == [
        {"tool": {"name": "find_shop", "description": "Find a shop by city."}, "argument": "/city"}
    ]
    assert found["right_calls"][0]["arguments"] == {"city": "(withheld)"}
