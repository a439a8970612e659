"""The seeded draw that the paper calls ε: who speaks, how, and how far from the calls."""

from __future__ import annotations

import random

from toolweave.agent.roles import Style

PERSONAS = (
    "a new colleague on the first day",
    "a busy manager between two meetings",
    "a regular who knows the place",
    "an assistant asking for somebody else",
    "a careful person who checks everything",
    "a volunteer helping out for the weekend",
)


def draw_style(rng: random.Random) -> Style:
    """One style, drawn by seed."""
    return Style(
        persona=rng.choice(PERSONAS),
        register=rng.choice(("plain", "polite", "brisk", "chatty")),
        distance=rng.choice(("explicit", "goal", "goal")),
        vagueness=rng.choice(("exact", "loose")),
        background=rng.choice(("told", "told", "untold")),
    )
