"""One tool read for meaning: what it takes, what it gives, and how likely other tools are to feed from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolweave.graph.match import strength
from toolweave.graph.nouns import MODIFIER, ToolNouns, tool_nouns
from toolweave.graph.schema import OutputField, output_fields, parameters
from toolweave.graph.slots import CONTAINER, Slot, field_slot, guessed_slot, parameter_slot
from toolweave.graph.vocabulary import CREDENTIAL, OUTCOME, Deed
from toolweave.servers.tools import Tool

DEED_OF_SOURCE: dict[Deed, float] = {"seek": 0.5, "read": 0.2, "make": -0.4, "act": -0.3, "change": -0.7, "end": -1.2}
"""By what the producer does: values come from what finds and shows, rarely from what ends. All priors are logits."""
ECHO_NEEDED = -4.5
"""The producer must itself be given the value."""
ECHO_POSSIBLE = -0.7
"""The producer may be given the value."""
GUESSED = -0.5
"""No schema declares the field."""
REPORT = -3.0
"""The field reports on the call itself, such as a status."""
EASY = 0.4
"""The producer needs no identifier itself: a user can say all that it takes."""
DEEP = -0.3
"""For each container around the field beyond the first."""
NAMED_FOR_IT = 0.7
"""The producer's name says that it gives this attribute."""
GIVEN_THING = 0.25
"""What is left of the belief that an output is about a thing that the tool must be given."""
NOT_GIVEN = 0.65
"""How surely an output is about the other nouns of the name then."""
SAME_THING = 0.7
"""Agreement from which a tool's `id` is the one that it was given."""


@dataclass(frozen=True, slots=True)
class ToolReading:
    """One tool, read for meaning."""

    nouns: ToolNouns
    takes: tuple[Slot, ...]
    gives: tuple[Slot, ...]
    takes_password: bool
    looks_up_by: frozenset[tuple[str, ...]]
    """Names of the parameters that a tool must be given which shows one known thing."""


def read_tool(number: int, tool: Tool, brand: frozenset[str], seen: Sequence[str]) -> ToolReading:
    """Read a tool; `number` is its place in the set, `seen` are field patterns of real outputs."""
    nouns = tool_nouns(tool, brand)
    takes = tuple(parameter_slot(number, parameter, nouns) for parameter in parameters(tool))
    declared = {one.path: one for one in output_fields(tool)}
    for path in seen:
        declared.setdefault(path, OutputField(path, {}))
    gives = _with_wrapper_id([field_slot(number, one, nouns) for one in declared.values()], takes, nouns)
    if not gives and nouns.deed in ("seek", "read", "make") and nouns.about:
        gives = [guessed_slot(number, nouns)]
    gives = _without_given(gives, takes, nouns)
    return ToolReading(
        nouns=nouns,
        takes=takes,
        gives=tuple(_with_prior(slot, takes, nouns) for slot in gives if slot.kind != "flag"),
        takes_password=any(slot.own and slot.own[-1] in CREDENTIAL for slot in takes),
        looks_up_by=frozenset(slot.own for slot in takes if slot.required and slot.own and not nouns.many),
    )


def _with_wrapper_id(gives: list[Slot], takes: Sequence[Slot], nouns: ToolNouns) -> list[Slot]:
    """A bare `id` beside lists, in the output of a tool that takes one, is the one taken: `{"id": 7, "cast": […]}`."""
    asked = [slot for slot in takes if slot.required and slot.kind == "identifier" and slot.things]
    alone = [slot for slot in gives if "." not in slot.path and "[]" not in slot.path and slot.kind != "control"]
    if not asked or len(alone) > 2 or len(alone) == len(gives) or nouns.deed not in ("read", "seek"):
        return gives
    taken = asked[-1]
    return [replace(slot, own=taken.own, things=taken.things) if slot.path == "id" else slot for slot in gives]


def _without_given(gives: list[Slot], takes: Sequence[Slot], nouns: ToolNouns) -> list[Slot]:
    """The reviews of a movie have ids of reviews: what the tool must be given it hardly gives."""
    given = {word for slot in takes if slot.required and slot.attribute == "id" for word in _asked_for(slot)[-1:]}
    if nouns.many:
        given.discard(nouns.head)
    if not given:
        return gives
    return [slot if slot.things else replace(slot, around=_about_the_rest(slot, given)) for slot in gives]


def _about_the_rest(slot: Slot, given: set[str]) -> dict[str, float]:
    """The surroundings, less of what is given, more of what else a guess rests on: a person's movie credits."""
    around = {
        word: weight * GIVEN_THING if word in given and weight != CONTAINER else weight
        for word, weight in slot.around.items()
    }
    if slot.guessed and slot.path == "":
        around |= {w: max(weight, NOT_GIVEN) for w, weight in around.items() if weight >= MODIFIER and w not in given}
    return around


def _with_prior(produced: Slot, takes: Sequence[Slot], nouns: ToolNouns) -> Slot:
    prior = DEED_OF_SOURCE[nouns.deed] + DEEP * max(produced.path.count(".") - 1, 0)
    prior += _echo(produced, takes, nouns)
    if produced.guessed:
        prior += GUESSED
    if not any(slot.required and slot.kind in ("identifier", "secret") for slot in takes):
        prior += EASY
    if len(produced.own) == 1 and produced.own[0] in OUTCOME:
        prior += REPORT
    if nouns.attribute and nouns.attribute in (produced.attribute, *produced.own):
        prior += NAMED_FOR_IT
    return replace(produced, lasting=prior)


def _echo(produced: Slot, takes: Sequence[Slot], nouns: ToolNouns) -> float:
    """What is lost because the tool gives back what it was given."""
    for taken in takes:
        if _gives_back(produced, taken):
            alike = nouns.many and not produced.own
            return ECHO_NEEDED if taken.required and not alike else ECHO_POSSIBLE
    return 0.0


def _gives_back(produced: Slot, taken: Slot) -> bool:
    if not produced.own:
        sure = {word for word, weight in produced.around.items() if weight > 0.8}
        return taken.attribute == "id" and not sure.isdisjoint(_asked_for(taken))
    if len(produced.own) == 1 and "[]" in produced.path:
        return False
    if produced.own == taken.own:
        return True
    return produced.attribute == taken.attribute == "id" and strength(taken, produced) > SAME_THING


def _asked_for(taken: Slot) -> tuple[str, ...]:
    """The kind of thing that a parameter asks for; of a bare `id`, what it is likeliest about."""
    if taken.things or not taken.around:
        return taken.things
    likeliest = max(taken.around, key=lambda word: taken.around[word])
    return (likeliest,)
