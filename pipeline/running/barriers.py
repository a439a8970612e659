"""What keeps samples out that are fine by themselves: twins, and what benchmarks have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from toolweave.pipeline.contamination import Screen
from toolweave.pipeline.running.weeding import Weeding
from toolweave.pipeline.settings import RunSettings


@dataclass(frozen=True, slots=True)
class Barriers:
    """Read before anything is started."""

    weeding: Weeding
    screen: Screen | None
    """`None` when no benchmark was named."""

    @classmethod
    def read(cls, settings: RunSettings) -> Self:
        """As the settings have it.

        Raises:
            ConfigError: A file or a directory that they name cannot be read.
        """
        screen = Screen.read(settings.decontaminate) if settings.decontaminate else None
        return cls(Weeding(settings.unlike), screen)
