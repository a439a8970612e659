"""State edges as the graph holds them, with what was seen as their evidence."""

from __future__ import annotations

from toolweave.graph.model import Edge, Effect, Evidence


def state_edge(first: str, second: str, effect: Effect, count: int, same: int, *, changed: bool) -> Edge:
    """An edge of `count` trials in which the first tool made the difference, and of `same` in which it made none.

    `changed` says that the second tool never worked at one of the two points, but failed for another reason.
    """
    share = (count + 1) / (count + same + 1)
    does = "works only after" if effect == "enables" else "no longer works after"
    why = f"{second} {does} {first}, all else being equal"
    if changed:
        does = "is refused for another reason after"
        why = f"{second} {does} {first}, all else being equal"
    evidence = Evidence("intervened", round(share, 4), count + same, count, why=why)
    return Edge(first, "", second, "", "state", round(0.7 + 0.25 * share, 4), (evidence,), effect)


def affects_edge(first: str, other: str) -> Edge:
    """An edge from what changes to what reads it."""
    evidence = Evidence("intervened", 1.0, 1, 1, why=f"{other} returns something else after {first}")
    return Edge(first, "", other, "", "state", 0.5, (evidence,), "affects")
