"""Fields for things that the tools say next to nothing about, from whoever writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from toolweave.servers.json_values import as_object
from toolweave.servers.simulated.names import owner_of, words_of
from toolweave.servers.simulated.reading import Kind, Use, kind_of
from toolweave.servers.simulated.things import described
from toolweave.servers.simulated.writing import Ask, Writer, filled, place_of

_FEW = 3
"""Fields from which on the tools have said enough."""
_SIMPLE = {
    "type": "object",
    "properties": {
        "type": {"enum": ["string", "integer", "number", "boolean"]},
        "description": {"type": "string", "maxLength": 120},
        "enum": {"type": "array", "items": {"type": "string", "maxLength": 40}, "minItems": 2, "maxItems": 8},
    },
    "required": ["type"],
    "additionalProperties": False,
}
_FIELDS = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z][a-z_]{1,30}$"},
    "additionalProperties": _SIMPLE,
    "minProperties": 2,
    "maxProperties": 6,
}


def widen(kinds: Sequence[Kind], uses: Collection[Use], seed: int, writer: Writer) -> None:
    """Let the writer say what fields things have whose tools name few and show no output schema.

    Identifiers are not among them: what refers to what is for the rules to say.
    """
    for kind in kinds:
        own = [use for use in uses if kind_of(use.noun, kinds) is kind]
        if len(kind.fields) >= _FEW or kind.deeds <= {"act", "end"} or any(use.tool.output_schema for use in own):
            continue
        facts = {"kind": kind.name, "tools": described([use.tool for use in own]), "fields": sorted(kind.fields)}
        what = f"a JSON schema of each further field that things of the kind {kind.name!r} have in such a system"
        draft = filled(Ask(what, facts, {place_of("fields"): _FIELDS}, seed, {"fields": {}}), writer)
        for name, schema in as_object(draft["fields"]).items():
            if name != kind.key and (owner_of(name) is None or words_of(name)[-1] in ("name", "title", "label")):
                kind.fields.setdefault(name, schema)
