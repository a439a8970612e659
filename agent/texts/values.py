"""What a text says for the parameters of a tool: in the step itself, in labelled values, in what stands around.

The same reading as the offline student's: every mention goes to the parameter that it fits best. What stands elsewhere
than in the step must fit by its words, and nothing else may fit as well: a text that leaves it open says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.conversation import Situation
from toolweave.agent.offline.fitting import Slot, fit, option_mentions, value_of
from toolweave.agent.offline.following import Follower
from toolweave.agent.offline.guidance import read_guidance
from toolweave.agent.offline.lexicon import SMALL
from toolweave.agent.offline.listening import Listener
from toolweave.agent.offline.mentions import Mention, mentions_of
from toolweave.agent.offline.phrase import PEOPLE
from toolweave.agent.offline.toolbox import Toolbox, stem
from toolweave.agent.offline.wording import NAMING, REMARKS, SEEKING
from toolweave.agent.texts.procedures import Fact, Procedure, Step
from toolweave.agent.texts.wording import spoken
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

T = TypeVar("T")
Origin = Literal["step", "fact", "context", "earlier", "default", "const"]
ELSEWHERE = 0.6
"""How well a mention must fit that stands outside the step."""
MARGIN = 0.12
"""How much better than any other."""
OPTION = 0.3
"""How surely an option must be meant."""
LEFT = 0.3
"""How well a mention of the step must fit that nothing else takes."""
SPOKEN_OF = 0.5
"""What it adds that a step speaks of what stands around a value."""
PERSON = 0.25
_ACTING = ("er", "or", "ist", "ian", "ant", "ee")
"""How words for persons end."""
WHOLE = 0.4
"""What it adds that a labelled value is one of the options."""
LABELLED = 0.9
"""How well a labelled value must fit a parameter that may be left out."""
_MEASURE = re.compile(r"[^\w#]?#\s*(?:%|°?[A-Za-z]+)?")
_HOW_MANY = re.compile(
    r"\b(?:first|last|latest|top|newest|most recent|up to|at most|no more than|only|the)\s+(\d+)\b", re.IGNORECASE
)
_LIMITS = frozenset("limit max maximum top count size".split())


@dataclass(frozen=True, slots=True)
class Given:
    """A value that the text gives, or the schema where the text need not."""

    value: Any
    origin: Origin
    text: str = ""
    """Where it is said, in the words of the text."""
    line: int | None = None


def slots_of(box: Toolbox, tool: Tool) -> list[Slot]:
    """The parameters of a tool, each with the nouns that its tool is about."""
    purpose = box.purposes[tool.id]
    described = [word for word in words(purpose.object) if word not in SMALL]
    read = tuple(dict.fromkeys([purpose.nouns.head, *purpose.nouns.name_words, *described]))
    return [Slot(parameter, read) for parameter in box.parameters[tool.id]]


class Reading:
    """What one procedure says, for the tools of one box.

    Args:
        box: All tools.
        procedure: What is read.
        tools: Those that its steps mean, as far as that is known: a labelled value goes where it fits best of all.
    """

    def __init__(self, box: Toolbox, procedure: Procedure, tools: Iterable[Tool] = ()) -> None:
        self._box = box
        self._graph = box.graph({})
        self._around = [
            mention for text in (f"{procedure.title}.", procedure.context) for mention in mentions_of(spoken(text))
        ]
        slots = [slot for tool in tools for slot in slots_of(box, tool)]
        best = [max((_fit_of(fact, slot) for slot in slots), default=0.0) for fact in procedure.facts]
        self._facts = list(zip(procedure.facts, best, strict=True))
        self._taken: set[str] = set()

    def begin(self, said: Mapping[str, Given]) -> None:
        """Turn to another call: what its step says stands for one parameter, and so does what stands elsewhere."""
        self._taken = {str(item.value).lower() for item in said.values()}

    def of_step(self, step: Step, tool: Tool) -> dict[str, Given]:
        """What the step itself says, by parameter."""
        text = spoken(f"{step.text}. {step.detail}".strip())
        follower = Follower(self._box, read_guidance(()), (), text)
        listener = Listener(self._box, self._graph, Situation(text, "", ()), follower)
        slots = slots_of(self._box, tool)
        said = listener.said(tool, slots, frozenset())
        found = {path: item.value for path, item in said.items()}
        for slot in slots:
            if slot.path not in found and (chosen := _chosen(text, slot)) is not None:
                found[slot.path] = chosen
        used = {index for item in said.values() for index in item.mentions}
        left = [one for index, one in enumerate(listener.mentions) if index not in used]
        found |= _what_is_left(left, [slot for slot in slots if slot.path not in found], found)
        return {path: Given(value, "step", step.text, step.lines[0]) for path, value in found.items()}

    def labelled(self, step: Step, slot: Slot, *, needed: bool) -> Given | None:
        """What a table or a line with a label says; a parameter that is not `needed` has to be named by the label."""
        said = set(words(step.text))
        fits = [(_fit_of(fact, slot), best, fact) for fact, best in self._facts]
        scored = [(fit, _shared(words(fact.label), said), fact) for fit, best, fact in fits if fit >= best - MARGIN]
        least = ELSEWHERE if needed else LABELLED
        told = [(score + SPOKEN_OF * shared, fact) for score, shared, fact in scored if score > 0.0]
        best = _only_best([one for one in told if one[0] >= least and one[1].value.lower() not in self._taken])
        if best is not None:
            self._taken.add(best.value.lower())
        value = None if best is None else _value_of(best, slot)
        return None if best is None or value is None else Given(value, "fact", f"{best.label}: {best.value}", best.line)

    def around(self, step: Step, slot: Slot) -> Given | None:
        """What the title and the sentences before the steps say."""
        said = set(words(step.text))
        scored = [
            (fit(one, slot) + _of_a_person(one, slot), _shared((*one.before[:4], *one.after[:2]), said), one)
            for one in self._around
        ]
        told = [(score + SPOKEN_OF * shared, one) for score, shared, one in scored if score > 0.0]
        best = _only_best([one for one in told if one[0] >= ELSEWHERE and one[1].text.lower() not in self._taken])
        if best is None:
            return None
        self._taken.add(best.text.lower())
        return Given(value_of(best, slot), "context", best.text)


def is_looked_for(slot: Slot) -> bool:
    """Whether a parameter takes the words that something is found by."""
    return bool(set(slot.own) & (SEEKING | NAMING)) and "string" in slot.kinds


def _of_a_person(mention: Mention, slot: Slot) -> float:
    """What it adds that both are said to be a person's: the technician on duty is one of the scientists."""
    if mention.kind != "name" or not set(slot.own) & NAMING or not PEOPLE & set(slot.nouns):
        return 0.0
    return PERSON if any(word in PEOPLE or word.endswith(_ACTING) for word in mention.before[:5] if word) else 0.0


