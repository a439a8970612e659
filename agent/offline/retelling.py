"""A second telling of a finished sample: everyday words for others, never a value, never what must stay."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from toolweave.agent.messages import Message
from toolweave.agent.reviewing import RefineAsk, Refinement, Reworded

_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”")
_WAYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "user": (
        ("Could you ", "Would you ", "Can you "),
        ("I need to ", "I have to ", "I want to "),
        ("I'd like to ", "I would like to ", "I want to "),
        ("after that ", "next "),
        (" and then ", " and after that "),
        ("Thanks", "Thank you"),
    ),
    "thought": (
        ("First I have to ", "First of all I have to ", "I start with this: I have to "),
        ("I can take ", "I take "),
        ("The user wants me to ", "The user asks me to "),
        ("so I call ", "so I use "),
        ("Now I can use ", "Next I can use "),
        ("came back just now", "has just come back"),
        ("That is everything", "That was everything"),
    ),
    "answer": (
        ("I have also ", "I also have "),
        ("This is what there is:", "Here is what there is:"),
        ("Here are the details:", "These are the details:"),
        ("All set.", "All done."),
        ("Unfortunately ", "I am sorry, but "),
        ("What I can do is ", "What I could do is "),
    ),
}
"""For each kind of words: pieces that say the same."""


def retold(ask: RefineAsk) -> Refinement:
    """Every message that can be put otherwise, each piece drawn by seed."""
    rng = random.Random(ask.seed)
    return Refinement(messages=tuple(_reworded(ask, rng)))


def _reworded(ask: RefineAsk, rng: random.Random) -> Iterator[Reworded]:
    for number, message in enumerate(ask.messages):
        keep = ask.keep.get(number, ())
        said = _otherwise(str(message.get("content") or ""), _kind(message), keep, rng)
        thought = _otherwise(str(message.get("reasoning_content") or ""), "thought", (), rng)
        if said is not None or thought is not None:
            yield Reworded(number=number, content=said, reasoning_content=thought)


def _kind(message: Message) -> str:
    """What is said in a message; results of tools and calls are no words."""
    if message["role"] == "user":
        return "user"
    return "answer" if message["role"] == "assistant" and not message.get("tool_calls") else ""


def _otherwise(text: str, kind: str, keep: Sequence[str], rng: random.Random) -> str | None:
    """The text with some pieces put otherwise; `None` where none is."""
    spans = [match.span() for match in _QUOTED.finditer(text)]
    spans += [match.span() for piece in keep for match in re.finditer(re.escape(piece), text)]
    changed = text
    for start, end, other in sorted(_changes(text, kind, rng), reverse=True):
        if all(end <= first or last <= start for first, last in spans):
            changed = f"{changed[:start]}{other}{changed[end:]}"
            spans.append((start, end))
    return changed if changed != text else None


def _changes(text: str, kind: str, rng: random.Random) -> Iterator[tuple[int, int, str]]:
    """Where a text can be put otherwise, and how."""
    for ways in _WAYS.get(kind, ()):
        for piece in ways:
            for match in re.finditer(rf"(?<!\w){re.escape(piece)}", text):
                yield (*match.span(), rng.choice([other for other in ways if other != piece]))
