"""Slots: parameters and fields with the meaning that matching compares: whose attribute a value is, and which.

The `id` in `results[].id` of `search_person` and the parameter `person_id` are both the attribute `id` of a `person`:
the one says so by its tool, the other by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from toolweave.graph.nouns import ToolNouns
from toolweave.graph.schema import OutputField, Parameter
from toolweave.graph.vocabulary import (
    CONTROL,
    CONTROL_STARTS,
    IDENTIFYING,
    IS_A,
    KIN,
    LINKS,
    NAMING,
    NOTHING,
    PLACE,
    ROLES,
    SECRET,
    TELLING,
    TEXT,
    TIME,
    VAGUE,
)
from toolweave.graph.words import words
from toolweave.servers.json_values import as_list, is_list

Kind = Literal["identifier", "secret", "name", "time", "quantity", "text", "control", "flag", "choice", "value"]
"""What sort of value a slot holds; some sorts flow between tools, some hardly ever do."""

ANY = "*"
"""The attribute of a guessed field: whatever stands for the thing."""
CONTAINER = 0.92
"""How surely a field belongs to the thing that its container names."""
BEHIND_CONTAINER = 0.3
"""How much of what the tool's name says is left for fields inside a container that names something else."""
OWNED = 0.95
"""How surely a parameter belongs to the thing whose attribute its description says it is."""
UNLESS_OWNED = 0.5
"""What is left then of the belief that it is about the tool's own nouns."""
ROLE_OF = 0.7
"""How surely what plays a part is of the kind that usually plays it."""

