"""The closing answer: the main facts of the last result in words, and nothing that it does not show."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from toolweave.agent.offline.conversation import Situation
from toolweave.agent.offline.english import capitalised, joined, past, plural, spaced
from toolweave.agent.offline.purpose import Purpose
from toolweave.agent.offline.saying import spoken_date
from toolweave.agent.outcomes import reads_as_failure
from toolweave.graph.words import words
from toolweave.servers.json_values import as_list, as_object, is_list, is_object

MOST_FACTS = 5
MOST_LISTED = 6
LONGEST_PROSE = 420
_FIRST_KEYS = ("name", "title", "label", "status", "state", "date", "day", "due", "total", "amount", "balance", "count")
_COUNTING = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_DULL = frozenset("success ok message error result type jsonrpc version created updated".split())


def answer(situation: Situation, purpose: Purpose | None, plain: bool, rng: random.Random) -> str:
    """What the user is told at the end of the turn."""
    if not situation.here or plain:
        return _done(purpose, rng)
    last = situation.here[-1]
    if last.failed:
        return "That did not go through as hoped; nothing more came of it."
    value = last.value
    if isinstance(value, str):
        text = _prose(value, purpose, rng)
    elif is_list(value):
        text = _listing("", value, purpose, rng)
    elif is_object(value):
        text = _object(value, purpose, rng)
    else:
        text = f"The result is {_shown(value)}." if value is not None else _done(purpose, rng)
    return text if text and not reads_as_failure(text) else _done(purpose, rng)


def _done(purpose: Purpose | None, rng: random.Random) -> str:
    if purpose is None or purpose.nouns.deed in ("seek", "read"):
        return rng.choice(
            ("Done, that is what there is.", "All right, that has been looked up.", "That has been taken care of.")
        )
    thing = (
        f"The {purpose.noun} has been {past(purpose.verb)}"
        if purpose.noun and " " not in purpose.verb
        else "That is done"
    )
    return rng.choice((f"{thing}.", "Done.", "That is taken care of."))


def _prose(text: str, purpose: Purpose | None, rng: random.Random) -> str:
    """A text result: as it stands where it is short, else its first lines."""
    text = text.strip()
    if not text:
        return _done(purpose, rng)
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if len(text) > LONGEST_PROSE:
        kept: list[str] = []
        while lines and sum(map(len, kept)) + len(lines[0]) < LONGEST_PROSE:
            kept.append(lines.pop(0))
        text = "\n".join(kept) or f"{text[:LONGEST_PROSE].rsplit(' ', 1)[0]} …"
        if lines and kept:
            text += "\nThere is more where that came from."
    if "\n" in text:
        return f"{rng.choice(('Here is what I found:', 'This is what there is:', 'Here you are:'))}\n{text}"
    lead = rng.choice(("", "", "Done. ", "All set. ")) if purpose and purpose.nouns.deed not in ("seek", "read") else ""
    return f"{lead}{capitalised(text)}{'' if text.endswith(('.', '!', '?', '…')) else '.'}"


def _object(value: dict[str, Any], purpose: Purpose | None, rng: random.Random) -> str:
    lists = [(key, item) for key, item in value.items() if is_list(item) and item]
    facts = _facts(value, "")
    if lists and len(facts) <= 2:
        return _listing(lists[0][0], lists[0][1], purpose, rng)
    if not facts:
        return _done(purpose, rng)
    chosen = facts[:MOST_FACTS]
    lead = _lead(purpose, rng)
    said = [f"the {key} is {text}" for key, text in chosen]
    return f"{lead} {capitalised(joined(said))}.".strip()


def _lead(purpose: Purpose | None, rng: random.Random) -> str:
    if purpose is None:
        return ""
    if purpose.nouns.deed in ("seek", "read"):
        return rng.choice(
            (
                f"Here is what I found on the {purpose.noun}:" if purpose.noun else "Here it is:",
                "Here are the details:",
                "This is what I have:",
            )
        )
    return _done(purpose, rng)


def _facts(value: dict[str, Any], about: str) -> list[tuple[str, str]]:
    """Readable scalar facts, the most telling first; facts of inner objects say whose they are."""
    found: list[tuple[str, str]] = []
    for key, item in value.items():
        label = spaced(str(key))
        label = f"{label} of the {about}" if about else label
        if is_object(item):
            found += _facts(item, spaced(str(key)))
        elif (text := _shown(item)) and not set(words(str(key))) <= _DULL:
            found.append((_spoken_label(label), text))
    return sorted(
        found,
        key=lambda fact: next((at for at, word in enumerate(_FIRST_KEYS) if word in fact[0].split()), len(_FIRST_KEYS)),
    )


def _spoken_label(label: str) -> str:
    found = label.split()
    swapped = ["ID" if word == "id" else "amount in euros" if word == "eur" else word for word in found]
    if len(swapped) > 1 and swapped[-1] in ("on", "at"):
        swapped = [*swapped[:-1], "date"]
    return " ".join(swapped)


def _shown(value: Any) -> str:
    """A scalar in words; empty for what says nothing."""
    if value is None or value == "" or is_object(value):
        return ""
    if is_list(value):
        texts = [text for item in value[:MOST_LISTED] if not is_list(item) and (text := _shown(item))]
        return joined(texts) if texts and len(value) <= MOST_LISTED else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        text = spoken_date(value) or value.strip()
        return "" if len(text) > 140 or "\n" in text else text.rstrip(".")
    return str(value)


def _listing(key: str, items: Sequence[Any], purpose: Purpose | None, rng: random.Random) -> str:
    noun = (purpose.noun if purpose else "") or "entry"
    if key and (named := spaced(key)):
        noun = named[:-1] if named.endswith("s") else named
    if not items:
        return f"There is no {noun} for that."
    count = _COUNTING[len(items)] if len(items) < len(_COUNTING) else "quite a few"
    named = [text for item in items[:MOST_LISTED] if (text := _entry(item))]
    head = f"{count} {plural(noun) if len(items) != 1 else noun}"
    if not named:
        return f"I found {head}."
    more = " among others" if len(items) > len(named) else ""
    lead = rng.choice(
        (f"I found {head}: ", f"There {'is' if len(items) == 1 else 'are'} {head}: ", f"That gives {head}: ")
    )
    return f"{lead}{joined(named) if all(',' not in text for text in named) else '; '.join(named)}{',' if more else ''}{more}."


def _entry(item: Any) -> str:
    """One entry of a list: what it is called, with one more fact."""
    if not is_object(item):
        return _shown(item)
    facts = _facts(as_object(item), "")
    name = next(
        (text for key, text in facts if key.split()[-1] in ("name", "title", "label", "subject", "description")), ""
    )
    others = [(key, text) for key, text in facts if text != name and not re.search(r"\bID\b", key)]
    if name:
        return f"{name} ({others[0][0]}: {others[0][1]})" if others else name
    return ", ".join(text for _, text in facts[:2])


def lists_in(value: Any) -> int:
    """How many entries a result lists."""
    return max((len(as_list(item)) for item in as_object(value).values()), default=len(as_list(value)))
