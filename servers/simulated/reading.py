"""What each tool does to which kind of thing, read from names and schemas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.servers.json_values import as_object
from toolweave.servers.simulated.names import (
    IDENTIFYING,
    NAMING,
    Deed,
    common_words,
    owner_of,
    plural,
    read_name,
    same_noun,
    words_of,
)
from toolweave.servers.simulated.values import resolved
from toolweave.servers.tools import Tool

Noun = tuple[str, ...]
PAYLOADS = frozenset("data fields attributes properties payload input body params values updates".split())
"""Parameters that hold the fields of a thing rather than being one."""
PAGING = frozenset("limit size count max top offset skip page cursor per results sort order direction".split())
"""Words of parameters that say how much of a list is wanted."""
SEARCHING = frozenset("query q text search keyword keywords term terms phrase filter pattern question".split())
"""Words of parameters that say what to look for anywhere."""
_SINGULAR_KEYS = IDENTIFYING - frozenset("code slug handle sku ticker symbol".split())
"""Identifiers that a server hands out, in contrast to those that everybody knows."""


@dataclass(frozen=True, slots=True)
class Use:
    """One tool as read."""

    tool: Tool
    verb: str
    deed: Deed
    noun: Noun
    key: str | None = None
    """The parameter that says which thing is meant."""
    references: dict[str, Noun] = field(default_factory=dict[str, Noun])
    """Parameters that name things of other kinds."""


@dataclass
class Kind:
    """What the tools know of one kind of thing."""

    noun: Noun
    deeds: set[Deed] = field(default_factory=set[Deed])
    fields: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Field → schema, without the id."""
    references: dict[str, Noun] = field(default_factory=dict[str, Noun])
    """Fields that hold ids of other kinds."""
    key: str = "id"
    """The field by which it is found."""
    key_schema: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def closed(self) -> bool:
        """Whether only things that the server has shown or made exist: they can be had, or have ids of its own."""
        return bool(self.deeds & {"find", "make"}) and (self.key == "id" or "make" in self.deeds)

    @property
    def name(self) -> str:
        """As a person says it."""
        return " ".join(self.noun)

    def is_own_id(self, name: str) -> bool:
        """Whether a field holds the id of the thing itself: `id`, and `task_id` of a task."""
        owner = owner_of(name) if is_handed_out(name) else None
        return name == "id" or (self.key == "id" and bool(owner) and same_noun(owner or (), self.noun))

    @property
    def plural(self) -> str:
        """The name of a field that holds several."""
        return "_".join((*self.noun[:-1], plural(self.noun[-1])))


def read_tools(tools: Sequence[Tool]) -> tuple[dict[str, Use], list[Kind]]:
    """How each tool is used, by name, and all kinds of things."""
    ignored = common_words([tool.name for tool in tools])
    uses = [_use(tool, ignored) for tool in tools]
    kinds: list[Kind] = []
    for use in uses:
        kind = kind_of(use.noun, kinds)
        if kind is None or kind.noun != use.noun:
            kinds.append(kind := Kind(use.noun))
        kind.deeds.add(use.deed)
    for kind in kinds:
        _choose_key(kind, uses, kinds)
    for use in uses:
        _learn(kind_of(use.noun, kinds) or Kind(use.noun), use)
    return {use.tool.name: use for use in uses}, kinds


def kind_of(noun: Noun, kinds: Sequence[Kind]) -> Kind | None:
    """The kind of this noun, or one that is called nearly so."""
    exact = next((kind for kind in kinds if kind.noun == noun), None)
    return exact or next((kind for kind in kinds if same_noun(kind.noun, noun)), None)


def _use(tool: Tool, ignored: frozenset[str]) -> Use:
    verb, deed, noun, many = read_name(tool.name, ignored)
    owners = {name: owner for name in tool.parameters if (owner := owner_of(name)) is not None}
    if not noun:
        noun = next((owner for owner in owners.values() if owner), ("item",))
    key, noun = _key(tool, deed, noun, owners, many)
    if deed == "get" and many and key is None:
        deed = "find"
    if deed == "act" and tool.annotations.read_only and key is not None:
        deed = "get"
    references = {name: owner for name, owner in owners.items() if name != key and owner}
    return Use(tool, verb, deed, noun, key, references)


