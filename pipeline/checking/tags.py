"""Quality tags: figures of a sample that are computed from its row and judged by nobody."""

from __future__ import annotations

from collections import Counter

from toolweave.pipeline.sample import Quality, Sample, called
from toolweave.servers.json_values import canonical

CHARACTERS_A_TOKEN = 4
_FULL = {"depth": 4, "calls": 8, "turns": 4, "distractors": 40, "width": 3, "kinds": 3, "attempts": 3}
"""From where on a figure counts as difficult as it gets."""
_WEIGHTS = {
    "depth": 0.3,
    "calls": 0.2,
    "turns": 0.15,
    "distractors": 0.15,
    "width": 0.05,
    "kinds": 0.1,
    "attempts": 0.05,
}


def tagged(sample: Sample) -> Quality:
    """The sample's figures, with those that the row alone tells."""
    calls = called(sample.messages)
    names = {name for _, name, _ in calls}
    text = canonical([list(sample.tools), list(sample.messages)])
    tags = sample.quality.model_copy(
        update={
            "width": max((len(message.get("tool_calls") or ()) for message in sample.messages), default=0),
            "dependency_share": round(sample.quality.dependent_calls / max(1, len(calls)), 3),
            "distractors": sum(1 for tool in sample.tools if tool["function"]["name"] not in names),
            "provenance": dict(sorted(Counter(str(item.source.get("kind")) for item in sample.provenance).items())),
            "kinds": tuple(dict.fromkeys(turn.kind for turn in sample.turns)),
            "tokens": len(text) // CHARACTERS_A_TOKEN,
        }
    )
    return tags.model_copy(update={"difficulty": difficulty(tags)})


def difficulty(quality: Quality) -> float:
    """From 0 to 1: each figure as a share of what counts as full, weighed; plain single calls are near 0."""
    figures = {
        "depth": quality.depth - 1,
        "calls": quality.calls - 1,
        "turns": quality.turns - 1,
        "distractors": quality.distractors,
        "width": quality.width - 1,
        "kinds": sum(kind != "base" for kind in quality.kinds),
        "attempts": quality.attempts - 1,
    }
    return round(sum(_WEIGHTS[name] * min(1.0, max(0, value) / _FULL[name]) for name, value in figures.items()), 3)
