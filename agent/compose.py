"""Phase II for one turn: fold the trace into an advanced tool and write the user's request backwards from it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from toolweave.agent.asking import audible, parameter_at, unasked, user_slip
from toolweave.agent.choices import untold_choices
from toolweave.agent.grounding import unsupported
from toolweave.agent.messages import Message
from toolweave.agent.patterns import get
from toolweave.agent.relative import rule_for
from toolweave.agent.roles import AdvancedTool, Happened, Model, Query, QueryAsk, Style, ToolingAsk, UserAsk, UserValue
from toolweave.agent.spoken import reads_as
from toolweave.agent.trace import Call, TurnTrace
from toolweave.agent.whole_words import spoken_of
from toolweave.servers.errors import RequestRefused
from toolweave.servers.tools import Tool

ATTEMPTS = 4
CODE_CASE = re.compile(r"\b[a-z]+_[a-z0-9_]+\b|\b(?=[a-z]{2}|[a-z][A-Z][a-z]{2})[a-z]+[A-Z]\w*\b")
"""Words in the style of code; signs of units such as kN, pH and kWh are none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn's request, checked."""

    advanced: AdvancedTool
    query: Query
    attempts: int
    forbidden: tuple[str, ...] = ()
    """What may not be said in the turn."""


async def ask_backwards(
    model: Model,
    trace: TurnTrace,
    earlier: Sequence[Call],
    history: Sequence[Message],
    offered: Sequence[Tool],
    style: Style,
    rng: random.Random,
    occasion: str = "",
) -> Asked:
    """Write a request that says every value that only the user can know, and nothing that gives the calls away.

    Args:
        model: The teacher.
        trace: What was executed for the turn.
        earlier: Calls of earlier turns.
        history: Messages of earlier turns.
        offered: The tools on offer.
        style: How the user speaks.
        rng: Gives seeds.
        occasion: What the user calls all of it, where that is known.

    Raises:
        TeacherError: The teacher failed, or no attempt passed the checks.
    """
    calls = wanted(trace)
    inputs = tuple(_inputs(calls, earlier))
    told = tuple(item for item in inputs if (item.call, item.pointer) not in trace.withheld)
    unsaid = tuple(item for item in inputs if (item.call, item.pointer) in trace.withheld)
    seen = tuple(map(happened, calls))
    seed = rng.randrange(2**31)
    if known := _said_already(calls, earlier, inputs, history):
        raise RequestRefused(f"the user has said what a tool is to find: {known[0]!r}")
    advanced = await model.tooling(ToolingAsk(seen, inputs, seed))
    carried, forbidden = tuple(_carried(calls)), tuple(_forbidden(calls, offered, inputs))
    complaints: tuple[str, ...] = ()
    for attempt in range(1, ATTEMPTS + 1):
        ask = QueryAsk(
            advanced, seen, told, carried, tuple(history), style, forbidden, rng.randrange(2**31), complaints,
            unsaid, trace.relation, occasion,
        )  # fmt: skip
        query = await model.query(ask)
        said = said_so_far(history, query)
        problems = query_problems(query, ask) + untold_choices(calls, earlier, said)
        problems += [f"nothing in it asks for what {name} does" for name in unasked(calls, said)]
        if not problems:
            return Asked(advanced, query, attempt, forbidden)
        complaints = (*complaints, *problems)
    raise RequestRefused(f"no request passed the checks: {'; '.join(complaints[-1:])}")


async def speak_as_user(
    model: Model,
    asked: Asked,
    trace: TurnTrace,
    history: Sequence[Message],
    style: Style,
    rng: random.Random,
) -> Query:
    """What the user says back: the withheld values, or, where there are none, that the missing tool is there now.

    Raises:
        TeacherError: The teacher failed, or no attempt passed the checks.
    """
    values = tuple(item for item in _inputs(wanted(trace), ()) if (item.call, item.pointer) in trace.withheld)
    complaints: tuple[str, ...] = ()
    for _ in range(ATTEMPTS):
        ask = UserAsk(
            "tell" if values else "insist", asked.advanced, values, tuple(history), style, asked.forbidden,
            rng.randrange(2**31), complaints,
        )  # fmt: skip
        reply = await model.user(ask)
        problems = user_problems(reply, ask)
        if not problems:
            return reply
        complaints = (*complaints, *problems)
    raise RequestRefused(f"no words of the user passed the checks: {'; '.join(complaints[-1:])}")


def wanted(trace: TurnTrace) -> tuple[Call, ...]:
    """The calls that the user's request is about: not those that fail; the wished one where nothing can be called."""
    made = tuple(call for call in trace.calls if not call.fails)
    return made if trace.wish is None else (trace.wish,)


def said_so_far(history: Sequence[Message], query: Query) -> str:
    """All that the user has said, this request included."""
    return "\n".join([str(message["content"]) for message in history if message["role"] == "user"] + [query.text])


