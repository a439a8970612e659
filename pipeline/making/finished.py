"""An item that is done: what is known of it, and the lines that it leaves in the run's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

from toolweave.graph.long_turns import LONG
from toolweave.pipeline.checking.recording import Recording
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.sample import Sample, called

Line = tuple[str, dict[str, Any]]
"""Name of a file of the run, an object for it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A planned item with its outcome."""

    index: int
    made: Sample | Dropped
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    """What is said of it when it is not kept: its target and seed."""
    before: tuple[Line, ...] = ()
    """Live calls and revisions on the way."""
    cut: str | None = None
    """Why later turns were left out, where they were."""
    recording: Recording | None = None

    @property
    def outcome(self) -> str:
        """`kept`, or what became of it instead."""
        return self.made.outcome if isinstance(self.made, Dropped) else "kept"

    def judged_by(self, judge: Callable[[Sample | Dropped], Sample | Dropped]) -> Finished:
        """The item as a last gate leaves it."""
        made = judge(self.made)
        return self if made is self.made else replace(self, made=made)

    def lines(self) -> Iterator[Line]:
        """All that it leaves behind; its outcome last, so that an item torn by a kill is known to be."""
        yield from self.before
        item = {"event": "item", "index": self.index, "outcome": self.outcome, "cut": self.cut}
        if isinstance(self.made, Dropped):
            yield "events", item
            yield "rejected", {"index": self.index, **_dropped(self.made), **self.facts}
            return
        yield "events", item | {"long_turns": long_turns(self.made), "targets": targets(self.made)}
        if self.recording is not None:
            yield "recordings", self.recording.model_dump(mode="json", exclude_defaults=True)
        yield "samples", self.made.model_dump(mode="json")

    def as_json(self) -> dict[str, Any]:
        """All of it, for an item that has to wait for its turn."""
        return {
            "index": self.index,
            "facts": self.facts,
            "before": [list(line) for line in self.before],
            "cut": self.cut,
            "dropped": _dropped(self.made) if isinstance(self.made, Dropped) else None,
            "sample": None if isinstance(self.made, Dropped) else self.made.model_dump(mode="json"),
            "recording": self.recording and self.recording.model_dump(mode="json", exclude_defaults=True),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The item that `as_json` gave."""
        dropped, recording = value["dropped"], value["recording"]
        return cls(
            index=value["index"],
            made=Dropped(**dropped) if dropped else Sample.model_validate(value["sample"]),
            facts=value["facts"],
            before=tuple((name, line) for name, line in value["before"]),
            cut=value["cut"],
            recording=recording and Recording.model_validate(recording),
        )


def long_turns(sample: Sample) -> int:
    """Turns of a row in which many calls take a value from what a call returned."""
    dependent = {item.call for item in sample.provenance if item.source["kind"] == "output"}
    spoken = (sample.messages[first : last + 1] for first, last in (turn.messages for turn in sample.turns))
    return sum(sum(call in dependent for call, _, _ in called(messages)) >= LONG for messages in spoken)


def targets(sample: Sample) -> list[str]:
    """Ids of the tools that a row's turns are for, but for what nobody offers; in order, each once."""
    return list(dict.fromkeys(turn.target for turn in sample.turns if turn.kind != "irrelevant"))


def _dropped(made: Dropped) -> dict[str, Any]:
    twin = {"twin": made.twin} if made.twin else {}
    return {"outcome": made.outcome, "stage": made.stage, "reason": made.reason, **twin}
