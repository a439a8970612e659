"""What the student on its own doubts: values that may well belong to something else, with no hint to put it right."""

from __future__ import annotations

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.results import Candidate, named_alike
from toolweave.agent.offline.ways import Way
from toolweave.graph.words import words

NAMED = 0.9
"""How much a field must be called like a parameter to be taken for it unasked."""
TRUSTED = 0.3
"""Trust in a field from which an identifier in it is taken unasked."""


def latest_first(slot: Slot, way: Way, found: list[Candidate]) -> list[Candidate]:
    """What this turn has brought up last under the parameter's name first, last what serves another parameter."""
    served = {item.candidate.call.number for item in way.filled if item.candidate is not None}

    def place(one: Candidate) -> tuple[bool, bool, int]:
        mere_name = slot.own[-1:] == ("id",) and words(one.pattern)[-1:] == ("name",)
        named = one.call.now and named_alike(one.pattern, slot) >= NAMED
        return mere_name, not named, -one.call.number if named else one.call.number in served

    return sorted(found, key=place)


def is_doubtful(found: Candidate, slot: Slot, way: Way) -> bool:
    """Whether a value may well belong to something else: a field of another name, or taken for another parameter."""
    if not is_identifying(slot.parameter) or (found.pattern and named_alike(found.pattern, slot) >= NAMED):
        return False
    return found.trust < TRUSTED or found.value in [item.value for item in way.filled if item.path != slot.path]
