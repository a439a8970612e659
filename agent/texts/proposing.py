"""A tool for a step that no server has one for: what it would be called, take and return, by the words of the step.

Only what the step says becomes a parameter: its values, and things that earlier proposed tools have made. The tool is
served as a simulated one, and samples that call it are marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.offline.english import capitalised, with_article
from toolweave.agent.offline.lexicon import SMALL
from toolweave.agent.offline.mentions import Mention, iso_date, mentions_of
from toolweave.agent.texts.matching import Wording
from toolweave.agent.texts.procedures import Step
from toolweave.agent.texts.sentences import core
from toolweave.agent.texts.values import Given
from toolweave.agent.texts.verbs import BY_HAND, INSTRUCTING
from toolweave.agent.texts.wording import spoken
from toolweave.servers.json_values import as_list, as_object
from toolweave.servers.simulated.names import DEEDS

_CALLED = {"called": "name", "named": "name", "titled": "title", "saying": "message", "because": "reason"}
_BEHIND = {
    word: name
    for words, name in (
        ("to", "recipient"), ("for", "purpose"), ("from", "source"), ("about", "topic"), ("in into at on", "place"),
        ("by", "person"), ("with", "text"), ("as", "role"), ("under", "name"),
    )
    for word in words.split()
}  # fmt: skip
"""What a value is where only a preposition stands before it."""
MAKING = frozenset(verb for verb, deed in DEEDS.items() if deed == "make")
"""Verbs of what brings something new into being, which then has an id."""
MOST_WORDS = 3
"""Words of a tool's name."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tool that a step implies."""

    tool: dict[str, Any]
    """As a server lists it."""
    given: dict[str, Given]
    """What the step says for its parameters."""
    made: tuple[str, ...] = ()
    """The noun of what it makes, where it makes something."""
    refers: dict[str, int] = field(default_factory=dict[str, int])
    """Parameter → number of the step whose proposed tool made the thing."""

    @property
    def name(self) -> str:
        """The tool's name."""
        return str(self.tool["name"])


def propose(step: Step, before: Sequence[Proposal | None]) -> Proposal | None:
    """The tool that a step implies; `None` where it is no work for a tool, or says not what is to be done to what.

    Args:
        step: One that no tool fits.
        before: What was proposed for the steps before it.
    """
    text = spoken(f"{core(step.text)}. {step.detail}".strip())
    wording = Wording(step.text)
    verb = next((one for one in wording.verbs if "_" not in one), "")
    if verb not in INSTRUCTING or verb in BY_HAND:
        return None
    values = _named_values(text)
    noun = wording.things[0] if wording.things and wording.things[0][0] not in INSTRUCTING else ()
    if not noun and not values:
        return None
    refers = references(wording, before)
    properties = {name: _schema(mention) for name, mention in values.items()}
    properties |= {name: {"type": "string", "description": f"Which {name[:-3]}."} for name in refers}
    tool = {
        "name": "_".join([verb, *reversed(noun[: MOST_WORDS - 1])]),
        "description": _description(text, values),
        "inputSchema": {"type": "object", "properties": properties, "required": [*properties]},
        "outputSchema": output_of(verb, properties),
    }
    given = {name: Given(_value(mention), "step", step.text, step.lines[0]) for name, mention in values.items()}
    return Proposal(tool, given, noun if verb in MAKING else (), refers)


def together(proposals: Iterable[Proposal]) -> list[dict[str, Any]]:
    """The tools of some proposals, each once: what only some steps say may be left out."""
    found: dict[str, dict[str, Any]] = {}
    for one in proposals:
        own = one.tool
        known = found.get(one.name)
        if known is None:
            found[one.name] = own
            continue
        taken, more = as_object(known["inputSchema"]), as_object(own["inputSchema"])
        required = [name for name in as_list(taken["required"]) if name in as_list(more["required"])]
        properties = {**as_object(more["properties"]), **as_object(taken["properties"])}
        output = {**known["outputSchema"], "properties": {**_inner(own), **_inner(known)}}
        schema = {"type": "object", "properties": properties, "required": required}
        found[one.name] = {**known, "inputSchema": schema, "outputSchema": output}
    return list(found.values())


