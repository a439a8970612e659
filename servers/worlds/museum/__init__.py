"""A museum's registrar: artworks, condition reports, insurance, loans to other museums and exhibitions.

Every tool answers with JSON in a text and declares no output schema. The museum's date is fixed.
"""

from __future__ import annotations

from toolweave.servers.worlds.museum.registrar import Museum, build

__all__ = ["Museum", "build"]
