"""What each turn kind promises, checked on the row: a turn that is not what its label says is rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolweave.agent.asking import audible, question_problem, refusal_problem, user_slip
from toolweave.agent.grounding import seen_text, unsupported
from toolweave.agent.messages import Message
from toolweave.agent.patterns import get
from toolweave.agent.replay import ExpectedCall
from toolweave.graph.plan import TurnKind
from toolweave.pipeline.sample import Provenance, Sample, Turn, called
from toolweave.servers.json_values import as_object, canonical
from toolweave.servers.tools import Tool

REFUSED: tuple[TurnKind, ...] = ("irrelevant", "missing_function")
"""Kinds whose turn closes with words that refuse."""
MANY_TOOLS = 40
"""Tools on offer from which a context counts as long."""
LONG = 20_000
"""Characters of tools and observations from which a context counts as long."""


def is_long(messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> bool:
    """Whether a model has to find its way among many tools and much text."""
    shown = sum(len(str(message.get("content") or "")) for message in messages)
    return len(tools) >= MANY_TOOLS and shown + len(canonical(list(tools))) >= LONG


def is_parallel(messages: Sequence[Message]) -> bool:
    """Whether one step makes several calls."""
    return any(len(message.get("tool_calls") or ()) > 1 for message in messages)


@dataclass(frozen=True)
class TurnView:
    """One turn of a row, with what its gate needs."""

    sample: Sample
    number: int

    @property
    def turn(self) -> Turn:
        """The turn itself."""
        return self.sample.turns[self.number]

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """Its messages."""
        first, last = self.turn.messages
        return self.sample.messages[first : last + 1]

    @cached_property
    def users(self) -> list[int]:
        """Indices of the user's messages, in the row."""
        first, last = self.turn.messages
        return [at for at in range(first, last + 1) if self.sample.messages[at]["role"] == "user"]

    @cached_property
    def calls(self) -> list[ExpectedCall]:
        """Its calls, as the checker has them."""
        made = {call_id for call_id, _, _ in called(self.messages)}
        return [call for call in self.sample.checker.calls if call.id in made]

    @property
    def closing(self) -> str:
        """The words that close it."""
        return str(self.messages[-1].get("content") or "")


def kinds(sample: Sample) -> Iterator[str]:
    """Every turn is what its kind promises."""
    for number in range(len(sample.turns)):
        view = TurnView(sample, number)
        for problem in (*_everywhere(view), *PROMISES[view.turn.kind](view)):
            yield f"turn {number} ({view.turn.kind}): {problem}"
    if not sample.checker.calls:
        yield "no turn makes a call, so nothing could be checked"


def _everywhere(view: TurnView) -> Iterator[str]:
    """No call to a tool that is not on offer; failing calls are masked, and nothing else is."""
    names = {tool["function"]["name"] for tool in view.sample.tools}
    if strays := sorted(set(view.turn.withheld) - names):
        yield f"it withholds {strays[0]!r}, which the row does not know"
    if used := sorted({name for _, name, _ in called(view.messages)} & set(view.turn.withheld)):
        yield f"it calls {used[0]!r}, which is not on offer in it"
    failing = {call.id for call in view.calls if call.fails}
    first, _ = view.turn.messages
    at = [first + index for index, message in enumerate(view.messages) if _ids(message) & failing]
    if at != list(view.turn.masked):
        yield "its masked messages are not those whose calls fail"
    if failing and view.turn.kind != "error_recovery":
        yield "a call of it fails"


def _ids(message: Message) -> set[str]:
    return {str(call["id"]) for call in message.get("tool_calls") or ()}


def _base(view: TurnView) -> Iterator[str]:
    if not view.calls:
        yield "it makes no call"
    if len(view.users) != 1:
        yield "the user speaks more than once"
    if view.turn.kind == "base" and is_parallel(view.messages):
        yield "it makes several calls in one step"


def _parallel(view: TurnView) -> Iterator[str]:
    yield from _base(view)
    if not is_parallel(view.messages):
        yield "no step makes several calls"
    for message in view.messages:
        together = _ids(message)
        for call in view.calls:
            if call.id in together and together & set(call.after):
                yield f"{call.id} needs another call of its step"


def _long_context(view: TurnView) -> Iterator[str]:
    yield from _base(view)
    if not is_long(view.messages, view.sample.tools):
        yield "its context is not long"