def _inner(tool: dict[str, Any]) -> dict[str, Any]:
    return as_object(as_object(tool["outputSchema"]).get("properties"))


def output_of(verb: str, properties: dict[str, Any]) -> dict[str, Any]:
    """What is known to come back: what was made with its id, or that it is done."""
    shown = {**({"id": {"type": "string"}} if verb in MAKING else {}), "status": {"type": "string"}}
    shown |= properties if verb in MAKING else {}
    return {"type": "object", "properties": shown, "required": [*shown][:1]}


def _named_values(text: str) -> dict[str, Mention]:
    """The values of a step, each under the name that the words around it give it."""
    found: dict[str, Mention] = {}
    for mention in mentions_of(text):
        name = _name_of(mention)
        found.setdefault(name if name not in found else f"{name}_{len(found) + 1}", mention)
    return found


def _name_of(mention: Mention) -> str:
    before, after = [*mention.before, "", ""], [*mention.after, "", ""]
    if mention.kind in ("date", "moment", "time"):
        return {"date": "date", "moment": "starts_at", "time": "time"}[mention.kind]
    if mention.kind == "address":
        return "email" if "@" in mention.text else "url"
    if before[0] in _CALLED:
        return _CALLED[before[0]]
    if mention.kind == "number" and _is_noun(after[0]):
        return after[0]
    if _is_noun(before[0]) and before[0] not in INSTRUCTING:
        return before[0]
    if _is_noun(after[0]) and before[0] in ("the", "a", "an", "our", "its"):
        return after[0]
    usual = {"number": "number", "quoted": "text"}
    return _BEHIND.get(before[0], usual.get(mention.kind, "name"))


def _is_noun(word: str) -> bool:
    return bool(re.fullmatch(r"[a-z]{3,}", word)) and word not in SMALL and word not in _CALLED


def _schema(mention: Mention) -> dict[str, Any]:
    if mention.kind == "number":
        return {"type": "number" if "." in mention.text else "integer"}
    if mention.kind == "date":
        return {"type": "string", "format": "date"}
    return {"type": "string"}


def _value(mention: Mention) -> Any:
    if mention.kind == "number":
        plain = mention.text.replace(",", "")
        return float(plain) if "." in plain else int(plain)
    return (iso_date(mention.text) or mention.text) if mention.kind == "date" else mention.text


def references(wording: Wording, before: Sequence[Proposal | None]) -> dict[str, int]:
    """Things of proposed tools that a step speaks of, each with the step that made it."""
    spoken_of = {phrase[0] for phrase in wording.things}
    made = {one.made[0]: number for number, one in enumerate(before) if one is not None and one.made}
    return {f"{noun}_id": number for noun, number in made.items() if noun in spoken_of}


def _description(text: str, values: dict[str, Mention]) -> str:
    """The step without its values, as a tool describes itself."""
    first = text.partition(". ")[0].rstrip(".")
    for name, mention in sorted(values.items(), key=lambda one: -one[1].start):
        if mention.end > len(first):
            continue
        lead = re.search(r"(\w+)\s*[\"“]?$", first[: mention.start])
        called = lead is not None and lead.group(1).lower() in _CALLED
        known = lead is not None and lead.group(1).lower() == name
        stand_in = "" if known or mention.kind == "number" else with_article(name.replace("_", " "))
        start = lead.start() if called and lead is not None else mention.start
        first = f"{first[:start]}{'with ' if called else ''}{stand_in}{first[mention.end :]}"
    words = re.sub(r"\s+(?=[,.])", "", " ".join(first.split()))
    words = re.sub(r"\s(?:called|named|titled|saying|at|on|of|with|for|to|in|by)$", "", words)
    return f"{capitalised(words.strip(' ,:'))}."
