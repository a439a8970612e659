"""What of a value may stand behind a verb phrase: `on 4 March 2026`, `called Ada`, `for 3 weeks`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolweave.agent.offline.english import spaced, with_article
from toolweave.agent.offline.lexicon import MEASURES, SPANS, UNITS
from toolweave.agent.offline.phrase import DOCUMENTS, PEOPLE
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.agent.offline.saying import is_bare, is_option, spoken_date
from toolweave.agent.offline.wording import ACTS, FILES, INDEXES, NAMING, PLACES, REMARKS, SEEKING, VAGUE, Group, label
from toolweave.agent.whole_words import spoken_of

_MOST = frozenset("limit max maximum top size count most".split())
_ENTRIES = frozenset("result item entry row record hit match number n k page per".split())
_QUALIFIERS = frozenset("new old first last full display given family short long current previous".split())
_LEAST = frozenset("min minimum smallest least lowest".split())
_FILE = FILES | frozenset("name document output destination new".split())
"""Words of parameters that name a file, and of what is to become one."""
_MAKING = frozenset("add create make open register set copy duplicate".split())
"""Verbs of what gets its name with being made."""
INSIDE = frozenset("cell range area timezone zone city town country region location".split())
"""Words of parameters that say in what place something is."""
_CARRYING = frozenset("convert translate transfer move migrate exchange".split())
"""Verbs of what goes from one to another."""
_ENDS = {"source": "from", "from": "from", "origin": "from", "target": "to", "to": "to", "destination": "to"}


def tails_of(group: Group, text: str, banned: Sequence[str]) -> list[str]:
    """Tails for this kind of value, the most natural first."""
    value, own = group.first.value, set(group.own)
    if isinstance(value, str) and spoken_date(value[:10]) is not None:
        return [*_dated(own, text), *([f"for {text}"] if own <= {"day", "date"} and _seeks(group) else [])]
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value):
        return [f"until {text}"] if own & {"end", "until"} else [f"at {text}"]
    if len(own) == 1 and re.search(r"/\d+/\d+$", group.first.pointer):
        return [f": {text}"]
    if isinstance(value, (int, float)):
        return _counted(group, text, banned)
    if purpose_of(group.first.tool).verb in _CARRYING and own & _ENDS.keys():
        return [f"{next(_ENDS[word] for word in group.own if word in _ENDS)} {text}"]
    if is_option(value, group.first.schema):
        return [_option(group, text, banned)]
    if own & SEEKING and not own & REMARKS - {"text"} and _seeks(group):
        return [f"matching {text}", f"for {text}", f"with {text} in it"]
    if own <= _FILE and own & FILES and _becomes_file(purpose_of(group.first.tool)):
        return [f"called {text}", f"named {text}"]
    if own <= INSIDE and len(group.items) == 1:
        return [f"in {text}"]
    if own & PLACES:
        return [f"with {text}", f"for {text}"] if len(group.items) > 1 or group.name.endswith("s") else [f"in {text}"]
    if group.first.pointer.count("/") > 1 and len(group.items) == 1 and not own & PLACES:
        return _labelled(group, text, banned)
    if group.own[-1:] and group.own[-1] in NAMING:
        return _named(group, text, banned)
    if own == {"text"}:
        if purpose_of(group.first.tool).verb in ("populate", "fill", "set"):
            return [f"with {text}"]
        return [f"that says {text}", f"with the words {text}", f"saying {text}"]
    if own & {"reason", "cause"}:
        return [f"because of {text}"]
    if own & REMARKS and own <= REMARKS | _QUALIFIERS | set(purpose_of(group.first.tool).nouns.name_words):
        return [f"with the words {text}", f"saying {text}"]
    return _labelled(group, text, banned)


def _option(group: Group, text: str, banned: Sequence[str]) -> str:
    if group.own[-1] == "method":
        return f"by {text}"
    if group.description.lower().startswith("only "):
        return f"({text} only)"
    named = label(group, banned)
    return f"with the {named} {text}" if named == spaced(group.name) else f"({text})"


def _named(group: Group, text: str, banned: Sequence[str]) -> list[str]:
    """Tails for a name: of what is made, or of something else that it belongs to."""
    noun, purpose = spaced(group.name).rpartition(" ")[0], purpose_of(group.first.tool)
    if purpose.verb == "rename":
        return [f"to {text}"]
    if noun and group.own[-1] == "name" and not _is_made(purpose, noun) and noun not in _QUALIFIERS:
        return [f"for the {noun} {text}", f"with {text} as the {noun}"]
    names = not noun or _is_made(purpose, noun) or (noun in _QUALIFIERS and purpose.verb in _MAKING)
    plain = [f"called {text}", f"named {text}", f"by the name of {text}"]
    return plain if names else _labelled(group, text, banned)


def _is_made(purpose: Purpose, noun: str) -> bool:
    """Whether a tool makes what a noun names."""
    return purpose.nouns.deed == "make" and noun.split()[-1] == purpose.noun.rpartition(" ")[2]


def _becomes_file(purpose: Purpose) -> bool:
    """Whether a tool makes the document that a value names."""
    made = purpose.verb in ("create", "save", "export", "write")
    return made and bool(DOCUMENTS & set(purpose.noun.split()))


def _seeks(group: Group) -> bool:
    """Whether a text is what is looked for, not what is put somewhere."""
    return bool(set(group.own) & {"query", "q", "search"}) or purpose_of(group.first.tool).shows


def _labelled(group: Group, text: str, banned: Sequence[str]) -> list[str]:
    named = label(group, banned)
    if says_little(group) or named is None:
        return [f": {text}"] if len(group.items) == 1 else []
    if _is_made(purpose_of(group.first.tool), named):
        return [f"called {text}", f"named {text}"]
    if named.split()[-1] in PEOPLE and is_bare(group.first.value):
        return [f"for {text}"]
    return [f"with {text} as the {named}", f"with the {named} {text}"]


def says_little(group: Group) -> bool:
    """Whether a parameter is called no more than `value`: what it is for is what its tool does."""
    return set(group.own) <= VAGUE | ACTS and len(group.items) == 1


def _dated(own: set[str], text: str) -> list[str]:
    if own & {"end", "until", "due", "deadline", "expiry", "to", "finish", "checkout"}:
        return [f"until {text}", f"through {text}"]
    if own & {"start", "from", "begin", "since"}:
        return [f"from {text}", f"starting on {text}"]
    if own & {"after"}:
        return [f"after {text}"]
    if own & {"before"}:
        return [f"before {text}"]
    return [f"on {text}"]


def _counted(group: Group, text: str, banned: Sequence[str]) -> list[str]:
    own = group.own
    unit = unit_of(group)
    if is_limit(group) and unit == "":
        return [f", no more than {text}", f", at most {text}", f", {text} at the most"]
    if own[-1:] == ("hour",) and spaced(group.name).endswith("hour"):
        return [
            f"from {text} o'clock on" if own[0] == "start" else f"{'until' if own[0] == 'end' else 'at'} {text} o'clock"
        ]
    if unit:
        return _measured(group, text, unit, banned)
    if "year" in own:
        return [f"from {text} on" if set(own) & {"since", "from", "after", "min"} else f"in {text}"]
    if own[-1] in ("since", "after", "before", "until"):
        return [f"{spaced(group.name)} {text}"]
    if own == ("start",):
        return [f"starting at {text}", f"from {text} on"]
    named = label(group, banned)
    if sizes := measured_as(group, banned):
        return [f", {text} {size}" for size in sizes]
    if says_little(group):
        return [f": {text}"]
    if named and len(named.split()) > 1 and own[-1] in INDEXES:
        return [f"for {named.rpartition(' ')[0]} {text}"]
    if named and own and own[-1] in PEOPLE and named.endswith(("s", "people")):
        return [f"for {text} {named}"]
    if named and named.endswith("s") and text != "1" and not group.first.pointer.rpartition("/")[2].isdigit():
        return [f"with {text} {named}"]
    if not named:
        return [f": {text}"]
    return [f"with {text} as the {named}", *([] if named.endswith("s") else [f"with {with_article(named)} of {text}"])]


def is_limit(group: Group) -> bool:
    """Whether a number says how many entries there may be."""
    own = set(group.own)
    number = not isinstance(group.first.value, str) and not _is_placed(group)
    return number and bool(own & _MOST) and own <= _MOST | _ENTRIES and purpose_of(group.first.tool).shows


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
    lone = len(spaced(group.name).split()) == len(unit.split()) or "amount" in group.own
    if unit in SPANS:
        alone = unit.removesuffix("s")
        spans = f"{text} {unit}" if text != "1" else f"{text} {alone}"
        rest = [] if lone else [word for word in spaced(group.name).split()[:-1] if word not in _TERMS]
        return (
            [f"for {spans}", f"for {with_article(text)}-{alone} period"]
            if not rest
            else [f"with {spans} as the {' '.join(rest)}"]
        )
    named = label(group, banned)
    said = [f"{text} {unit}", f"{text} {SHORT_UNITS.get(unit, unit)}"]
    if set(group.own) & _LEAST:
        return [f"of at least {one}" for one in said]
    if set(group.own) & {"largest", "highest", *_MOST}:
        return [f"of at most {one}" for one in said]
    if lone or not named:
        return [f"({one})" for one in said]
    return [f"with {with_article(named)} of {one}" for one in said]


_TERMS = frozenset("duration length term loan rental booking stay time in of for".split())
SHORT_UNITS = {
    "kilograms": "kg",
    "grams": "g",
    "litres": "l",
    "euros": "EUR",
    "square metres": "m²",
    "kilometres": "km",
}
