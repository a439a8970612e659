"""What a person calls the values of a call, and what of a value may stand behind a verb phrase."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.offline.english import lowered, reworded_noun, spaced, with_article
from toolweave.agent.offline.lexicon import MEASURES, SPANS, UNITS, table
from toolweave.agent.offline.phrase import DOCUMENTS, PEOPLE
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.agent.offline.saying import is_option, spoken_date
from toolweave.agent.roles import UserValue
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.words import words

COMPARING = frozenset("contains contain containing like equals matches prefix substring".split())
"""Words of parameters that only say how a text is compared."""
SEEKING = frozenset("text query q search keyword term phrase pattern word".split()) | COMPARING
NAMING = frozenset("name title label heading subject".split())
REMARKS = frozenset("note remark comment message reason description body content feedback memo text insight".split())
_MOST = frozenset("limit max maximum top size count most".split())
_ENTRIES = frozenset("result item entry row record hit match number n k page per".split())
_QUALIFIERS = frozenset("new old first last full display given family short long current previous".split())
_LOOSE_ENDS = frozenset("to of from on by for in at with per is are has".split())
_VAGUE = frozenset(
    "text value string number name list option flag object array boolean integer parameter field".split()
)
_LEAST = frozenset("min minimum smallest least lowest".split())
_WRITTEN_OUT = table(
    "idx=index|num=number|qty=quantity|desc=description|lang=language|max=maximum|min=minimum|col=column|cols=columns"
    "|msg=message|addr=address|amt=amount|cat=category|dept=department|ref=reference|tz=timezone|no=number|nr=number"
    "|attr=attribute|config=configuration|dir=directory|img=image|pos=position|temp=temperature"
)
"""Abbreviations of interfaces, written out."""
FILES = frozenset("file filename path filepath".split())
_FILE = FILES | frozenset("name document output destination new".split())
"""Words of parameters that name a file, and of what is to become one."""
_MAKING = frozenset("add create make open register set copy duplicate".split())
"""Verbs of what gets its name with being made."""
PLACES = frozenset("path file directory folder database".split())


@dataclass(frozen=True, slots=True)
class Group:
    """The leaves of one parameter that are said together: one value, or the items of a list."""

    items: tuple[UserValue, ...]
    name: str
    """The parameter, or the property of an object parameter, as its schema spells it."""
    description: str

    @property
    def first(self) -> UserValue:
        """The first leaf; the only one unless the parameter is a list."""
        return self.items[0]

    @property
    def own(self) -> tuple[str, ...]:
        """Words of the name."""
        return words(self.name)


def groups(inputs: Sequence[UserValue]) -> list[Group]:
    """The inputs of one call, lists taken together."""
    found: dict[str, list[UserValue]] = {}
    for item in inputs:
        found.setdefault(re.sub(r"(?:/\d+)+$", "", item.pointer), []).append(item)
    return [
        Group(tuple(items), pointer.rpartition("/")[2], str(items[0].schema.get("description") or "").strip())
        for pointer, items in found.items()
    ]


def label(group: Group, banned: Sequence[str], turn: int = 0) -> str | None:
    """A noun phrase for the parameter that holds no banned word; `None` when there is none."""
    own = [_WRITTEN_OUT.get(word, (word,))[0] for word in spaced(group.name).split() if not word.isdigit()]
    while len(own) > 1 and own[-1] in UNITS:
        own = own[:-2] if own[-2] in ("square", "cubic") else own[:-1]
    if len(own) > 1 and own[-1] in ("id", "ids", "str", "value", *COMPARING):
        own.pop()
    plain = " ".join(own)
    if plain and not spoken_of(plain, banned) and own[-1] not in _LOOSE_ENDS:
        return plain
    if own and own[-1] in _LOOSE_ENDS and (end := reworded_noun(plain, [plain, *banned], turn)) is not None:
        return end
    told = _described(group.description)
    if told and len(told.split()) <= 3 and not spoken_of(told, banned) and told.split()[-1] not in _VAGUE:
        return told
    if own and own[-1] in ("name", "label"):
        return None
    short = re.split(r"\s(?:of|for|in|to)\s", told)[0] if told else ""
    if short and short != told and not spoken_of(short, banned) and short not in _VAGUE:
        return short
    other = reworded_noun(plain, banned, turn) if own and own[-1] not in _LOOSE_ENDS else None
    return other or (told if told and not spoken_of(told, banned) and told.split()[-1] not in _VAGUE else None)


def parameter_text(path: str, description: str) -> str:
    """What a person calls a parameter: by its name, from its description where that says little."""
    name = path.replace("[]", "").rpartition(".")[2]
    return label(Group((), name, description), ()) or spaced(name)


def _described(description: str) -> str | None:
    """The noun phrase that a description opens with."""
    text = re.split(
        r"[,;:.(\n]|\s(?:to|that|which|who|when|where|in which|for which|must|is|are|e\.g|such)\s", description
    )[0]
    text = re.sub(r"^(?:the|a|an|optional)\s+", "", text.strip(), flags=re.IGNORECASE)
    if re.match(r"\w+(?:ed|ing)\b", text):
        return None
    if (
        not text
        or len(text.split()) > 6
        or re.search(r"[_{}<>`\d'\"]|[a-z][A-Z]|^one\b", text, re.IGNORECASE if text[:3].lower() == "one" else 0)
    ):
        return None
    if re.match(
        r"(?:what|who|whom|why|how|where|when|which|whether|for|by|if|true|false|from|leave|words|part|only|at|in|on|with|to)\b",
        text,
        re.IGNORECASE,
    ):
        return None
    return lowered(text)


def tails_of(group: Group, text: str, banned: Sequence[str]) -> list[str]:
    """Tails for this kind of value, the most natural first."""
    value, own = group.first.value, set(group.own)
    if isinstance(value, str) and spoken_date(value[:10]) is not None:
        return _dated(own, text)
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value):
        return [f"until {text}"] if own & {"end", "until"} else [f"at {text}"]
    if isinstance(value, (int, float)):
        return _counted(group, text, banned)
    if is_option(value, group.first.schema):
        if group.description.lower().startswith("only "):
            return [f"({text} only)"]
        named = label(group, banned)
        if group.own[-1] == "method":
            return [f"by {text}"]
        return [f"with {text} as the {named}", f"({named}: {text})"] if named else []
    if own & SEEKING and not own & REMARKS - {"text"} and _seeks(group):
        return [f"matching {text}", f"for {text}", f"with {text} in it"]
    if own <= _FILE and own & FILES and _becomes_file(purpose_of(group.first.tool)):
        return [f"called {text}", f"named {text}"]
    if own & PLACES:
        return [f"with {text}", f"for {text}"] if len(group.items) > 1 or group.name.endswith("s") else [f"in {text}"]
    if group.first.pointer.count("/") > 1 and len(group.items) == 1 and not own & PLACES:
        return _labelled(group, text, banned)
    if group.own[-1:] and group.own[-1] in NAMING:
        noun = spaced(group.name).rpartition(" ")[0]
        if purpose_of(group.first.tool).verb == "rename":
            return [f"to {text}"]
        if noun and group.own[-1] == "name" and noun not in _QUALIFIERS:
            return [f"for the {noun} {text}", f"with {text} as the {noun}"]
        plain = [f"called {text}", f"named {text}", f"by the name of {text}"]
        names = not noun or (noun in _QUALIFIERS and purpose_of(group.first.tool).verb in _MAKING)
        return plain if names else _labelled(group, text, banned)
    if own == {"text"}:
        return [f"that says {text}", f"with the words {text}", f"saying {text}"]
    if own & {"reason", "cause"}:
        return [f"because of {text}"]
    if own & REMARKS and own <= REMARKS | _QUALIFIERS | set(purpose_of(group.first.tool).nouns.name_words):
        return [f"and note {text}", f"with the words {text}", f"saying {text}"]
    return _labelled(group, text, banned)


def _becomes_file(purpose: Purpose) -> bool:
    """Whether a tool makes the document that a value names."""
    made = purpose.verb in ("create", "save", "export", "write")
    return made and bool(DOCUMENTS & set(purpose.noun.split()))


def _seeks(group: Group) -> bool:
    """Whether a text is what is looked for, not what is put somewhere."""
    return bool(set(group.own) & {"query", "q", "search"}) or purpose_of(group.first.tool).shows


def _labelled(group: Group, text: str, banned: Sequence[str]) -> list[str]:
    named = label(group, banned)
    return [f"with {text} as the {named}", f"with the {named} {text}"] if named else []


def _dated(own: set[str], text: str) -> list[str]:
    if own & {"end", "until", "due", "deadline", "expiry", "to", "finish", "checkout"}:
        return [f"until {text}", f"through {text}"]
    if own & {"start", "from", "begin", "since"}:
        return [f"from {text}", f"starting on {text}"]
    if own & {"after"}:
        return [f"after {text}"]
    if own & {"before"}:
        return [f"before {text}"]
    return [f"on {text}", f"for {text}"]


def _counted(group: Group, text: str, banned: Sequence[str]) -> list[str]:
    own = group.own
    unit = unit_of(group)
    if set(own) & _MOST and set(own) <= _MOST | _ENTRIES and unit == "" and not _is_placed(group):
        return [f", no more than {text}", f", at most {text}", f", {text} at the most"]
    if unit:
        return _measured(group, text, unit, banned)
    if "year" in own:
        return [f"from {text} on" if set(own) & {"since", "from", "after", "min"} else f"in {text}"]
    if own == ("start",):
        return [f"starting at {text}", f"from {text} on"]
    if "hour" in own:
        return [f"at {text} o'clock"]
    named = label(group, banned)
    if sizes := measured_as(group, banned):
        return [f", {text} {size}" for size in sizes]
    if named and own and own[-1] in PEOPLE and named.endswith(("s", "people")):
        return [f"for {text} {named}"]
    if named and named.endswith("s") and text != "1":
        return [f"with {text} {named}"]
    return [f"with {text} as the {named}", f"with {with_article(named)} of {text}"] if named else []


def _is_placed(group: Group) -> bool:
    """Whether a number says where something is to be, not how many there may be."""
    told = re.search(r"\b(?:position|edge|coordinate|inches|pixels)\b", group.description, re.IGNORECASE)
    return told is not None or not isinstance(group.first.value, int)


def measured_as(group: Group, banned: Sequence[str]) -> list[str]:
    """What may be said behind the number for a size or a place; empty for anything else."""
    own, value = group.own, group.first.value
    if len(own) != 1 or isinstance(value, (str, bool)) or (own[0] in _MOST and not _is_placed(group)):
        return []
    return [words for words in MEASURES.get(own[0], ()) if not spoken_of(words, banned)]


def unit_of(group: Group) -> str:
    """The unit that the parameter's name ends in, written out; empty when it ends in none."""
    spelt = spaced(group.name).split()
    unit = UNITS.get(spelt[-1], ("",))[0] if spelt else ""
    return f"{spelt[-2]} {unit}" if unit and spelt[-2:-1] in (["square"], ["cubic"]) else unit


