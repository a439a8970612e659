"""Cells of a grid: server domain, difficulty and kind of turn, each with the share of samples that is wanted of it.

**Contract.** A cell is written as up to three names with `/` between them, in any order: a domain (a server, or several
with `+`), a band of difficulty, a kind of turn. What is left out is any. A sample lies in the domain that most of its
turns aim at, in the band of its computed difficulty, and in the kinds of all its turns.
"""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Literal, get_args

from toolweave.graph.plan import TURN_KINDS, TurnKind
from toolweave.servers.errors import ConfigError

if TYPE_CHECKING:
    from toolweave.pipeline.sample import Sample

Band = Literal["easy", "medium", "hard"]
BANDS: tuple[Band, ...] = get_args(Band)
MEDIUM, HARD = 0.3, 0.45
"""Computed difficulty from which a sample is of these bands; of the default servers a bit less and a bit more than a
third lie below and above."""
OTHER = "other"
"""The domain of all servers that no cell names."""
_BAND: dict[str, Band] = {band: band for band in BANDS}
_KIND: dict[str, TurnKind] = {kind: kind for kind in TURN_KINDS}


def band_of(difficulty: float) -> Band:
    """The band of a difficulty from 0 to 1."""
    return "easy" if difficulty < MEDIUM else "medium" if difficulty < HARD else "hard"


def off_by(difficulty: float, band: Band) -> float:
    """How far a difficulty is from a band; 0 where it is of it."""
    if band_of(difficulty) == band:
        return 0.0
    low, high = {"easy": (0.0, MEDIUM), "medium": (MEDIUM, HARD), "hard": (HARD, 1.0)}[band]
    return max(low - difficulty, difficulty - high, 1e-6)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sample lies."""

    domain: str
    difficulty: float
    kinds: tuple[TurnKind, ...]

    @property
    def band(self) -> Band:
        """As its difficulty has it."""
        return band_of(self.difficulty)


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the grid; what is `None` may be anything."""

    domain: str | None = None
    band: Band | None = None
    kind: TurnKind | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What it names."""
        return tuple(name for name in (self.domain, self.band, self.kind) if name)

    def __str__(self) -> str:
        return "/".join(self.names)

    def holds(self, place: Place) -> bool:
        """Whether a sample lies in it."""
        return (
            self.domain in (None, place.domain)
            and self.band in (None, place.band)
            and (self.kind is None or self.kind in place.kinds)
        )

    def within(self, other: Cell) -> bool:
        """Whether all that lies in it lies in another one too."""
        mine, theirs = (self.domain, self.band, self.kind), (other.domain, other.band, other.kind)
        return all(wide in (None, narrow) for narrow, wide in zip(mine, theirs, strict=True))


def read_grid(texts: Sequence[str]) -> dict[str, float]:
    """Shares of cells from texts such as `clinic/hard=0.2`.

    Raises:
        ConfigError: A text is no such pair, or they contradict each other.
    """
    shares: dict[str, float] = {}
    for text in texts:
        name, _, share = text.rpartition("=")
        if not name or not re.fullmatch(r"\s*\d*\.?\d+\s*", share):
            raise ConfigError(f"--grid {text!r}: write it as clinic/hard=0.2")
        shares[name.strip()] = float(share)
    try:
        cells_of(shares)
    except ValueError as error:
        raise ConfigError(f"--grid: {error}") from error
    return shares


def cells_of(grid: Mapping[str, float]) -> dict[Cell, float]:
    """The cells that a grid names, each with its share of the samples.

    Raises:
        ValueError: A name or a share is none, or the shares contradict each other.
    """
    cells = {read_cell(name): share for name, share in grid.items()}
    if len(cells) < len(grid):
        raise ValueError("two entries name the same cell")
    for name, share in grid.items():
        if not name.strip() or not 0 < share <= 1:
            raise ValueError(f"{name!r} is no cell with a share of more than 0 and at most 1")
    for axis in ("domain", "band"):
        total = sum(alone(cells, axis).values())
        if total > 1 and not math.isclose(total, 1):
            raise ValueError(f"the shares of each {axis} together are {total:.2f}, more than 1")
    for narrow, wide in permutations(cells, 2):
        if narrow.within(wide) and cells[narrow] > cells[wide]:
            raise ValueError(f"{narrow} is a part of {wide}, but its share is larger")
    return cells


def read_cell(name: str) -> Cell:
    """The cell of this name; an empty one is all of the grid.

    Raises:
        ValueError: It names two things of one sort.
    """
    found: dict[str, Any] = {}
    for part in (text.strip() for text in name.split("/") if name):
        axis = "band" if part in _BAND else "kind" if part in _KIND else "domain"
        if axis in found or not part:
            raise ValueError(f"{name!r} is no cell: one domain, one of {', '.join(BANDS)} and one kind of turn at most")
        found[axis] = part
    return Cell(**found)


def alone(cells: Mapping[Cell, float], axis: str) -> dict[str, float]:
    """Shares of the cells that name a domain, or a band, and nothing else, by its name."""
    names = {cell: getattr(cell, axis) for cell in cells}
    return {names[cell]: share for cell, share in cells.items() if names[cell] and cell == Cell(**{axis: names[cell]})}


def domains_of(cells: Iterable[Cell], servers: Sequence[str]) -> dict[str, str]:
    """Server → the domain that it belongs to, of those that a cell names.

    Raises:
        ConfigError: A domain names what is no server, or two domains name one.
    """
    found: dict[str, str] = {}
    for domain in dict.fromkeys(cell.domain for cell in cells if cell.domain):
        for server in [domain] if domain in servers else domain.split("+"):
            if server not in servers:
                close = difflib.get_close_matches(server, [*servers, *BANDS, *TURN_KINDS], 1)
                hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(servers)}"
                raise ConfigError(f"--grid {domain!r}: no server is called {server!r}{hint}")
            if server in found:
                raise ConfigError(f"--grid: {server} stands in two domains, {found[server]} and {domain}")
            found[server] = domain
    return found


def place_of(sample: Sample, domains: Mapping[str, str]) -> Place:
    """Where a sample lies."""
    aims = [turn.target.partition("/")[0] for turn in sample.turns if turn.kind != "irrelevant"]
    counted = Counter(domains.get(server, OTHER) for server in aims)
    domain = counted.most_common(1)[0][0] if counted else OTHER
    return Place(domain, sample.quality.difficulty, tuple(dict.fromkeys(turn.kind for turn in sample.turns)))


def easier_or_harder(asked: Band, got: Band) -> str:
    """How a sample came out against what was asked; empty where it came out so."""
    way = BANDS.index(got) - BANDS.index(asked)
    return "harder" if way > 0 else "easier" if way < 0 else ""
