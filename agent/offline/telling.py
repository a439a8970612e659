"""Putting one value into words: behind a verb phrase, as a sentence of its own, as an entry of a list."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from toolweave.agent.offline.english import capitalised, joined, lowered, reworded, spaced
from toolweave.agent.offline.lexicon import COUNTING, SMALL, SPANS
from toolweave.agent.offline.saying import spoken_value
from toolweave.agent.offline.tails import SHORT_UNITS, is_limit, measured_as, tails_of, unit_of
from toolweave.agent.offline.wording import REMARKS, Group, label
from toolweave.agent.roles import UserValue
from toolweave.agent.whole_words import spoken_of

IN_WORDS = 0.5
"""How often a small number of things is said in words."""
_STATED = re.compile(r"(?:[A-Za-z]+ ){1,3}[a-z]+s (?:in|on|at|to|as|with|the|an?) ")
"""What a flag means, said as a fact: `first row stays in place`."""
_ORDERS = frozenset("leave keep include show use skip return ignore overwrite".split())


@dataclass(frozen=True, slots=True)
class Clause:
    """One value put into words."""

    tail: str
    """Follows a verb phrase or a noun, such as `on 4 March 2026`; empty when only a sentence will do."""
    sentence: str
    """Stands alone, without its full stop."""
    item: str
    """An entry of a list of values: `author Ines Holm`; empty when the value has no name that may be said."""
    said: tuple[tuple[UserValue, str], ...]
    """Each leaf with the substring that says it."""


def clause(group: Group, banned: Sequence[str], rng: random.Random) -> Clause:
    """Put one value into words that hold none of the banned ones."""
    if isinstance(group.first.value, bool) and len(group.items) == 1:
        return _flag(group, banned)
    shown = [spoken_value(item.value, item.schema) for item in group.items]
    if _counts(group, banned) and rng.random() < IN_WORDS:
        shown = [COUNTING[group.first.value]]
    text = _list_text(group, shown)
    said = tuple(zip(group.items, shown, strict=True))
    tails = [tail for tail in tails_of(group, text, banned) if not spoken_of(_outside(tail, shown), banned)]
    sentence = _sentence(group, text, shown, banned, rng)
    return Clause(rng.choice(tails[:3]) if tails else "", sentence, _item(group, text, banned), said)


def _counts(group: Group, banned: Sequence[str]) -> bool:
    """Whether the value is a small number of things: `three lines`."""
    value, named = group.first.value, label(group, banned) or ""
    small = isinstance(value, int) and not isinstance(value, bool) and 1 < value < len(COUNTING)
    listed = group.first.pointer.rpartition("/")[2].isdigit()
    return small and not listed and len(group.items) == 1 and named.endswith("s") and not unit_of(group)


def _item(group: Group, text: str, banned: Sequence[str]) -> str:
    named, unit = label(group, banned), unit_of(group)
    if sizes := measured_as(group, banned):
        return f"{text} {sizes[0]}"
    short = unit and not spoken_of(unit, banned) and not isinstance(group.first.value, str)
    if text in COUNTING:
        return f"{text} {named}"
    return f"{named} {text}{f' {unit}' if short else ''}" if named else ""


def _list_text(group: Group, shown: Sequence[str]) -> str:
    """Items of lists of lists are held apart by semicolons."""
    rows: dict[str, list[str]] = {}
    for item, text in zip(group.items, shown, strict=True):
        inner = re.search(r"/(\d+)/\d+$", item.pointer)
        rows.setdefault(inner.group(1) if inner else "", []).append(text)
    return "; ".join(joined(row) for row in rows.values())


def _outside(text: str, shown: Sequence[str]) -> str:
    for value in shown:
        text = text.replace(value, "…")
    return text


def _sentence(group: Group, text: str, shown: Sequence[str], banned: Sequence[str], rng: random.Random) -> str:
    named = label(group, banned, rng.randrange(4))
    options: list[str] = []
    if re.match(r"(?:what|who|why|how|where|when|which|for|by)\b", group.description, re.IGNORECASE):
        asked = re.split(r"[;.,(\n]", group.description)[0].strip()
        options += [f"{capitalised(asked)}: {text}"]
        options += [f"As to {lowered(asked)}: {text}"] if not re.match(r"(?:for|by) ", asked, re.IGNORECASE) else []
    if named:
        head = re.split(r"\s(?:of|for|in|to)\s", named)[0]
        verb = "are" if len(group.items) > 1 or (head.endswith("s") and not head.endswith("ss")) else "is"
        options += [
            f"The {named} {verb} {text}",
            f"{capitalised(named)}: {text}",
            f"The {named} should be {text}",
            f"I'd like {text} as the {named}",
        ]
        if verb == "are" and len(group.items) == 1 and isinstance(group.first.value, (int, float)):
            options = [f"{text} {named}, please", f"There should be {text} {named}", f"Make it {text} {named}"]
    if sizes := measured_as(group, banned):
        options = [f"{way} {text} {size}" for way in ("Make it", "It should be", "I'd like it") for size in sizes]
    if is_limit(group):
        options = [f"No more than {text}, please", f"At most {text}"]
    unit = unit_of(group) if not isinstance(group.first.value, str) else ""
    if unit:
        forms = [
            f"Make it {text} {unit}",
            f"Make it {text} {SHORT_UNITS.get(unit, unit)}",
        ]
        forms = [f"For {text} {unit}, please"] if unit in SPANS else forms
        options = [form for form in forms if not spoken_of(_outside(form, shown), banned)][:1] or options
    if set(group.own) & REMARKS:
        options += [f"Put it like this: {text}", f"The wording is {text}"]
    options = [option for option in options if not spoken_of(_outside(option, shown), banned)]
    if options:
        return rng.choice(options)
    tails = [tail for tail in tails_of(group, text, banned) if not spoken_of(_outside(tail, shown), banned)]
    behind = next((tail for tail in tails if tail[0].isalpha()), "")
    return (
        f"It's {behind}" if behind else rng.choice((f"It should be {text}", f"Make it {text}", f"Please take {text}"))
    )


def _flag(group: Group, banned: Sequence[str]) -> Clause:
    """A yes or no: `Leave out copies that are lent: yes`."""
    item, asked = group.first, re.split(r"[;.(\n]", group.description)[0].strip()
    asked = re.sub(
        r"^(?:whether|if|true|false|set to true|true if|when true)\b[:,]?\s*(?:to\s+)?", "", asked, flags=re.IGNORECASE
    )
    about = next(
        (
            text
            for text in (asked, spaced(group.name))
            if text
            and text.split()[0].lower() not in SMALL
            and len(text.split()) <= 14
            and not spoken_of(text, banned)
            and not re.search(r"[_{}<>`]|[a-z][A-Z]", text)
        ),
        reworded(spaced(group.name), banned) or "that",
    )
    about = f"whether the {lowered(about)}" if _STATED.match(about) else about
    answer = "yes" if item.value else "no"
    order = about.split()[0].lower() in _ORDERS
    if order and item.value:
        return Clause("", f"And do {lowered(about)}", "", ((item, "do"),))
    if order:
        return Clause("", f"And don't {lowered(about)}", "", ((item, "don't"),))
    return Clause("", f"{capitalised(about)}: {answer}", f"{lowered(about)}: {answer}", ((item, answer),))