def _measured(group: Group, text: str, unit: str, banned: Sequence[str]) -> list[str]:
    if unit in SPANS:
        alone = unit.removesuffix("s")
        spans = f"{text} {unit}" if text != "1" else f"{text} {alone}"
        return [f"for {spans}", f"for a {text}-{alone} stretch", f"with a {text}-{alone} term"]
    named = label(group, banned)
    said = [f"{text} {unit}", f"{text} {SHORT_UNITS.get(unit, unit)}"]
    lone = len(spaced(group.name).split()) == len(unit.split())
    if set(group.own) & _LEAST:
        return [f"of at least {one}" for one in said]
    if set(group.own) & {"largest", "highest", *_MOST}:
        return [f"of at most {one}" for one in said]
    if lone or not named:
        return [f"({one})" for one in said]
    return [f"with {with_article(named)} of {one}" for one in said]


SHORT_UNITS = {
    "kilograms": "kg",
    "grams": "g",
    "litres": "l",
    "euros": "EUR",
    "square metres": "m²",
    "kilometres": "km",
}


def measures(group: Group) -> bool:
    """Whether the value is a number, a date or a time."""
    value = group.first.value
    return not isinstance(value, str) or re.match(r"\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2}", value) is not None


def plain_value(value: Any) -> str:
    """A value as lower-case text, for comparing."""
    return str(value).strip().lower()
