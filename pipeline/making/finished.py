"""An item that is done: what is known of it, and the lines that it leaves in the run's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

from toolweave.pipeline.checking.recording import Recording
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.sample import Sample

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
        yield "events", {"event": "item", "index": self.index, "outcome": self.outcome, "cut": self.cut}
        if isinstance(self.made, Dropped):
            yield "rejected", {"index": self.index, **_dropped(self.made), **self.facts}
            return
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


def _dropped(made: Dropped) -> dict[str, Any]:
    twin = {"twin": made.twin} if made.twin else {}
    return {"outcome": made.outcome, "stage": made.stage, "reason": made.reason, **twin}
