"""The offline teacher on three invented sets of tools in different styles, with a small backend each."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from toolweave.agent.compose import Asked, ask_backwards, happened
from toolweave.agent.grounding import seen_text, unsupported
from toolweave.agent.messages import Message, user_message
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.reason import Reasoner
from toolweave.agent.roles import CritiqueAsk, ProposedCall, Step, Style, ToolingAsk, UserValue, ValueAsk
from toolweave.agent.trace import Call, Source, TurnTrace
from toolweave.agent.whole_words import spoken_of
from toolweave.servers.decoding import decode_text
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio

Backend = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Domain:
    tools: tuple[Tool, ...]
    backends: dict[str, Backend]

    def tool(self, name: str) -> Tool:
        return next(tool for tool in self.tools if tool.name == name)

    def call(self, number: int, name: str, arguments: dict[str, Any], taken: dict[str, tuple[str, str]]) -> Call:
        """Execute one call; `taken` maps argument places to (call id, place in its value), the rest the user says."""
        text = self.backends[name](arguments)
        sources = {f"/{key}": Source("user", turn=0) for key in arguments}
        sources |= {place: Source("output", call=call, place=where) for place, (call, where) in taken.items()}
        after = frozenset(call for call, _ in taken.values())
        result = CallResult("ok", text, decode_text(text), 0.0)
        return Call(f"call_{number}", self.tool(name), arguments, sources, result, after)


def tool(server: str, name: str, description: str, required: int, /, **parameters: dict[str, Any]) -> Tool:
    schema = {"type": "object", "properties": parameters, "required": list(parameters)[:required]}
    return Tool(server, name, description, schema)


def text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def whole(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": description, **more}


# A choir office: snake case, terse descriptions, JSON in text.
SINGERS = [
    {"singer_id": "SG-11", "name": "Marta Lopes", "voice": "alto"},
    {"singer_id": "SG-12", "name": "Marta Velde", "voice": "soprano"},
    {"singer_id": "SG-13", "name": "Odo Brink", "voice": "bass"},
]
CONCERTS = [
    {"concert_id": "CN-7", "title": "Winter Vespers", "date": "2026-12-04"},
    {"concert_id": "CN-8", "title": "Songs of the Harbour", "date": "2027-03-20"},
]
CHOIR = Domain(
    (
        tool("choir", "find_singer", "Find singers by name.", 1, name=text("Name or part of it")),
        tool("choir", "list_concerts", "List the concerts of a season.", 0, season=whole("Year of the season")),
        tool(
            "choir",
            "enrol_singer",
            "Enrol a singer in a concert.",
            2,
            singer_id=text("Identifier of the singer"),
            concert_id=text("Identifier of the concert"),
            part=text("Which part to sing", enum=["first", "second", "solo"]),
        ),
        tool("choir", "get_enrolment", "Get one enrolment.", 1, enrolment_id=text("Identifier of the enrolment")),
        tool(
            "choir",
            "plan_rehearsal",
            "Plan a rehearsal for a concert.",
            4,
            concert_id=text("Identifier of the concert"),
            date=text("Day of the rehearsal, YYYY-MM-DD"),
            minutes=whole("How long it takes"),
            note=text("Note for the singers"),
        ),
    ),
    {
        "find_singer": lambda given: json.dumps([row for row in SINGERS if given["name"] in row["name"]]),
        "list_concerts": lambda given: json.dumps({"concerts": CONCERTS}),
        "enrol_singer": lambda given: json.dumps({"enrolment_id": "EN-501", "status": "enrolled", **given}),
        "get_enrolment": lambda given: json.dumps({**given, "part": "solo", "seat": "B4"}),
        "plan_rehearsal": lambda given: json.dumps({"rehearsal_id": "RH-90", "room": "Chapel", "date": given["date"]}),
    },
)

# A bicycle hire desk: camel case, "Returns …" descriptions, prose results.
HIRE = Domain(
    (
        tool(
            "hire",
            "getAvailableBikes",
            "Returns the bikes that can be hired at a station.",
            1,
            stationName=text("Name of the station"),
            bikeType=text("Type of bike", enum=["city", "cargo", "tandem"]),
        ),
        tool(
            "hire",
            "createHire",
            "Creates a hire of a bike for a customer.",
            3,
            bikeId=text("ID of the bike"),
            customerEmail=text("E-mail address of the customer", format="email"),
            hours=whole("Duration in hours"),
            withHelmet={"type": "boolean", "description": "Whether a helmet is included"},
        ),
        tool("hire", "endHire", "Ends a running hire.", 1, hireId=text("ID of the hire")),
        tool(
            "hire",
            "reportDamage",
            "Reports damage on a bike.",
            2,
            bikeId=text("ID of the bike"),
            details=text("What is broken"),
        ),
    ),
    {
        "getAvailableBikes": lambda given: (
            f"At {given['stationName']} you can hire:\n"
            "- bike BK-204, a red cargo bike\n- bike BK-377, a green city bike"
        ),
        "createHire": lambda given: f"Hire HR-6120 of bike {given['bikeId']} has begun.",
        "endHire": lambda given: f"Hire {given['hireId']} ended; 12 euros were charged.",
        "reportDamage": lambda given: f"Damage on bike {given['bikeId']} is noted under case DM-33.",
    },
)

# A seed bank: kebab case, wordy descriptions with arguments listed in them, nested JSON.
SEEDS = Domain(
    (
        tool(
            "seeds",
            "search-accessions",
            "This tool searches the accessions of the seed bank.\n\nArgs:\n    query: words\n    limit: how many",
            1,
            query=text(""),
            limit=whole("Maximum number of results", default=10),
        ),
        tool(
            "seeds",
            "request-germination-test",
            "Use this tool to request a germination test for an accession. It takes three weeks.",
            2,
            accession=text("Accession number, as returned by search-accessions"),
            temperature_c={"type": "number", "description": "Temperature in degrees Celsius"},
            priority=text("Priority", enum=["low", "normal", "high"]),
        ),
        tool("seeds", "get-test-report", "Retrieves the report of a germination test.", 1, test_id=text("Test id")),
    ),
    {
        "search-accessions": lambda given: json.dumps(
            {
                "hits": [
                    {"accession": "ACC 0042", "species": "Papaver rhoeas"},
                    {"accession": "ACC 0977", "species": "Papaver nudicaule"},
                ]
            }
        ),
        "request-germination-test": lambda given: json.dumps({"test": {"test_id": "T-8", "state": "queued"}}),
        "get-test-report": lambda given: json.dumps({"test_id": given["test_id"], "germinated_percent": 87.5}),
    },
)

DOMAINS = {"choir": CHOIR, "hire": HIRE, "seeds": SEEDS}


def chains() -> list[tuple[str, list[TurnTrace]]]:
    """Conversations with the domain that each is about; a later turn takes values from earlier ones."""
    return [("choir", _choir()), ("choir", _rehearsal()), ("hire", _hire()), ("hire", _damage()), ("seeds", _seeds())]


def _turn(*calls: Call) -> TurnTrace:
    return TurnTrace(calls)


def _choir() -> list[TurnTrace]:
    find = CHOIR.call(1, "find_singer", {"name": "Marta"}, {})
    concerts = CHOIR.call(2, "list_concerts", {}, {})
    enrol = CHOIR.call(
        3,
        "enrol_singer",
        {"singer_id": "SG-12", "concert_id": "CN-8", "part": "solo"},
        {"/singer_id": ("call_1", "/1/singer_id"), "/concert_id": ("call_2", "/concerts/1/concert_id")},
    )
    look = CHOIR.call(4, "get_enrolment", {"enrolment_id": "EN-501"}, {"/enrolment_id": ("call_3", "/enrolment_id")})
    return [_turn(find, concerts, enrol), _turn(look)]


def _rehearsal() -> list[TurnTrace]:
    concerts = CHOIR.call(1, "list_concerts", {"season": 2026}, {})
    given = {"concert_id": "CN-7", "date": "2026-11-28", "minutes": 90, "note": "Bring a pencil, and water."}
    plan = CHOIR.call(2, "plan_rehearsal", given, {"/concert_id": ("call_1", "/concerts/0/concert_id")})
    return [_turn(concerts, plan)]


def _hire() -> list[TurnTrace]:
    bikes = HIRE.call(1, "getAvailableBikes", {"stationName": "Quayside", "bikeType": "cargo"}, {})
    given = {"bikeId": "BK-204", "customerEmail": "ines.holm@example.org", "hours": 5, "withHelmet": True}
    begin = HIRE.call(2, "createHire", given, {"/bikeId": ("call_1", "#bike:0")})
    end = HIRE.call(3, "endHire", {"hireId": "HR-6120"}, {"/hireId": ("call_2", "#hire:0")})
    return [_turn(bikes, begin), _turn(end)]


def _damage() -> list[TurnTrace]:
    bikes = HIRE.call(1, "getAvailableBikes", {"stationName": "Old Mill"}, {})
    report = HIRE.call(
        2, "reportDamage", {"bikeId": "BK-377", "details": "the bell is gone"}, {"/bikeId": ("call_1", "#bike:1")}
    )
    return [_turn(bikes, report)]


def _seeds() -> list[TurnTrace]:
    search = SEEDS.call(1, "search-accessions", {"query": "poppy"}, {})
    given = {"accession": "ACC 0977", "temperature_c": 17.5, "priority": "high"}
    test = SEEDS.call(2, "request-germination-test", given, {"/accession": ("call_1", "/hits/1/accession")})
    report = SEEDS.call(3, "get-test-report", {"test_id": "T-8"}, {"/test_id": ("call_2", "/test/test_id")})
    return [_turn(search, test), _turn(report)]


STYLES = [
    Style(persona, register, distance)
    for persona in ("a new colleague on the first day", "a busy manager between two meetings")
    for register in ("plain", "polite", "brisk", "chatty")
    for distance in ("explicit", "goal")
]


@dataclass
class Talk:
    """A conversation with what became of each turn."""

    messages: list[Message]
    asked: list[Asked]
    loops: list[Reasoner]


async def hold(domain: Domain, turns: list[TurnTrace], seed: int) -> Talk:
    """Ask and reason through a whole conversation; every check of the loop applies."""
    teacher, rng, names = OfflineTeacher(), random.Random(seed), {tool.id: tool.name for tool in domain.tools}
    talk = Talk([], [], [])
    done: list[Call] = []
    for turn in turns:
        style = STYLES[seed % len(STYLES)]
        asked = await ask_backwards(teacher, turn, done, talk.messages, domain.tools, style, rng)
        messages = [*talk.messages, user_message(asked.query.text)]
        loop = Reasoner(teacher, domain.tools, names, asked.advanced, rng, messages)
        await loop.run(turn, frozenset(call.id for call in done))
        done += turn.calls
        talk.messages[:] = messages
        talk.asked.append(asked)
        talk.loops.append(loop)
    return talk


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def talks() -> list[tuple[Domain, list[TurnTrace], Talk]]:
    """Every chain in every style."""
    return [
        (DOMAINS[name], turns, await hold(DOMAINS[name], turns, seed))
        for seed in range(2 * len(STYLES))
        for name, turns in chains()
    ]


async def test_every_chain_is_reached_in_every_style(talks: list[tuple[Domain, list[TurnTrace], Talk]]) -> None:
    attempts = Counter(loop.attempts for _, _, talk in talks for loop in talk.loops)
    assert attempts.total() == 8 * 2 * len(STYLES)
    assert attempts[1] >= 0.75 * attempts.total()


async def test_requests_name_no_tool_and_no_parameter(talks: list[tuple[Domain, list[TurnTrace], Talk]]) -> None:
    for domain, turns, talk in talks:
        for turn, asked in zip(turns, talk.asked, strict=True):
            rest = asked.query.text
            for said in asked.query.said:
                rest = rest.replace(said.text, "…")
            names = [tool.name for tool in domain.tools] + [
                name for call in turn.calls for name in call.tool.parameters
            ]
            assert spoken_of(rest, names) == []
            assert not re.search(r"[{}_]|\b[a-z]+[A-Z]", rest)


async def test_requests_are_varied(talks: list[tuple[Domain, list[TurnTrace], Talk]]) -> None:
    texts = [asked.query.text for _, _, talk in talks for asked in talk.asked]
    openings = Counter(" ".join(text.split()[:3]) for text in texts)
    assert len(set(texts)) >= 0.9 * len(texts)
    assert max(openings.values()) <= 0.08 * len(texts)


async def test_a_later_request_points_back(talks: list[tuple[Domain, list[TurnTrace], Talk]]) -> None:
    later = [asked.query.text for _, _, talk in talks for asked in talk.asked[1:]]
    assert later
    assert all(re.search(r"\b(?:that|this|the same)\b", text, re.IGNORECASE) for text in later)


async def test_reasoning_and_answers_say_only_what_was_seen(
    talks: list[tuple[Domain, list[TurnTrace], Talk]],
) -> None:
    for domain, _, talk in talks:
        shown = "\n".join([tool.description for tool in domain.tools] + [tool.name for tool in domain.tools])
        for index, message in enumerate(talk.messages):
            if message["role"] == "assistant":
                seen = seen_text(talk.messages[: index + 1])
                assert unsupported(message["reasoning_content"], f"{shown}\n{seen}") == []
                assert unsupported(message["content"], seen_text(talk.messages[:index])) == []
                assert "{" not in message["content"]


async def test_hints_hold_no_right_value_and_no_right_tool(talks: list[tuple[Domain, list[TurnTrace], Talk]]) -> None:
    hints = [(turns, hint) for _, turns, talk in talks for loop in talk.loops for hint in loop.hints]
    for turns, hint in hints:
        values = [str(value) for turn in turns for call in turn.calls for value in call.arguments.values()]
        assert spoken_of(hint, [value for value in values if value not in ("True", "solo", "high")]) == []
        assert spoken_of(hint, [call.tool.name for turn in turns for call in turn.calls]) == []


async def test_the_same_seed_gives_the_same_conversation() -> None:
    for name, turns in chains():
        one, other = [await hold(DOMAINS[name], turns, 5) for _ in range(2)]
        assert one.messages == other.messages


async def test_a_turn_is_folded_into_a_tool_without_intermediate_values() -> None:
    turn = _hire()[0]
    inputs = (UserValue(turn.calls[0].id, turn.calls[0].tool, "/stationName", text("Name of the station"), "Quayside"),)
    asked = await OfflineTeacher().tooling(ToolingAsk(tuple(happened(call) for call in turn.calls), inputs, 3))
    assert asked.description.startswith("Create a hire of a bike for a customer.")
    assert asked.inputs == ("station name",)
    assert "BK-204" not in asked.description


async def test_the_critic_names_the_missing_step_only_as_plainly_as_needed() -> None:
    turn = _hire()[0]
    step = Step(reasoning="I hire it.", calls=(ProposedCall(name="createHire", arguments={"bikeId": "?"}),))
    expected = tuple(happened(call) for call in turn.calls)
    ask = CritiqueAsk("missing_prerequisite", step, HIRE.tool("createHire"), None, expected, (), 1)
    first = (await OfflineTeacher().critique(ask)).hint
    second = (await OfflineTeacher().critique(replace(ask, earlier=(first,)))).hint
    assert "something has to find the bike" in first.lower()
    assert "something has to get the bikes" in second.lower()


@pytest.mark.parametrize(
    ("schema", "allowed"),
    [
        ({"type": "string", "enum": ["low", "high"]}, r"low|high"),
        ({"type": "string", "format": "date"}, r"\d{4}-\d{2}-\d{2}"),
        ({"type": "string", "format": "email"}, r"\S+@example\.\w+"),
        ({"type": "integer", "minimum": 3, "maximum": 5}, r"[345]"),
    ],
)
async def test_a_value_is_made_up_where_a_person_could(schema: dict[str, Any], allowed: str) -> None:
    for seed in range(10):
        reply = await OfflineTeacher().value(ValueAsk(HIRE.tool("createHire"), "/wish", schema, seed))
        assert re.fullmatch(allowed, str(reply.value))


async def test_no_identifier_is_made_up() -> None:
    ask = ValueAsk(HIRE.tool("createHire"), "/bikeId", text("ID of the bike"), 1)
    assert (await OfflineTeacher().value(ask)).value is None
