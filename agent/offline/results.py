"""Finding a value in earlier results: which field, and which of several entries is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.choices import ORDINALS
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.english import spaced
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.mentions import Mention, iso_date
from toolweave.agent.offline.toolbox import everyday
from toolweave.agent.offline.wording import plain_value
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.rows import is_value
from toolweave.graph.fields import Leaf
from toolweave.graph.model import Edge
from toolweave.graph.words import words
from toolweave.servers.json_values import canonical

_TOKEN = re.compile(r"[a-z0-9][a-z0-9':-]+")
NAMING_FIELDS = ("id", "name", "title", "key", "code")
STRANGE = 0.05
"""Trust in a mere `id` of a tool that is about another kind of thing."""
_COUNTED = re.compile(rf"\bthe ({'|'.join(ORDINALS)}) ([a-z]+)", re.IGNORECASE)
_UNTELLING = frozenset("the and for with of to in on at from that this is are".split())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that an earlier result shows."""

    value: Any
    call: Seen
    score: float
    why: str
    """What speaks for this entry: `matches`, `used`, `only`, `first`, or that it is `changed`."""
    pattern: str = ""
    """Field of the result; empty for what a call was made with."""
    trust: float = 1.0
    """How likely its field is the right one, whichever entry is meant."""


def candidates(
    slot: Slot,
    situation: Situation,
    edges: Sequence[Edge],
    ids: Mapping[str, str],
    about: Callable[[str], Sequence[str]],
) -> list[Candidate]:
    """Values for a parameter that results show, the best first.

    `ids` maps offered names to tool ids, `about` an offered name to the things that its tool is about.
    """
    found: list[Candidate] = []
    for call in situation.calls:
        if call.failed:
            continue
        fields = {_bare(edge.source_field): edge.confidence for edge in edges if edge.source == ids.get(call.name)}
        every = [leaf for leaf in call.leaves if usable(leaf)]
        known = len(found)
        for pattern, trust in fields.items():
            found += _entries(call, [leaf for leaf in every if _bare(leaf.pattern) == pattern], trust, situation)
        alike = [leaf for leaf in every if _bare(leaf.pattern) not in fields]
        for least in (0.9, 0.3):
            best = [leaf for leaf in alike if named_alike(leaf.pattern, slot) >= least]
            if best:
                same = [leaf for leaf in best if leaf.pattern == best[0].pattern]
                strange = least < 0.9 and slot.own[:1] and slot.own[0] not in about(call.name)
                trust = 0.6 if least == 0.9 else 0.1 if fields else STRANGE if strange else 0.3
                found += _entries(call, same, trust, situation)
                break
        if fields and len(found) == known and is_identifying(slot.parameter):
            found += _entries(call, _identifiers(every), 0.35, situation)
    found += _used(slot, situation)
    found.sort(key=lambda one: -one.score)
    unique: dict[str, Candidate] = {}
    for one in found:
        unique.setdefault(f"{one.call.number}:{plain_value(one.value)}", one)
    return list(unique.values())


def usable(leaf: Leaf) -> bool:
    """Whether a leaf can be an argument: a whole text is none."""
    return leaf.value is not None and leaf.value != "" and is_value(leaf.value)


def _identifiers(found: Sequence[Leaf]) -> list[Leaf]:
    """Values that look like identifiers, of the field that has most of them."""
    alike = [
        leaf for leaf in found if isinstance(leaf.value, str) and re.search(r"\d", leaf.value) and " " not in leaf.value
    ]
    if not alike:
        return []
    counts = Counter(leaf.pattern for leaf in alike)
    most = max(counts, key=lambda pattern: counts[pattern])
    return [leaf for leaf in alike if leaf.pattern == most]


def _entries(call: Seen, found: Sequence[Leaf], trust: float, situation: Situation) -> list[Candidate]:
    """The entries of one field; what the request says of an entry counts most, then its place."""
    usable = list(found)
    texts = [_context(call, leaf) for leaf in usable]
    contexts = [_tokens(text) for text in texts]
    pointed = [_form(item.text) for item in situation.mentions if item.picks_row]
    common = {word for word in contexts[0] if all(word in other for other in contexts)} if contexts else set[str]()
    spoken = _tokens(situation.request) | _dates(situation.mentions)
    older = _tokens(situation.earlier) if not call.now else set[str]()
    counted = _counted(found[0].pattern, situation.request) if found else None
    given: list[Candidate] = []
    for place, (leaf, text, context) in enumerate(zip(usable, texts, contexts, strict=True)):
        telling = context - common
        overlap = (
            2 * sum(_stands_in(item, text) for item in pointed) + len(telling & spoken) + 0.2 * len(telling & older)
        ) + 4 * (place == counted)
        why = "only" if len(usable) == 1 else "matches" if overlap >= 1 else "first"
        score = trust + 0.02 * call.number + (0.5 if call.now else 0.0) + 0.3 * min(overlap, 9) - 0.001 * place
        given.append(Candidate(leaf.value, call, score, why, leaf.pattern, trust))
    return given


