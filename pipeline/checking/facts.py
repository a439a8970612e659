"""What the closing words of each turn tell: values that came back, numbers with their units, names, and every "not".

A row records them once, when its answers were checked. Words may be changed afterwards; a value that is exchanged, left
out or moved, and a number, name or negation that is put in, show. Checking needs the answers and what was recorded,
nothing else. Not covered: other words for a deed, and what no value, name or negation tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from toolweave.agent.whole_words import alone
from toolweave.pipeline.checking.observed import observed
from toolweave.pipeline.sample import Fact, Sample

LONGEST, MOST_WORDS = 80, 5
"""Characters and words of a value that is told as one thing; of sentences, what they are made of is recorded."""
_TOKEN = re.compile(r"\w(?:[\w.:@/+-]*\w)?")
_NEGATION = re.compile(r"\b(?:not|no|never|none|nothing|without|cannot|\w+n['\u2019]t)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<=[\w,;:)] )(?!I\b)[^\W\d_a-z][\w-]*")
"""A capital letter where no sentence begins."""
_NUMBER = re.compile(r"\d[\d.,:]*")
_UNIT = re.compile(r"\s?(?:[^\W\d_]+|[%€$£])")


@dataclass(frozen=True, slots=True)
class _Found:
    """A stretch of an answer and where its words come from."""

    start: int
    end: int
    call: str | None
    place: str | None


def told(sample: Sample) -> tuple[Fact, ...]:
    """What the answers of a row tell, in the order in which they tell it."""
    return tuple(fact for number in range(len(sample.turns)) for fact in _told_in(sample, number))


def told_otherwise(sample: Sample) -> Iterator[str]:
    """What answers tell that was not recorded of them, or tell no more."""
    for number, turn in enumerate(sample.turns):
        text, at = str(sample.messages[turn.messages[1]].get("content") or ""), 0
        spans: list[tuple[int, int]] = []
        for fact in (fact for fact in sample.checker.told if fact.turn == number):
            match = re.compile(alone(fact.text)).search(text, at)
            if match is None:
                yield f"the answer of turn {number} does not tell {fact.text!r} where it did"
                break
            spans.append(match.span())
            at = match.end()
        for one in _telling_words(text):
            if not any(start <= one.start and one.end <= end for start, end in spans):
                yield f"the answer of turn {number} tells {text[one.start : one.end]!r}, which was not recorded of it"


def with_told(sample: Sample) -> Sample:
    """The row with what its answers tell written into its checker."""
    return sample.model_copy(update={"checker": sample.checker.model_copy(update={"told": told(sample)})})


def _told_in(sample: Sample, number: int) -> Iterator[Fact]:
    last = sample.turns[number].messages[1]
    text = str(sample.messages[last].get("content") or "")
    found = _apart([*_values(text, sample, last), *_telling_words(text)])
    for one, after in zip_longest(found, found[1:]):
        end = _with_unit(text, one, after.start if after else len(text))
        yield Fact(turn=number, text=text[one.start : end], call=one.call, place=one.place)


def _values(text: str, sample: Sample, last: int) -> Iterator[_Found]:
    """Values of observations that stand in a text, those of the latest call first."""
    lowered = text.lower()
    for message in reversed(sample.messages[:last]):
        if message["role"] != "tool":
            continue
        for leaf in observed(str(message["content"])):
            value = str(leaf.value)
            if isinstance(leaf.value, bool) or leaf.value is None or not _is_one_thing(value):
                continue
            if value.lower() in lowered:
                spans = (match.span() for match in re.finditer(alone(value), text, re.IGNORECASE))
                yield from (_Found(*span, str(message["tool_call_id"]), leaf.place) for span in spans)


def _telling_words(text: str) -> Iterator[_Found]:
    """Words with a digit, names and negations."""
    for pattern in (_TOKEN, _NAME, _NEGATION):
        for match in pattern.finditer(text):
            if pattern is not _TOKEN or any(letter.isdigit() for letter in match.group(0)):
                yield _Found(*match.span(), None, None)


def _with_unit(text: str, one: _Found, limit: int) -> int:
    """Where a number ends with the word behind it; where it ends itself when that is somebody else's."""
    unit = _UNIT.match(text, one.end) if _NUMBER.fullmatch(text, one.start, one.end) else None
    return unit.end() if unit and unit.end() <= limit else one.end


def _is_one_thing(value: str) -> bool:
    return 1 < len(value) <= LONGEST and len(value.split()) <= MOST_WORDS


def _apart(found: Sequence[_Found]) -> list[_Found]:
    """The longest stretches, the first ones of equal length, none over another, in the order of the text."""
    chosen: list[_Found] = []
    for one in sorted(found, key=lambda item: (item.start - item.end, item.start)):
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda item: item.start)
