"""Parts of one's own for Toolweave: `pip install examples/plugin` beside it, and name them on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.pipeline.exports.format import Format, Layout, Losses, Row, Split
from toolweave.pipeline.sample import Sample
from toolweave.servers.tools import Tool

MOST_WORDS = 60
LEAST_WORDS = 3
TITLES = ("Winter Ferry", "Saffron Street")


def short_requests(sample: Sample) -> Iterator[str]:
    """A gate: one reason for every request that goes on for too long; a sample with none is kept."""
    for message in sample.messages:
        if message["role"] == "user" and (count := len(str(message["content"]).split())) > MOST_WORDS:
            yield f"a request has {count} words"


async def words(sample: Sample) -> dict[str, Any] | str:
    """A stage: notes how many words users say in a sample, and rejects one in which they hardly say any."""
    said = [str(message["content"]).split() for message in sample.messages if message["role"] == "user"]
    count = sum(map(len, said))
    return {"users": count} if count >= LEAST_WORDS else f"users say {count} words"


def shelf(tool: Tool, parameter: str, schema: dict[str, Any]) -> Iterator[str]:
    """A source of values: what one would look for in a library; only where a text is searched for."""
    if tool.name.startswith("search") and schema.get("type") == "string" and parameter == "text":
        yield from TITLES


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