def _counted(pattern: str, request: str) -> int | None:
    """Which entry of a list the request counts to: 1 for "the second tab" of sheets; `None` where it does not."""
    kind = {same for word in words(pattern.partition("[]")[0]) for same in everyday(word)}
    for number, noun in _COUNTED.findall(request):
        if kind & {*words(noun)}:
            return ORDINALS.index(number.lower())
    return None


def _used(slot: Slot, situation: Situation) -> list[Candidate]:
    """Values that earlier calls were made with for a parameter of the same name: `the same member`."""
    own = slot.path.rpartition(".")[2]
    found: list[Candidate] = []
    for call in (call for call in situation.calls if not call.failed):
        for pointer, value in argument_leaves(call.arguments):
            if pointer.rpartition("/")[2] == own and len(words(own)) > 1:
                found.append(Candidate(value, call, 1.2 + 0.02 * call.number, "used"))
    return found


def field_label(pattern: str) -> str:
    """What a result calls a value: `loan id` for `loans[].loan_id`; empty for what has no name."""
    return spaced(re.split(r"[.#]", pattern.replace("[]", ""))[-1])


def entries_of(call: Seen, field: str, situation: Situation) -> list[Candidate]:
    """The values that a result shows under a label, likeliest entry first."""
    fields: dict[str, list[Leaf]] = {}
    for leaf in call.leaves:
        if usable(leaf) and field_label(leaf.pattern) == field:
            fields.setdefault(leaf.pattern, []).append(leaf)
    found = [one for same in fields.values() for one in _entries(call, same, 0.6, situation)]
    return sorted(found, key=lambda one: -one.score)


def entry_of(call: Seen, pattern: str, number: int) -> Any:
    """The nth value of a field; `None` when there are fewer."""
    values = list(dict.fromkeys(leaf.value for leaf in call.leaves if leaf.pattern == pattern))
    return values[number] if number < len(values) else None


def entry_named(candidate: Candidate, situation: Situation) -> str:
    """The user's own words for the entry that a value was taken from; empty where there are none."""
    here = [
        leaf for leaf in candidate.call.leaves if (leaf.pattern, leaf.value) == (candidate.pattern, candidate.value)
    ]
    text = _context(candidate.call, here[0]) if here else ""
    told = [item.text for item in situation.mentions if item.picks_row and '"' not in item.text]
    return next((f'"{name}"' for name in told if _stands_in(_form(name), text)), "")


def named_alike(pattern: str, slot: Slot) -> float:
    """1 when a field has the very name of the parameter, less for a part of it, 0 for another name."""
    field = words(re.split(r"[.#]", pattern.replace("[]", ""))[-1])
    own = slot.own
    if not field or not own:
        return 0.0
    if field == own or (len(own) > 1 and field[-len(own) :] == own):
        return 1.0
    container = _container(pattern)
    if container == own[: len(container)] and container and field[-1] in (*NAMING_FIELDS, *own[len(container) :]):
        return 0.9
    part = len(own) > 1 and field in (own[-1:], own[:-1]) and own[-1] in ("id", "number", "code", "key")
    return 0.3 if part else 0.0


def _container(pattern: str) -> tuple[str, ...]:
    """Words of the list or object that a field lies in: `sheet` for `sheets[].name`."""
    parts = pattern.replace("[]", "").split("#")[0].split(".")
    return words(parts[-2]) if len(parts) > 1 else ()


def _bare(pattern: str) -> str:
    """A pattern without the list around everything: a list of one is often shown as its only item."""
    return pattern.removeprefix("[]").removeprefix(".") or pattern


def _form(text: str) -> str:
    """A mention as results may write it."""
    return iso_date(text) or text


def _stands_in(item: str, text: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(item)}(?![\w]|\.\d)", text, re.IGNORECASE) is not None


def _context(call: Seen, leaf: Leaf) -> str:
    """The text of the entry that a value lies in: its object, or its line."""
    if "#" not in leaf.place:
        try:
            return canonical(get(call.value, leaf.place.rpartition("/")[0]))
        except KeyError:
            return ""
    return next((line for line in call.text.splitlines() if str(leaf.value) in line), "")


def _dates(mentions: Sequence[Mention]) -> set[str]:
    """The dates of a request, as results write them."""
    return {day for item in mentions if item.kind == "date" and (day := iso_date(item.text)) is not None}


def _tokens(text: str) -> set[str]:
    return {word for word in _TOKEN.findall(text.lower()) if word not in _UNTELLING and len(word) > 2}