_OF_NAMES = frozenset({"slug", "key", "handle", "url", "path", "hash"})
_NAMES = frozenset({"title", "name", "url", "path"})
"""What the attributes before them are written forms of: a `title_slug` is the slug of the thing titled."""
_TOLD_BY_WORD = TELLING | {"phone"}
_BOOLEAN, _NUMBER, _OBJECT = frozenset({"boolean"}), frozenset({"number"}), frozenset({"object"})
_OWNER = re.compile(
    r"\b(?:ids?|identifiers?|keys?|codes?|numbers?|names?|slugs?|uuids?|handles?|index|address(?:es)?|paths?)\b(?:\s\w+)?\s(?:of|for)\s"
    r"(?:(?:the|a|an|this|your|each|which)\s)*(\w+(?:\s\w+)?)",
    re.IGNORECASE,
)
_ID = re.compile(r"\b(?:ids?|identifiers?|uuids?)\b", re.IGNORECASE)
_OWNED = re.compile(r"\b(\w+)[\s'\u2019s-]+(?:ids?|identifiers?|uuids?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter or a field, read for meaning."""

    tool: int
    """Index of its tool."""
    path: str
    own: tuple[str, ...]
    """Words of its own name; empty when the name says nothing."""
    things: tuple[str, ...]
    """Words of its own name that say whose attribute it is, roles left out; the last one is the kind of thing."""
    attribute: str
    """The attribute of the thing (`id`, `name`, …); `*` for a guess; empty when the value *is* the named thing."""
    around: dict[str, float]
    """What the surroundings say it may belong to: containers, tool, description; 0..1."""
    kind: Kind
    types: frozenset[str]
    """JSON types; empty when unknown."""
    choices: frozenset[str]
    many: bool
    """Whether it is one of several values in a list."""
    required: bool = False
    description: str = ""
    guessed: bool = False
    """Whether no schema declares it."""
    lasting: float = 0.0
    """Prior belief, in logits, that tools feed from this field (fields only)."""


def parameter_slot(tool: int, parameter: Parameter, nouns: ToolNouns) -> Slot:
    """Read a parameter."""
    own, containers = _named(parameter.path)
    things, attribute = _meaning(own)
    types = json_types(parameter.schema)
    choices = _choices(parameter.schema)
    around: dict[str, float] = {}
    owners = described_owner(parameter.description)
    if owners and not attribute and _ID.search(parameter.description[:300]) and types != _BOOLEAN:
        own, things, attribute = (owners[0], "id"), owners[:1], "id"
    if not things:
        sure = UNLESS_OWNED if owners else 1.0
        around |= {word: sure * (0.8 - 0.15 * place) for place, word in enumerate(nouns.subject[:4])}
    for word in owners:
        around[word] = OWNED
    if containers:
        around[containers[-1]] = CONTAINER
    return Slot(
        tool=tool,
        path=parameter.path,
        own=own,
        things=things,
        attribute=attribute,
        around=around,
        kind=_kind(own, attribute, types, choices),
        types=types,
        choices=choices,
        many=parameter.path.endswith("[]"),
        required=parameter.required,
        description=parameter.description,
    )


def field_slot(tool: int, declared: OutputField, nouns: ToolNouns) -> Slot:
    """Read an output field."""
    own, containers = _named(declared.path)
    if not own and nouns.attribute:
        own = (nouns.head, nouns.attribute)
    things, attribute = _meaning(own)
    types = json_types(declared.schema)
    opaque = (not types and declared.path.endswith("[]")) or types == _OBJECT
    if not own or (not attribute and (opaque or "#" in declared.path)):
        attribute = ANY
    return Slot(
        tool=tool,
        path=declared.path,
        own=own,
        things=things,
        attribute=attribute,
        around=_field_surroundings(containers, nouns, described_owner(declared.description)),
        kind=_kind(own, attribute, types, frozenset()),
        types=frozenset[str]() if opaque else types,
        choices=_choices(declared.schema),
        many=declared.path.endswith("[]") or declared.path.endswith("{key}"),
        guessed=attribute == ANY,
    )


def guessed_slot(tool: int, nouns: ToolNouns) -> Slot:
    """What a tool without a useful output schema is believed to give: something that stands for its thing."""
    own = tuple(dict.fromkeys((nouns.head, nouns.attribute))) if nouns.attribute else ()
    things, attribute = _meaning(own)
    return Slot(
        tool=tool,
        path="",
        own=own,
        things=things,
        attribute=attribute if own else ANY,
        around=nouns.about,
        kind="identifier",
        types=frozenset(),
        choices=frozenset(),
        many=nouns.many,
        guessed=True,
    )


def json_types(schema: dict[str, Any]) -> frozenset[str]:
    """The JSON types that a flat schema allows; `integer` counts as `number`; empty when it does not say."""
    kind = schema.get("type")
    kinds = kind if is_list(kind) else [kind]
    known = {name for name in kinds if name in ("string", "number", "integer", "boolean", "object", "array")}
    if not known and "enum" in schema:
        known = {"string"}
    return frozenset("number" if name == "integer" else name for name in known)


def described_owner(description: str) -> tuple[str, ...]:
    """Whose attribute a description says the value is: `("artist",)` for "The ID of the artist"."""
    if not description or len(description) > 2000:
        description = description[:2000]
    return _described_owner(description) if description else ()


@lru_cache(maxsize=1 << 16)
def _described_owner(description: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for match in _OWNER.finditer(description):
        kept = _before_link(words(match.group(1)))
        found.update({KIN.get(word, word): None for word in kept[-1:]})
    for match in _OWNED.finditer(description):
        found.update({KIN.get(word, word): None for word in words(match.group(1))[-1:] if word not in NOTHING})
    return tuple(word for word in found if word not in ROLES and len(word) > 2)[:2]


def _before_link(found: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for word in found:
        if word in LINKS:
            break
        if word not in NOTHING:
            kept.append(word)
    return kept


@lru_cache(maxsize=1 << 17)
def _named(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words of the last telling segment, and the heads of the containers around it that name something."""
    segments = [
        segment for segment in path.replace("[]", "").replace("#", ".").split(".") if segment not in ("", "{value}")
    ]
    if segments and segments[-1] == "{key}":
        segments.pop()
    own = words(segments[-1]) if segments else ()
    if own and all(word in NOTHING and word not in NAMING for word in own):
        own = () if (len(segments) == 1 and path.endswith("[]")) or own[-1] in ("result", "output", "response") else own
    heads = [telling[-1] for segment in segments[:-1] if (telling := _telling(words(segment)))]
    return own, tuple(KIN.get(word, word) for word in heads)


def _telling(found: tuple[str, ...]) -> list[str]:
    return [word for word in found if word not in NOTHING and word not in NAMING]


@lru_cache(maxsize=1 << 17)
def _meaning(own: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Whose attribute the words name, and which."""
    if not own:
        return (), ""
    if own[-1] in SECRET:
        return tuple(word for word in own if word not in NOTHING), ""
    if own[-1] == "index":
        return tuple(KIN.get(word, word) for word in own[:-1] if word not in ROLES), "index"
    if own[-1] in PLACE:
        return tuple(word for word in own[:-1] if word not in ROLES) or ("location",), own[-1]
    attribute = KIN.get(own[-1], own[-1]) if own[-1] in NAMING or KIN.get(own[-1]) in NAMING else ""
    rest = own[:-1] if attribute else own
    if attribute in _OF_NAMES and rest and all(word in _NAMES for word in rest):
        rest = ()
    elif attribute in ("address", "number", "code") and rest and rest[-1] in _TOLD_BY_WORD:
        attribute, rest = rest[-1], rest[:-1]
    things = tuple(KIN.get(word, word) for word in rest if not (attribute and (word in ROLES or word in LINKS)))
    if attribute and not things and rest:
        things = tuple(KIN.get(word, word) for word in rest if word not in LINKS)
    return things, attribute


def _field_surroundings(containers: tuple[str, ...], nouns: ToolNouns, described: tuple[str, ...]) -> dict[str, float]:
    around = {word: weight * (BEHIND_CONTAINER if containers else 1.0) for word, weight in nouns.about.items()}
    for word in described:
        around[word] = max(around.get(word, 0.0), 0.85)
    for distance, word in enumerate(reversed(containers)):
        around[word] = max(around.get(word, 0.0), CONTAINER * 0.5**distance)
    for word in containers[-1:]:
        if word in IS_A:
            around[IS_A[word]] = max(around.get(IS_A[word], 0.0), ROLE_OF)
    return around


def _choices(schema: dict[str, Any]) -> frozenset[str]:
    return frozenset(str(option) for option in as_list(schema.get("enum")) if option is not None)


def _kind(own: tuple[str, ...], attribute: str, types: frozenset[str], choices: frozenset[str]) -> Kind:
    if types == _BOOLEAN:
        return "flag"
    if own and (own[0] in CONTROL_STARTS or all(word in CONTROL for word in own)) and attribute not in ("id",):
        return "control"
    if any(word in SECRET for word in own[-1:]) and "page" not in own and "next" not in own and "pagination" not in own:
        return "secret"
    if own and own[-1] in ("token", "cursor"):
        return "control"
    if choices or (len(own) == 1 and own[0] in VAGUE):
        return "choice"
    if attribute in IDENTIFYING and not (attribute == "number" and own == ("number",)):
        return "identifier"
    return _plain_kind(own, attribute, types)


def _plain_kind(own: tuple[str, ...], attribute: str, types: frozenset[str]) -> Kind:
    if own and (own[-1] in TIME or (own[0] in ("start", "end") and len(own) == 1)):
        return "time"
    if own and all(word in TEXT or word in ROLES for word in own) and any(word in TEXT for word in own):
        return "text"
    if attribute:
        return "name"
    return "quantity" if types == _NUMBER else "value"
