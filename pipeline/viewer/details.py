"""One item, whole, as the page shows it: conversation, sources, drafts, what its checker expects."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from toolweave.pipeline.viewer.pages import paged, shortened
from toolweave.pipeline.viewer.provenance import Conversation, facts_of, sources_of
from toolweave.pipeline.viewer.rows import rejected_row, sample_row
from toolweave.servers.json_values import as_list, as_object

MOST_DESCRIBED = 600
"""Characters of a tool's description."""
_WHOLE = ("id", "index", "seed", "teacher", "style", "quality", "servers", "turns")


def sample_details(sample: dict[str, Any], revisions: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that the page of a sample shows."""
    talk, checker = Conversation(sample), as_object(sample.get("checker"))
    expected = {str(call["id"]): as_object(call) for call in as_list(checker.get("calls"))}
    return {
        **{name: sample.get(name) for name in _WHOLE},
        "row": sample_row(sample),
        "messages": [_message(message, expected) for message in talk.messages],
        "sources": sources_of(sample, talk),
        "facts": list(facts_of(sample, talk)),
        "revisions": _by_message(revisions),
        "path": [_step(call) for call in expected.values()],
        "state": shortened(as_list(checker.get("state"))),
        "files": as_list(checker.get("files")),
        "unasserted": checker.get("unasserted", ""),
        "tools": _tools(sample, talk),
    }


def lost_details(line: dict[str, Any], revisions: list[dict[str, Any]], events: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that the page of an item that was not kept shows."""
    return {
        "row": rejected_row(line),
        "reason": paged(str(line.get("reason", ""))),
        "line": shortened({name: value for name, value in line.items() if name != "reason"}),
        "calls": [shortened(event) for event in events if event.get("event") == "call"],
        "rehearsals": [_rehearsal(event) for event in events if event.get("event") == "rehearsal"],
        "revisions": _by_message(revisions),
    }


def message_page(sample: dict[str, Any], message: int, page: int) -> dict[str, Any] | None:
    """A page of a long message; `None` when there is no such message."""
    talk = Conversation(sample)
    return paged(talk.text(message), page) if 0 <= message < len(talk.messages) else None


def _message(message: dict[str, Any], expected: dict[str, dict[str, Any]]) -> dict[str, Any]:
    content = message.get("content")
    return {
        "role": message.get("role"),
        "call_id": message.get("tool_call_id"),
        **paged(content if isinstance(content, str) else ""),
        "reasoning": shortened(message.get("reasoning_content") or ""),
        "calls": [_call(call, expected) for call in as_list(message.get("tool_calls"))],
    }


def _call(call: dict[str, Any], expected: dict[str, dict[str, Any]]) -> dict[str, Any]:
    function, known = as_object(call.get("function")), expected.get(str(call.get("id")), {})
    return {
        "id": call.get("id"),
        "name": function.get("name"),
        "server": known.get("server", ""),
        "tool": f"{known['server']}/{known['tool']}" if known else "",
        "arguments": shortened(function.get("arguments")),
        "fails": bool(known.get("fails")),
        "volatile": as_list(known.get("volatile")),
    }


def _step(call: dict[str, Any]) -> dict[str, Any]:
    """A call as a step of the path through the graph."""
    taken = dict.fromkeys(str(origin["call"]) for origin in as_object(call.get("taken")).values())
    return {
        "id": call["id"],
        "tool": f"{call['server']}/{call['tool']}",
        "from": list(taken),
        "enables": as_list(call.get("enables")),
        "fails": bool(call.get("fails")),
    }


def _by_message(revisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drafts that were turned down, in groups: those of one step, in order, and before which message it stands."""
    groups: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in revisions:
        drafts = {name: one.get(name) for name in ("attempt", "mistake", "hint", "draft")}
        groups[int(one.get("messages", 0))].append(shortened(drafts))
    return [{"message": message, "drafts": drafts} for message, drafts in sorted(groups.items())]


def _rehearsal(event: dict[str, Any]) -> dict[str, Any]:
    turns = as_list(as_object(event.get("plan")).get("turns"))
    plan = [[str(call["tool"]) for call in as_list(turn.get("calls"))] for turn in turns]
    return {"plan": plan, "reason": shortened(event.get("reason")), "turn": event.get("turn")}


def _tools(sample: dict[str, Any], talk: Conversation) -> list[dict[str, Any]]:
    names = {tool for tool, _ in talk.calls.values()}
    offered = [as_object(as_object(tool).get("function")) for tool in as_list(sample.get("tools"))]
    return [
        {
            "name": tool.get("name"),
            "description": shortened(str(tool.get("description") or ""), MOST_DESCRIBED),
            "parameters": list(as_object(as_object(tool.get("parameters")).get("properties"))),
            "called": tool.get("name") in names,
        }
        for tool in offered
    ]