def _key(tool: Tool, deed: Deed, noun: Noun, owners: dict[str, Noun], many: bool) -> tuple[str | None, Noun]:
    """The parameter that says which thing is meant; for an aspect of a thing, such as its status, the thing itself."""
    if deed == "find":
        return None, noun
    own = [name for name, owner in owners.items() if not owner or same_noun(owner, noun)]
    whole = [name for name, owner in owners.items() if owner and noun[: len(owner)] == owner and owner != noun]
    if own:
        return min(own, key=lambda name: _rank(tool, name)), noun
    if whole and deed in ("get", "act") and not many:
        found = min(whole, key=lambda name: _rank(tool, name))
        return found, owners[found]
    return None, noun


def _rank(tool: Tool, name: str) -> tuple[bool, bool, bool]:
    """Identifiers before names, required before optional."""
    return not is_handed_out(name), name not in tool.required, words_of(name)[-1] in NAMING


def _choose_key(kind: Kind, uses: Sequence[Use], kinds: Sequence[Kind]) -> None:
    """How things of a kind are found: by an id of the server's, else by what everybody calls them."""
    named: list[tuple[Use, str]] = []
    for use in uses:
        if use.key is not None and use.deed != "make" and kind_of(use.noun, kinds) is kind:
            named.append((use, use.key))
        named += [(use, name) for name, noun in use.references.items() if kind_of(noun, kinds) is kind]
    handed_out = [item for item in named if is_handed_out(item[1])]
    for use, name in (handed_out or named)[:1]:
        kind.key = "id" if handed_out else name
        schema = resolved(as_object(use.tool.parameters[name]), use.tool.input_schema)
        kind.key_schema = resolved(as_object(schema.get("items")), schema) if schema.get("type") == "array" else schema


def is_handed_out(parameter: str) -> bool:
    """Whether a parameter takes an identifier that a server gives out, in contrast to what everybody knows."""
    words = words_of(parameter)
    return bool(words) and words[-1] in _SINGULAR_KEYS


def _learn(kind: Kind, use: Use) -> None:
    """What a tool says about the fields of its kind."""
    for name, schema in (*_fields(use), *_shown(use, kind)):
        if name == kind.key:
            continue
        kind.fields.setdefault(name, schema)
        if name in use.references:
            kind.references[name] = use.references[name]


def _fields(use: Use) -> Iterator[tuple[str, dict[str, Any]]]:
    """Parameters that are fields of the thing."""
    if use.deed not in ("make", "change", "find"):
        return
    for name, schema in use.tool.parameters.items():
        inner = resolved(as_object(schema), use.tool.input_schema)
        words = words_of(name)
        if is_payload(name, use.noun) and as_object(inner.get("properties")):
            yield from ((key, as_object(item)) for key, item in as_object(inner["properties"]).items())
        elif (name == use.key and use.deed != "make") or not words or name == "id":
            continue
        elif use.deed != "find" or _selects(name, inner, use):
            yield name, inner


def _selects(name: str, schema: dict[str, Any], use: Use) -> bool:
    """Whether a parameter of a search is a field of what is found, rather than a word to look for or a page."""
    return (name in use.references or "enum" in schema) and not set(words_of(name)) & (PAGING | SEARCHING)


def is_payload(name: str, noun: Noun) -> bool:
    """Whether a parameter holds the fields of the thing."""
    words = words_of(name)
    return bool(words) and (words[-1] in PAYLOADS or same_noun(words, noun))


def _shown(use: Use, kind: Kind) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fields of the thing that the tool's output schema has."""
    root = use.tool.output_schema
    if root is None:
        return
    for schema in _objects(resolved(root, root), root):
        named = as_object(schema.get("properties"))
        if kind.key in named or "id" in named or use.deed in ("get", "make", "change"):
            for name, inner in named.items():
                found = resolved(as_object(inner), root)
                if not kind.is_own_id(name) and name != kind.key and found.get("type") not in ("object", "array"):
                    yield name, found


def _objects(schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """The object schemas that may describe the thing: deeper ones first, as lists wrap what they list."""
    if depth > 3:
        return
    inner = [as_object(item) for item in as_object(schema.get("properties")).values()]
    inner.append(as_object(schema.get("items")))
    for item in inner:
        if item:
            yield from _objects(resolved(item, root), root, depth + 1)
    if "properties" in schema:
        yield schema
