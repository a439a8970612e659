"""The offline teacher behind the wire: answers chat completions by reading our prompts as any model would have to.

It plays the model of `endpoint_faults.py`. What a prompt does not carry (ids of calls, schemas of the tools that a
request is about) it knows from the `graph.json` of the run and remembers from what it was asked before.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.roles import (
    AdvancedTool,
    CritiqueAsk,
    Happened,
    ProposedCall,
    QueryAsk,
    Reply,
    Step,
    StepAsk,
    Style,
    ToolingAsk,
    UserAsk,
    UserValue,
    ValueAsk,
)
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.servers.decoding import decode_text
from toolweave.servers.tools import Tool

Blocks = dict[str, list[Any]]
Asked = tuple[tuple[str, str, str], ...]
"""Call, tool and pointer of every value that only the user knows."""
UNSAID = "(do not say)"


def read_blocks(text: str) -> Blocks:
    """The delimited data of a rendered ask."""
    found: Blocks = {}
    name = ""
    for line in text.split("\n\nReply with one JSON object")[0].split("\n"):
        if line.startswith('<data name="'):
            name = line.removeprefix('<data name="').removesuffix('">')
            found[name] = []
        elif line and line != "</data>":
            found[name].append(json.loads(line))
    return found


def role_of(blocks: Blocks) -> str:
    """Which role a rendered ask is for."""
    marks = {"mistake": "critique", "parameter": "value", "purpose": "user", "relation": "query", "tools": "step"}
    return next((role for mark, role in marks.items() if mark in blocks), "tooling")


class WireTeacher:
    """One teacher for all requests; several threads may ask it."""

    def __init__(self, graph_file: Path) -> None:
        self._teacher, self._lock, self._graph_file = OfflineTeacher(), threading.Lock(), graph_file
        self._tools: dict[str, Tool] = {}
        self._folded: dict[tuple[str, str, Asked], list[ToolingAsk]] = {}

    def reply(self, role: str, blocks: Blocks, seed: int) -> Reply:
        """What the role replies."""
        with self._lock:
            self._tools = self._tools or self._known()
            return asyncio.run(self._reply(role, blocks, seed))

    async def _reply(self, role: str, blocks: Blocks, seed: int) -> Reply:
        match role:
            case "tooling":
                return await self._tooling(blocks, seed)
            case "query":
                return await self._teacher.query(self._query(blocks, seed))
            case "user":
                return await self._teacher.user(self._user(blocks, seed))
            case "step":
                return await self._teacher.step(_step(blocks, seed))
            case "critique":
                return await self._teacher.critique(self._critique(blocks, seed))
            case _:
                return await self._teacher.value(self._value(blocks, seed))

    def _known(self) -> dict[str, Tool]:
        if not self._graph_file.exists():
            return {}
        return graph_from_json(json.loads(self._graph_file.read_text("utf-8"))).tools

    async def _tooling(self, blocks: Blocks, seed: int) -> AdvancedTool:
        inputs = tuple(self._user_value(item) for item in blocks.get("inputs", ()))
        ask = ToolingAsk(self._calls(blocks["calls"], inputs), inputs, seed)
        advanced = await self._teacher.tooling(ask)
        self._folded.setdefault((advanced.description, advanced.output, _asked(inputs)), []).append(ask)
        return advanced

    def _calls(self, shown: Sequence[dict[str, Any]], inputs: Sequence[UserValue]) -> tuple[Happened, ...]:
        """The calls with their ids, as far as the user's values tell them."""
        ids = list(dict.fromkeys(item.call for item in inputs))
        calls: list[Happened] = []
        for number, facts in enumerate(shown):
            tool, text = self._tool(facts["tool"]), str(facts.get("result", ""))
            arguments = facts["arguments"]
            own = (i for i in ids if all(_carries(arguments, one) for one in inputs if one.call == i))
            mine = next((i for i in own if {one.tool.name for one in inputs if one.call == i} == {tool.name}), None)
            ids = [name for name in ids if name != mine]
            calls.append(Happened(mine or f"shown_{number}", tool, arguments, text, decode_text(text)))
        return tuple(calls)

    def _query(self, blocks: Blocks, seed: int) -> QueryAsk:
        told = tuple(self._user_value(item) for item in blocks.get("say_these", ()))
        unsaid = tuple(self._user_value(item) for item in blocks.get("leave_out", ()))
        advanced = _advanced(blocks)
        folded = self._remembered(advanced, told, unsaid)
        values = {(item.call, item.pointer): item.value for item in folded.inputs}
        unsaid = tuple(replace(item, value=values[item.call, item.pointer]) for item in unsaid)
        carried = tuple(self._user_value(item) for item in blocks.get("refer_to_these", ()))
        style, history = blocks["style"][0], tuple(map(_message, blocks.get("conversation", ())))
        return QueryAsk(
            advanced, folded.calls, told, carried, history,
            Style(style["persona"], style["register"], style["distance"]), tuple(blocks.get("never_say", ())), seed,
            tuple(blocks.get("problems_before", ())), unsaid, blocks["relation"][0],
        )  # fmt: skip

    def _remembered(self, advanced: AdvancedTool, told: Sequence[UserValue], unsaid: Sequence[UserValue]) -> ToolingAsk:
        asked = set(_asked([*told, *unsaid]))
        for (description, output, inputs), asks in self._folded.items():
            if (description, output) == (advanced.description, advanced.output) and set(inputs) == asked:
                said = [(item.call, item.pointer, item.value) for item in told]
                for ask in reversed(asks):
                    if all(one in [(item.call, item.pointer, item.value) for item in ask.inputs] for one in said):
                        return ask
        raise LookupError("a request about calls that were never folded")

    def _user(self, blocks: Blocks, seed: int) -> UserAsk:
        style = blocks["style"][0]
        return UserAsk(
            blocks["purpose"][0], _advanced(blocks),
            tuple(self._user_value(item) for item in blocks.get("say_these", ())),
            tuple(map(_message, blocks.get("conversation", ()))),
            Style(style["persona"], style["register"], "goal"), tuple(blocks.get("never_say", ())), seed,
            tuple(blocks.get("problems_before", ())),
        )  # fmt: skip

    def _critique(self, blocks: Blocks, seed: int) -> CritiqueAsk:
        about = blocks.get("about", [{}])[0]
        return CritiqueAsk(
            blocks["mistake"][0],
            Step.model_validate(blocks["step"][0]),
            self._tool(about["tool"]) if about.get("tool") else None,
            about.get("argument"),
            self._calls(blocks.get("right_calls", ()), ()),
            tuple(map(_message, blocks["conversation"])),
            seed,
            tuple(blocks.get("hints_before", ())),
        )

    def _value(self, blocks: Blocks, seed: int) -> ValueAsk:
        parameter = blocks["parameter"][0]
        return ValueAsk(self._tool(blocks["tool"][0]), parameter["pointer"], parameter["schema"], seed)

    def _tool(self, facts: dict[str, Any]) -> Tool:
        found = (tool for tool in self._tools.values() if tool.name == facts["name"])
        return next(found, Tool("", facts["name"], facts["description"]))

    def _user_value(self, facts: dict[str, Any]) -> UserValue:
        server, _, name = facts["tool"].rpartition("/")
        tool = self._tools.get(facts["tool"], Tool(server, name))
        return UserValue(facts["call"], tool, facts["pointer"], facts["meaning"], facts["value"])


