"""The tools that a row offers, held against those that the servers really have."""

from __future__ import annotations

from collections.abc import Iterable

from toolweave.pipeline.sample import Sample
from toolweave.servers.json_values import as_object, canonical
from toolweave.servers.tools import Tool, spellings

Named = dict[str, list[Tool]]
"""Name under which a tool may be offered → the tools that may be meant."""
Strange = list[tuple[str, str]]
"""(offered name, what is wrong with it)."""


def named(tools: Iterable[Tool]) -> Named:
    """Tools of all servers by the names under which samples offer them."""
    found: Named = {}
    for tool in tools:
        for name in dict.fromkeys(spellings(tool.server, tool.name)):
            found.setdefault(name, []).append(tool)
    return found


def strange_tools(sample: Sample, known: Named) -> Strange:
    """Every offered tool that no server has as it is offered."""
    return [
        (name, problem)
        for name, facts in ((str(one["function"]["name"]), one["function"]) for one in sample.tools)
        if (problem := _problem(facts, known.get(name, []))) is not None
    ]


def _problem(facts: dict[str, object], meant: list[Tool]) -> str | None:
    if not meant:
        return "no server has such a tool"
    shown = canonical([facts.get("description", ""), as_object(facts.get("parameters"))])
    same = any(canonical([tool.description, tool.input_schema]) == shown for tool in meant)
    return None if same else "its server describes it otherwise"
