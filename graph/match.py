"""How far a field and a parameter mean the same: the same attribute of the same kind of thing."""

from __future__ import annotations

from toolweave.graph.slots import ANY, OWNED, Slot
from toolweave.graph.vocabulary import IS_A, ROLES, TELLING

FOREIGN = 0.6
"""Share of the agreement that is lost when the field's name speaks of something else as well."""
PART_OF_NAME = 0.5
"""Weight of the words before the kind of thing, against the kind itself."""
ROLE_IN_NAME = 0.15
"""The same for words that only say which part a thing plays."""
HEADLESS = 0.3
"""What an agreement on the lesser words alone is worth."""
SAME_BY_ITSELF = 0.8
"""What it is worth that both are an attribute such as `isbn`, which says by itself what it identifies."""
OWNER = 0.85
"""What it is worth that the field is about the thing that only the parameter's description names."""
PLAYS_PART = 0.7
"""What it is worth that a thing is of the kind that usually plays the wanted part."""

_FROM_GUESS = {
    "id": 0.95, "": 0.72, "name": 0.8, "title": 0.55, "key": 0.6, "code": 0.6, "number": 0.65, "slug": 0.75, "sku": 0.7,
    "handle": 0.7, "symbol": 0.75, "url": 0.55, "path": 0.65, "index": 0.7, "reference": 0.65, "token": 0.3,
    "email": 0.4, "address": 0.75, "phone": 0.5, "latitude": 0.7, "longitude": 0.7, "coordinate": 0.7,
}  # fmt: skip
"""How surely a tool that gives a thing gives this attribute of it."""
_FROM_ATTRIBUTE = {"id": 0.62, "name": 0.66, "key": 0.6, "code": 0.6, "slug": 0.62, "symbol": 0.62, "handle": 0.6}
"""How surely a parameter named for a thing (`artist`) takes this attribute of it."""
_PAIRS = {
    frozenset(pair): fit
    for *pair, fit in (
        ("id", "key", 0.5), ("id", "code", 0.45), ("id", "number", 0.5), ("id", "slug", 0.55), ("id", "name", 0.2),
        ("name", "title", 0.8), ("id", "handle", 0.45), ("id", "symbol", 0.35), ("code", "symbol", 0.65),
        ("id", "hash", 0.4), ("hash", "sha", 0.9), ("id", "sku", 0.5), ("name", "handle", 0.6), ("name", "slug", 0.6),
        ("name", "login", 0.6), ("handle", "login", 0.8), ("key", "code", 0.5), ("id", "url", 0.2),
        ("code", "iata", 0.8),
        ("name", "symbol", 0.4), ("id", "reference", 0.7), ("code", "number", 0.4), ("name", "path", 0.4),
    )
}  # fmt: skip
"""How surely one attribute may stand for another."""


def strength(parameter: Slot, produced: Slot) -> float:
    """Agreement of a parameter and a field in 0..1; 1 when they name the same attribute of the same thing."""
    attribute = _attribute_fit(parameter, produced)
    if attribute == 0.0 or (parameter.own and parameter.own == produced.own and parameter.things):
        return attribute
    thing = _thing_fit(parameter, produced)
    return attribute * thing * (1.0 - FOREIGN * _foreign(parameter, produced)) if thing else 0.0


def _attribute_fit(parameter: Slot, produced: Slot) -> float:
    wanted, given = parameter.attribute, produced.attribute
    if wanted == given:
        return 1.0
    if given == ANY:
        return _FROM_GUESS.get(wanted, 0.4)
    if not wanted:
        return _FROM_ATTRIBUTE.get(given, 0.35)
    if not given:
        return 0.85 if produced.many and parameter.kind == "identifier" else 0.5
    return _PAIRS.get(frozenset((wanted, given)), 0.0)


def _thing_fit(parameter: Slot, produced: Slot) -> float:
    if not parameter.things:
        shared = _shared_surroundings(parameter, produced)
        same = parameter.own == produced.own
        telling = same and (parameter.attribute in TELLING or (produced.guessed and parameter.own[-1:] != ("id",)))
        return max(shared, SAME_BY_ITSELF) if telling else shared
    return max(_named_fit(parameter, produced), _owner_fit(parameter, produced))


def _owner_fit(parameter: Slot, produced: Slot) -> float:
    """How surely the field is about the thing that the parameter's description names."""
    owners = [word for word, weight in parameter.around.items() if weight >= OWNED]
    return max((OWNER * _known(word, produced) for word in owners), default=0.0)


def _named_fit(parameter: Slot, produced: Slot) -> float:
    """How surely the field is about the thing that the parameter's name says."""
    head = parameter.things[-1]
    head_fit = _known(head, produced)
    if head in IS_A:
        head_fit = max(head_fit, PLAYS_PART * _known(IS_A[head], produced))
    total, weight = head_fit, 1.0
    for word in parameter.things[:-1]:
        share = ROLE_IN_NAME if word in ROLES else PART_OF_NAME
        fit = _known(word, produced)
        total += share * (max(fit, 0.85 * head_fit) if word in produced.around else fit)
        weight += share
    return total / weight if head_fit > 0.0 else HEADLESS * total / weight


def _known(word: str, produced: Slot) -> float:
    return 1.0 if word in produced.things else produced.around.get(word, 0.0)


def _shared_surroundings(parameter: Slot, produced: Slot) -> float:
    if produced.things:
        return parameter.around.get(produced.things[-1], 0.0)
    best = 0.0
    for word, weight in parameter.around.items():
        if word in produced.around:
            best = max(best, weight * produced.around[word])
    return best


def _foreign(parameter: Slot, produced: Slot) -> float:
    """How much of what the field's name says the parameter knows nothing of, 0..1."""
    total = 0.0
    for word in produced.things:
        if word not in parameter.things and word not in parameter.around:
            total += ROLE_IN_NAME if word in ROLES else 1.0 if word == produced.things[-1] else PART_OF_NAME
    return min(total, 1.0)


def types_clash(parameter: Slot, produced: Slot) -> bool:
    """Whether the declared types have nothing in common."""
    return bool(parameter.types and produced.types) and not parameter.types & produced.types
