"""How far the shares of a grid are met: wanted, reached, and where a shortfall comes from; read from a run's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolweave.pipeline.plans.cells import BANDS, Band, Cell, Place, easier_or_harder, read_cell
from toolweave.pipeline.storage.jsonl import read_lines

POINTS = 0.02
"""How far a share may lie from what was wanted and still be met."""


@dataclass(frozen=True, slots=True)
class GridItem:
    """One item of a run with a grid."""

    asked: Cell
    place: Place | None
    """Where its sample lies, if there is one."""
    lost: str | None
    """The stage that lost it; `None` when it was kept."""


@dataclass(frozen=True, slots=True)
class GridRecord:
    """What a run's files say of its grid."""

    wanted: Mapping[Cell, float]
    items: Sequence[GridItem]
    drifts: Sequence[Mapping[str, Any]]
    """Events, each saying of a band how its samples came out."""


def read_grid_record(root: Path, grid: Mapping[str, float], rejected: Iterable[Mapping[str, Any]]) -> GridRecord | None:
    """The grid of a run; `None` when it has none."""
    if not grid:
        return None
    stages = {int(line["index"]): str(line["stage"]) for line in rejected}
    items: list[GridItem] = []
    drifts: list[Mapping[str, Any]] = []
    for event in read_lines(root / "events.jsonl"):
        if event["event"] == "drift":
            drifts.append({key: value for key, value in event.items() if key != "event"})
        elif event["event"] == "cell":
            got, lost = event["got"], stages.get(int(event["index"]))
            place = Place(got["domain"], got["difficulty"], tuple(got["kinds"])) if got and lost is None else None
            items.append(GridItem(read_cell(event["asked"]), place, lost))
    return GridRecord({read_cell(name): share for name, share in grid.items()}, items, drifts)


def grid_of(record: GridRecord) -> dict[str, Any]:
    """What a report says of a grid, as JSON."""
    kept = [item.place for item in record.items if item.place is not None]
    return {
        "cells": [_quota(cell, share, kept, record.items) for cell, share in record.wanted.items()],
        "bands": {band: found for band in BANDS if (found := _band(band, record.items))},
        "drifts": [dict(drift) for drift in record.drifts],
    }


def _quota(cell: Cell, share: float, kept: Sequence[Place], items: Sequence[GridItem]) -> dict[str, Any]:
    count = sum(cell.holds(place) for place in kept)
    reached = count / len(kept) if kept else 0.0
    met = abs(reached - share) <= POINTS or abs(count - share * len(kept)) < 1  # a sample cannot be divided
    why = "" if met and kept else "; ".join(_short(cell, items) if reached < share else _surplus(cell, items))
    facts = {"cell": str(cell), "wanted": share, "reached": round(reached, 4), "samples": count}
    return {**facts, "met": met and bool(kept), "why": why}


def _short(cell: Cell, items: Sequence[GridItem]) -> Iterator[str]:
    """Where the items went that were asked for in a cell."""
    asked = [item for item in items if item.asked.within(cell)]
    if not asked:
        yield "no plan of that sort was found, or nothing was lacking when plans were drawn"
        return
    yield f"asked for {len(asked)} times"
    lost = Counter(item.lost for item in asked if item.lost)
    if lost:
        yield f"lost: {', '.join(f'{count} at {stage}' for stage, count in lost.most_common())}"
    ways = Counter(_otherwise(cell, item.place) for item in asked if item.place and not cell.holds(item.place))
    yield from (f"{count} came out {way}" for way, count in ways.most_common())


def _surplus(cell: Cell, items: Sequence[GridItem]) -> Iterator[str]:
    """Where the samples come from that a cell has too many of."""
    here = [item for item in items if item.place and cell.holds(item.place)]
    strays = Counter(_asked_for(cell, item.asked) for item in here if not item.asked.within(cell))
    yield f"{len(here) - strays.total()} were asked for here"
    yield from (f"{count} as {name}" for name, count in strays.most_common())


def _asked_for(cell: Cell, asked: Cell) -> str:
    """What was asked for, as far as the cell has something to say about it."""
    names = Cell(
        asked.domain if cell.domain else None, asked.band if cell.band else None, asked.kind if cell.kind else None
    )
    return str(names) or "anything"


def _otherwise(cell: Cell, place: Place) -> str:
    """How a sample missed a cell."""
    if cell.band and cell.band != place.band:
        return easier_or_harder(cell.band, place.band)
    return f"in {place.domain}" if cell.domain not in (None, place.domain) else f"without {cell.kind}"


def _band(band: Band, items: Sequence[GridItem]) -> dict[str, int]:
    """Of the kept samples that were to be of a band, how many are."""
    places = [item.place for item in items if item.asked.band == band and item.place]
    ways = Counter(easier_or_harder(band, place.band) for place in places)
    facts = {"kept": len(places), "as_asked": ways[""], "easier": ways["easier"], "harder": ways["harder"]}
    return facts if places else {}


def quota_line(quota: Mapping[str, Any]) -> str:
    """A quota in one line."""
    off = 100 * (quota["reached"] - quota["wanted"])
    line = f"{quota['cell']}: {quota['reached']:.1%} of {quota['wanted']:.1%} ({off:+.1f} points)"
    return line if quota["met"] else f"{line}: {quota['why'] or 'nothing was kept'}"


def grid_lines(grid: Mapping[str, Any]) -> list[str]:
    """All of it in lines: quotas, bands whose samples mostly lie elsewhere, and what was flagged on the way."""
    astray = {band: facts for band, facts in grid["bands"].items() if 2 * facts["as_asked"] < facts["kept"]}
    return [
        *map(quota_line, grid["cells"]),
        *(
            f"asked to be {band}: {facts['as_asked']} of {facts['kept']} are; "
            f"{facts['easier']} came out easier, {facts['harder']} harder"
            for band, facts in astray.items()
        ),
        *map(drift_line, grid["drifts"]),
    ]


def drift_line(drift: Mapping[str, Any]) -> str:
    """A drift in one line."""
    way = max(("easier", "harder"), key=lambda name: drift[name])
    count, kept = drift[way], drift["kept"]
    return (
        f"drift before item {drift['index']}: {count} of {kept} that were to be {drift['band']} came out {way} "
        f"({drift['by']:+.2f}); planned otherwise from there"
    )
