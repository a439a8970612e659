"""Wrong drafts planted in traces of the bundled worlds: the critic names each, and no hint holds a right value."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest
from mcp import Client
from mcp.types import TextContent

from toolweave.agent.messages import Message, user_message
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.reason import Reasoner
from toolweave.agent.roles import AdvancedTool, ProposedCall, Step, StepAsk
from toolweave.agent.trace import Call, Source, TurnTrace
from toolweave.agent.whole_words import spoken_of
from toolweave.servers.decoding import decode_text
from toolweave.servers.errors import NeverReached
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool
from toolweave.servers.worlds import clinic, library

pytestmark = pytest.mark.anyio

SAID = Source("user", turn=0)


@dataclass(frozen=True)
class From:
    """An argument that an earlier call returned."""

    call: int
    place: str


@dataclass
class Visit:
    """Calls made on a world; every argument is the user's unless an earlier call gave it."""

    client: Client
    tools: dict[str, Tool]
    calls: list[Call] = field(default_factory=list[Call])

    async def call(self, tool: str, given: dict[str, Any]) -> None:
        arguments: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        for key, value in given.items():
            taken = isinstance(value, From)
            arguments[key] = get(self.calls[value.call].result.value, value.place) if taken else value
            source = Source("output", call=f"call_{value.call + 1}", place=value.place) if taken else SAID
            sources[f"/{key}"] = source
        reply = await self.client.call_tool(tool, arguments)
        text = "\n".join(block.text for block in reply.content if isinstance(block, TextContent))
        assert not reply.is_error, text
        result = CallResult("ok", text, decode_text(text), 0.0)
        before = frozenset(source.call for source in sources.values() if source.call is not None)
        number = len(self.calls) + 1
        self.calls.append(Call(f"call_{number}", self.tools[tool], arguments, sources, result, before))


@dataclass(frozen=True)
class Story:
    """What really happened in one world, and what the user had asked for."""

    request: str
    goal: str
    tools: tuple[Tool, ...]
    calls: tuple[Call, ...]


async def visit(world: ModuleType, request: str, goal: str, *made: tuple[str, dict[str, Any]]) -> Story:
    """Live through a story on a fresh world."""
    async with Client(world.build(7)) as client:
        listed = (await client.list_tools()).tools
        name = world.__name__.rpartition(".")[2]
        tools = {one.name: Tool(name, one.name, one.description or "", one.input_schema) for one in listed}
        here = Visit(client, tools)
        for tool, given in made:
            await here.call(tool, given)
    return Story(request, goal, tuple(tools.values()), tuple(here.calls))


async def a_loan() -> Story:
    return await visit(
        library,
        'Please reserve the title "Winter Ferry" for the member Rosa, to be fetched at Harbour.',
        "Reserve a title for a member.",
        ("find_member", {"name": "Rosa"}),
        ("search_titles", {"text": "Winter Ferry"}),
        (
            "place_hold",
            {"member_id": From(0, "/members/0/id"), "title_id": From(1, "/titles/0/id"), "pickup_branch": "Harbour"},
        ),
    )


async def an_appointment() -> Story:
    return await visit(
        clinic,
        "Book the animal Simba in on 16 February 2026, with the first vet who has time.",
        "Book a free consultation time for an animal.",
        ("search_animals", {"name": "Simba"}),
        ("find_free_times", {"day": "2026-02-16"}),
        ("book_appointment", {"animal_id": From(0, "/animals/0/animal_id"), "slot_id": From(1, "/slots/0/slot_id")}),
    )


class Planted(OfflineTeacher):
    """Proposes a wrong step first, then what really happened; words hints as the offline teacher does."""

    def __init__(self, at: int, wrong: Step, right: list[Step]) -> None:
        super().__init__()
        self.at = at
        """How many calls have been made when the wrong step is proposed."""
        self.wrong = wrong
        self.right = right

    async def step(self, ask: StepAsk) -> Step:
        made = sum(len(message.get("tool_calls") or ()) for message in ask.messages)
        return self.wrong if made == self.at and not ask.hints else self.right[made]


def proposes(call: Call, **changed: Any) -> Step:
    """A draft that makes a call, with some arguments changed."""
    arguments = {key: value for key, value in {**call.arguments, **changed}.items() if value is not None}
    return Step(reasoning="I call it.", calls=(ProposedCall(name=call.tool.name, arguments=arguments),))


def another(story: Story, *called: str) -> Call:
    """A call of a tool that the story does not need."""
    tool = next(one for one in story.tools if one.name not in called)
    return Call("wrong", tool, {}, {}, CallResult("ok", "", None, 0.0))


Plant = Callable[[Story], tuple[int, Step]]
"""Which step of a story is wrong (by the number of calls made before), and how."""


