"""What `manifest.json` says of a run: what it was made with, and what became of what was planned."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from toolweave.graph.planner import Planner
from toolweave.pipeline.running.introspect import Introspection
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.store import Store

OUTCOMES = ("kept", "rejected", "failed", "unresolved")


def manifest_of(
    settings: RunSettings, store: Store, teacher: dict[str, Any], seen: Introspection, planner: Planner, state: str
) -> dict[str, Any]:
    """The whole manifest, as things stand."""
    unreachable = {
        tool: f"no source for {missing[1]!r} of {missing[0]}"
        for tool in sorted(seen.allowed)
        if (missing := planner.reach.missing(tool))
    }
    return {
        "format": "toolweave-run/1",
        "state": state,
        "wanted": settings.samples,
        "planned": store.next,
        "outcomes": {name: store.outcomes[name] for name in OUTCOMES},
        "reasons": dict(sorted(store.reasons.items())),
        "servers": seen.as_json(),
        "tools": {"listed": len(seen.tools), "callable": len(seen.allowed), "reachable": len(planner.reachable())},
        "unreachable": unreachable,
        "teacher": teacher,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Versions of what shapes the data."""
    return {name: version(name) for name in ("toolweave", "mcp", "networkx", "pydantic", "openai")}
