"""A turn as the querying role pictures it: which call feeds which, and what tells the chosen thing from its like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.asking import parameter_at
from toolweave.agent.choices import ORDINALS
from toolweave.agent.offline.conversation import read_situation
from toolweave.agent.offline.entries import ANY, TELLING, facts_of, telling_apart
from toolweave.agent.offline.lexicon import UNITS
from toolweave.agent.offline.wording import Group, groups, plain_value
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.roles import Happened, QueryAsk
from toolweave.graph.fields import leaves
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

_NAMES_NOTHING = frozenset(
    "id key code number no nr num ref reference uuid name barcode isbn sku slug token symbol index idx position".split()
)
_QUALITIES = frozenset("label title kind unit type status state style color colour format mode size".split())
"""Last words of parameters that say what something is like, not which one is meant."""
_THING = re.compile(
    r"\b(?:identifier|id|number|key|(?:bar)?code|uuid)s?\s(?:of|for)\s(?:the|an?|one)\s([a-z][a-z -]*?)"
    r"(?=[,;.()]|\s(?:that|who|whose|which|to|in|from|for|of|with|on|at|by)\b|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Feed:
    """One argument that an earlier call gave."""

    pointer: str
    call: int | None
    """Index of the producing call in this turn; `None` when an earlier turn gave it."""
    noun: str
    """What the argument stands for: `member` for `member_id`; may be empty."""
    described: str
    """What the parameter's description says that it stands for: `consultation time`; may be empty."""
    identifies: bool
    """Whether it names a thing; otherwise it is a fact that is passed on."""
    telling: tuple[str, ...]
    """Readable words that tell the chosen entry from the others; empty when nothing is needed or known."""
    facts: tuple[str, ...] = ()
    """What the entry calls each of these words: `used range`; empty where some of them has no name."""
    ordinal: str = ""
    """Word that counts to the entry in its list; empty where its words say better which one it is."""

    @property
    def fact(self) -> str:
        """What the entry calls the only one of these words; empty where there are more, or it has no name."""
        return self.facts[0] if len(self.facts) == 1 else ""


@dataclass
class Pictured:
    """One call with what the user says for it and what it is fed with."""

    happened: Happened
    groups: list[Group]
    feeds: list[Feed] = field(default_factory=list[Feed])


def picture(ask: QueryAsk) -> list[Pictured]:
    """The calls of the turn, in order; the last one is the target."""
    calls = [Pictured(call, groups([item for item in ask.inputs if item.call == call.id])) for call in ask.calls]
    said = {(item.call, item.pointer) for item in ask.inputs}
    carried = {(item.call, item.pointer) for item in ask.carried}
    for number, one in enumerate(calls):
        for pointer, value in argument_leaves(one.happened.arguments):
            key = (one.happened.id, pointer)
            if key in said or value is None or isinstance(value, bool):
                continue
            producer = None if key in carried else _producer(ask.calls[:number], one.happened, pointer, value)
            if producer is not None or key in carried:
                one.feeds.append(_feed(ask, one.happened, producer, pointer, value))
    return calls


def _feed(ask: QueryAsk, call: Happened, producer: int | None, pointer: str, value: Any) -> Feed:
    """An argument that call number `producer` gave, or an earlier turn."""
    _, place = call.taken.get(pointer, ("", ""))
    giver = ask.calls[producer] if producer is not None else _giver(ask, value)
    telling: tuple[str, ...] = ()
    if giver is not None:
        telling = telling_apart(giver, value, ask.forbidden, _facts_wanted(ask), place)
    facts = facts_of(giver, value, place, telling) if giver is not None else ()
    named = len(facts) == 1 and words(facts[0])[-1] in TELLING
    counted = telling and not named and (len(facts) == 1 or telling == (ANY,) or _facts_wanted(ask) > 1)
    return Feed(
        pointer,
        producer,
        noun_of(pointer),
        _described_thing(call.tool, pointer),
        _identifies(call.tool, pointer),
        telling,
        facts,
        _ordinal(place) if counted else "",
    )


def _ordinal(place: str) -> str:
    """The word that counts to the entry of the only list on the way to a place; empty where there is none."""
    at = [int(part) for part in place.split("/") if part.isdigit()] if "#" not in place else []
    return ORDINALS[at[0]] if len(at) == 1 and at[0] < len(ORDINALS) else ""


def _identifies(tool: Tool, pointer: str) -> bool:
    found = parameter_at(tool, pointer)
    if found is None or is_identifying(found):
        return True
    plain = found.schema.get("type") in ("number", "integer") or "enum" in found.schema
    if words(found.path)[-1:] in (("index",), ("idx",), ("position",)):
        return True
    return not plain and not set(words(found.path)[-1:]) & _QUALITIES


def noun_of(pointer: str) -> str:
    """The thing that an argument stands for, by its own name: `member` for `/member_id`."""
    name = next((part for part in reversed(pointer.split("/")) if part and not part.isdigit()), "")
    found = [word for word in words(name) if word not in _NAMES_NOTHING and word not in UNITS]
    return " ".join(found)


def _described_thing(tool: Tool, pointer: str) -> str:
    """`stock lot` for "Identifier of the stock lot", the first adjectives left out."""
    parameter = parameter_at(tool, pointer)
    match = _THING.search(parameter.description) if parameter is not None else None
    return " ".join(match.group(1).lower().split()[-2:]) if match else ""


def _producer(earlier: Sequence[Happened], call: Happened, pointer: str, value: Any) -> int | None:
    """The earlier call of the turn that gave the value, else the latest one whose output holds it."""
    for number in range(len(earlier) - 1, -1, -1):
        if pointer in call.taken:
            if earlier[number].id == call.taken[pointer][0]:
                return number
        elif any(plain_value(leaf.value) == plain_value(value) for leaf in leaves(earlier[number].value)):
            return number
    return None


def _giver(ask: QueryAsk, value: Any) -> Happened | None:
    """The earlier turns' call that showed a value; `None` where the conversation was about that value already."""
    calls = read_situation(ask.history).calls
    if any(plain_value(item) == plain_value(value) for call in calls for _, item in argument_leaves(call.arguments)):
        return None
    shown = [c for c in calls if any(plain_value(leaf.value) == plain_value(value) for leaf in leaves(c.value))]
    return (
        Happened("", Tool("", shown[-1].name), shown[-1].arguments, shown[-1].text, shown[-1].value) if shown else None
    )


def _facts_wanted(ask: QueryAsk) -> int:
    """One fact, and one more for every time that it was not clear which entry was meant."""
    return 1 + min(2, sum("which one" in text for text in ask.complaints))
