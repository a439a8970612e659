"""How large a JSON Schema is once all its references are followed: a short one may unfold to more than a lifetime."""

from __future__ import annotations

from typing import Any

from toolweave.servers.json_values import is_list, is_object

MOST_PARTS = 200_000


def unfolds_too_far(schema: dict[str, Any]) -> bool:
    """Whether the schema has more parts than can be looked at, each reference counted as what it points to."""
    return _Unfolding(schema).parts(schema) > MOST_PARTS


class _Unfolding:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._known: dict[str, int] = {}

    def parts(self, value: Any) -> int:
        """How many parts a value has; what refers to itself counts once."""
        if is_list(value):
            return 1 + sum(map(self.parts, value))
        if not is_object(value):
            return 1
        reference = value.get("$ref")
        behind = self._behind(reference) if isinstance(reference, str) else 0
        return 1 + behind + sum(self.parts(item) for item in value.values())

    def _behind(self, reference: str) -> int:
        if reference not in self._known:
            self._known[reference] = 1
            self._known[reference] = self.parts(self._target(reference))
        return self._known[reference]

    def _target(self, reference: str) -> Any:
        """What a reference points to, or nothing where it cannot be followed: then nobody follows it."""
        target: Any = self._root
        if not reference.startswith("#"):
            return None
        for token in reference[1:].split("/")[1:]:
            target = target.get(token.replace("~1", "/").replace("~0", "~")) if is_object(target) else None
        return target
