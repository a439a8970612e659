"""A materials and biology laboratory: samples, storage slots, instruments, runs and their results.

Every tool declares an output schema and returns structured content. The laboratory's date is fixed.
"""

from __future__ import annotations

from toolweave.servers.worlds.laboratory.bench import Laboratory, build

__all__ = ["Laboratory", "build"]
