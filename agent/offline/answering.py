"""The closing answer: the main facts of the last result in words, and nothing that it does not show."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.offline.conversation import Seen
from toolweave.agent.offline.english import capitalised, joined, past, plural, spaced, with_article
from toolweave.agent.offline.lexicon import COUNTING, UNITS
from toolweave.agent.offline.purpose import Purpose
from toolweave.agent.offline.saying import spoken_date
from toolweave.agent.outcomes import reads_as_failure
from toolweave.graph.words import singular, words
from toolweave.servers.json_values import as_object, is_list, is_object

MOST_FACTS = 5
MOST_LISTED = 6
MOST_DONE = 4
"""Earlier deeds of a turn that its answer tells of."""
LONGEST_PROSE = 420
_COUNTS = frozenset("total count number num hit match result found length".split())
"""Words of fields that say how many there are; any other number beside a list is about something else."""
_FIRST_KEYS = ("name", "title", "label", "status", "state", "date", "due", "total", "amount", "balance", "count")
_ENTRY_NAMES = frozenset("name title label subject description".split())
_DULL = frozenset("success ok message error result type jsonrpc version created updated".split())


def answer(
    results: Sequence[tuple[Seen, Purpose | None]], before: Sequence[Purpose], plain: bool, rng: random.Random
) -> str:
    """What the user is told at the end of the turn: what was done `before`, and what came of its last step's calls."""
    if plain:
        results, before = results[-1:], ()
    told = list(dict.fromkeys(_outcome(seen, purpose, plain, rng) for seen, purpose in results)) or [_done(None, rng)]
    done = list(dict.fromkeys(purpose.report for purpose in before if not purpose.shows and purpose.report))
    lead = f"I have {joined(done[-MOST_DONE:])}. " if done else ""
    told = [
        text.replace("I have ", "I have also ", 1) if lead and text.startswith("I have ") else text for text in told
    ]
    return lead + ("\n" if any("\n" in text for text in told) else " ").join(told)


def _outcome(last: Seen, purpose: Purpose | None, plain: bool, rng: random.Random) -> str:
    if plain:
        return _done(purpose, rng)
    if last.failed:
        return "That did not go through as hoped; nothing more came of it."
    value = last.value
    if isinstance(value, str):
        text = _prose(value, purpose, rng)
    elif is_list(value) and len(value) == 1 and is_object(value[0]) and not _names(value[0]):
        text = _object(as_object(value[0]), purpose, rng)
    elif is_list(value):
        text = _listing("", value, purpose, rng)
    elif is_object(value):
        text = _object(value, purpose, rng)
    else:
        text = f"The result is {_shown(value)}." if value is not None else _done(purpose, rng)
    return text if text and not reads_as_failure(text) else _done(purpose, rng)


def _done(purpose: Purpose | None, rng: random.Random) -> str:
    if purpose is None or purpose.shows:
        return rng.choice(
            ("Done, that is what there is.", "All right, that has been looked up.", "That has been taken care of.")
        )
    said = [capitalised(purpose.done), f"I have {purpose.report}" if purpose.report else ""]
    return f"{rng.choice([text for text in said if text] or ['Done', 'That is done', 'That is taken care of'])}."


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
    lead = rng.choice(("", "", "Done. ", "All set. ")) if purpose and not purpose.shows else ""
    return f"{lead}{capitalised(text)}{'' if text.endswith(('.', '!', '?', '…')) else '.'}"


def _object(value: dict[str, Any], purpose: Purpose | None, rng: random.Random) -> str:
    lists = [(key, item) for key, item in value.items() if is_list(item) and item]
    facts = _facts(value, "")
    if lists and len(facts) <= 2:
        return _listing(lists[0][0], lists[0][1], purpose, rng, _total(value, len(lists[0][1])))
    made = purpose is not None and not purpose.shows
    said = [fact for fact in facts if not fact.identifies and not (made and fact.repeats(purpose))][:MOST_FACTS]
    ids = [fact for fact in facts if fact.identifies]
    if not facts:
        return _done(purpose, rng)
    told = f"{_lead(purpose, rng)}: {', '.join(fact.text for fact in said)}." if said else _done(purpose, rng)
    ids = [fact for fact in ids if not fact.label.endswith("s")]
    if ids and (purpose is None or (not purpose.shows and purpose.nouns.deed in ("make", "act")) or not said):
        told += f" {rng.choice(('The', 'Its' if ' ' not in ids[0].label else 'The'))} {ids[0].text_with_verb}."
    return told


def _lead(purpose: Purpose | None, rng: random.Random) -> str:
    if purpose is None:
        return "This is the result"
    if purpose.shows:
        leads = ["Here are the details", "This is what I have"]
        if purpose.noun:
            leads += [f"Here is what I found on the {purpose.noun}", f"This is what there is on the {purpose.noun}"]
        return rng.choice(leads)
    return _done(purpose, rng).removesuffix(".")


@dataclass(frozen=True, slots=True)
class _Fact:
    """One scalar of a result in words."""

    label: str
    shown: str
    text: str
    identifies: bool
    about: str = ""
    """The inner object that it belongs to; empty for the result's own facts."""

    @property
    def text_with_verb(self) -> str:
        """As a sentence without its subject's article."""
        return f"{self.label} is {self.shown}"

    def repeats(self, purpose: Purpose | None) -> bool:
        """Whether it only says that what was done is done: `status: booked`."""
        return purpose is not None and self.shown.lower() == past(purpose.verb)


