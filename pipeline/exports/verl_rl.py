"""`verl-rl`: parquet for verl's RLHFDataset and its tool agent loop: a row for every message of the user.

`prompt` is the conversation up to that message, in `{"role", "content"}` as in `verl` but without earlier reasoning and
without the tools, which the agent loop lists itself: `extra_info.tool_selection` names those on offer, and
`extra_info.tools` holds them as JSON. `reward_model.ground_truth` is a JSON object with the `calls` that were made up
to the answer, those that failed left out, and the `answer`. Objects of differing shape are JSON text throughout.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from toolweave.pipeline.exports import chatml
from toolweave.pipeline.exports.format import Format, Layout, Losses, Piece, Row, Split, as_text
from toolweave.pipeline.exports.pieces import cut_any
from toolweave.pipeline.exports.verl_columns import task_schema

_SOURCE = "toolweave"


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent is asked at some point, and what was done then."""

    row_id: str
    number: int
    """Counts the user's messages of a row."""
    tools: list[Row]
    past: list[Row]
    """All messages up to the user's."""
    calls: list[Row]
    answer: str


def cut(row: Row, split: Split, losses: Losses) -> list[Task]:
    """A task for every message of the user that something right was said to."""
    return [_task(str(row.get("id", "")), number, piece) for number, piece in enumerate(cut_any(row, "turn", losses))]


def _task(row_id: str, number: int, piece: Piece) -> Task:
    said = [piece.messages[at] for at in sorted(piece.learnt)]
    asked = max(at for at in range(min(piece.learnt)) if piece.messages[at]["role"] == "user")
    calls = [call for message in said for call in message.get("tool_calls", ())]
    return Task(row_id, number, piece.tools, piece.messages[: asked + 1], calls, said[-1]["content"])


def _write(task: Task) -> Row:
    truth = {"calls": task.calls, "answer": task.answer}
    names = [tool["function"]["name"] for tool in task.tools]
    told = {"id": task.row_id, "index": task.number, "tool_selection": names, "tools": as_text(task.tools)}
    return {
        "data_source": _SOURCE,
        "agent_name": "tool_agent",
        "prompt": [{"role": role, "content": text} for role, text in chatml.blocks(Piece([], task.past, frozenset()))],
        "ability": "tool_use",
        "reward_model": {"style": "rule", "ground_truth": as_text(truth)},
        "extra_info": told,
    }


def _read(line: Row) -> Task:
    told, truth = line["extra_info"], json.loads(line["reward_model"]["ground_truth"])
    text = "".join(chatml.block(message["role"], message["content"]) for message in line["prompt"])
    past = chatml.parse([(False, text)]).messages
    return Task(told["id"], told["index"], json.loads(told["tools"]), past, truth["calls"], truth["answer"])


def _columns(arrow: Any) -> Any:
    text = arrow.string()
    told = {"id": text, "index": arrow.int64(), "tool_selection": arrow.list_(text), "tools": text}
    return task_schema(arrow, told, agent_name=text)


FORMAT = Format(
    "verl-rl",
    "verl's RLHFDataset and tool agent loop",
    [Layout(cut, _write, _read, ("conversation",), columns=_columns)],
    chatml.prepare,
)
