from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from toolweave.agent.endpoint.replies import BadReply, read_completion, read_reply
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.messages import user_message
from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    Happened,
    ProposedCall,
    Step,
    StepAsk,
    Value,
    ValueAsk,
)
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

if TYPE_CHECKING:
    from tests.agent.conftest import ScriptedEndpoint

    MakeTeacher = Callable[..., EndpointTeacher]

pytestmark = pytest.mark.anyio
FIND = Tool("shop", "find_shop", "Find a shop by city.")
BOOK = Tool("shop", "book_visit", "Book a visit.")
GOOD: dict[str, Any] = {
    "reasoning": "I need the shop first.",
    "calls": [{"name": "find_shop", "arguments": {"city": "Ghent"}}],
}
STEP = Step(reasoning="I need the shop first.", calls=(ProposedCall(name="find_shop", arguments={"city": "Ghent"}),))
ADVANCED = AdvancedTool(name="visit", description="Books a visit in a city.", output="a confirmed visit")
STEP_ASK = StepAsk(
    (user_message("Book me a visit in Ghent."),),
    (FIND, BOOK),
    {FIND.id: FIND.name, BOOK.id: BOOK.name},
    ADVANCED,
    (),
    3,
)


BAD: list[tuple[Callable[[ScriptedEndpoint], Any], str]] = [
    (lambda e: e.says("not json at all"), "no JSON object"),
    (lambda e: e.says({"reasoning": "x", "calls": [], "answer": None}), "not neither"),
    (lambda e: e.says({"reasoning": "x", "calls": [{"name": "a", "arguments": {}}], "answer": "y"}), "not both"),
    (lambda e: e.says({"reasoning": "  ", "answer": "y"}), "must not be blank"),
    (lambda e: e.says('{"reasoning": "I nee', "length"), "cut off"),
    (lambda e: e.says(None, "content_filter"), "content filter"),
    (lambda e: e.says(None, refusal="I can't help with that."), "refused: I can't help"),
    (lambda e: e.says(None), "empty"),
    (lambda e: e.says('{"reasoning": "half \ud83d", "answer": "yes"}'), "unicode"),
    (lambda e: e.sends('{"choices": []}'), "no choices"),
    (lambda e: e.sends('{"error": {"message": "upstream is down"}}'), "upstream is down"),
    (lambda e: e.sends("<html>hello</html>", "text/html"), "no choices"),
]


def read(content: object, model: Any = Step, **message: object) -> Any:
    return read_reply(read_completion({"choices": [{"message": {"content": content, **message}}]}), model)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        f"```json\n{json.dumps(GOOD, indent=2)}\n```",
        f"Sure! Here it is:\n\n{json.dumps(GOOD)}\n\nAnything else?",
        f'<think>maybe {{"reasoning": "no"}} or so</think>\n{json.dumps(GOOD)}',
        f"thoughts without an opening tag</think>{json.dumps(GOOD)}",
        f"Use {{braces, like so}} as in {{}}: {json.dumps(GOOD)}",
        f'An example is {{"reasoning": "x"}}; mine is {json.dumps(GOOD)}',
        [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": json.dumps(GOOD)}],
    ],
)
def test_the_reply_is_found_in_whatever_surrounds_it(text: object) -> None:
    assert read(text) == STEP


def test_a_reply_that_only_reached_the_reasoning_channel_is_found() -> None:
    assert read(None, reasoning_content=f"so: {json.dumps(GOOD)}") == STEP
    assert read("", reasoning=json.dumps(GOOD)) == STEP


def test_private_thoughts_never_become_the_reply() -> None:
    with pytest.raises(BadReply):
        read("I am done.", reasoning_content=json.dumps(GOOD))
    with pytest.raises(BadReply):
        read(f"<think>{json.dumps(GOOD)}")


@pytest.mark.parametrize(
    "text",
    [
        'I need the shop first.\n<tool_call>\n{"name": "find_shop", "arguments": {"city": "Ghent"}}\n</tool_call>',
        'I need the shop first.\n<tool_call>{"name": "find_shop", "arguments": "{\\"city\\": \\"Ghent\\"}"}',
        'I need the shop first.\n```json\n{"name": "find_shop", "parameters": {"city": "Ghent"}}\n```',
    ],
)
def test_tool_calls_written_as_text_make_a_step(text: str) -> None:
    assert read(text) == STEP


def test_native_tool_calls_make_a_step() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "find_shop", "arguments": '{"city": "Ghent"}'}}
    assert read("I need the shop first.", tool_calls=[call]) == STEP
    with pytest.raises(BadReply, match="reasoning"):
        read(None, tool_calls=[call])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (None, "empty"),
        ("I cannot say.", "no JSON object"),
        ('{"reasoning": "I need it", "calls": [{"name": "find_shop", "arguments": {}}]', "no JSON object"),
        ('{"reasoning": "a "quoted" word", "calls": [{"name": "x", "arguments": {}}]}', "none of the keys"),
        ('{"reasoning": "ok", "answer": "yes", "mood": "fine"}', "mood: Extra inputs"),
        ('{"reasoning": 5, "answer": "yes"}', "reasoning: Input should be a valid string"),
        ('{"reasoning": "x", "calls": [{"name": "a", "arguments": [1]}]}', r"calls\.0\.arguments"),
        ('{"reasoning": "x", "calls": [{"name": "a", "arguments": {"n": NaN}}]}', "no JSON object"),
        ('{"reasoning": "x", "calls": [{"name": "a", "arguments": {"n": "\\ud83d"}}]}', "lone surrogate"),
        ('{"reasoning": "x</think>", "answer": "yes"}', "chat markup"),
        ('{"reasoning": "x", "answer": "done<|im_end|>"}', "chat markup"),
        ("[1, 2]", "no JSON object"),
        ("{" * 3000, "no JSON object"),
        ('{"a":' * 3000, "no JSON object"),
        ("{}", "none of the keys"),
    ],
)
def test_a_reply_that_cannot_be_used_says_why(text: object, reason: str) -> None:
    with pytest.raises(BadReply, match=reason):
        read(text)


