"""Links: what experiments say of the values that one parameter takes, told apart from values that nobody has seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolweave.graph.fields import Scalar
from toolweave.graph.learning.pools import Field
from toolweave.graph.learning.values import key, look
from toolweave.graph.schema import Parameter
from toolweave.servers.tools import Tool

SHARED_LOOKS = frozenset({"id", "email"})
"""Looks that tell kinds of things apart by the part that their values share."""


@dataclass(slots=True)
class Link:
    """One parameter under experiment."""

    tool: Tool
    parameter: Parameter
    accepted: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    """Values that the tool treated otherwise than a never-seen one."""
    refused: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    """Values that it treated just like a never-seen one."""
    worked: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    """Values in calls that worked."""
    trials: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """(tool, field pattern) → calls that took a value from there and were told apart from a control."""
    takes_anything: bool = False
    """Whether a never-seen value worked as well."""
    takes_parts: bool = False
    """Whether a part of a value works too: the parameter searches, it does not name."""
    controls: int = 0
    """Calls made with a never-seen value."""

    @property
    def tried(self) -> bool:
        """Whether any experiment compared a value with a never-seen one."""
        return bool(self.accepted or self.refused or self.controls)

    def accept(self, value: Scalar) -> None:
        """Note a value that the tool knows."""
        self.accepted[key(value)] = value
        self.refused.pop(key(value), None)

    def refuse(self, value: Scalar) -> None:
        """Note a value that the tool does not know."""
        if key(value) not in self.accepted:
            self.refused[key(value)] = value

    def accepted_looks(self) -> set[tuple[str, str]]:
        """Telling looks of accepted values."""
        return {kind for value in self.accepted.values() if (kind := look(value))[0] in SHARED_LOOKS and kind[1]}

    def fits(self, value: Scalar) -> bool | None:
        """Whether the parameter takes a value; `None` when experiments do not say."""
        return self._fits(value, self.accepted_looks())

    def _fits(self, value: Scalar, good: set[tuple[str, str]]) -> bool | None:
        text, kind = key(value), look(value)
        if text in self.accepted:
            return True
        if text in self.refused:
            return False
        if kind in good:
            return True
        if kind[0] in SHARED_LOOKS and (good or any(look(other) == kind for other in self.refused.values())):
            return False
        return None

    def fed_by(self, place: Field) -> bool | None:
        """Whether the values of a field are of the kind that the parameter takes; `None` when nothing says so."""
        if not place.values or not (self.accepted or self.refused):
            return None
        if any(text in self.accepted for text in place.values):
            return True
        good = self.accepted_looks()
        if place.look in good:
            return True
        return False if any(self._fits(value, good) is False for value in place.values.values()) else None