def _step(blocks: Blocks, seed: int) -> StepAsk:
    tools = tuple(Tool("", item["name"], item["description"], item["parameters"]) for item in blocks["tools"])
    wish, leads, *hints = blocks["guidance"]
    advanced = AdvancedTool(name="turn", description=wish.partition(": ")[2], output=leads.partition(": ")[2])
    slip = blocks.get("make_this_call")
    return StepAsk(
        tuple(map(_message, blocks["conversation"])), tools, {tool.id: tool.name for tool in tools}, advanced,
        tuple(hints), seed, ProposedCall.model_validate(slip[0]) if slip else None,
    )  # fmt: skip


def _advanced(blocks: Blocks) -> AdvancedTool:
    wanted = blocks["wanted"][0]
    return AdvancedTool(name="turn", description=wanted["what"], output=wanted["outcome"])


def _asked(values: Sequence[UserValue]) -> Asked:
    return tuple((item.call, item.tool.id, item.pointer) for item in values)


def _carries(arguments: dict[str, Any], item: UserValue) -> bool:
    found: Any = arguments
    for part in item.pointer.strip("/").split("/"):
        found = found.get(part) if isinstance(found, dict) else _entry(found, part)
    return found == item.value


def _entry(found: Any, part: str) -> Any:
    return found[int(part)] if isinstance(found, list) and part.isdigit() and int(part) < len(found) else None


def _message(facts: dict[str, Any]) -> dict[str, Any]:
    """A message of the prompt in the shape of a chat."""
    message = {key: value for key, value in facts.items() if key != "calls"} | {"content": facts.get("content", "")}
    if facts.get("calls"):
        message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
            for call in facts["calls"]
        ]
    return message
