"""Phase II for one turn: fold the trace into an advanced tool and write the user's request backwards from it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.choices import untold_choices
from toolweave.agent.messages import Message
from toolweave.agent.patterns import get
from toolweave.agent.roles import AdvancedTool, Happened, Model, Query, QueryAsk, Style, ToolingAsk, UserValue
from toolweave.agent.spoken import reads_as
from toolweave.agent.trace import Call, TurnTrace
from toolweave.graph.schema import parameters
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

ATTEMPTS = 4
CODE_CASE = re.compile(r"\b[a-z]+_[a-z0-9_]+\b|\b[a-z]+[A-Z]\w*\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn's request, checked."""

    advanced: AdvancedTool
    query: Query
    attempts: int


async def ask_backwards(
    model: Model,
    trace: TurnTrace,
    earlier: Sequence[Call],
    history: Sequence[Message],
    offered: Sequence[Tool],
    style: Style,
    rng: random.Random,
) -> Asked:
    """Write a request that says every value that only the user can know, and nothing that gives the calls away.

    Raises:
        TeacherError: The teacher failed, or no attempt passed the checks.
    """
    calls = tuple(happened(call) for call in trace.calls)
    inputs = tuple(_inputs(trace.calls, "user"))
    advanced = await model.tooling(ToolingAsk(calls, inputs, rng.randrange(2**31)))
    carried = tuple(_carried(trace.calls))
    forbidden = tuple(_forbidden(trace.calls, offered, inputs))
    complaints: tuple[str, ...] = ()
    for attempt in range(1, ATTEMPTS + 1):
        ask = QueryAsk(
            advanced, calls, inputs, carried, tuple(history), style, forbidden, rng.randrange(2**31), complaints
        )
        query = await model.query(ask)
        problems = query_problems(query, ask) + untold_choices(trace.calls, earlier, _said_so_far(history, query))
        if not problems:
            return Asked(advanced, query, attempt)
        complaints = (*complaints, *problems)
    raise TeacherError(f"no request passed the checks: {'; '.join(complaints[-1:])}")


def _said_so_far(history: Sequence[Message], query: Query) -> str:
    return "\n".join([str(message["content"]) for message in history if message["role"] == "user"] + [query.text])


def happened(call: Call) -> Happened:
    """A call as the roles may see it."""
    return Happened(call.id, call.tool, call.arguments, call.result.text, call.result.value)


def query_problems(query: Query, ask: QueryAsk) -> list[str]:
    """Why a request cannot be used, one line each; empty when it can."""
    said = {(item.tool, item.pointer): item.text for item in query.said}
    problems: list[str] = []
    rest = query.text
    for item in ask.inputs:
        text = said.get((item.tool.id, item.pointer))
        if text is None or text not in query.text or not reads_as(text, item.value):
            problems.append(f"the value {item.value!r} cannot be read in the text")
        else:
            rest = rest.replace(text, " … ")
    problems += [f"it says {word!r}" for word in mentions(rest, ask.forbidden)]
    problems += [f"it says {item.group(0)!r}, which is no word" for item in CODE_CASE.finditer(rest)]
    return problems


def mentions(text: str, words: Iterable[str]) -> list[str]:
    """Which of the words appear in the text as whole words, whatever their case."""
    return [word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)]


def _inputs(calls: Sequence[Call], kind: str) -> Iterable[UserValue]:
    for call in calls:
        for place, source in call.sources.items():
            if source.kind == kind:
                yield UserValue(call.tool, place, leaf_schema(call.tool, place), get(call.arguments, place))


def _carried(calls: Sequence[Call]) -> Iterable[UserValue]:
    here = {call.id for call in calls}
    for call in calls:
        for place, source in call.sources.items():
            if source.kind == "output" and source.call not in here:
                yield UserValue(call.tool, place, leaf_schema(call.tool, place), get(call.arguments, place))


def _forbidden(calls: Sequence[Call], offered: Sequence[Tool], inputs: Sequence[UserValue]) -> list[str]:
    """Names of all tools on offer, names of the called tools' parameters, and the values passed between calls."""
    spoken = {str(item.value).lower() for item in inputs}
    words = [tool.name for tool in offered]
    words += [name for call in calls for name in call.tool.parameters]
    words += [
        str(get(call.arguments, place))
        for call in calls
        for place, source in call.sources.items()
        if source.kind == "output"
    ]
    return [word for word in dict.fromkeys(words) if word and word.lower() not in spoken]


def leaf_schema(tool: Tool, place: str) -> dict[str, Any]:
    """Schema of the parameter leaf at a place; empty when the schema says nothing of it."""
    pattern = re.sub(r"/\d+(?=/|$)", "[]", place).removeprefix("/").replace("/", ".").replace(".[]", "[]")
    found = [p.schema for p in parameters(tool) if p.path in (pattern, pattern.removesuffix("[]"))]
    return found[0] if found else {}