def happened(call: Call) -> Happened:
    """A call as the roles may see it."""
    taken = {place: (source.call, source.place) for place, source in call.sources.items() if source.call is not None}
    return Happened(
        call.id,
        call.tool,
        call.arguments,
        call.result.text,
        call.result.value,
        {place: (producer, at or "") for place, (producer, at) in taken.items()},
    )


def query_problems(query: Query, ask: QueryAsk) -> list[str]:
    """Why a request cannot be used, one line each; empty when it can."""
    problems, rest = _unsaid(query, ask.inputs)
    problems += [f"it says {item.value!r}, which is forgotten" for item in ask.unsaid if audible(rest, item.value)]
    return problems + _slips_of_the_tongue(rest, ask.forbidden)


def user_problems(reply: Query, ask: UserAsk) -> list[str]:
    """Why the words of a simulated user cannot be used: a value is missing, or they tell what nobody asked for."""
    problems, rest = _unsaid(reply, ask.values)
    known = "\n".join(str(message.get("content") or "") for message in ask.history)
    problems += [f"it says {item!r}, which nobody asked for" for item in unsupported(rest, known)]
    problems += [slip for slip in [user_slip(reply.text)] if slip is not None]
    return problems + _slips_of_the_tongue(rest, ask.forbidden)


def _unsaid(query: Query, values: Sequence[UserValue]) -> tuple[list[str], str]:
    """What is missing in a text, and the text without the wordings of its values."""
    said = {(item.call, item.pointer): item.text for item in query.said}
    problems: list[str] = []
    rest = query.text
    for item in values:
        text = said.get((item.call, item.pointer))
        if text is None or text not in query.text or not _says(text, item):
            problems.append(f"the value {item.value!r} cannot be read in the text")
        else:
            rest = rest.replace(text, " … ")
    return problems, rest


def _says(text: str, item: UserValue) -> bool:
    return reads_as(text, item.value) or rule_for(text, item.before, item.value) is not None


def _slips_of_the_tongue(rest: str, forbidden: Sequence[str]) -> list[str]:
    problems = [f"it says {word!r}" for word in spoken_of(rest, forbidden)]
    return problems + [f"it says {item.group(0)!r}, which is no word" for item in CODE_CASE.finditer(rest)]


def _inputs(calls: Sequence[Call], earlier: Sequence[Call]) -> Iterable[UserValue]:
    """What the user has to say in this turn."""
    by_id = {call.id: call for call in earlier}
    for call in calls:
        for place, source in call.sources.items():
            if source.kind == "user" and source.said_for is None:
                value = _value(call, place)
                changed = source.instead_of
                yield replace(value, before=get(by_id[changed[0]].arguments, changed[1])) if changed else value


def _carried(calls: Sequence[Call]) -> Iterable[UserValue]:
    """What earlier turns have brought up: values that calls returned, and values that the user said."""
    here = {call.id for call in calls}
    for call in calls:
        for place, source in call.sources.items():
            origin = source.call if source.kind == "output" else source.said_for and source.said_for[0]
            if origin is not None and origin not in here:
                yield _value(call, place)


def _value(call: Call, place: str) -> UserValue:
    parameter = parameter_at(call.tool, place)
    return UserValue(call.id, call.tool, place, parameter.schema if parameter else {}, get(call.arguments, place))


def _said_already(
    calls: Sequence[Call], earlier: Sequence[Call], inputs: Sequence[UserValue], history: Sequence[Message]
) -> list[str]:
    """Texts that calls take from outputs, although the user has said them in earlier turns as something else."""
    spoken = "\n".join(str(message["content"]) for message in history if message["role"] == "user")
    own = [str(get(call.arguments, at)) for call in earlier for at in call.sources if call.sources[at].kind == "user"]
    for value in sorted(own, key=len, reverse=True):
        spoken = spoken.replace(value, " … ")
    taken = [str(get(call.arguments, at)) for call in calls for at in call.sources if call.sources[at].kind == "output"]
    known = {value.lower() for value in [*own, *(str(item.value) for item in inputs)]}
    return [text for text in spoken_of(spoken, taken) if text.lower() not in known and not text.isdigit()]


def _forbidden(calls: Sequence[Call], offered: Sequence[Tool], inputs: Sequence[UserValue]) -> list[str]:
    """Names of all tools on offer, names of the called tools' parameters, and the values passed between calls."""
    spoken = {str(item.value).lower() for item in inputs}
    words = [tool.name for tool in (*offered, *(call.tool for call in calls))]
    words += [name for call in calls for name in call.tool.parameters]
    words += [
        str(get(call.arguments, place))
        for call in calls
        for place, source in call.sources.items()
        if source.kind == "output"
    ]
    return [word for word in dict.fromkeys(words) if word and word.lower() not in spoken]
