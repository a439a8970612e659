"""The asks about manuals as text, in blocks as those of `render.py`."""

from __future__ import annotations

from typing import Any

from toolweave.agent.endpoint.render import blocks
from toolweave.agent.texts.asks import StepsAsk, TextAsk
from toolweave.servers.tools import Tool


def text(ask: TextAsk) -> str:
    """The lines with their numbers."""
    return blocks(("lines", [{"line": number, "text": line} for number, line in enumerate(ask.lines, ask.first)]))


def steps(ask: StepsAsk) -> str:
    """The tools, then the procedure."""
    procedure = ask.procedure
    return blocks(
        ("tools", [_tool(tool) for tool in ask.tools]),
        ("title", procedure.title),
        ("context", procedure.context),
        ("labelled_values", [{"label": fact.label, "value": fact.value} for fact in procedure.facts]),
        ("steps", [_step(number, one.text, one.detail) for number, one in enumerate(procedure.steps, 1)]),
    )


def _tool(tool: Tool) -> dict[str, Any]:
    return {"id": tool.id, "description": tool.description, "parameters": tool.input_schema}


def _step(number: int, words: str, detail: str) -> dict[str, Any]:
    return {"step": number, "text": words, **({"detail": detail} if detail else {})}
