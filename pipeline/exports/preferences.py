"""What the critic turned down beside what was kept in its place: pairs, and single judgements.

A draft of `revisions.jsonl` was made after so many messages of its conversation; the message that stands there now is
the one that was accepted. Drafts of turns that were given up have none, and neither have those before a call that
fails: what may not be learnt is never the better choice. Drafts that a message got twice are one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from toolweave.pipeline.exports.format import Judged, Losses, Pair, Piece, Row, Split
from toolweave.pipeline.exports.pieces import as_shown, cut_any
from toolweave.pipeline.exports.plain import bare
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.servers.json_values import canonical


def with_revisions(directory: Path) -> Iterator[Row]:
    """The rows of a run, each with its `revisions`.

    Raises:
        RunError: A file is missing or damaged.
    """
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for line in read_lines(directory / "revisions.jsonl"):
        found[line["index"]].append(line)
    for row in read_lines(directory / "samples.jsonl"):
        yield row | {"revisions": found.get(row["index"], [])}


def cut_pairs(row: Row, split: Split, losses: Losses) -> list[Pair]:
    """A pair for every draft that was turned down."""
    drafts = _drafts(row)
    return [
        Pair(piece.tools, _past(piece, split), piece.messages[-1], draft)
        for piece in cut_any(row, "step", losses)
        for draft in drafts.get(len(piece.messages) - 1, [])
        if _content(draft) != _content(piece.messages[-1])
    ]


def cut_judged(row: Row, split: Split, losses: Losses) -> list[Judged]:
    """Every message to learn, and every draft that was turned down in its place."""
    right = [
        Judged(piece.tools, _past(piece, split), piece.messages[-1], True) for piece in cut_any(row, "step", losses)
    ]
    wrong = [Judged(pair.tools, pair.past, pair.rejected, False) for pair in cut_pairs(row, split, losses)]
    return sorted(right + wrong, key=lambda judged: len(judged.past))


def _past(piece: Piece, split: Split) -> list[Row]:
    return as_shown(piece.messages, len(piece.messages) - 1, split)[:-1]


def _drafts(row: Row) -> dict[int, list[Row]]:
    """Index of a message → the different drafts that came before it."""
    found: defaultdict[int, dict[str, Row]] = defaultdict(dict)
    for revision in row["revisions"]:
        found[revision["messages"]].setdefault(canonical(revision["draft"]), _message(revision["draft"]))
    return {at: list(drafts.values()) for at, drafts in found.items()}


def _message(draft: Row) -> Row:
    message: Row = {"role": "assistant", "content": draft["answer"] or "", "reasoning_content": draft["reasoning"]}
    calls = [
        {
            "id": f"draft_{number}",
            "type": "function",
            "function": {"name": call["name"], "arguments": call["arguments"]},
        }
        for number, call in enumerate(draft["calls"], 1)
    ]
    return message | ({"tool_calls": calls} if calls else {})


def _content(message: Row) -> object:
    """What is learnt of a message: all but the ids of its calls."""
    calls = [bare(call) for call in message.get("tool_calls", ())]
    return message["content"], message.get("reasoning_content"), calls
