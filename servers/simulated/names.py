"""What the names of tools and parameters say: words, verbs, nouns, and which word is an identifier."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

Deed = Literal["find", "get", "make", "change", "end", "act"]
"""`find` gives several things, `get` one, `make` a new one, `change` and `end` need one, `act` is anything else."""

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def _deeds(**lists: str) -> dict[str, Deed]:
    deeds: dict[str, Deed] = {}
    for deed in ("find", "get", "make", "change", "end", "act"):
        deeds.update(dict.fromkeys(lists[deed].split(), deed))
    return deeds


DEEDS = _deeds(
    find="list search find query browse discover filter enumerate explore lookup suggest recommend",
    get="get fetch read retrieve show view describe load inspect check count export download info details status",
    make="create add new insert register make post send upload book schedule place submit reserve open start draft "
    "issue invite publish generate clone copy duplicate save log record write build",
    change="update edit modify change set rename move patch assign enable disable mark toggle close complete cancel "
    "approve reject archive restore lock unlock transfer tag pause resume activate deactivate reschedule",
    end="delete remove destroy drop clear purge uninstall unassign unsubscribe revoke discard",
    act="run execute calculate compute convert translate validate verify analyze analyse play navigate click type "
    "press call invoke summarize render format parse compare evaluate test predict estimate solve connect sync reply",
)
"""Verbs by what they do."""
LEAVING: dict[str, str] = {
    "close": "closed", "complete": "completed", "cancel": "cancelled", "approve": "approved", "reject": "rejected",
    "archive": "archived", "restore": "active", "lock": "locked", "unlock": "unlocked", "enable": "enabled",
    "disable": "disabled", "pause": "paused", "resume": "active", "activate": "active", "deactivate": "inactive",
    "publish": "published",
}  # fmt: skip
"""Verbs that leave a thing in a state of that name."""
OVERWRITING = frozenset("write save log record upload".split())
"""Verbs that may make what is there already."""
_LINKS = frozenset("by for of from with in to on at via using into as and the a an all my".split())
_SAID_ALREADY = frozenset("info details detail data list by name id tool mcp item items result results".split())
IDENTIFYING = frozenset("id uuid guid key code slug handle number sku ticker symbol hash token".split())
NAMING = frozenset("name title path url email username filename label".split())


def words_of(name: str) -> list[str]:
    """Lower-case words of an identifier."""
    return [piece.lower() for piece in _PIECE.findall(name)]


def singular(word: str) -> str:
    """The singular of an English noun, near enough to hold two names together."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")) else word


def plural(noun: str) -> str:
    """The plural of an English noun."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def common_words(names: Sequence[str]) -> frozenset[str]:
    """Words at the start of most names, such as the server's own: they say nothing about a tool."""
    first = Counter(words[0] for name in names if (words := words_of(name)))
    many = {word for word, count in first.items() if count > max(2, 0.6 * len(names))}
    return frozenset(many - DEEDS.keys())


def read_name(name: str, ignored: frozenset[str]) -> tuple[str, Deed, tuple[str, ...], bool]:
    """Verb, deed and noun of a tool's name, and whether the noun stands in the plural."""
    words = [word for word in words_of(name) if word not in ignored] or words_of(name)
    at = next((index for index, word in enumerate(words) if word in DEEDS), None)
    verb = words[at] if at is not None else ""
    rest = words[at + 1 :] if at is not None else words
    if at and not _object(rest):
        rest = words[:at]
    noun = _object(rest)
    many = bool(noun) and singular(noun[-1]) != noun[-1]
    return verb, DEEDS.get(verb, "act"), tuple(singular(word) for word in noun), many


def _object(words: Sequence[str]) -> list[str]:
    """The first noun phrase: up to a preposition, without words that say nothing."""
    end = next((index for index, word in enumerate(words) if word in _LINKS), len(words))
    return [word for word in words[:end] if word not in _SAID_ALREADY or word == "result"] or [
        word for word in words[end:] if word not in _LINKS and word not in _SAID_ALREADY
    ]


def owner_of(parameter: str) -> tuple[str, ...] | None:
    """The noun whose identifier a parameter is: `project` of `projectId`, nothing of `id`; `None` for no identifier."""
    words = words_of(parameter)
    if not words or words[-1] not in IDENTIFYING | NAMING:
        return None
    return tuple(singular(word) for word in words[:-1])


def same_noun(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two nouns mean the same kind: equal, or one ends like the other."""
    first, second = tuple(one), tuple(other)
    shorter = min(len(first), len(second))
    return shorter > 0 and first[-shorter:] == second[-shorter:]