def wrong_tool(story: Story) -> tuple[int, Step]:
    return 0, proposes(another(story, *(call.tool.name for call in story.calls)))


def missing_prerequisite(story: Story) -> tuple[int, Step]:
    call = story.calls[-1]
    return 0, proposes(call, **dict.fromkeys([place[1:] for place in call.sources if call.sources[place].call], "???"))


def wrong_value(story: Story) -> tuple[int, Step]:
    call = story.calls[1]
    return 1, proposes(call, **{next(iter(call.arguments)): "something else"})


def wrong_source(story: Story) -> tuple[int, Step]:
    call = story.calls[-1]
    places = [place for place, source in call.sources.items() if source.call]
    return len(story.calls) - 1, proposes(call, **{places[0][1:]: call.arguments[places[1][1:]]})


def wrong_order(story: Story) -> tuple[int, Step]:
    return 0, proposes(story.calls[-1])


def extra_call(story: Story) -> tuple[int, Step]:
    return len(story.calls), proposes(story.calls[0])


PLANTS: dict[str, Plant] = {
    "wrong_tool": wrong_tool,
    "missing_prerequisite": missing_prerequisite,
    "wrong_value": wrong_value,
    "wrong_source": wrong_source,
    "wrong_order": wrong_order,
    "extra_call": extra_call,
}


def reasoner(story: Story, teacher: OfflineTeacher) -> Reasoner:
    messages: list[Message] = [user_message(story.request)]
    names = {tool.id: tool.name for tool in story.tools}
    advanced = AdvancedTool(name="all_of_it", description=story.goal, output="all of it")
    return Reasoner(teacher, story.tools, names, advanced, random.Random(3), messages)


@pytest.mark.parametrize("mistake", PLANTS)
@pytest.mark.parametrize("world", [a_loan, an_appointment])
async def test_every_kind_of_planted_mistake_is_named_and_no_hint_holds_a_right_value(
    world: Callable[[], Any], mistake: str
) -> None:
    story: Story = await world()
    at, wrong = PLANTS[mistake](story)
    closing = Step(reasoning="It is done.", answer="Done.")
    teacher = Planted(at, wrong, [*map(proposes, story.calls), closing])
    loop = reasoner(story, teacher)
    await loop.run(TurnTrace(story.calls), frozenset())
    assert [revision.mistake for revision in loop.revisions] == [mistake]
    hint = loop.revisions[0].hint
    values = [str(value) for call in story.calls for _, value in argument_leaves(call.arguments)]
    assert spoken_of(hint, [*values, *(call.tool.name for call in story.calls)]) == []


async def test_a_hint_on_several_wrong_values_says_where_each_of_them_is_to_be_found() -> None:
    story = await a_loan()
    call = story.calls[-1]
    teacher = Planted(
        2,
        proposes(call, member_id="Rosa", title_id="Winter Ferry", pickup_branch="Old Town"),
        [*map(proposes, story.calls), Step(reasoning="It is done.", answer="Done.")],
    )
    loop = reasoner(story, teacher)
    await loop.run(TurnTrace(story.calls), frozenset())
    hint = loop.revisions[0].hint
    assert "the member id has to come from what the first result shows" in hint
    assert "the title id has to come from what the second result shows" in hint
    assert "the pickup branch is not what the request says for it, which names it as its third value" in hint


async def test_a_value_that_a_hint_has_rejected_is_not_proposed_again() -> None:
    story = await an_appointment()
    loop = reasoner(story, OfflineTeacher())
    await loop.run(TurnTrace(story.calls), frozenset())
    drafts = [(one.messages, str(one.draft.calls)) for one in loop.revisions if one.mistake.startswith("wrong_")]
    assert len(drafts) == len(set(drafts))


async def test_a_step_that_stays_wrong_is_given_up_after_k_attempts_each_with_a_hint() -> None:
    story = await a_loan()

    class Stubborn(Planted):
        async def step(self, ask: StepAsk) -> Step:
            return wrong

    wrong = wrong_tool(story)[1]
    loop = reasoner(story, Stubborn(0, wrong, []))
    with pytest.raises(NeverReached, match="still wrong tool after 3 attempts"):
        await loop.run(TurnTrace(story.calls), frozenset())
    assert len(loop.hints) == 3
    assert all(re.search(r"has to find (?:the library member|library members)", hint) for hint in loop.hints)


async def test_calls_that_need_nothing_of_each_other_may_come_in_any_order() -> None:
    story = await an_appointment()
    one, other, last = story.calls
    turned = [proposes(other), proposes(one), proposes(last), Step(reasoning="It is done.", answer="Done.")]
    teacher = Planted(-1, turned[0], turned)
    loop = reasoner(story, teacher)
    await loop.run(TurnTrace((one, other, last)), frozenset())
    assert loop.revisions == []
