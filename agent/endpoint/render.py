"""The asks as text: each fact in a delimited block of JSON, so that no server's words can pass for instructions.

`</` never appears inside a block, so nothing in it can close it. What changes least comes first: endpoints that cache
prefixes then read tools and the older messages once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.reviewing import JudgeAsk, RefineAsk
from toolweave.agent.roles import (
    AdvancedTool,
    CritiqueAsk,
    Happened,
    QueryAsk,
    StepAsk,
    Style,
    ToolingAsk,
    UserAsk,
    UserValue,
    ValueAsk,
)
from toolweave.servers.json_values import as_list, as_object, is_object
from toolweave.servers.tools import Tool

_NOT_SENT = ("title", "default", "minLength", "maxLength")
_BRIEF = 2_000
"""Characters of a tool result that roles which only need its gist are shown."""


def tooling(ask: ToolingAsk) -> str:
    """The chain with its results, and what the user brings."""
    return blocks(
        ("calls", [_happened(call, show_values=True) for call in ask.calls]), ("inputs", list(map(_value, ask.inputs)))
    )


def query(ask: QueryAsk) -> str:
    """What is wanted, what must and must not be said, and how."""
    steps = [_brief_tool(call.tool) for call in ask.calls] if ask.style.distance == "explicit" else []
    return blocks(
        ("conversation", [_message(item, _BRIEF) for item in ask.history]),
        ("relation", ask.relation),
        ("wanted", _wanted(ask.advanced)),
        *([("occasion", ask.occasion)] if ask.occasion else []),
        ("steps", steps),
        ("style", _style(ask.style) | _manner(ask.style)),
        ("say_these", list(map(_value, ask.inputs))),
        ("leave_out", list(map(_unsaid, ask.unsaid))),
        ("refer_to_these", list(map(_unsaid, ask.carried))),
        ("never_say", list(ask.forbidden)),
        ("problems_before", list(ask.complaints)),
    )


def user(ask: UserAsk) -> str:
    """What the assistant said last, and what the user may say to it; nothing else that the user could give away."""
    return blocks(
        ("conversation", [_spoken(item) for item in ask.history if _is_spoken(item)]),
        ("wanted", _wanted(ask.advanced)),
        ("purpose", ask.purpose),
        ("style", _style(ask.style)),
        ("say_these", list(map(_value, ask.values))),
        ("never_say", list(ask.forbidden)),
        ("problems_before", list(ask.complaints)),
    )


def step(ask: StepAsk, longest: int) -> str:
    """The tools, the conversation, and the private guidance.

    The conversation is data in one user message rather than chat messages with tool roles, and the step comes back as
    JSON rather than as native tool calls, because endpoints differ most in just that: chat templates drop reasoning,
    all but one of parallel calls, or tools altogether, and few servers combine tools with a response format.
    """
    return blocks(
        ("tools", [_tool(tool, ask.names[tool.id]) for tool in ask.tools]),
        ("conversation", [_message(item, longest) for item in ask.messages]),
        ("guidance", _guidance(ask)),
        ("make_this_call", ask.slip.model_dump(mode="json") if ask.slip else {}),
    )


def critique(ask: CritiqueAsk, show_values: bool) -> str:
    """The faulty step beside the right calls, whose values can be withheld."""
    return blocks(
        ("conversation", [_message(item, _BRIEF) for item in ask.messages]),
        ("step", ask.step.model_dump(mode="json")),
        ("mistake", ask.mistake),
        ("about", {"tool": ask.tool and _brief_tool(ask.tool), "argument": ask.pointer}),
        ("right_calls", [_happened(call, show_values) for call in ask.expected]),
        ("hints_before", list(ask.earlier)),
    )


def judge(ask: JudgeAsk, longest: int) -> str:
    """The questions, the tools that were on offer, and all that was said, thought and done."""
    return blocks(
        ("questions", [{"criterion": name, "question": question} for name, question in ask.questions.items()]),
        ("tools", [as_object(tool["function"]) for tool in ask.tools]),
        ("conversation", [_message(item, longest) for item in ask.messages]),
    )


def refine(ask: RefineAsk, longest: int) -> str:
    """The conversation with numbers, and what must stay in each message."""
    return blocks(
        ("tools", [_brief_function(tool) for tool in ask.tools]),
        ("conversation", [{"number": at} | _message(item, longest) for at, item in enumerate(ask.messages)]),
        ("keep", [{"number": at, "pieces": list(pieces)} for at, pieces in sorted(ask.keep.items())]),
    )


def value(ask: ValueAsk) -> str:
    """The parameter and its tool."""
    parameter = {"pointer": ask.pointer, "schema": ask.schema}
    return blocks(("tool", _brief_tool(ask.tool)), ("parameter", parameter))


def schema_note(schema: dict[str, Any]) -> str:
    """How to reply; needed beside `response_format`, which some endpoints accept and ignore."""
    return f"Reply with one JSON object and nothing else, valid for this JSON Schema:\n{_json(schema)}"


def plain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A pydantic schema without titles, with every property required: models reply better to the shorter form.

    Bounds of texts are left out too: llama.cpp makes a grammar of that depth of them, and crashes. Replies are held to
    them when they are read.
    """
    kept: dict[str, Any] = {}
    for key, item in schema.items():
        if key in ("properties", "$defs"):
            kept[key] = {name: plain_schema(as_object(part)) for name, part in as_object(item).items()}
        elif key not in _NOT_SENT:
            kept[key] = plain_schema(item) if is_object(item) else item
    if "properties" in kept:
        kept["required"] = list(kept["properties"])
    return kept