def _facts(value: dict[str, Any], about: str, always: bool = False) -> list[_Fact]:
    """Readable scalar facts, the most telling first; facts of inner objects say whose they are.

    With `always`, every label begins with `about`.
    """
    found: list[_Fact] = []
    inner = sum(is_object(item) for item in value.values())
    for key, item in value.items():
        if is_object(item):
            found += _facts(item, spaced(str(key)) if len(value) > 1 else about, inner > 1)
        elif (text := _shown(item)) and not (about and item is False) and not set(words(str(key))) <= _DULL:
            label = spaced(str(key)).split() if not str(key)[:1].isupper() else [str(key)]
            found.append(_fact([*about.split(), *label] if always else label, item, text, about))
    order = {word: at for at, word in enumerate(_FIRST_KEYS)}
    return sorted(found, key=lambda fact: min((order.get(word, 99) for word in fact.label.split()), default=99))


def _fact(label: list[str], value: Any, text: str, about: str) -> _Fact:
    identifies = label[-1] in ("id", "uuid", "number", "code", "key") and isinstance(value, str)
    identifies = identifies or label[-1] in ("ids", "numbers", "codes", "keys")
    spoken = " ".join("ID" if word == "id" else "IDs" if word == "ids" else word for word in label)
    spoken = f"{spoken} of the {about}" if about and identifies else spoken
    return _Fact(spoken, text, _phrased(label, value, text, about), identifies, about)


def _phrased(label: list[str], value: Any, text: str, about: str) -> str:
    """`vet Ingrid Solberg`, `on 16 February 2026`, `due on 3 May 2026`, `weight 35.6 kilograms`, `not vegetarian`."""
    if isinstance(value, bool):
        told = " ".join(word for word in label if word not in ("is", "has"))
        if label[0] == "has":
            return f"with {told if plural(told) == told else with_article(told)}" if value else f"no {told}"
        return told if value else f"not {told}"
    if len(label) > 1 and label[-1] in UNITS and not isinstance(value, str):
        return f"{' '.join(label[:-1])} {text} {UNITS[label[-1]][0]}"
    if label[-1] in ("name", "title", "label", "path"):
        return " ".join([*(label[:-1] or [about] if label[:-1] or about else []), text]).strip()
    if label in (["day"], ["date"]) and spoken_date(str(value)):
        return f"on {text}"
    if label == ["time"]:
        return f"at {text}"
    return f"{' '.join(label)} {text}"


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
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e12:
        return f"{value:.0f}"
    return str(value)


def _total(value: dict[str, Any], listed: int) -> int:
    """How many there are, where a result says so beside a list that it cut."""
    counts = [
        item
        for key, item in value.items()
        if isinstance(item, int) and not isinstance(item, bool) and _COUNTS & {*words(key)}
    ]
    return counts[0] if len(counts) == 1 and counts[0] > listed else 0


def _listing(key: str, items: Sequence[Any], purpose: Purpose | None, rng: random.Random, total: int = 0) -> str:
    """What a result lists, by name."""
    noun = _kind(purpose) if purpose is not None else "entry"
    if key and (plain := spaced(key)):
        noun = " ".join([*plain.split()[:-1], singular(plain.split()[-1])])
    if not items:
        return f"There is no {noun} for that."
    count = COUNTING[len(items)] if len(items) < len(COUNTING) else "quite a few"
    named = [text for item in items[:MOST_LISTED] if (text := _entry(item))]
    head = re.sub(r"\bid(s?)$", r"ID\1", f"{total or count} {plural(noun) if len(items) != 1 else noun}")
    if not named:
        return f"I found {head}."
    more = " among others" if len(items) > len(named) else ""
    lead = rng.choice(
        (f"I found {head}: ", f"There {'is' if len(items) == 1 else 'are'} {head}: ", f"That gives {head}: ")
    )
    listed = (
        joined(named)
        if not more and all("," not in text for text in named)
        else ("; " if any("," in text for text in named) else ", ").join(named)
    )
    return f"{lead}{listed}{more}."


def _kind(purpose: Purpose) -> str:
    """What the entries of a list are: what the tool looks for, where its words speak of several such things."""
    listed = purpose.noun and re.search(rf"\b{re.escape(plural(purpose.noun))}\b", purpose.object, re.IGNORECASE)
    return purpose.noun if listed and purpose.shows else "entry"


def _names(item: Any) -> list[_Fact]:
    """What an entry is called, its own name before those of what is in it."""
    named = [fact for fact in _facts(as_object(item), "") if fact.label.split()[-1] in _ENTRY_NAMES]
    return sorted(named, key=lambda fact: bool(fact.about))


def _entry(item: Any) -> str:
    """One entry of a list: what it is called, with one more fact."""
    if not is_object(item):
        return _shown(item)
    facts, name = _facts(as_object(item), ""), next(iter(_names(item)), None)
    others = [fact.text for fact in facts if fact != name and not fact.identifies]
    if name is not None:
        return f"{name.shown} ({others[0]})" if others else name.shown
    return ", ".join(others[:2] or [fact.shown for fact in facts[:1]])
