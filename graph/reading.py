"""One tool read for meaning: what it takes, what it gives, and how likely other tools are to feed from that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolweave.graph.documented import documented_fields, documented_parameters
from toolweave.graph.match import strength
from toolweave.graph.nouns import MODIFIER, ToolNouns, tool_nouns
from toolweave.graph.schema import OutputField, Parameter, output_fields, parameters
from toolweave.graph.slots import ANY, BEHIND_CONTAINER, CONTAINER, Slot, field_slot, guessed_slot, parameter_slot
from toolweave.graph.vocabulary import CREDENTIAL, IS_A, OUTCOME, TELLING, Deed
from toolweave.servers.tools import Tool

DEED_OF_SOURCE: dict[Deed, float] = {"seek": 0.5, "read": 0.2, "make": -0.4, "act": -0.3, "change": -0.7, "end": -1.2}
"""By what the producer does: values come from what finds and shows, rarely from what ends. All priors are logits."""
ECHO_NEEDED = -4.5
"""The producer must itself be given the value."""
ECHO_POSSIBLE = -0.7
"""The producer may be given the value."""
GUESSED = 0.0
"""The tool declares no output at all: then names carry the guess."""
OPAQUE = -0.5
"""A schema declares the field, but not what is in it; or the tool only acts and need not show anything."""
DOCUMENTED = 0.1
"""Only a description tells of the field."""
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
SURE_OF = 0.3
"""Weight of surroundings behind a container."""
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
    takes = tuple(parameter_slot(number, parameter, nouns) for parameter in _described(tool))
    declared = {one.path: one for one in output_fields(tool)}
    for path in seen:
        declared.setdefault(path, OutputField(path, {}))
    gives = _with_wrapper_id([field_slot(number, one, nouns) for one in declared.values()], takes, nouns)
    if not gives and nouns.deed != "end":
        told = documented_fields(tool.description)
        gives = [_documented(number, OutputField(name, {}, said), nouns) for name, said in told.items()]
        gives += [guessed_slot(number, nouns)] if nouns.about and nouns.deed != "change" else []
    gives = _without_given(gives, takes, nouns)
    return ToolReading(
        nouns=nouns,
        takes=takes,
        gives=tuple(_with_prior(slot, takes, nouns) for slot in gives if slot.kind != "flag"),
        takes_password=any(slot.own and slot.own[-1] in CREDENTIAL for slot in takes),
        looks_up_by=frozenset(
            slot.own for slot in takes if slot.required and slot.own and not _gives_alike(slot, nouns)
        ),
    )


def with_listed_choices(readings: Sequence[ToolReading], servers: Sequence[str]) -> list[ToolReading]:
    """Readings in which a parameter such as `category` is a value where `list_categories` says which there are."""
    listed = {
        (server, one.nouns.head)
        for one, server in zip(readings, servers, strict=True)
        if one.nouns.many and one.nouns.deed == "seek"
    }
    return [
        replace(one, takes=tuple(replace(slot, kind="value") if slot in found else slot for slot in one.takes))
        if (found := [slot for slot in one.takes if _steers(slot) and (server, slot.own[-1]) in listed])
        else one
        for one, server in zip(readings, servers, strict=True)
    ]


def _steers(slot: Slot) -> bool:
    """Whether a parameter looks as if people chose its value, from a list that its schema does not give."""
    return slot.kind in ("control", "choice") and not slot.choices and slot.own[-1:] not in ((), ("page",), ("result",))


def _described(tool: Tool) -> list[Parameter]:
    """The parameters; those that the schema does not describe, as the tool's description does."""
    found = parameters(tool)
    if all(one.description for one in found):
        return list(found)
    told = documented_parameters(tool.description)
    return [
        replace(one, description=told[one.path]) if not one.description and one.path in told else one for one in found
    ]


def _documented(number: int, told: OutputField, nouns: ToolNouns) -> Slot:
    """A field that only the description tells of, and not where in the output it stands."""
    return replace(field_slot(number, told, nouns), path="", guessed=True)


def _gives_alike(taken: Slot, nouns: ToolNouns) -> bool:
    """Whether the tool, given one thing, gives others of its kind, or more than the thing given."""
    return nouns.many and taken.attribute not in TELLING and taken.things[-1:] in ((), (nouns.head,))


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
    if any(IS_A.get(word) in given for word, weight in slot.around.items() if weight == CONTAINER):
        # who is in a cast was asked for: its ids are those of what else the tool is about
        around |= {w: weight / BEHIND_CONTAINER for w, weight in around.items() if w not in given and weight < SURE_OF}
    if slot.guessed and slot.path == "":
        around |= {w: max(weight, NOT_GIVEN) for w, weight in around.items() if weight >= MODIFIER and w not in given}
    return around


def _with_prior(produced: Slot, takes: Sequence[Slot], nouns: ToolNouns) -> Slot:
    prior = DEED_OF_SOURCE[nouns.deed] + DEEP * max(produced.path.count(".") - 1, 0)
    prior += _echo(produced, takes, nouns)
    if produced.guessed:
        vague = produced.path != "" or nouns.deed in ("act", "change", "end")
        prior += OPAQUE if vague else GUESSED if produced.attribute == ANY else DOCUMENTED
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
        inner = "." in produced.path and not produced.things
        return not inner or any(produced.around.get(word, 0.0) > 0.8 for word in _asked_for(taken)[-1:])
    return produced.attribute == taken.attribute == "id" and strength(taken, produced) > SAME_THING


def _asked_for(taken: Slot) -> tuple[str, ...]:
    """The kind of thing that a parameter asks for; of a bare `id`, what it is likeliest about."""
    if taken.things or not taken.around:
        return taken.things
    likeliest = max(taken.around, key=lambda word: taken.around[word])
    return (likeliest,)
