"""What the next sample should be, so that every cell of a grid gets its share of the kept samples.

**Contract.** A request (domain, band of difficulty, kind of turn) is chosen by what those cells lack that its sample
would lie in, and by how often such requests have come to lie there. So a cell that cannot be had stops drawing
requests, and what lies elsewhere than it was asked for counts where it lies. Requests depend on plans and on whole
earlier waves, never on timing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import structlog

from toolweave.graph.plan import TrajectoryPlan, TurnKind
from toolweave.graph.quotas import row_kinds
from toolweave.pipeline.plans.cells import BANDS, OTHER, Band, Cell, Place, alone, off_by, place_of
from toolweave.pipeline.plans.foresight import Drift, Foresight, Shelf
from toolweave.pipeline.sample import Sample

PRIOR, PRIOR_WEIGHT = 0.7, 4.0
"""Share of requests that is taken to lie where it was asked for before anything is known, and what that is worth."""
IMPLIED = 0.5
"""What a cell counts that only follows from the shares of its domain and its band."""
ANY = Cell()

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Request:
    """What an item is asked to be."""

    cell: Cell = ANY
    tools: frozenset[str] | None = None
    """Tools that turns may be for; `None` for all."""
    bands: frozenset[Band] = frozenset[Band](BANDS)

    @property
    def effort(self) -> int:
        """-1 where the sample should be easy, 1 where it should be hard."""
        return {"easy": -1, "hard": 1}.get(self.cell.band or "", 0)

    def distance(self, plan: TrajectoryPlan, forecast: float) -> float:
        """How far a plan is from what was asked for; 0 where it is that."""
        lacks = self.cell.kind is not None and all(turn.kind != self.cell.kind for turn in plan.turns)
        return lacks + min(off_by(forecast, band) for band in self.bands)


@dataclass(frozen=True, slots=True)
class Asked:
    """A plan that is on the way, as what, and how difficult its sample is likely to be."""

    request: Request
    plan: TrajectoryPlan
    forecast: float
    drifts: Sequence[Drift] = ()
    """What was found to drift since the plan before it was drawn."""


class Grid:
    """Shares of the kept samples by cell, and how far they are met.

    Args:
        cells: Wanted share of every cell.
        domains: Server → domain, of the servers that a cell names.
        tools: Ids of the tools that may be called.
        shelf: How many tools samples offer.
    """

    def __init__(
        self, cells: Mapping[Cell, float], domains: Mapping[str, str], tools: Iterable[str], shelf: Shelf
    ) -> None:
        self._domains = domains
        self._domain_of = {tool: domains.get(tool.partition("/")[0], OTHER) for tool in tools}
        self._wanted = {cell: (share, 1.0) for cell, share in cells.items()} | dict(_implied(cells))
        self._shared = alone(cells, "band")
        """Bands that have a share by themselves; a request without a band is for one of the others."""
        self._requests = sorted(self._all_requests(cells), key=lambda request: len(request.cell.names))
        self.foresight = Foresight(shelf)
        self.asked: dict[int, Asked] = {}
        """Plans on the way, by index."""
        self._drifts: list[Drift] = []
        """Found and not told yet."""
        self._settled = Counter[Cell]()
        self._landed = Counter[tuple[Cell, Cell]]()
        """(as what it was asked for, where it lies) → kept samples."""
        self._kept = Counter[Cell]()
        self._came = Counter[tuple[Band | None, Band | None]]()
        """(band that was asked for, band that it is of; `None`: of any) → kept samples, whatever else was asked for."""
        self._made = Counter[Band | None]()
        """Band that was asked for → items that are known."""

    def requests(self) -> list[Request]:
        """What could be asked for, the most wanted first; only the first of what would fill nothing."""
        waiting = Counter(asked.request.cell for asked in self.asked.values())
        total = PRIOR + self._have(ANY, waiting)
        lacks = {
            cell: weight * (share * total - self._have(cell, waiting)) for cell, (share, weight) in self._wanted.items()
        }
        worth = {
            request.cell: sum(lack * self._rate(request.cell, cell) for cell, lack in lacks.items())
            for request in self._requests
        }
        ranked = sorted(self._requests, key=lambda request: -worth[request.cell])
        return [request for request in ranked if worth[request.cell] > 0] or ranked[:1]

    def forecast(self, plan: TrajectoryPlan) -> float:
        """The difficulty that a plan's sample is likely to have."""
        return self.foresight.forecast(plan, self._domain_of.get(plan.turns[0].target, OTHER))

    @property
    def neighbours(self) -> dict[str, frozenset[str]]:
        """Tool → the tools of its domain; none where no domain is named."""
        sets = [one.tools for one in self._requests if one.tools is not None]
        return {tool: tools for tools in reversed(sets) for tool in sorted(tools)}

    def place(self, sample: Sample) -> Place:
        """Where a sample lies."""
        return place_of(sample, self._domains)

    def take(self, request: Request, plan: TrajectoryPlan, forecast: float) -> None:
        """Note that a plan is on the way."""
        self.asked[plan.index] = Asked(request, plan, forecast, self._drifts)
        self._drifts = []

    def planned_shares(self) -> dict[Cell, tuple[float, float]]:
        """Cell → the share that is wanted, and that of the plans on the way whose samples are likely to lie in it."""
        places = [
            Place(self._domain_of.get(asked.plan.turns[0].target, OTHER), asked.forecast, tuple(row_kinds(asked.plan)))
            for asked in self.asked.values()
        ]
        return {
            cell: (wanted, round(sum(cell.holds(place) for place in places) / max(1, len(places)), 3))
            for cell, (wanted, weight) in self._wanted.items()
            if weight == 1.0
        }

    def miss(self, request: Request) -> None:
        """Note that no plan is what was asked for."""
        self._settled[request.cell] += 1

    def learn(self, indices: Iterable[int], landed: Mapping[int, Place]) -> None:
        """Note where the kept samples of a wave lie."""
        for index in [index for index in indices if index in self.asked]:
            asked, place = self.asked.pop(index), landed.get(index)
            band = asked.request.cell.band
            self._settled[asked.request.cell] += 1
            self._made[band] += 1
            if place is None:
                continue
            self._came.update([(band, None), (band, place.band)])
            self.foresight.see(asked.plan, asked.request.cell.band, asked.forecast, place)
            for cell in (ANY, *self._wanted):
                if cell.holds(place):
                    self._kept[cell] += 1
                    self._landed[asked.request.cell, cell] += 1
        found = self.foresight.drifts()
        for drift in found:
            log.warning(
                "samples drift from what was asked for; from now on they are planned otherwise", what=str(drift)
            )
        self._drifts = [*self._drifts, *found]

    def _have(self, cell: Cell, waiting: Mapping[Cell, int]) -> float:
        """Kept samples in a cell, and those that are likely to come of what is on the way."""
        return self._kept[cell] + sum(count * self._rate(asked, cell) for asked, count in waiting.items())

    def _rate(self, asked: Cell, cell: Cell) -> float:
        """Share of the samples asked for in one way that are kept and lie in a cell.

        As long as little is known of such requests, it is taken from all that asked for the same band.
        """
        beside = replace(asked, band=None).within(replace(cell, band=None))
        prior = beside * self._band_rate(asked.band, cell.band)
        return (self._landed[asked, cell] + PRIOR_WEIGHT * prior) / (self._settled[asked] + PRIOR_WEIGHT)

    def _band_rate(self, asked: Band | None, got: Band | None) -> float:
        """Share of the samples asked for in a band that are kept and of another one, or of any."""
        rest = frozenset[Band](BANDS).difference(self._shared) if asked is None else ()
        prior = PRIOR * (1.0 if got in (None, asked) else 1 / len(rest) if got in rest else 0.0)
        return (self._came[asked, got] + PRIOR_WEIGHT * prior) / (self._made[asked] + PRIOR_WEIGHT)

    def _all_requests(self, cells: Mapping[Cell, float]) -> Iterator[Request]:
        """Every domain, band and kind that is named, together; and the rest of what is not shared out whole."""
        by_domain = alone(cells, "domain")
        free = frozenset(tool for tool, home in self._domain_of.items() if home not in by_domain)
        domains: dict[str | None, frozenset[str] | None] = {}
        for name in (cell.domain for cell in cells if cell.domain):
            domains[name] = frozenset(tool for tool, home in self._domain_of.items() if home == name)
        if free and sum(by_domain.values()) < 0.999:
            domains[None] = free if by_domain else None
        bands: dict[Band | None, frozenset[Band]] = {}
        for cell in cells:
            if cell.band is not None:
                bands[cell.band] = frozenset[Band]([cell.band])
        rest = frozenset[Band](BANDS).difference(self._shared)
        if rest and sum(self._shared.values()) < 0.999:
            bands[None] = rest
        kinds: dict[TurnKind | None, None] = {None: None}
        for cell in cells:
            kinds[cell.kind] = None
        for (domain, tools), (band, allowed), kind in product(domains.items(), bands.items(), kinds):
            yield Request(Cell(domain, band, kind), tools, allowed)


def _implied(cells: Mapping[Cell, float]) -> Iterator[tuple[Cell, tuple[float, float]]]:
    """Cells that nobody named, with the shares that follow from their domains and bands."""
    for (domain, one), (band, other) in product(alone(cells, "domain").items(), alone(cells, "band").items()):
        cell = next(Cell(domain, name) for name in BANDS if name == band)
        if cell not in cells:
            yield cell, (one * other, IMPLIED)
