"""The last gate: a sample that is the twin of one that is kept already, here or in a run that was named, has to go.

Judged in the order of plans, so of twins within the run the one that was planned first stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolweave.pipeline.contamination.dataset import read_samples
from toolweave.pipeline.duplicates import Twins, signature
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.sample import Sample

STAGE = "duplicate"


class Weeding:
    """Knows every kept sample, a few hundred bytes each.

    Args:
        others: Directories of runs whose samples this one must not repeat.

    Raises:
        ConfigError: A directory of another run holds no samples.
    """

    def __init__(self, others: Sequence[Path] = ()) -> None:
        self._twins = Twins()
        self._elsewhere: dict[str, Path] = {}
        """Id of each sample of another run → its directory."""
        for other in others:
            for sample in read_samples(other):
                self._twins.keep(sample.id, signature(sample))
                self._elsewhere[sample.id] = other

    def know(self, own: Path) -> None:
        """Take in what the run has kept already."""
        for sample in read_samples(own):
            self._twins.keep(sample.id, signature(sample))

    def judged(self, made: Sample | Dropped) -> Sample | Dropped:
        """The sample, which is known from now on; or what becomes of it when it is a twin."""
        if isinstance(made, Dropped):
            return made
        features = signature(made)
        twin = self._twins.seen(features)
        if twin is None:
            self._twins.keep(made.id, features)
            return made
        where = f" in {self._elsewhere[twin.id]}" if twin.id in self._elsewhere else ""
        return Dropped("rejected", STAGE, f"{twin}{where}", twin.id)
