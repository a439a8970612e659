"""The shape of a chain of calls: how long it is, how deep, whether ways of values part and meet, whether it loops."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

K = TypeVar("K", str, int)


@dataclass(frozen=True, slots=True)
class Link:
    """One call of a chain, with the calls that it takes values from."""

    id: str
    tool: str
    takes: frozenset[tuple[str, str]] = frozenset()
    """(id of the producing call, place in its output)."""

    @property
    def producers(self) -> frozenset[str]:
        """Ids of the calls whose outputs it uses."""
        return frozenset(call for call, _ in self.takes)


def depths(feeding: Mapping[K, Collection[K]]) -> dict[K, int]:
    """Length of the longest chain of values that ends in each call; calls come in an order in which they can run.

    A producer that is not among the calls counts as a chain of one.
    """
    found: dict[K, int] = {}
    for call, producers in feeding.items():
        found[call] = 1 + max((found.get(producer, 1) for producer in producers), default=0)
    return found


def ancestors(feeding: Mapping[K, Collection[K]]) -> dict[K, set[K]]:
    """For every call, all that it needs, directly or through others; calls come in an order in which they can run."""
    found: dict[K, set[K]] = {}
    for call, before in feeding.items():
        found[call] = set(before)
        for one in before:
            found[call] |= found.get(one, set())
    return found


def has_diamond(chain: Sequence[Link]) -> bool:
    """Whether the values of one call reach another on two ways."""
    feeding = {link.id: sorted(link.producers) for link in chain}
    above = ancestors(feeding)
    return any(
        (above.get(one, set()) | {one}) & (above.get(other, set()) | {other})
        for producers in feeding.values()
        for one, other in combinations(producers, 2)
    )


def has_loop(chain: Sequence[Link]) -> bool:
    """Whether one tool is called for several places of one output."""
    return any(
        one.tool == other.tool and one.takes != other.takes and one.producers & other.producers
        for one, other in combinations(chain, 2)
    )
