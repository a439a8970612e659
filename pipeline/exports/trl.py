"""`trl`: TRL's SFTTrainer, and what reads the same shapes.

Arguments are objects and reasoning stands in `reasoning_content`, as chat templates want them. Nothing is lost.

All lines of a file have one of two shapes; TRL fails on a file that holds both:

- `{"messages", "tools"}`, a line per row, when every row offers the same tools throughout and holds no call that fails.
  Unsloth, Axolotl's `chat_template`, NeMo-RL and SkyRL read it too.
- `{"prompt", "completion", "tools"}` otherwise: TRL has no weights in `messages`, and a line has one list of tools. A
  row is cut where its offer changes and where a call fails; what came before is the prompt, which is not learnt.

Train with `SFTConfig(assistant_only_loss=True)` in both cases: TRL 1.16 then learns what the assistant says and, where
there is a completion, only what it says in there. Without it, tool results and the user's words are learnt too.
Raise `max_length`: two dozen tools alone can fill its default, and TRL drops a line of which nothing to learn is left.
Load the file with `datasets` 4.7 or later: older ones fill up objects of different keys with nulls, which models then
learn.
"""

from __future__ import annotations

from toolweave.pipeline.exports.format import Chat, Format, Layout, Piece, Row
from toolweave.pipeline.exports.pieces import cut_completions, cut_whole
from toolweave.pipeline.exports.plain import assistants


def _write_whole(piece: Piece) -> Row:
    return {"messages": piece.messages, "tools": piece.tools}


def _read_whole(line: Row) -> Piece:
    return Piece(line["tools"], line["messages"], assistants(line["messages"]))


def _write_completion(piece: Piece) -> Row:
    start = min(piece.learnt)
    return {"prompt": piece.messages[:start], "completion": piece.messages[start:], "tools": piece.tools}


def _read_completion(line: Row) -> Piece:
    messages = line["prompt"] + line["completion"]
    return Piece(line["tools"], messages, assistants(messages, len(line["prompt"])))


def _chat_whole(piece: Piece) -> list[Chat]:
    return [Chat(piece.tools, piece.messages, marked=True)]


def _chat_completion(piece: Piece) -> list[Chat]:
    return [Chat(piece.tools, piece.messages, min(piece.learnt), marked=True)]


WHOLE = Layout(cut_whole, _write_whole, _read_whole, ("conversation",), _chat_whole)
COMPLETIONS = Layout(cut_completions, _write_completion, _read_completion, chats=_chat_completion)
FORMAT = Format(
    "trl",
    "TRL SFTTrainer and its relatives",
    [WHOLE, COMPLETIONS],
    hint="train with SFTConfig(assistant_only_loss=True)",
)