def test_an_empty_object_is_no_value() -> None:
    with pytest.raises(BadReply, match="none of the keys"):
        read("{}", Value)
    assert read('{"value": null}', Value) == Value(value=None)


@pytest.mark.parametrize(
    "body",
    [None, [], "text", {}, {"choices": None}, {"choices": []}, {"choices": [None]}, {"choices": [{"message": 3}]}],
)
def test_a_body_of_any_shape_is_read(body: object) -> None:
    completion = read_completion(body)
    assert completion.empty


@pytest.mark.parametrize(("bad", "complaint"), BAD)
async def test_a_bad_reply_is_asked_for_again_with_the_reason(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, bad: Callable[[ScriptedEndpoint], None], complaint: str
) -> None:
    bad(endpoint)
    endpoint.says(GOOD)
    async with make_teacher() as teacher:
        assert await teacher.step(STEP_ASK) == STEP
        assert teacher.usage()["step"]["retries"] == 1
    last = endpoint.requests[1]["messages"]
    assert complaint in last[-1]["content"]
    roles = [message["role"] for message in last]
    assert roles in (["system", "user"], ["system", "user", "assistant", "user"])


async def test_json_that_is_cut_off_in_the_body_is_asked_for_again(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.sends('{"choices": [{"mess')
    endpoint.says(GOOD)
    async with make_teacher() as teacher:
        assert await teacher.step(STEP_ASK) == STEP


async def test_nonsense_ends_after_a_bounded_number_of_replies(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    for _ in range(5):
        endpoint.says("blah")
    async with make_teacher(max_replies=3) as teacher:
        with pytest.raises(TeacherError, match="no usable step reply in 3 attempts: there is no JSON object"):
            await teacher.step(STEP_ASK)
        assert len(endpoint.requests) == 3
        assert teacher.usage()["step"]["failures"] == 1


async def test_every_repetition_is_sampled_with_another_seed(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.says("blah")
    endpoint.says(GOOD)
    async with make_teacher() as teacher:
        await teacher.step(STEP_ASK)
    assert [request["seed"] for request in endpoint.requests] == [3, 4]


async def test_an_invented_value_must_fit_its_schema(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.says({"value": "many"})
    endpoint.says({"value": 4})
    async with make_teacher() as teacher:
        assert await teacher.value(ValueAsk(FIND, "/n", {"type": "integer", "maximum": 9}, 0)) == Value(value=4)


async def test_a_broken_schema_forbids_no_value(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.says({"value": "x"})
    async with make_teacher() as teacher:
        assert await teacher.value(ValueAsk(FIND, "/n", {"$ref": "#/nowhere", "type": 7}, 0)) == Value(value="x")


def critique_ask(arguments: dict[str, Any]) -> CritiqueAsk:
    happened = Happened("call_1", FIND, arguments, "ok", "ok")
    step = Step(reasoning="x", calls=(ProposedCall(name="book_visit", arguments={"shop": "S-1"}),))
    return CritiqueAsk("missing_prerequisite", step, BOOK, "/shop", (happened,), STEP_ASK.messages, 1)


@pytest.mark.parametrize(
    ("arguments", "leak"),
    [
        ({"city": "Ghent"}, "Look for the shop in ghent first."),
        ({"day": "2026-03-04"}, "The day is 4 March 2026."),
        ({"amount": 1250.5}, "You forgot that it was 1,250.50 in all."),
        ({"filter": {"sizes": [42, 43]}}, "Mind the size 43."),
        ({"anything": True}, "Call find_shop before that."),
        ({"anything": True}, "The booking needs S-4711."),
    ],
)
async def test_a_hint_that_gives_the_answer_away_is_replaced_by_one_written_without_it(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, arguments: dict[str, Any], leak: str
) -> None:
    endpoint.says({"hint": leak})
    endpoint.says({"hint": leak})
    endpoint.says({"hint": "Find out first what the booking needs."})
    async with make_teacher() as teacher:
        hint = await teacher.critique(critique_ask(arguments))
    assert hint == Critique(hint="Find out first what the booking needs.")
    shown = [request["messages"][1]["content"] for request in endpoint.requests]
    assert ["(withheld)" in text for text in shown] == [False, True, True]


async def test_a_critic_that_cannot_keep_a_secret_gives_no_hint(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    for _ in range(4):
        endpoint.says({"hint": "It is Ghent."})
    async with make_teacher() as teacher:
        with pytest.raises(TeacherError, match="gives a correct value away"):
            await teacher.critique(critique_ask({"city": "Ghent"}))


async def test_the_connection_survives_a_cancelled_ask(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.hangs()
    endpoint.says(GOOD)
    async with make_teacher(max_in_flight=1) as teacher:
        with anyio.move_on_after(0.2):
            await teacher.step(STEP_ASK)
        assert await teacher.step(STEP_ASK) == STEP
