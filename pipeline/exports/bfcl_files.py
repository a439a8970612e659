"""What stands beside the entries of a `bfcl` export: answers, documents of functions, and the backends."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal

from toolweave.pipeline.exports.format import Lines, Row, as_text
from toolweave.servers.json_values import as_object

_TYPES = {"object": "dict", "number": "float"}
_KEPT = ("description", "enum", "default", "minimum", "maximum")
_BACKENDS = '''\
"""The bundled worlds of Toolweave as backends of bfcl-eval. Both have to be installed in one environment."""

from pathlib import Path

from bfcl_eval.constants import executable_backend_config as config
from toolweave.pipeline.exports.backend import backend

{classes}


def register() -> None:
    """Make them known to the checker; this folder has to be on the import path."""
    documents = Path(__file__).parent / "multi_turn_func_doc"
    for name in {names}:
        config.CLASS_FILE_PATH_MAPPING[name] = __name__
        config.MULTI_TURN_FUNC_DOC_FILE_MAPPING[name] = str(documents / f"{{name}}.json")
'''


def beside(lines: Lines) -> dict[str, str]:
    """Text of the files by path."""
    worlds: dict[str, Row] = {}
    answers: list[Row] = []
    for line in lines():
        worlds |= line["initial_config"]
        answers.append({"id": line["id"], "ground_truth": line["ground_truth"]})
    classes = "\n".join(f"{name} = backend({name!r}, {world['module']!r})" for name, world in sorted(worlds.items()))
    documents = {
        f"multi_turn_func_doc/{name}.json": _as_lines(documents_of(world["module"])) for name, world in worlds.items()
    }
    return {
        "possible_answer/questions.jsonl": _as_lines(answers),
        "backends.py": _BACKENDS.format(classes=classes, names=sorted(worlds)),
        **documents,
    }


def _as_lines(rows: list[Row]) -> str:
    return "".join(as_text(row) + "\n" for row in rows)


@cache
def documents_of(module: str) -> list[Row]:
    """A document for every tool of a bundled world, with the checker's names of types."""
    with start_blocking_portal() as portal:
        tools = portal.call(import_module(module).build(0).list_tools)
    return [
        {"name": tool.name, "description": tool.description, "parameters": _documented(tool.input_schema, {})}
        for tool in tools
    ]


def _documented(schema: Row, definitions: Row) -> Row:
    """A JSON Schema in the words of such documents: one type each, nothing by reference."""
    definitions = definitions | as_object(schema.get("$defs"))
    if reference := schema.get("$ref"):
        return _documented(as_object(definitions[Path(reference).name]) | _without(schema, "$ref"), definitions)
    for key in ("anyOf", "oneOf"):
        if choices := [item for item in schema.get(key, ()) if item.get("type") != "null"]:
            return _documented(choices[0] | _without(schema, key), definitions)
    found: Row = {"type": _TYPES.get(schema.get("type", "string"), schema.get("type", "string"))}
    found |= {key: schema[key] for key in _KEPT if schema.get(key) is not None}
    if "properties" in schema:
        found["properties"] = {name: _documented(item, definitions) for name, item in schema["properties"].items()}
        found["required"] = schema.get("required", [])
    if "items" in schema:
        found["items"] = _documented(schema["items"], definitions)
    return found


def _without(schema: Row, key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}
