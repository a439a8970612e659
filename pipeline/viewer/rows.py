"""What a list shows of an item, in a few hundred bytes: enough to filter ten thousand of them without asking again."""

from __future__ import annotations

from typing import Any

from toolweave.servers.json_values import as_list, as_object

MOST_WORDS = 600
"""Characters of what users say that the search knows."""
_FIGURES = ("turns", "calls", "depth", "difficulty", "attempts", "width", "tokens", "tools_offered")


def sample_row(sample: dict[str, Any]) -> dict[str, Any]:
    """The row of a kept sample."""
    quality, checker = as_object(sample.get("quality")), as_object(sample.get("checker"))
    words = " ".join(str(m.get("content")) for m in as_list(sample.get("messages")) if m.get("role") == "user")
    tools = dict.fromkeys(f"{call['server']}/{call['tool']}" for call in as_list(checker.get("calls")))
    return {
        "id": str(sample.get("id")),
        "index": sample.get("index"),
        "words": words[:MOST_WORDS],
        "kinds": list(dict.fromkeys(turn["kind"] for turn in as_list(sample.get("turns")))),
        "tools": list(tools),
        "servers": list(dict.fromkeys(tool.partition("/")[0] for tool in tools)),
        "checks": _checks(sample, quality, checker),
        **{name: quality.get(name, 0) for name in _FIGURES},
    }


def _checks(sample: dict[str, Any], quality: dict[str, Any], checker: dict[str, Any]) -> list[str]:
    """How it came about and what the gates found, as facts to filter by."""
    found = {
        "final state checked": bool(checker.get("state") or checker.get("files")),
        "final state not checked": bool(checker.get("unasserted")),
        "mutants survived": bool(quality.get("survivors")),
        "needed retries": quality.get("attempts", 1) > 1,
        "has a failing call": any(call.get("fails") for call in as_list(checker.get("calls"))),
        "role-played": sample.get("mode") == "role_play",
        "reworded": sample.get("refined") is not None,
        "judge unsure": "unsure" in as_object(quality.get("judged")).values(),
        "judge said no": "no" in as_object(quality.get("judged")).values(),
    }
    return [name for name, is_so in found.items() if is_so]


def rejected_row(line: dict[str, Any]) -> dict[str, Any]:
    """The row of an item that was not kept."""
    target = str(line.get("target", ""))
    return {
        "id": str(line.get("index")),
        "index": line.get("index"),
        "words": str(line.get("reason", ""))[:MOST_WORDS],
        "stage": str(line.get("stage", "")),
        "outcome": str(line.get("outcome", "")),
        "tools": [target] if target else [],
        "servers": [target.partition("/")[0]] if target else [],
        "twin": line.get("twin"),
    }