def _error_recovery(view: TurnView) -> Iterator[str]:
    yield from _base(view)
    outcomes = [call.fails for call in view.calls]
    if True not in outcomes:
        yield "no call fails"
    elif outcomes[-1]:
        yield "nothing works after the call that fails"


def _missing_parameter(view: TurnView) -> Iterator[str]:
    roles = [message["role"] for message in view.messages[:4]]
    if len(view.users) != 2 or roles[:3] != ["user", "assistant", "user"] or _ids(view.messages[1]):
        yield "it is not a request, a question and what the user says to it"
        return
    left_out = [item for item in view.sample.provenance if _is_left_out(view, item)]
    if not left_out:
        yield "the second message of the user gives no argument"
    if left_out and all(_question_problem(view, item) for item in left_out):
        yield f"the question is none: {_question_problem(view, left_out[0])}"
    yield from _overheard(view, left_out)
    for item in left_out:
        call = next(call for call in view.calls if call.id == item.call)
        if audible(str(view.messages[0]["content"]), get(call.arguments, item.argument)):
            yield f"the request already says {item.argument} of {item.call}"


def _overheard(view: TurnView, left_out: Sequence[Provenance]) -> Iterator[str]:
    """What the simulated user says beyond the values that were asked for."""
    reply = str(view.messages[2]["content"])
    if slip := user_slip(reply):
        yield f"the second message of the user is no user's: {slip}"
    for item in sorted(left_out, key=lambda one: -len(str(one.source.get("text")))):
        reply = reply.replace(str(item.source.get("text")), " … ")
    first, _ = view.turn.messages
    if more := unsupported(reply, seen_text(view.sample.messages[: first + 2])):
        yield f"the second message of the user tells {more[0]!r}, which nobody asked for"


def _is_left_out(view: TurnView, item: Provenance) -> bool:
    words = str(item.source.get("text"))
    said = item.source.get("kind") == "user" and item.source.get("turn") == view.number
    here = item.call in {call.id for call in view.calls}
    return said and here and words in str(view.messages[2]["content"]) and words not in str(view.messages[0]["content"])


def _question_problem(view: TurnView, item: Provenance) -> str | None:
    """Why the assistant's words do not ask for an argument; a parameter that may be left out needs no question."""
    name = next(name for call_id, name, _ in called(view.messages) if call_id == item.call)
    tool = _tool(view.sample, name)
    if item.argument.split("/")[1] not in as_object(tool.input_schema).get("required", ()):
        return "nobody needs that value"
    return question_problem(str(view.messages[1]["content"]), tool, item.argument)


def _tool(sample: Sample, name: str) -> Tool:
    facts = next(tool["function"] for tool in sample.tools if tool["function"]["name"] == name)
    return Tool("", name, str(facts.get("description", "")), as_object(facts.get("parameters")))


def _refusal(view: TurnView) -> Iterator[str]:
    if len(view.messages) != 2 or view.calls:
        yield "it is not a request and words that refuse it"
    if problem := refusal_problem(view.closing):
        yield f"its closing words do not refuse: {problem}"


def _missing_function(view: TurnView) -> Iterator[str]:
    yield from _refusal(view)
    following = TurnView(view.sample, view.number + 1) if view.number + 1 < len(view.sample.turns) else None
    names = {call_id: name for call_id, name, _ in called(following.messages)} if following else {}
    reached = (
        [call for call in following.calls if f"{call.server}/{call.tool}" == view.turn.target] if following else []
    )
    if following is None or not reached:
        yield "the next turn does not call its target"
    elif names[reached[-1].id] not in view.turn.withheld or names[reached[-1].id] in following.turn.withheld:
        yield "its target is not what is missing now and there in the next turn"
    elif slip := user_slip(str(following.messages[0]["content"])):
        yield f"what the user says to it is no user's: {slip}"


def _irrelevant(view: TurnView) -> Iterator[str]:
    yield from _refusal(view)
    wanted = view.turn.target.partition("/")[2]
    offered = [str(tool["function"]["name"]) for tool in view.sample.tools]
    if any(name == wanted or name.endswith((f"__{wanted}", f"/{wanted}", f".{wanted}")) for name in offered):
        yield "its target is on offer"


PROMISES: dict[TurnKind, Callable[[TurnView], Iterator[str]]] = {
    "base": _base,
    "parallel": _parallel,
    "missing_parameter": _missing_parameter,
    "missing_function": _missing_function,
    "irrelevant": _irrelevant,
    "error_recovery": _error_recovery,
    "long_context": _long_context,
}
