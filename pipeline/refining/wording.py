"""Other words for a row: put in where words stand, held against the original, which is kept as a draft.

Contract: only what the user says, what the assistant thinks and what it says to the user changes. Tools, calls with
their arguments and ids, observations, turns and sources are byte for byte those of the original, or there is no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.reviewing import RefineAsk, Refinement
from toolweave.pipeline.checking.facts import with_told
from toolweave.pipeline.checking.tags import tagged
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Refined, Sample, sample_id
from toolweave.servers.json_values import canonical

STRUCTURE = "structure"
_WORDS = ("content", "reasoning_content")


def ask_for(sample: Sample, seed: int) -> RefineAsk:
    """What a refiner is shown of a row: recorded words of the user have to stay."""
    keep: dict[int, list[str]] = {}
    for item in sample.provenance:
        text = item.source.get("text")
        if isinstance(text, str):
            first, last = sample.turns[int(item.source["turn"])].messages
            for number in range(first, last + 1):
                message = sample.messages[number]
                if message["role"] == "user" and text in str(message["content"]):
                    keep.setdefault(number, []).append(text)
    pieces = {number: tuple(dict.fromkeys(texts)) for number, texts in keep.items()}
    return RefineAsk(sample.tools, sample.messages, pieces, seed)


def reworded(sample: Sample, refinement: Refinement, by: str) -> Sample | Rejection | None:
    """The row in other words, not yet gated; `None` when no word is another, or why it cannot be."""
    messages = [dict(message) for message in sample.messages]
    for one in refinement.messages:
        if one.number >= len(messages):
            return Rejection(STRUCTURE, f"there is no message {one.number}")
        new = {"content": one.content, "reasoning_content": one.reasoning_content}
        messages[one.number] |= {name: text for name, text in new.items() if text is not None}
    changed = tuple(at for at, message in enumerate(messages) if message != sample.messages[at])
    if not changed:
        return None
    made = sample.model_copy(update={"messages": tuple(messages)})
    if canonical(_skeleton(made)) != canonical(_skeleton(sample)):
        return Rejection(STRUCTURE, "something else than words was changed")
    name = sample_id(made.tools, made.messages, made.seed)
    told = with_told(
        made.model_copy(update={"id": name, "refined": Refined(by=by, original=sample.id, messages=changed)})
    )
    return told.model_copy(update={"quality": tagged(told)})


def drafts(original: Sample, made: Sample) -> Iterator[dict[str, Any]]:
    """The words that were there before, as lines of `revisions.jsonl`: one for each message that was reworded."""
    if made.refined is None:
        return
    turn_of = {
        at: number for number, turn in enumerate(made.turns) for at in range(turn.messages[0], turn.messages[1] + 1)
    }
    for at in made.refined.messages:
        before = original.messages[at]
        draft: dict[str, Any] = {
            "reasoning": before.get("reasoning_content") or "",
            "calls": [],
            "answer": before.get("content") or None,
        }
        facts = {"index": original.index, "turn": turn_of[at], "attempt": 0, "mistake": "refined"}
        yield {**facts, "hint": f"reworded by {made.refined.by}", "messages": at, "draft": draft}


def _skeleton(sample: Sample) -> Any:
    """All of a row but its words."""
    row = sample.model_dump(mode="json", exclude={"messages"})
    return [row, [_bare(message) for message in sample.messages]]


def _bare(message: Message) -> Message:
    """A message without its words; what a tool answered is no word, and neither is what a calling message says."""
    if message["role"] not in ("user", "assistant"):
        return message
    spoken = _WORDS if not message.get("tool_calls") else ("reasoning_content",)
    return {name: bool(value) if name in spoken else value for name, value in message.items()}
