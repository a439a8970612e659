"""Values that other packages know of: what a user could say for a parameter, beside what `mcp.json` has.

**Contract.** A source is asked once for every parameter of every tool that may be called, before anything is learnt,
and only where `mcp.json` gives no value. What it gives is kept in the run's directory and read there again, so a run
that goes on has the values that it began with. A value that the parameter's schema does not allow ends the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolweave.agent.arguments import ValueBook
from toolweave.agent.schemas import schema_errors
from toolweave.graph.schema import parameters
from toolweave.pipeline.running.introspect import Introspection
from toolweave.pipeline.storage.jsonl import read_json, write_json
from toolweave.servers.config import McpConfig, ServerSpec
from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import as_list, as_object
from toolweave.servers.tools import Tool

Source = Callable[[Tool, str, dict[str, Any]], Iterable[Any]]
"""Given a tool, the pattern of a parameter (`items[].sku`) and its schema: values that a user could say, or none."""


def supplied(config: McpConfig, seen: Introspection, sources: Mapping[str, Source], path: Path) -> McpConfig:
    """The servers with the values of these sources.

    Args:
        config: The servers.
        seen: Their tools.
        sources: By name; the first that knows something goes first.
        path: Where a run keeps the values.

    Raises:
        ConfigError: A source breaks, or gives what a parameter cannot take.
    """
    if not path.exists():
        tools = [tool for tool in seen.tools if tool.id in seen.allowed]
        book = ValueBook({spec.name: spec for spec in config.servers})
        write_json(path, _asked(book, tools, sources))
    values = as_object(read_json(path))
    servers = tuple(_with_values(spec, as_object(values.get(spec.name))) for spec in config.servers)
    return config.model_copy(update={"servers": servers})


def _asked(book: ValueBook, tools: Sequence[Tool], sources: Mapping[str, Source]) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = {}
    for tool in tools:
        for parameter in parameters(tool):
            if book.configured(tool, parameter.path):
                continue
            given = (_given(name, source, tool, parameter.path, parameter.schema) for name, source in sources.items())
            values = next((one for one in given if one), None)
            if values:
                found.setdefault(tool.server, {})[f"{tool.name}.{parameter.path}"] = values
    return found


def _given(name: str, source: Source, tool: Tool, path: str, schema: dict[str, Any]) -> list[Any]:
    try:
        values = list(source(tool, path, dict(schema)))
    except Exception as error:  # boundary: another package's code may fail in any way
        raise ConfigError(f"values: {name!r} broke at {tool.id} {path}: {type(error).__name__}: {error}") from error
    wrapped = {"type": "object", "properties": {"value": schema}}
    for value in values:
        if wrong := next(iter(schema_errors(wrapped, {"value": value})), None):
            raise ConfigError(f"values: {name!r} gives {value!r} for {tool.id} {path}: {wrong}")
    return values


def _with_values(spec: ServerSpec, values: Mapping[str, Any]) -> ServerSpec:
    if not values:
        return spec
    more = {key: as_list(value) for key, value in values.items()}
    return spec.model_copy(update={"options": spec.options.model_copy(update={"values": more | spec.options.values})})
