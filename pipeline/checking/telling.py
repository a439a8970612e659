"""Judges what a candidate says: questions, refusals, and whether closing answers are true to what was seen and done.

An answer contradicts when it puts another value where the sample's answer, in the same words, puts one that was
observed; or when, speaking of one row of an observation, it gives a value of another row. Which of the observed facts
an answer mentions is its own affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from toolweave.agent.asking import question_problem, refusal_problem
from toolweave.agent.grounding import seen_text, unsupported
from toolweave.agent.messages import Message
from toolweave.agent.outcomes import reads_as_error, reads_as_failure
from toolweave.agent.rows import row_of
from toolweave.agent.whole_words import whole
from toolweave.graph.fields import Leaf
from toolweave.pipeline.checking.candidate import Candidate, offered_tools
from toolweave.pipeline.checking.claims import claimed
from toolweave.pipeline.checking.observed import observed
from toolweave.pipeline.gates.kinds import REFUSED
from toolweave.pipeline.sample import Sample, Turn, called

if TYPE_CHECKING:
    from toolweave.pipeline.checking.judge import Problem

_CONTEXT, _MOST_CONTEXT = 2, 4
"""How many words before a value tell its place in a sentence."""
_MEANS = 3
"""Letters beyond which a word is taken to mean something."""
_TOKEN = re.compile(r"\w[\w.:@/+-]*\w|\w|[^\w\s]")


@dataclass(frozen=True)
class Telling:
    """The words of one turn of a candidate."""

    sample: Sample
    candidate: Candidate
    number: int

    @property
    def turn(self) -> Turn:
        """The turn of the sample."""
        return self.sample.turns[self.number]

    @property
    def messages(self) -> tuple[Message, ...]:
        """The candidate's messages."""
        return self.candidate.turns[self.number]

    @property
    def closing(self) -> str:
        """What it says in the end; empty when it ends in a call or in nothing."""
        last = self.messages[-1] if self.messages else {}
        return "" if last.get("role") != "assistant" or last.get("tool_calls") else str(last.get("content") or "")

    @property
    def told(self) -> str:
        """What the sample says in the end."""
        return str(self.sample.messages[self.turn.messages[1]].get("content") or "")

    @cached_property
    def leaves(self) -> list[tuple[Leaf, ...]]:
        """For each observation of the turn, its values."""
        texts = [str(message["content"]) for message in self.messages if message["role"] == "tool"]
        return [observed(text) for text in texts]


def word_problems(telling: Telling) -> Iterator[Problem]:
    """What is wrong with the words of one turn."""
    if not telling.closing.strip():
        yield "no_answer", f"turn {telling.number} is not closed by words"
        return
    if telling.turn.kind in REFUSED:
        yield from _refusal(telling)
    elif _fails(telling.closing):
        yield "contradicting_answer", f"the answer of turn {telling.number} says that it did not work"
    if telling.turn.kind == "missing_parameter" and (problem := _question(telling)):
        yield "did_not_ask", f"turn {telling.number}: {problem}"
    yield from _claims(telling)
    if telling.turn.kind not in REFUSED and (problem := _contradiction(telling)):
        yield "contradicting_answer", f"the answer of turn {telling.number} {problem}"


def _fails(text: str) -> bool:
    return reads_as_failure(text) or refusal_problem(text) is None


def _refusal(telling: Telling) -> Iterator[Problem]:
    where = f"turn {telling.number}"
    if (problem := refusal_problem(telling.closing)) is not None:
        yield "did_not_refuse", f"{where}: {problem}"
    elif reads_as_error(telling.closing):
        yield "did_not_refuse", f"{where} reads like an error"


