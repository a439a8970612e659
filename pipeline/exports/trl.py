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

from collections.abc import Iterable
from itertools import pairwise

from toolweave.pipeline.exports.format import Format, Losses, Row
from toolweave.pipeline.exports.stretches import Stretch, is_plain, stretches
from toolweave.servers.errors import RunError


def whole(row: Row, losses: Losses) -> list[Row]:
    """One conversation with its tools.

    Raises:
        RunError: The row holds what a model must not learn.
    """
    if not is_plain(row):
        raise RunError("the samples changed while they were exported: export again")
    return [{"messages": row["messages"], "tools": row["tools"]}]


def cut(row: Row, losses: Losses) -> list[Row]:
    """A conversation in pieces, each with all that came before it as its prompt."""
    messages = row["messages"]
    return [
        {"prompt": messages[:start], "completion": messages[start:end], "tools": stretch.tools}
        for stretch in stretches(row)
        for start, end in _pieces(stretch, messages)
    ]


def _pieces(stretch: Stretch, messages: list[Row]) -> Iterable[tuple[int, int]]:
    """First index and end of every piece: from one message to learn to the last one before something masked."""
    cuts = [stretch.first - 1, *sorted(stretch.masked), stretch.end]
    learnt = stretch.learnt(messages)
    for before, after in pairwise(cuts):
        piece = [at for at in learnt if before < at < after]
        if piece:
            yield piece[0], piece[-1] + 1


FORMAT = Format("trl", "TRL SFTTrainer and its relatives", whole, is_plain, cut)
