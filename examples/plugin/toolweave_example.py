"""Parts of one's own for Toolweave: `pip install examples/plugin` beside it, and name them on the command line."""

from __future__ import annotations

from collections.abc import Iterator

from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.pipeline.exports.format import Format, Layout, Losses, Row, Split
from toolweave.pipeline.sample import Sample

MOST_WORDS = 60


def short_requests(sample: Sample) -> Iterator[str]:
    """A gate: one reason for every request that goes on for too long; a sample with none is kept."""
    for message in sample.messages:
        if message["role"] == "user" and (count := len(str(message["content"]).split())) > MOST_WORDS:
            yield f"a request has {count} words"


class Terse(OfflineTeacher):
    """A teacher: what it is called stands in every sample that it wrote."""

    @property
    def name(self) -> str:
        """As `samples.jsonl` records it."""
        return "terse"


def _cut(row: Row, _split: Split, losses: Losses) -> list[str]:
    losses["all-but-requests"] += 1
    return [str(message["content"]) for message in row["messages"] if message["role"] == "user"]


def _write(unit: str) -> Row:
    return {"request": unit}


def _read(line: Row) -> str:
    return str(line["request"])


REQUESTS = Format(
    "requests",
    "whoever wants only what users say",
    [Layout(_cut, _write, _read, splits=("conversation",))],
    accepted=frozenset({"all-but-requests"}),
)
"""An export format: what users say, a request a line."""
