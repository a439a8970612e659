"""A turn as the querying role pictures it: which call feeds which, and what tells the chosen thing from its like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.asking import parameter_at
from toolweave.agent.choices import ORDINALS
from toolweave.agent.offline.conversation import read_situation
from toolweave.agent.offline.english import spaced
from toolweave.agent.offline.lexicon import UNITS
from toolweave.agent.offline.saying import spoken_date
from toolweave.agent.offline.wording import Group, groups, plain_value
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.roles import Happened, QueryAsk
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.fields import Leaf, leaves
from toolweave.graph.words import words
from toolweave.servers.json_values import as_object
from toolweave.servers.tools import Tool

_TELLING = ("name", "title", "label", "subject", "heading", "summary", "date", "day", "time", "kind", "type", "city")
_LONGEST = 48
MOST_FACTS = 24
"""Facts of an entry that are looked at, those of its inner objects included."""
ANY = "any"
"""Told of an entry that is the first and that nothing else sets apart."""
_NAMES_NOTHING = frozenset(
    "id key code number no nr num ref reference uuid name barcode isbn sku slug token symbol index idx position".split()
)
_QUALITIES = frozenset("label title kind unit type status state style color colour format mode size".split())
"""Last words of parameters that say what something is like, not which one is meant."""
_LOOSE_END = re.compile(r"\s(?:on|at|in|of|for|to|from|by|with|is|was|and|or|the|a)$")
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
    fact: str = ""
    """What the entry calls the only one of these words: `used range`; empty where there are more, or it has no name."""
    ordinal: str = ""
    """Word that counts to the entry in its list; empty where its words say better which one it is."""


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
    fact = _fact_of(giver, place, telling) if giver is not None else ""
    named = words(fact)[-1:] and words(fact)[-1] in _TELLING
    counted = telling and not named and (fact or telling == (ANY,) or _facts_wanted(ask) > 1)
    return Feed(
        pointer,
        producer,
        noun_of(pointer),
        _described_thing(call.tool, pointer),
        _identifies(call.tool, pointer),
        telling,
        fact,
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


def telling_apart(
    producer: Happened, value: Any, banned: Sequence[str], least: int = 1, place: str = ""
) -> tuple[str, ...]:
    """Words of the chosen entry that no other entry has; empty when there is only one entry.

    `least` is how many facts to tell where there are as many; `place` is where the value stands, where that is known.
    """
    every = leaves(producer.value)
    alike = [leaf for leaf in every if plain_value(leaf.value) == plain_value(value)]
    chosen = next((leaf for leaf in alike if leaf.place == place), next(iter(alike), None))
    if chosen is None:
        return ()
    rivals = [
        leaf for leaf in every if leaf.pattern == chosen.pattern and plain_value(leaf.value) != plain_value(value)
    ]
    if not rivals:
        return ()
    own = entry_texts(producer.value, producer.text, chosen)
    others = [[text.lower() for text in entry_texts(producer.value, producer.text, leaf)] for leaf in rivals]
    usable = [text for text in own if _readable(text) and not spoken_of(text, [*banned, str(value)])][:7]
    for size in range(min(least, max(1, len(usable))), 4):
        for chosen_texts in combinations(usable, size):
            if not any(all(text.lower() in other for text in chosen_texts) for other in others):
                return tuple(spoken_date(text) or text for text in chosen_texts)
    if any(leaf.pattern == chosen.pattern for leaf in every[: every.index(chosen)]):
        return tuple(spoken_date(text) or text for text in usable[:3])
    return (ANY,)


def _fact_of(producer: Happened, place: str, telling: Sequence[str]) -> str:
    """What an entry of structured data calls the one fact that tells it from its like."""
    if len(telling) != 1 or "#" in place:
        return ""
    row = as_object(_row(producer.value, place))
    names = [str(key) for key, item in row.items() if (spoken_date(str(item)) or str(item)) == telling[0]]
    said = spaced(names[0]) if names else ""
    return said if said.replace(" ", "").isalpha() and not _LOOSE_END.search(f" {said}") else ""


def entry_texts(value: Any, text: str, leaf: Leaf) -> list[str]:
    """Texts of the entry that a value lies in, the most telling first."""
    if "#" in leaf.place:
        return _of_line(text, str(leaf.value))
    row = as_object(_row(value, leaf.place))
    found = [(place.rpartition("/")[2], item) for place, item in argument_leaves(row)[:MOST_FACTS]]
    texts = [(key, item) for key, item in found if isinstance(item, str)]
    texts += [(key, str(item)) for key, item in found if isinstance(item, (int, float)) and not isinstance(item, bool)]
    texts.sort(key=lambda pair: next((at for at, word in enumerate(_TELLING) if word in words(pair[0])), len(_TELLING)))
    return list(dict.fromkeys(item for _, item in texts))


def _row(value: Any, place: str) -> Any:
    """The object or list that a place lies in; `None` where there is none."""
    try:
        return get(value, place.rpartition("/")[0])
    except KeyError:
        return None


def _of_line(text: str, value: str) -> list[str]:
    """Readable pieces of the line that holds a value: cells of a table, or names, dates and quotations, then words."""
    line = next((line for line in text.splitlines() if value in line), "")
    cells = [cell.strip() for cell in re.split(r"\s{2,}|\s*\|\s*|\t", line)]
    if len(cells) >= 3:
        return [cell for cell in cells if cell and value not in cell]
    found = re.findall(
        r"[\"“]([^\"”]{3,60})[\"”]|(?<![\w-])([A-Z][a-z]+(?: [a-z]+){0,2}(?: [A-Z][a-z]+)*)(?![\w-])"
        r"|(\d{4}-\d{2}-\d{2})|(?<![\w-])([a-z]{4,}(?: [a-z]{4,})?)(?![\w-])",
        line,
    )
    told = [_LOOSE_END.sub("", piece) for pieces in found for piece in pieces]
    return [piece for piece in told if len(piece) > 3 and value not in piece]


def _readable(text: str) -> bool:
    if spoken_date(text) is not None or re.fullmatch(r"\d{1,2}:\d{2}", text):
        return True
    if re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", text):
        return True
    many = r"\d{4,}" if " " in text else r"\d{3,}"
    return 2 < len(text) <= _LONGEST and text[0].isalpha() and not re.search(rf"{many}|[_{{}}@/\n\"“”]", text)
