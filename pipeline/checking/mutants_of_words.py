"""Copies of a sample whose words are wrong: answers, questions and refusals."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from toolweave.agent.asking import refusal_problem
from toolweave.agent.grounding import seen_text, unsupported
from toolweave.agent.whole_words import alone
from toolweave.graph.fields import Leaf
from toolweave.pipeline.checking.candidate import offered_tools
from toolweave.pipeline.checking.claims import claimed, deed
from toolweave.pipeline.checking.drafting import Draft
from toolweave.pipeline.checking.observed import observed
from toolweave.pipeline.checking.values import near
from toolweave.pipeline.gates.kinds import REFUSED
from toolweave.pipeline.sample import Sample, called

_LONGEST = 60
"""Characters of a value that is told as one thing; half an answer is no value in it."""


def _answered(sample: Sample) -> list[int]:
    """Numbers of the turns that are closed by an answer."""
    return [number for number, turn in enumerate(sample.turns) if turn.kind not in REFUSED]


def _closed(sample: Sample, number: int, text: str) -> Draft:
    draft = Draft(sample)
    draft.close(number, text)
    return draft


def _told(sample: Sample, number: int) -> str:
    return str(sample.messages[sample.turns[number].messages[1]]["content"])


def contradicting_answer(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """Another value where an observed one is told."""
    for number in _answered(sample):
        told = _told(sample, number)
        first, last = sample.turns[number].messages
        texts = [str(one["content"]) for one in sample.messages[first:last] if one["role"] == "tool"]
        found = [leaf for text in texts for leaf in observed(text)]
        stated = [leaf for leaf in found if _stands_in(told, leaf)]
        for leaf in rng.sample(stated, len(stated)):
            alike = [one.value for one in found if one.pattern == leaf.pattern and not _stands_in(told, one)]
            others = [one for one in alike if len(str(one)) <= _LONGEST and str(leaf.value) not in str(one)]
            other = rng.choice(others) if others else near(leaf.value)
            text = re.sub(alone(str(leaf.value)), str(other).replace("\\", r"\\"), told)
            if other is not None and text != told:
                yield _closed(sample, number, text)


def _stands_in(text: str, leaf: Leaf) -> bool:
    shown = str(leaf.value)
    wordy = (
        1 < len(shown) <= min(_LONGEST, len(text) // 2) and leaf.value is not None and not isinstance(leaf.value, bool)
    )
    return wordy and re.search(alone(shown), text) is not None


def denied_success(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """It worked, and the answer says that it did not."""
    for number in _answered(sample):
        if refusal_problem(_told(sample, number)) is not None:
            yield _closed(sample, number, "I'm sorry, I was not able to do that.")


def unsupported_claim(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A reference that nobody has given."""
    seen = seen_text(sample.messages)
    for number in range(len(sample.turns)):
        reference = f"ZX-{rng.randrange(10_000, 100_000)}"
        if unsupported(reference, seen):
            yield _closed(sample, number, f"{_told(sample, number)} The reference is {reference}.")


def claimed_action(sample: Sample, rng: random.Random) -> Iterator[Draft]:
    """A deed that nobody did."""
    done = {name for _, name, _ in called(sample.messages)}
    idle = [tool for name, tool in offered_tools(sample).items() if name not in done | set(sample.checker.reads)]
    for number in range(len(sample.turns)):
        for tool in rng.sample(idle, len(idle)):
            if (found := deed(tool)) and not claimed(_told(sample, number), [tool]):
                verb, thing = found
                claim = f"I have also {verb} the {thing}."
                yield _closed(sample, number, f"{_told(sample, number)} {claim}")
                break


def no_answer(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """Nothing is said in the end."""
    for number in range(len(sample.turns)):
        yield _closed(sample, number, "")


def unasked(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """The missing value is not asked for, or something else is."""
    for number, turn in enumerate(sample.turns):
        if turn.kind == "missing_parameter":
            draft = Draft(sample)
            request, _question, reply, *rest = draft.turns[number]
            draft.turns[number] = [request | {"content": f"{request['content']} {reply['content']}"}, *rest]
            yield draft
            other = Draft(sample)
            other.turns[number][1]["content"] = "Would you like to hear a joke?"
            yield other


def unrefused(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """What cannot be done is said to be done."""
    for number, turn in enumerate(sample.turns):
        if turn.kind in REFUSED:
            yield _closed(sample, number, "All done, it went through as you asked.")


WORD_MUTANTS: dict[str, Callable[[Sample, random.Random], Iterator[Draft]]] = {
    "contradicting_answer": contradicting_answer,
    "denied_success": denied_success,
    "unsupported_claim": unsupported_claim,
    "claimed_action": claimed_action,
    "no_answer": no_answer,
    "unasked": unasked,
    "unrefused": unrefused,
}
