"""The tooling role: the whole turn as one tool, named for its goal and for what only the user knows."""

from __future__ import annotations

import random

from toolweave.agent.offline.english import capitalised, joined, plural, spaced, with_article
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.agent.offline.wording import groups, label
from toolweave.agent.roles import AdvancedTool, ToolingAsk

_OUTPUTS = {
    "seek": "the {many} that were found",
    "read": "what there is to know of the {noun}",
    "make": "the new {noun}",
}


def fold(ask: ToolingAsk) -> AdvancedTool:
    """One composite tool for the calls of a turn; the last call is the goal."""
    target = ask.calls[-1].tool
    purpose = purpose_of(target)
    inputs = _inputs(ask)
    return AdvancedTool(
        name=_name(ask, inputs),
        description=_description(purpose.phrase, inputs, random.Random(ask.seed))[:600],
        inputs=inputs,
        output=_output(purpose)[:300],
    )


def _inputs(ask: ToolingAsk) -> tuple[str, ...]:
    """One phrase for each value that only the user knows; what several calls share is one input."""
    found: dict[tuple[str, str], str] = {}
    for call in ask.calls:
        for group in groups([item for item in ask.inputs if item.call == call.id]):
            key = (group.name, str([item.value for item in group.items]))
            plain = label(group, ()) or spaced(group.name)
            noun = purpose_of(call.tool).noun
            told = f"{plain} of the {noun}" if plain in found.values() and noun and noun not in plain else plain
            found.setdefault(key, told)
    return tuple(found.values())


def _output(purpose: Purpose) -> str:
    """What the user has at the end."""
    if purpose.nouns.deed in _OUTPUTS and purpose.noun:
        return _OUTPUTS[purpose.nouns.deed].format(noun=purpose.noun, many=plural(purpose.noun))
    return f"a confirmation that {purpose.done}" if purpose.done else "a confirmation that it is done"


def _name(ask: ToolingAsk, inputs: tuple[str, ...]) -> str:
    target = ask.calls[-1].tool.name
    if len(ask.calls) == 1:
        return target[:80]
    given = "_and_".join("_".join(text.split()[:2]) for text in inputs[:2])
    return f"{target}_{f'from_{given}' if given else 'in_one_go'}"[:80]


def _description(phrase: str, inputs: tuple[str, ...], rng: random.Random) -> str:
    goal = f"{capitalised(phrase)}."
    if not inputs:
        return goal
    needed = joined([with_article(text) if not text.endswith("s") else text for text in inputs])
    return f"{goal} {rng.choice(('All that is needed is', 'It takes', 'Given are'))} {needed}."
