"""A public lending library: members, titles, copies, holds, loans and fines.

Every tool answers with JSON in text and declares no output schema. The library's date is fixed.
"""

from __future__ import annotations

from toolweave.servers.worlds.library.desk import Library, build

__all__ = ["Library", "build"]
