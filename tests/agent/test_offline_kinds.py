"""The offline teacher in every kind of turn, on one invented set of tools with a small backend."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from toolweave.agent.asking import audible, question_problem, refusal_problem
from toolweave.agent.compose import Asked, ask_backwards, speak_as_user
from toolweave.agent.messages import Message, user_message
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.reason import Reasoner
from toolweave.agent.roles import Query, Style
from toolweave.agent.trace import Call, Source, TurnTrace
from toolweave.agent.whole_words import spoken_of
from toolweave.servers.decoding import decode_text
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio


def tool(name: str, description: str, /, **more: dict[str, Any]) -> Tool:
    schema = {"type": "object", "properties": more, "required": list(more)}
    return Tool("boats", name, description, schema)


def text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


MEMBERS = {"MB-31": "Ada Fox", "MB-32": "Ben Hill", "MB-33": "Cleo Marsh"}
MEMBER, BOAT = text("Identifier of the member"), text("Identifier of the boat")
DAY, HOURS = text("Day of the outing, YYYY-MM-DD"), {"type": "integer", "description": "How long the outing takes"}
KIND = text("Kind of boat", enum=["canoe", "dinghy", "gig"])
FIND = tool("find_member", "Find members by name.", name=text("Name or part of it"))
LIST = tool("list_boats", "List the boats of a kind.", kind=KIND)
RESERVE = tool("reserve_boat", "Reserve a boat for a member.", member_id=MEMBER, boat_id=BOAT, day=DAY, hours=HOURS)
FEES = tool("get_fees", "Get the open fees of a member.", member_id=MEMBER)
TRAINING = tool("get_training", "Get the training plan of a member.", member_id=MEMBER)
INSPECT = tool("inspect_boat", "Inspect a boat before it leaves.", boat_id=BOAT)
LAUNCH = tool("launch_boat", "Launch a boat from the slipway.", boat_id=BOAT)
TIDE = tool("get_tide", "Get the time of high water on a day.", day=text("Day, YYYY-MM-DD"))
LETTER, LANGUAGE = text("The letter itself"), text("Language to translate into")
TRANSLATE = tool("translate_letter", "Translate a letter into another language.", letter=LETTER, language=LANGUAGE)
TOOLS = (FIND, LIST, RESERVE, FEES, TRAINING, INSPECT, LAUNCH, TIDE)
NAMES = {tool.id: tool.name for tool in TOOLS}


FACTS: dict[str, dict[str, Any]] = {
    LIST.name: {"boats": [{"boat_id": "BT-5", "title": "Heron"}, {"boat_id": "BT-6", "title": "Curlew"}]},
    RESERVE.name: {"reservation_id": "RV-880"},
    FEES.name: {"owed": 14},
    TRAINING.name: {"focus": "steering"},
    INSPECT.name: {"state": "checked"},
    LAUNCH.name: {"state": "afloat"},
    TIDE.name: {"high_water": "11:20"},
}


def answered(tool: Tool, given: dict[str, Any]) -> str:
    if tool is FIND:
        return json.dumps([{"member_id": key, "name": name} for key, name in MEMBERS.items() if given["name"] in name])
    if tool in (FEES, TRAINING):
        return json.dumps({"member": MEMBERS[given["member_id"]], **FACTS[tool.name]})
    return json.dumps({key: given[key] for key in ("day", "boat_id") if key in given} | FACTS[tool.name])


def call(number: int, tool: Tool, arguments: dict[str, Any], **taken: tuple[int, str]) -> Call:
    """One executed call; `taken` maps parameters to (number of a call, place in its value), the rest the user says."""
    sources = {f"/{key}": Source("user", turn=0) for key in arguments}
    sources |= {f"/{key}": Source("output", call=f"call_{by}", place=place) for key, (by, place) in taken.items()}
    shown = answered(tool, arguments)
    after = frozenset(f"call_{by}" for by, _ in taken.values())
    return Call(f"call_{number}", tool, arguments, sources, CallResult("ok", shown, decode_text(shown), 0.0), after)


def refused(call: Call, objection: str) -> Call:
    """The call as its server turned it down."""
    return replace(call, result=CallResult("tool_error", objection, objection, 0.0), fails=True)


def of_ada(number: int, tool: Tool, found: int = 1) -> Call:
    return call(number, tool, {"member_id": "MB-31"}, member_id=(found, "/0/member_id"))


def of_curlew(number: int, tool: Tool, after: int = 1) -> Call:
    made = call(number, tool, {"boat_id": "BT-6"}, boat_id=(1, "/boats/1/boat_id"))
    return replace(made, after=made.after | {f"call_{after}"})


def _reservation() -> tuple[Call, ...]:
    given = {"member_id": "MB-31", "boat_id": "BT-6", "day": "2026-05-09", "hours": 2}
    taken = {"member_id": (1, "/0/member_id"), "boat_id": (2, "/boats/1/boat_id")}
    return call(1, FIND, {"name": "Ada Fox"}), call(2, LIST, {"kind": "dinghy"}), call(3, RESERVE, given, **taken)


def _missing(call_id: str, place: str) -> list[TurnTrace]:
    return [TurnTrace(_reservation(), "missing_parameter", withheld=((call_id, place),))]


def _later() -> list[TurnTrace]:
    find = call(1, FIND, {"name": "Ben Hill"})
    fees = call(2, FEES, {"member_id": "MB-32"}, member_id=(1, "/0/member_id"))
    return [TurnTrace((find, fees), "missing_function")]


def _nothing_fits() -> list[TurnTrace]:
    wanted = {"letter": "Dear guests", "language": "Dutch"}
    sources = {place: Source("user", turn=1) for place in ("/letter", "/language")}
    wish = Call("wish_2", TRANSLATE, wanted, sources, CallResult("broken", "", None, 0.0))
    return [TurnTrace((call(1, TIDE, {"day": "2026-05-09"}),)), TurnTrace((), "irrelevant", "switches", wish=wish)]


def _for_two() -> list[TurnTrace]:
    ada, ben = call(1, FIND, {"name": "Ada Fox"}), call(2, FIND, {"name": "Ben Hill"})
    other = call(4, FEES, {"member_id": "MB-32"}, member_id=(2, "/0/member_id"))
    return [TurnTrace((ada, ben, of_ada(3, FEES), other), "parallel")]


def _for_two_days() -> list[TurnTrace]:
    return [TurnTrace((call(1, TIDE, {"day": "2026-05-09"}), call(2, TIDE, {"day": "2026-06-11"})), "parallel")]


def _for_two_boats() -> list[TurnTrace]:
    heron = call(2, INSPECT, {"boat_id": "BT-5"}, boat_id=(1, "/boats/0/boat_id"))
    return [TurnTrace((call(1, LIST, {"kind": "gig"}), heron, of_curlew(3, INSPECT)), "parallel")]


def _two_facts() -> list[TurnTrace]:
    return [TurnTrace((call(1, FIND, {"name": "Ada Fox"}), of_ada(2, FEES), of_ada(3, TRAINING)), "parallel")]


def _wrong_word() -> list[TurnTrace]:
    said = {"/member_id": Source("user", turn=0, said_for=("call_2", "/name"))}
    wrong = replace(of_ada(1, FEES), arguments={"member_id": "Ada Fox"}, sources=said, after=frozenset())
    find = replace(call(2, FIND, {"name": "Ada Fox"}), after=frozenset({"call_1"}))
    wrong = refused(wrong, "Error executing tool get_fees: Unknown member 'Ada Fox'.")
    return [TurnTrace((wrong, find, of_ada(3, FEES, found=2)), "error_recovery")]


def _too_early() -> list[TurnTrace]:
    wrong = refused(of_curlew(2, LAUNCH), "Error executing tool launch_boat: Boat BT-6 must be inspected first.")
    calls = call(1, LIST, {"kind": "canoe"}), wrong, of_curlew(3, INSPECT, after=2), of_curlew(4, LAUNCH, after=3)
    return [TurnTrace(calls, "error_recovery")]


def _changed(place: str, value: Any) -> list[TurnTrace]:
    before = _reservation()[-1]
    again = call(4, RESERVE, before.arguments | {place[1:]: value})
    kept = {
        leaf: replace(source, said_for=(before.id, leaf)) if source.kind == "user" else source
        for leaf, source in before.sources.items()
    }
    again = replace(again, sources=kept | {place: Source("user", turn=1)}, after=frozenset({before.id}))
    return [TurnTrace(_reservation()), TurnTrace((again,), "base", "corrects")]


def _back_and_forth() -> list[TurnTrace]:
    tide = call(4, TIDE, {"day": "2026-06-11"})
    away, back = TurnTrace((tide,), "base", "switches"), TurnTrace((of_ada(5, FEES),), "base", "returns")
    return [TurnTrace(_reservation()), away, back]


CHAINS = {
    "a day is missing": _missing("call_3", "/day"),
    "a length is missing": _missing("call_3", "/hours"),
    "a name is missing": _missing("call_1", "/name"),
    "a choice is missing": _missing("call_2", "/kind"),
    "the tool comes later": _later(),
    "no tool fits": _nothing_fits(),
    "for two members": _for_two(),
    "for two days": _for_two_days(),
    "for two boats": _for_two_boats(),
    "two facts of one member": _two_facts(),
    "a name for an id": _wrong_word(),
    "too early": _too_early(),
    "another length": _changed("/hours", 5),
    "another day": _changed("/day", "2026-05-16"),
    "there and back": _back_and_forth(),
}
STYLES = [
    Style("a careful person who checks everything", register, distance)
    for register in ("plain", "polite", "brisk", "chatty")
    for distance in ("explicit", "goal")
]


SEEDS = 8


@dataclass
class Talk:
    """A conversation; what the user said in each turn, and every loop that the assistant went through."""

    messages: list[Message] = field(default_factory=list[Message])
    asked: list[Asked] = field(default_factory=list[Asked])
    replies: list[Query] = field(default_factory=list[Query])
    loops: list[Reasoner] = field(default_factory=list[Reasoner])

    def words(self) -> list[str]:
        """What the assistant said without a call."""
        return [str(m["content"]) for m in self.messages if m["role"] == "assistant" and m["content"]]


@dataclass
class Speaker:
    """Holds a conversation as its kinds want; every check of the loop applies."""

    seed: int
    teacher: OfflineTeacher = field(default_factory=OfflineTeacher)
    talk: Talk = field(default_factory=Talk)

    async def hold(self, turns: Sequence[TurnTrace]) -> Talk:
        rng, done = random.Random(self.seed), list[Call]()
        style = STYLES[self.seed % len(STYLES)]
        for turn in turns:
            asked = await ask_backwards(self.teacher, turn, done, self.talk.messages, TOOLS, style, rng)
            self.talk.asked.append(asked)
            self._listen(asked.query)
            if turn.kind in ("irrelevant", "missing_function"):
                await self._loop(asked, rng, without=turn.target).refuse(turn)
            if turn.withheld:
                await self._loop(asked, rng).ask(turn)
            if turn.withheld or turn.kind == "missing_function":
                self.talk.replies.append(await speak_as_user(self.teacher, asked, turn, self.talk.messages, style, rng))
                self._listen(self.talk.replies[-1])
            if turn.calls:
                await self._loop(asked, rng).run(turn, frozenset(call.id for call in done))
            done += turn.calls
        return self.talk

    def _listen(self, said: Query) -> None:
        self.talk.messages.append(user_message(said.text))

    def _loop(self, asked: Asked, rng: random.Random, without: Tool | None = None) -> Reasoner:
        tools = tuple(tool for tool in TOOLS if tool is not without)
        names = {tool.id: tool.name for tool in tools}
        self.talk.loops.append(Reasoner(self.teacher, tools, names, asked.advanced, rng, self.talk.messages))
        return self.talk.loops[-1]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def talks() -> dict[str, list[Talk]]:
    """Every chain in every style; a loop that is not reached raises."""
    return {name: [await Speaker(seed).hold(turns) for seed in range(SEEDS)] for name, turns in CHAINS.items()}


async def test_the_same_seed_gives_the_same_conversation_in_every_kind(talks: dict[str, list[Talk]]) -> None:
    for name, turns in CHAINS.items():
        assert (await Speaker(1).hold(turns)).messages == talks[name][1].messages


async def test_every_kind_of_turn_is_reached_in_every_style_mostly_at_once(talks: dict[str, list[Talk]]) -> None:
    attempts = Counter(loop.attempts for group in talks.values() for talk in group for loop in talk.loops)
    assert set(attempts) <= {1, 2, 3}
    assert attempts[1] >= 0.75 * attempts.total()


@pytest.mark.parametrize(
    ("name", "asked_of"),
    [
        ("a day is missing", (RESERVE, "/day")),
        ("a length is missing", (RESERVE, "/hours")),
        ("a name is missing", (FIND, "/name")),
        ("a choice is missing", (LIST, "/kind")),
    ],
)
async def test_what_only_the_user_knows_is_asked_for(
    talks: dict[str, list[Talk]], name: str, asked_of: tuple[Tool, str]
) -> None:
    for talk in talks[name]:
        question, *_ = talk.words()
        assert question_problem(question, *asked_of) is None
        assert spoken_of(question, [tool.name for tool in TOOLS]) == []
        assert "_" not in question


async def test_nothing_is_asked_that_the_conversation_or_a_tool_can_tell(talks: dict[str, list[Talk]]) -> None:
    asking = [name for name in talks if "is missing" in name]
    others = [words for name in talks if name not in asking for talk in talks[name] for words in talk.words()]
    assert others
    assert [words for words in others if "?" in words] == []


async def test_a_reply_says_the_missing_value_and_nothing_else(talks: dict[str, list[Talk]]) -> None:
    said = {
        "a day is missing": "9 May 2026",
        "a length is missing": "2",
        "a name is missing": "Ada Fox",
        "a choice is missing": "dinghy",
    }
    values = ["MB-31", "BT-6", "2026-05-09", "Ada Fox", "dinghy", 2]
    for name, wording in said.items():
        replies = [talk.replies[0] for talk in talks[name]]
        assert all([one.text for one in reply.said] == [wording] for reply in replies)
        assert all(silent(reply.text.replace(wording, "…"), values) for reply in replies)
        assert len({reply.text for reply in replies}) >= 4


async def test_a_refusal_says_so_and_what_could_be_done_instead(talks: dict[str, list[Talk]]) -> None:
    refusals = [talk.words()[0] for talk in talks["the tool comes later"]]
    refusals += [talk.words()[-1] for talk in talks["no tool fits"]]
    for refusal in refusals:
        assert refusal_problem(refusal) is None
        assert spoken_of(refusal, [*NAMES.values(), "MB-32", "Ben Hill", "Dear guests"]) == []
    assert any("I can get the training plan of a member" in refusal for refusal in refusals)


async def test_who_insists_says_no_value(talks: dict[str, list[Talk]]) -> None:
    replies = [talk.replies[0] for talk in talks["the tool comes later"]]
    assert [reply for reply in replies if reply.said or "Ben" in reply.text] == []
    assert len({reply.text for reply in replies}) >= 4


def silent(words: str, values: Sequence[Any]) -> bool:
    """Whether a text gives none of the values away."""
    return not any(audible(words, value) for value in values)


def steps(talk: Talk) -> list[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """The reasoning and the calls of every step that makes some."""
    return [
        (m["reasoning_content"], [(c["function"]["name"], c["function"]["arguments"]) for c in m["tool_calls"]])
        for m in talk.messages
        if m.get("tool_calls")
    ]


async def test_what_is_wanted_for_several_is_called_in_one_step(talks: dict[str, list[Talk]]) -> None:
    for name in ("for two members", "for two days", "for two boats"):
        assert all(len(steps(talk)[-1][1]) == 2 for talk in talks[name])
    for talk in talks["for two days"]:
        assert talk.loops[0].attempts == 1


async def test_two_facts_of_one_thing_are_asked_for_with_one_name_and_looked_up_in_one_step(
    talks: dict[str, list[Talk]],
) -> None:
    for talk in talks["two facts of one member"]:
        assert talk.asked[0].query.text.count("Ada Fox") == 1
        assert {name for name, _ in steps(talk)[1][1]} == {"get_fees", "get_training"}


async def test_an_objection_is_read_before_the_next_step(talks: dict[str, list[Talk]]) -> None:
    for talk in talks["a name for an id"]:
        (_, first), (reasoning, second), *_ = steps(talk)
        assert first == [("get_fees", {"member_id": "Ada Fox"})]
        assert second == [("find_member", {"name": "Ada Fox"})]
        assert re.search(r"Ada Fox|error", re.split(r"[.]", reasoning)[0])
        assert "ID of the member" in reasoning
    for talk in talks["too early"]:
        thoughts = [reasoning for reasoning, _ in steps(talk)]
        assert re.search(r"early|error|server", thoughts[2].split(".")[0])


async def test_a_change_of_mind_says_only_what_changes(talks: dict[str, list[Talk]]) -> None:
    for name, wording in (("another length", "5"), ("another day", "16 May 2026")):
        changes = [talk.asked[1].query for talk in talks[name]]
        assert all([one.text for one in change.said] == [wording] for change in changes)
        assert all(silent(change.text.replace(wording, "…"), ["Ada Fox", "Curlew", 2]) for change in changes)
        assert len({change.text for change in changes}) >= 4
        assert all(talk.loops[1].attempts == 1 for talk in talks[name])


async def test_another_topic_and_the_way_back_are_announced(talks: dict[str, list[Talk]]) -> None:
    switches = [talk.asked[1].query.text for talk in talks["there and back"]]
    returns = [talk.asked[2].query.text for talk in talks["there and back"]]
    assert all(
        re.search(
            r"else|other|another|apart|different|related|while|subject|separately|forget|aside|topic"
            r"|by the way|moving on|on to",
            words,
            re.IGNORECASE,
        )
        for words in switches
    )
    assert all(re.search(r"back|earlier|before|first|start|return|left off", words, re.IGNORECASE) for words in returns)


async def test_hints_of_all_kinds_give_nothing_away(talks: dict[str, list[Talk]]) -> None:
    hints = [hint for group in talks.values() for talk in group for loop in talk.loops for hint in loop.hints]
    values = [*MEMBERS, *MEMBERS.values(), "BT-5", "BT-6", "2026-05-09", "2026-06-11"]
    assert hints
    assert [hint for hint in hints if spoken_of(hint, [*values, *NAMES.values()])] == []
