"""The tooling role: the whole turn as one tool, named for its goal and for what only the user knows."""

from __future__ import annotations

import random

from toolweave.agent.offline.english import capitalised, joined, spaced, with_article
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.wording import groups, label
from toolweave.agent.roles import AdvancedTool, ToolingAsk

_OUTPUTS = {
    "seek": "the {noun} that was looked for",
    "read": "what is known of the {noun}",
    "make": "the new {noun}",
    "change": "the changed {noun}",
    "end": "a confirmation that the {noun} is gone",
    "act": "a confirmation, with the details of the {noun}",
}


def fold(ask: ToolingAsk) -> AdvancedTool:
    """One composite tool for the calls of a turn; the last call is the goal."""
    target = ask.calls[-1].tool
    purpose = purpose_of(target)
    by_call = [group for call in ask.calls for group in groups([i for i in ask.inputs if i.call == call.id])]
    inputs = tuple(dict.fromkeys(label(group, ()) or spaced(group.name) for group in by_call))
    return AdvancedTool(
        name=_name(ask, inputs),
        description=_description(purpose.phrase, inputs, random.Random(ask.seed))[:600],
        inputs=inputs,
        output=_OUTPUTS[purpose.nouns.deed].format(noun=purpose.noun or "result")[:300],
    )


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
