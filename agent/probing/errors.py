"""Kinds of errors: texts that say the same, whatever values they name."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolweave.agent.probing.complaints import akin
from toolweave.agent.probing.session import Observation, alike
from toolweave.agent.probing.trials import WORKED, End
from toolweave.graph.words import words


@dataclass(slots=True)
class Errors:
    """All kinds of errors that tools have shown."""

    _kinds: dict[str, list[frozenset[str]]] = field(default_factory=dict[str, list[frozenset[str]]])
    """Tool id → words of its kinds of errors."""
    _spoken: dict[tuple[str, End, str], bool] = field(default_factory=dict[tuple[str, End, str], bool])
    """(second tool, error, first tool) → whether the error speaks of what the first tool does."""

    def end(self, seen: Observation) -> End:
        """The kind of an outcome; errors of one kind say the same, whatever values they name."""
        if seen.worked:
            return WORKED
        kinds = self._kinds.setdefault(seen.tool.id, [])
        for number, says in enumerate(kinds, start=1):
            if alike(says, seen.says):
                return number
        kinds.append(seen.says)
        return len(kinds)

    def speaks_of(self, second: str, error: End, first: str) -> bool:
        """Whether an error of one tool speaks of what another one does."""
        name = (second, error, first)
        if name not in self._spoken:
            says, own = self._kinds[second][error - 1], words(second.rpartition("/")[2])
            deed = [one for one in words(first.rpartition("/")[2]) if one not in own]
            self._spoken[name] = any(akin(one, other) for one in deed for other in says)
        return self._spoken[name]
