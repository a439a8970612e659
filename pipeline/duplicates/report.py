"""Weeds twins out of a dataset, within it and against other runs, and remembers them for a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from toolweave.pipeline.duplicates.signature import Signature, signature
from toolweave.pipeline.duplicates.twins import Twin, Twins
from toolweave.pipeline.sample import Sample

EXAMPLES = 20
"""Pairs whose requests the report shows."""

Requests = tuple[str, ...]
"""What users say in a sample, one text a message."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is needed of a sample to weed it: a few kilobytes, so that a wave's can wait until the wave has ended."""

    id: str
    index: int
    """Number of its planned item."""
    signature: Signature
    requests: Requests


def candidate(sample: Sample) -> Candidate:
    """What is needed of a sample to weed it."""
    asked = tuple(str(message["content"]) for message in sample.messages if message["role"] == "user")
    return Candidate(sample.id, sample.index, signature(sample), asked)


@dataclass(frozen=True, slots=True)
class Pair:
    """A sample that has to go, and the kept one that it is the twin of."""

    position: int
    """Its place among all samples that were weeded, from 0."""
    index: int
    """Number of its planned item."""
    id: str
    twin: Twin
    kept_in: str
    """The run that has the kept one."""
    requests: tuple[Requests, Requests]
    """Of the sample, of the kept one."""

    def as_json(self) -> dict[str, Any]:
        """The pair as a report has it."""
        return {"sample": self.id, "kept_in": self.kept_in, **self.twin.as_json()}


@dataclass
class Weeder:
    """Takes samples in, the first of twins wins; those of other runs come first and are never weeded out."""

    run: str
    """What reports call the run whose samples are weeded."""
    samples: int = 0
    others: int = 0
    """Samples of other runs."""
    pairs: list[Pair] = field(default_factory=list[Pair])
    _twins: Twins = field(default_factory=Twins)
    _kept: dict[str, tuple[str, Requests]] = field(default_factory=dict[str, tuple[str, Requests]])
    """Sample id → the run that it stands in, its requests."""

    def against(self, run: str, kept: Iterable[Candidate]) -> None:
        """Take in what another run has kept."""
        for own in kept:
            self.others += 1
            self._keep(run, own)

    def weed(self, candidates: Iterable[Candidate]) -> Iterator[Pair]:
        """Take in those without a twin, in the order given, and give the others; may be called again for more."""
        for own in candidates:
            self.samples += 1
            twin = self._twins.seen(own.signature)
            if twin is None:
                self._keep(self.run, own)
                continue
            run, requests = self._kept[twin.id]
            pair = Pair(self.samples - 1, own.index, own.id, twin, run, (own.requests, requests))
            self.pairs.append(pair)
            yield pair

    def totals(self) -> dict[str, Any]:
        """The figures."""
        why = Counter(pair.twin.why for pair in self.pairs)
        counts = {"samples": self.samples, "against": self.others, "duplicates": len(self.pairs)}
        return counts | {"why": dict(sorted(why.items()))}

    def as_json(self) -> dict[str, Any]:
        """The whole report, with examples."""
        examples = [pair.as_json() | {"requests": list(map(list, pair.requests))} for pair in self.pairs[:EXAMPLES]]
        pairs = [pair.as_json() for pair in self.pairs]
        return {"format": "toolweave-duplicates/1", **self.totals(), "pairs": pairs, "examples": examples}

    def _keep(self, run: str, own: Candidate) -> None:
        self._twins.keep(own.id, own.signature)
        self._kept.setdefault(own.id, (run, own.requests))