def _question(telling: Telling) -> str | None:
    """Why the value that only the user knows was not asked for before the user told it."""
    spoken = [at for at, message in enumerate(telling.messages) if message["role"] == "user"]
    if len(spoken) != 2 or telling.messages[spoken[1] - 1]["role"] != "assistant":
        return "the user was not asked"
    asked = telling.messages[spoken[1] - 1]
    first, last = telling.turn.messages
    own = telling.sample.messages[first : last + 1]
    request, reply = [str(message["content"]) for message in own if message["role"] == "user"]
    names = {call_id: name for call_id, name, _ in called(own)}
    problems = [
        question_problem(
            str(asked.get("content") or ""), offered_tools(telling.sample)[names[item.call]], item.argument
        )
        for item in telling.sample.provenance
        if item.call in names and (words := str(item.source.get("text"))) in reply and words not in request
    ]
    return None if None in problems else problems[0] if problems else "nothing is known to be missing"


def _claims(telling: Telling) -> Iterator[Problem]:
    """Specific things that nobody said, and deeds that nobody did."""
    heard = seen_text(telling.candidate.heard(telling.number))
    if strays := unsupported(telling.closing, heard):
        yield "unsupported_claim", f"the answer of turn {telling.number} states {strays[0]!r}"
    tools = offered_tools(telling.sample)
    done = {made.name for made in telling.candidate.calls if made.turn <= telling.number}
    idle = [tool for name, tool in tools.items() if name not in done]
    made = [tool for name, tool in tools.items() if name in done]
    if untrue := [name for name in claimed(telling.closing, idle, made) if name not in claimed(heard, idle)]:
        yield "unsupported_claim", f"the answer of turn {telling.number} claims what only {untrue[0]!r} does"


def _contradiction(telling: Telling) -> str | None:
    if telling.closing == telling.told:
        return None
    values = [str(leaf.value) for found in telling.leaves for leaf in found if _says(telling.told, leaf)]
    values += unsupported(telling.told, "")
    unsaid = [value for value in dict.fromkeys(values) if not _stands_in(telling.closing, value)]
    given = _tokens(telling.closing)
    for value in unsaid:
        before, after = _around(telling.told, value)
        words = _telling(before[::-1])[::-1]
        if (words and _holds(given[:-1], words)) or (not words and _holds(given[1:], _telling(after))):
            return f"says something else where {value!r} was seen"
    return _of_another_row(telling)


def _around(text: str, value: str) -> tuple[list[str], list[str]]:
    """The words before and after a value."""
    at = whole(value).search(text)
    if at is None:
        return [], []
    return _tokens(text[: at.start()])[-_MOST_CONTEXT:], _tokens(text[at.end() :])[:_MOST_CONTEXT]


def _telling(words: list[str]) -> list[str]:
    """Of the words beside a value, nearest first, those by which its place is known again; none when it is not."""
    for size in range(min(_CONTEXT, len(words)), len(words) + 1):
        if any(len(word) > _MEANS for word in words[:size]):
            return words[:size]
    return words if len(words) > _CONTEXT else []


def _holds(tokens: list[str], part: list[str]) -> bool:
    """Whether some words stand in a text one after the other."""
    return bool(part) and any(tokens[at : at + len(part)] == part for at in range(len(tokens) - len(part) + 1))


def _of_another_row(telling: Telling) -> str | None:
    """A value of one row told of another one, of which the sample's answer speaks and names its own value."""
    for found in telling.leaves:
        told = [leaf for leaf in found if _says(telling.told, leaf)]
        given = [leaf for leaf in found if _says(telling.closing, leaf)]
        for leaf in told:
            if leaf in given or not any(row_of(one.place) == row_of(leaf.place) for one in given):
                continue
            strangers = [one for one in given if one.pattern == leaf.pattern and one not in told]
            rows = {row_of(one.place) for one in given if one not in strangers}
            if lone := [one for one in strangers if row_of(one.place) not in rows]:
                return f"says {lone[0].value!r} where {leaf.value!r} was seen"
    return None


def _says(text: str, leaf: Leaf) -> bool:
    telling = not isinstance(leaf.value, bool) and leaf.value is not None and len(str(leaf.value)) > 1
    return telling and _stands_in(text, str(leaf.value))


def _stands_in(text: str, value: str) -> bool:
    """Whether a text holds a value as a word of its own: `stock-list` does not say `stock`."""
    return re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", text, re.IGNORECASE) is not None


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)