def _shared(near: Sequence[str], said: set[str]) -> float:
    """How many of the words that say something a step has too, as a share."""
    telling = [stem(word) for word in near if word and word not in SMALL]
    known = {stem(word) for word in said}
    return sum(word in known for word in telling) / len(telling) if telling else 0.0


def _what_is_left(mentions: Sequence[Mention], slots: Sequence[Slot], found: Mapping[str, Any]) -> dict[str, Any]:
    """Words set apart that no parameter has yet, for those that may be left out and take such words."""
    known = " ".join(str(value).lower() for value in found.values())
    pairs = [
        (score, slot, mention)
        for mention in mentions
        if mention.kind in ("quoted", "name", "token") and mention.text.lower() not in known
        for slot in slots
        if not slot.parameter.required and is_looked_for(slot) and (score := fit(mention, slot)) >= LEFT
    ]
    more: dict[str, Any] = {}
    for _, slot, mention in sorted(pairs, key=lambda pair: (-pair[0], pair[2].start)):
        if slot.path not in more and mention.text not in more.values():
            more[slot.path] = value_of(mention, slot)
    return more


def is_passed_on(slot: Slot) -> bool:
    """Whether what one step says for a parameter holds for others too: a file, a place; no name, remark or number."""
    own = set(slot.own)
    return "string" in slot.kinds and not own & (NAMING | SEEKING | REMARKS) and not is_identifying(slot.parameter)


def _chosen(text: str, slot: Slot) -> Any:
    """An option, or a yes, that the words of a manual speak of."""
    if "boolean" in slot.kinds:
        return True if _is_wanted(text, slot) else None
    if slot.kinds == frozenset({"integer"}) and set(slot.own) & _LIMITS and (found := _HOW_MANY.search(text)):
        return int(found.group(1))
    options = [(score + 0.3 * (" " in option), option) for score, option in option_mentions(text, slot)]
    best = _only_best([one for one in options if one[0] >= OPTION], margin=0.02)
    return None if best is None else [best] if slot.path.endswith("[]") else best


def _is_wanted(text: str, slot: Slot) -> bool:
    """Whether a text says all that the name of a yes-or-no parameter says, and does not deny it."""
    said = set(words(text))
    own = [word for word in slot.own if word not in SMALL]
    denied = re.search(r"\b(?:not|no|without|never|n't)\b", text, re.IGNORECASE) is not None
    return bool(own) and not denied and all(word in said for word in own)


def _fit_of(fact: Fact, slot: Slot) -> float:
    said = fit(_mention(fact), slot)
    options = option_mentions(f'{fact.label}: "{fact.value}"', slot)
    meant = [score + WHOLE for score, option in options if option.lower() == fact.value.lower()]
    return max(said, *meant, 0.0)


def _value_of(fact: Fact, slot: Slot) -> Any:
    options = [option for _, option in option_mentions(f'{fact.label}: "{fact.value}"', slot)]
    chosen = next((option for option in options if option.lower() == fact.value.lower()), None)
    return value_of(_mention(fact), slot) if chosen is None else chosen


def _mention(fact: Fact) -> Mention:
    """A labelled value as a whole, with the words of its label before it."""
    plain = mentions_of(f"the {fact.label.lower()} is {fact.value}.")
    single = [one for one in plain if one.kind in ("number", "date", "moment", "time", "address")]
    if single and _MEASURE.fullmatch(fact.value.replace(single[-1].text, "#", 1)):
        return single[-1]
    quoted = fact.value.replace('"', "'")
    return mentions_of(f'the {fact.label.lower()} is "{quoted}".')[-1]


def _only_best(scored: Iterable[tuple[float, T]], margin: float = MARGIN) -> T | None:
    """The one that is better than all others by a margin; equal texts are no rivals."""
    ranked: Sequence[tuple[float, T]] = sorted(scored, key=lambda one: -one[0])
    if not ranked:
        return None
    best = ranked[0]
    rivals = [one for one in ranked[1:] if _plain(one[1]) != _plain(best[1])]
    return None if rivals and rivals[0][0] > best[0] - margin else best[1]


def _plain(item: object) -> str:
    return item.text if isinstance(item, Mention) else str(item)
