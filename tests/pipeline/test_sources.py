"""Sources of values: asked once for what `mcp.json` does not give, kept with the run, checked against schemas."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.running.introspect import Introspection
from toolweave.pipeline.running.sources import supplied
from toolweave.servers.config import McpConfig, ServerSpec
from toolweave.servers.errors import ConfigError
from toolweave.servers.spec import ServerOptions
from toolweave.servers.tools import Tool

FIND = Tool(
    "crm",
    "find",
    input_schema={
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "town": {"type": "string"}},
    },
)
CONFIG = McpConfig(servers=(ServerSpec(name="crm", options=ServerOptions(values={"town": ["Oslo"]})),), digests={})
SEEN = Introspection((FIND,), {"crm": {}}, {}, {})


def crm(_tool: Tool, parameter: str, _schema: dict[str, Any]) -> Iterable[Any]:
    known: dict[str, list[Any]] = {"name": ["Ada Voss"], "town": ["Bergen"], "age": [41]}
    return known.get(parameter, [])


def odd(_tool: Tool, parameter: str, _schema: dict[str, Any]) -> Iterable[Any]:
    return ["old"] if parameter == "age" else []


def broken(_tool: Tool, _parameter: str, _schema: dict[str, Any]) -> Iterable[Any]:
    raise LookupError("no database")


def test_a_source_gives_what_the_file_does_not(tmp_path: Path) -> None:
    config = supplied(CONFIG, SEEN, {"crm": crm}, tmp_path / "values.json")
    assert config.servers[0].options.values == {"find.name": ["Ada Voss"], "find.age": [41], "town": ["Oslo"]}


def test_a_run_that_goes_on_has_the_values_that_it_began_with(tmp_path: Path) -> None:
    before = supplied(CONFIG, SEEN, {"crm": crm}, tmp_path / "values.json")
    assert supplied(CONFIG, SEEN, {"crm": odd}, tmp_path / "values.json") == before


def test_values_that_a_parameter_cannot_take_end_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'crm' gives 'old' for crm/find age: 'old' is not of type 'integer'"):
        supplied(CONFIG, SEEN, {"crm": odd}, tmp_path / "values.json")
    assert not (tmp_path / "values.json").exists()


def test_a_source_that_breaks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'crm' broke at crm/find name: LookupError: no database"):
        supplied(CONFIG, SEEN, {"crm": broken}, tmp_path / "values.json")
