"""`trl`: TRL's SFTTrainer, and what reads the same shape (Unsloth, Axolotl's `chat_template`, NeMo-RL, SkyRL).

Arguments are objects and reasoning stands in `reasoning_content`, as chat templates want them. Nothing is lost. Load
the file with `datasets` 4.7 or later: older ones fill up objects of different keys with nulls, which models then learn.
"""

from __future__ import annotations

from toolweave.pipeline.exports.format import Format, Losses, Row


def convert(row: Row, losses: Losses) -> Row:
    """One conversation with its tools."""
    return {"messages": row["messages"], "tools": row["tools"]}


FORMAT = Format("trl", "TRL SFTTrainer and its relatives", convert)
