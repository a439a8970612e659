"""What the student says when it makes no call: a question for what only the user knows, or that it cannot help."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from toolweave.agent.offline.english import capitalised, joined, lowered, plural
from toolweave.agent.offline.fitting import Slot, is_dated, options_of
from toolweave.agent.offline.forms import pick, wordings
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.wording import COMPARING, NAMING, SEEKING, parameter_text
from toolweave.graph.words import singular, words
from toolweave.servers.tools import Tool

MOST_OPTIONS = 6
MOST_OFFERED = 2
LONGEST_OFFER = 9
"""Words of a purpose that is still worth mentioning."""
_WAYS = wordings("thoughts")
_SORRY = _WAYS["sorry"]
_COULD = _WAYS["could"]
_CODE = re.compile(r"[\d_{}<>\"“”]|[a-z][A-Z]")


def question(tool: Tool, slot: Slot, rng: random.Random) -> str:
    """A question for one value in everyday words."""
    phrase, thing = purpose_of(tool).phrase, named(tool, slot)
    if is_dated(slot):
        forms = [f"For which {thing} should I {phrase}?", f"Which {thing} should it be?", f"What is the {thing}?"]
        forms += [f"On which date should I {phrase}?"] if thing in ("date", "day") else []
    elif options := _options(slot):
        forms = [f"Which {thing} should it be: {options}?", f"Which {thing} would you like, {options}?"]
    elif slot.kinds & {"integer", "number"} and "string" not in slot.kinds:
        forms = _counting(thing, phrase)
    else:
        several = singular(thing.split()[-1]) != thing.split()[-1]
        forms = [
            f"What {'are' if several else 'is'} the {thing}?",
            f"Could you tell me the {thing}?",
            f"To {phrase}, which {thing} should I use?",
            f"What {thing} should I use?",
        ]
    text = rng.choice(forms)
    lead = rng.choice(("", "", "Sure. ", "Happy to help. ", "One thing first: ", "Before I go on: ", "Gladly. "))
    return f"{lead}{lowered(text) if lead.endswith(': ') else text}"


def named(tool: Tool, slot: Slot) -> str:
    """What a person calls a parameter: `name of the member`, `due date`."""
    plain = parameter_text(slot.path, slot.parameter.description)
    plain = " ".join(slot.own) if _CODE.search(plain) else plain
    noun = purpose_of(tool).noun
    own = [word for word in slot.own if word not in COMPARING]
    if len(own) == 1 and own[0] in NAMING | SEEKING and noun and noun != own[0]:
        return f"{plain} of the {noun}" if own[0] in NAMING else f"{plain} for the {noun}"
    return plain or "value"


def _counting(thing: str, phrase: str) -> list[str]:
    last = words(thing)[-1:] or ("",)
    if plural(last[0]) == thing.split()[-1] or thing.endswith("s"):
        return [f"How many {thing} should it be?", f"How many {thing} do you want?"]
    return [f"What {thing} should it be?", f"What should the {thing} be?", f"To {phrase}, what {thing} should I take?"]


def _options(slot: Slot) -> str:
    """The choices, where there are few and all are words."""
    options = [text.replace("_", " ") for text in options_of(slot)]
    if not 2 <= len(options) <= MOST_OPTIONS or any(_CODE.search(text) for text in options):
        return ""
    return joined(options, "or")


def refusal(box: Toolbox, wanted: str, request: str, rng: random.Random) -> str:
    """That nothing on offer does what is wanted, and what could be done instead."""
    deed = (
        lowered(wanted.rstrip(".")) if wanted and not _CODE.search(wanted) and len(wanted.split()) <= 16 else "do that"
    )
    text = pick(rng, _SORRY, deed=deed)
    offers = _offers(box, f"{request} {wanted}")
    if not offers:
        return text
    could = joined(offers, "or")
    return f"{text} {pick(rng, _COULD, could=could)}"


def _offers(box: Toolbox, about: str) -> Sequence[str]:
    """What the likeliest tools on offer do."""
    phrases = [box.purposes[tool.id].phrase for score, tool in box.ranked(about)[:6] if score > 0.0]
    short = [text for text in phrases if len(text.split()) <= LONGEST_OFFER and not _CODE.search(text)]
    return list(dict.fromkeys(short))[:MOST_OFFERED]


def what_is_wanted(goal_text: str) -> str:
    """The deed in a description of it: its first sentence."""
    return capitalised(goal_text.partition(". ")[0].rstrip(". "))
