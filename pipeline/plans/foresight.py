"""How difficult the sample of a plan will be: computed as for a sample, and corrected by how samples came out so far.

**Contract.** A forecast is the difficulty that the plan's row would have if it were made as planned, plus what rows of
such plans came out above or below that. Old waves count less and less, so a correction follows what changes in a run.
*Drift* is said of a band when most of the samples that were to be of it came out of another one, in the same direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from toolweave.graph.chains import depths
from toolweave.graph.plan import TrajectoryPlan
from toolweave.graph.planning.draft import depends, producers
from toolweave.graph.quotas import row_kinds
from toolweave.pipeline.checking.tags import difficulty
from toolweave.pipeline.plans.cells import BANDS, Band, Place, band_of, easier_or_harder
from toolweave.pipeline.sample import Quality

USUAL_ATTEMPTS = 2
"""Most attempts that a step of a sample needs, as long as nothing else is known."""
DOUBT = 4.0
"""How many samples the assumption is worth that rows come out as planned."""
FADING = 0.7
"""What a sample counts after each further wave."""
JUDGED = 6
"""Samples of one band after which it is said whether they drift."""
CLEARLY = 0.05
"""How far from their forecasts they lie at the least, in the mean, when they do."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """How many tools samples offer."""

    tools: Mapping[str, int]
    """Server → tools that may be called."""
    offered: int
    long_offered: int

    def distractors(self, plan: TrajectoryPlan) -> int:
        """Tools on offer that the plan does not call."""
        long = any(turn.kind == "long_context" for turn in plan.turns)
        servers = self.tools if long else {tool.partition("/")[0] for tool in plan.tools}
        most = self.long_offered if long else self.offered
        return max(0, min(most, sum(self.tools.get(name, 0) for name in servers)) - len(plan.tools))


def planned_difficulty(plan: TrajectoryPlan, shelf: Shelf) -> float:
    """The difficulty of a row that is as its plan."""
    calls = [call for turn in plan.turns for call in turn.calls]
    kinds = row_kinds(plan)
    return difficulty(
        Quality(
            turns=len(kinds),
            calls=len(calls),
            depth=max(depths({call.step: producers(call) for call in calls}).values(), default=0),
            dependent_calls=sum(depends(call) for call in calls),
            tools_offered=0,
            attempts=USUAL_ATTEMPTS,
            width=max((len(turn.calls) for turn in plan.turns if turn.kind == "parallel"), default=1),
            distractors=shelf.distractors(plan),
            kinds=tuple(dict.fromkeys(kinds)),
        )
    )


@dataclass(frozen=True, slots=True)
class Drift:
    """Samples of one band that came out otherwise than they were asked for."""

    band: Band
    kept: int
    easier: int
    harder: int
    by: float
    """Mean difficulty above the forecasts; negative where samples came out easier."""

    @property
    def way(self) -> str:
        """`easier` or `harder`; empty where samples came out about as they were asked for."""
        if 2 * self.easier > self.kept and self.by <= -CLEARLY:
            return "easier"
        return "harder" if 2 * self.harder > self.kept and self.by >= CLEARLY else ""

    def as_json(self) -> dict[str, Any]:
        """As events have it."""
        return asdict(self)

    def __str__(self) -> str:
        count = self.harder if self.way == "harder" else self.easier
        return f"{count} of {self.kept} samples that were to be {self.band} came out {self.way} ({self.by:+.2f})"


@dataclass
class _Errors:
    total: float = 0.0
    count: float = 0.0

    def add(self, error: float) -> None:
        self.total += error
        self.count += 1.0

    def fade(self) -> None:
        self.total *= FADING
        self.count *= FADING

    def mean(self, otherwise: float) -> float:
        return (self.total + DOUBT * otherwise) / (self.count + DOUBT)


@dataclass
class Foresight:
    """What was forecast of plans, against what became of them."""

    shelf: Shelf
    _errors: dict[tuple[Band, str], _Errors] = field(default_factory=dict[tuple[Band, str], _Errors])
    """Band as planned and domain (empty: all of them) → how far samples lay from it."""
    _all: _Errors = field(default_factory=_Errors)
    """The same of all samples: what is taken of a band as long as it is not known better."""
    _asked: dict[Band, list[tuple[Place, float]]] = field(default_factory=dict[Band, list[tuple[Place, float]]])
    """Band → kept samples that were asked for in it and not judged yet, each with its forecast."""

    def forecast(self, plan: TrajectoryPlan, domain: str) -> float:
        """The difficulty that a plan's sample is likely to have."""
        planned = planned_difficulty(plan, self.shelf)
        band = band_of(planned)
        everywhere = self._of(band, "").mean(self._all.mean(0.0))
        return min(1.0, max(0.0, planned + self._of(band, domain).mean(everywhere)))

    def see(self, plan: TrajectoryPlan, asked: Band | None, forecast: float, place: Place) -> None:
        """Note where the sample of a plan lies."""
        planned = planned_difficulty(plan, self.shelf)
        for domain in ("", place.domain):
            self._of(band_of(planned), domain).add(place.difficulty - planned)
        self._all.add(place.difficulty - planned)
        if asked is not None:
            self._asked.setdefault(asked, []).append((place, forecast))

    def drifts(self) -> list[Drift]:
        """Which bands drift, of those with enough new samples; a wave has ended."""
        for errors in (self._all, *self._errors.values()):
            errors.fade()
        judged = [_drift(band, self._asked.pop(band)) for band in BANDS if len(self._asked.get(band, ())) >= JUDGED]
        return [drift for drift in judged if drift.way]

    def _of(self, band: Band, domain: str) -> _Errors:
        return self._errors.setdefault((band, domain), _Errors())


def _drift(band: Band, samples: list[tuple[Place, float]]) -> Drift:
    ways = [easier_or_harder(band, place.band) for place, _ in samples]
    by = sum(place.difficulty - forecast for place, forecast in samples) / len(samples)
    return Drift(band, len(samples), ways.count("easier"), ways.count("harder"), round(by, 3))