def _guidance(ask: StepAsk) -> list[str]:
    if ask.advanced is None:
        return list(ask.hints)
    wish = f"What the user is after in this turn, taken together: {ask.advanced.description}"
    return [wish, f"Where the tools on offer can do it, it leads to: {ask.advanced.output}", *ask.hints]


def blocks(*named: tuple[str, Any]) -> str:
    """Facts in named blocks; empty ones are left out."""
    return "\n\n".join(_block(name, facts) for name, facts in named if facts not in ([], {}, ""))


def _block(name: str, facts: Any) -> str:
    lines = map(_json, facts) if isinstance(facts, list) else [_json(facts)]  # pyright: ignore[reportUnknownArgumentType]
    return "\n".join([f'<data name="{name}">', *lines, "</data>"])


def _json(facts: object) -> str:
    text = json.dumps(facts, ensure_ascii=False, default=str).replace("</", "<\\/")
    return text.encode("utf-8", "backslashreplace").decode()  # half characters from servers stay escaped


def _tool(tool: Tool, name: str) -> dict[str, Any]:
    return {"name": name, "description": tool.description, "parameters": tool.input_schema}


def _brief_function(tool: dict[str, Any]) -> dict[str, Any]:
    function = as_object(tool.get("function"))
    return {"name": function.get("name"), "description": function.get("description")}


def _brief_tool(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description}


def _wanted(advanced: AdvancedTool) -> dict[str, Any]:
    return {"what": advanced.description, "outcome": advanced.output}


def _manner(style: Style) -> dict[str, str]:
    """What only a request has."""
    return {"distance": style.distance, "vagueness": style.vagueness, "background": style.background}


def _style(style: Style) -> dict[str, Any]:
    return {"persona": style.persona, "register": style.register}


def _unsaid(item: UserValue) -> dict[str, Any]:
    return _value(item) | {"value": "(do not say)"}


def _value(item: UserValue) -> dict[str, Any]:
    meaning = {
        key: item.schema[key] for key in ("title", "description", "type", "format", "enum") if key in item.schema
    }
    return {"call": item.call, "tool": item.tool.id, "pointer": item.pointer, "meaning": meaning, "value": item.value}


def _happened(call: Happened, show_values: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"tool": _brief_tool(call.tool)}
    if show_values:
        result = {"result": _cut(call.text, _BRIEF)} if call.text or call.value is not None else {}
        return facts | {"arguments": call.arguments} | result
    return facts | {"arguments": dict.fromkeys(call.arguments, "(withheld)")}


def _message(message: Message, longest: int) -> dict[str, Any]:
    shown = {key: message[key] for key in ("role", "name", "tool_call_id", "reasoning_content") if message.get(key)}
    if message.get("content"):
        shown["content"] = _cut(str(message["content"]), longest)
    if message.get("tool_calls"):
        shown["calls"] = list(_calls(as_list(message["tool_calls"])))
    return shown


def _is_spoken(message: Message) -> bool:
    return message["role"] in ("user", "assistant") and bool(message.get("content"))


def _spoken(message: Message) -> dict[str, Any]:
    """A message as the user reads it: no thoughts, no calls."""
    return {"role": message["role"], "content": _cut(str(message["content"]), _BRIEF)}


def _calls(calls: Iterable[Any]) -> Iterable[dict[str, Any]]:
    for call in calls:
        function = as_object(as_object(call).get("function"))
        yield {"id": call.get("id"), "name": function.get("name"), "arguments": function.get("arguments")}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest} more characters)"
