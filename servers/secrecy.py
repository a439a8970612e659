"""Keeps secrets of `mcp.json` out of everything that comes back from a server: some tools echo their settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from toolweave.servers.json_values import map_texts
from toolweave.servers.spec import ServerSpec

REDACTED = "[secret]"
_SECRET_KEY = re.compile(r"key$|token|secret|passw|credential|authorization|auth$|cookie", re.IGNORECASE)
_SHORTEST = 8
"""Shorter values are too likely to be ordinary words of an answer."""


@dataclass(frozen=True)
class Veil:
    """Replaces the secrets of one server."""

    spec: ServerSpec

    def cover(self, value: Any) -> Any:
        """Copy of a JSON value without the secrets."""
        pattern = self._pattern
        return value if pattern is None else map_texts(value, lambda text: pattern.sub(REDACTED, text))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        values = sorted(_secrets(self.spec), key=lambda value: (-len(value), value))
        return re.compile("|".join(map(re.escape, values))) if values else None


def _secrets(spec: ServerSpec) -> set[str]:
    """Values of settings with a telling name, whole and, as in `Bearer …`, their last word."""
    settings = [*spec.env.items(), *spec.headers.items()]
    values = [value for key, value in settings if _SECRET_KEY.search(key)]
    words = [value.split()[-1] for value in values if value.split()]
    return {value for value in (*values, *words) if len(value) >= _SHORTEST}
