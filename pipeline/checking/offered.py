"""The tools that a row offers, held against those that the servers really have."""

from __future__ import annotations

from collections.abc import Iterable

from toolweave.pipeline.sample import Sample
from toolweave.servers.json_values import as_object, canonical
from toolweave.servers.tools import Tool


def strange_tools(sample: Sample, known: Iterable[Tool]) -> list[tuple[str, str]]:
    """(offered name, what is wrong with it) of every offered tool that no server has as it is offered."""
    by_name: dict[str, list[Tool]] = {}
    for tool in known:
        for name in (tool.name, f"{tool.server}__{tool.name}"):
            by_name.setdefault(name, []).append(tool)
    return [
        (name, problem)
        for name, facts in ((str(one["function"]["name"]), one["function"]) for one in sample.tools)
        if (problem := _problem(facts, by_name.get(name, []))) is not None
    ]


def _problem(facts: dict[str, object], meant: list[Tool]) -> str | None:
    if not meant:
        return "no server has such a tool"
    shown = canonical([facts.get("description", ""), as_object(facts.get("parameters"))])
    same = any(canonical([tool.description, tool.input_schema]) == shown for tool in meant)
    return None if same else "its server describes it otherwise"
