"""What a person calls the values of a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.offline.english import lowered, reworded_noun, spaced
from toolweave.agent.offline.lexicon import UNITS, table
from toolweave.agent.roles import UserValue
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.words import words

COMPARING = frozenset("contains contain containing like equals matches prefix substring".split())
"""Words of parameters that only say how a text is compared."""
SEEKING = frozenset("text query q search keyword term phrase pattern word".split()) | COMPARING
NAMING = frozenset("name title label heading subject".split())
REMARKS = frozenset("note remark comment message reason description body content feedback memo text insight".split())
_LOOSE_ENDS = frozenset("to of from on by for in at with per is are has".split())
VAGUE = frozenset("text value string number name list option flag object array boolean integer parameter field".split())
_WRITTEN_OUT = table(
    "idx=index|num=number|qty=quantity|desc=description|lang=language|max=maximum|min=minimum|col=column|cols=columns"
    "|msg=message|addr=address|amt=amount|cat=category|dept=department|ref=reference|tz=timezone|no=number|nr=number"
    "|attr=attribute|config=configuration|dir=directory|img=image|pos=position|temp=temperature"
)
"""Abbreviations of interfaces, written out."""
FILES = frozenset("file filename path filepath".split())
FILE = re.compile(r"(?:in )?[\w/-]+\.[a-z]{2,5}")
"""A file by its name."""
PLACES = frozenset("path file directory folder database".split())
ACTS = frozenset("operation action command mode".split())
"""Words of parameters that say what is to be done."""
INDEXES = frozenset("index idx position number".split())
"""Last words of parameters that count to one of several things."""


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
    if told and len(told.split()) <= 3 and not spoken_of(told, banned) and told.split()[-1] not in VAGUE:
        return told
    if own and own[-1] in ("name", "label"):
        return None
    short = re.split(r"\s(?:of|for|in|to)\s", told)[0] if told else ""
    if short and short != told and not spoken_of(short, banned) and short not in VAGUE:
        return short
    other = reworded_noun(plain, banned, turn) if own and own[-1] not in _LOOSE_ENDS else None
    return other or (told if told and not spoken_of(told, banned) and told.split()[-1] not in VAGUE else None)


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


def measures(group: Group) -> bool:
    """Whether the value is a number, a date or a time."""
    value = group.first.value
    return not isinstance(value, str) or re.match(r"\d{4}-\d{2}-\d{2}|\d{1,2}:\d{2}", value) is not None


def plain_value(value: Any) -> str:
    """A value as lower-case text, for comparing."""
    return str(value).strip().lower()
