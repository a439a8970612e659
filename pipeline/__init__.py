"""Many conversations at once: planning, stages, gates, store, export, reports and the command line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolweave.pipeline.running.synthesis import run_job, synthesize
    from toolweave.pipeline.settings import Pace, RunSettings

__all__ = ["Pace", "RunSettings", "run_job", "synthesize"]


def __getattr__(name: str) -> Any:
    """What is offered to others, loaded when it is asked for: the parts of this package need not load all of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "settings" if name in ("Pace", "RunSettings") else "running.synthesis"
    return getattr(import_module(f"{__name__}.{home}"), name)
