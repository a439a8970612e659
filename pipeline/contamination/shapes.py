"""The shape of a tool: its name's words and its parameters, so that tools of two files can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from toolweave.pipeline.contamination.words import content_words, identifier_words
from toolweave.servers.json_values import as_list, as_object, is_list, is_object

SCHEMA_KEYS = frozenset(
    """parameters inputSchema input_schema args_schema properties response outputSchema tools functions function apis
    available_tools""".split()
)
"""Keys below which a row describes tools; what stands there is no request and no value."""

_SCHEMAS = ("parameters", "inputSchema", "input_schema", "args_schema")
_TYPES = {
    "dict": "object", "map": "object", "hashmap": "object",
    "list": "array", "tuple": "array", "set": "array", "arraylist": "array",
    "int": "integer", "long": "integer", "bigint": "integer",
    "float": "number", "double": "number",
    "bool": "boolean",
    "str": "string", "char": "string",
}  # fmt: skip


_ANSWERS = frozenset(
    """ground_truth answer answers expected expected_calls expected_actions actions calls tool_calls gold target
    possible_answer possible_answers evaluation_criteria""".split()
)
_WRITTEN_CALL = re.compile(r"([A-Za-z_][\w.]*)\((?:\s*(?:\w+\s*=|['\"\[{(\d-]).*)?\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ToolShape:
    """A tool as far as two files can agree on it."""

    name: str
    key: str
    """The words of its own name, without a class or module before it."""
    parameters: frozenset[str]
    """`words of the name:JSON type`."""
    description: frozenset[str]
    """Content words."""


def shape(name: str, schema: dict[str, Any], description: str) -> ToolShape:
    """The shape of one tool."""
    parameters = frozenset(
        f"{_key(parameter)}:{_type(as_object(rules))}"
        for parameter, rules in as_object(schema.get("properties")).items()
    )
    return ToolShape(name, _own_key(name), parameters, frozenset(content_words(description)))


def shapes_in(value: Any, deep: bool = True) -> list[ToolShape]:
    """Every tool schema in a JSON value, each name once; with `deep=False` only when the value itself is one."""
    found: dict[str, ToolShape] = {}
    for item in _objects(value) if deep else iter([as_object(value)]):
        name = item.get("name")
        schema = next((item[key] for key in _SCHEMAS if is_object(item.get(key))), None)
        if isinstance(name, str) and schema is not None and (is_object(schema.get("properties")) or not schema):
            found.setdefault(name, shape(name, schema, str(item.get("description") or "")))
    return list(found.values())


def calls_in(row: dict[str, Any]) -> frozenset[str]:
    """Keys of the tools that a row's answers call: `name(key=…)`, `{name, arguments}` or `{name: {parameter: …}}`."""
    answers = [value for key, value in row.items() if key.casefold() in _ANSWERS]
    return frozenset(_own_key(name) for name in _called(answers))


def _called(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if found := _WRITTEN_CALL.fullmatch(value.strip()):
            yield found[1]
    elif is_object(value):
        name, arguments = value.get("name"), value.get("arguments", value.get("kwargs"))
        if isinstance(name, str) and arguments is not None:
            yield name
        else:
            yield from (key for key, item in value.items() if is_object(item))
            yield from _called([item for item in value.values() if is_list(item)])
    elif is_list(value):
        for item in value:
            yield from _called(item)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a value, also inside JSON that is written as a string."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        value = _parsed(value)
    if is_object(value):
        yield value
    children: list[Any] = list(value.values()) if is_object(value) else value if is_list(value) else []
    for child in children:
        yield from _objects(child)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _own_key(name: str) -> str:
    """The words of a name without the class, module or server before it."""
    return _key(re.split(r"[./]", name)[-1])


def _key(name: str) -> str:
    return " ".join(identifier_words(name))


def _type(rules: dict[str, Any]) -> str:
    named: Any = rules.get("type")
    if is_list(named):
        named = next((kind for kind in named if kind != "null"), None)
    if named is None:
        choices = [as_object(choice).get("type") for choice in as_list(rules.get("anyOf") or rules.get("oneOf"))]
        named = next((kind for kind in choices if kind not in (None, "null")), "any")
    kind = str(named).casefold()
    return _TYPES.get(kind, kind)
