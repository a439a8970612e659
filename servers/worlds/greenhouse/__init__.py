"""A community garden with glasshouse: gardeners, plots, soil, plantings, watering valves and harvest shares.

Every tool answers in prose or in a small text table. The garden's date is fixed.
"""

from __future__ import annotations

from toolweave.servers.worlds.greenhouse.garden import Greenhouse, build

__all__ = ["Greenhouse", "build"]
