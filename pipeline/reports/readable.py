"""One kept sample as a page that a person can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolweave.pipeline.storage.store import read_lines

_MASKED = "**Not to be learnt:** the next call fails, so that the assistant can read the error."


def write_readable(root: Path) -> None:
    """Write `sample.md`: the kept sample with the most dependent calls."""
    best: dict[str, Any] | None = None
    for line in read_lines(root / "samples.jsonl"):
        if best is None or _interest(line) > _interest(best):
            best = line
    if best is not None:
        (root / "sample.md").write_text(readable(best), encoding="utf-8", errors="replace")


def readable(sample: dict[str, Any]) -> str:
    """A sample as Markdown: the conversation, then where every argument came from."""
    quality = sample["quality"]
    lines = [
        f"# Sample {sample['id']}",
        "",
        f"Servers: {', '.join(server['name'] for server in sample['servers'])}. Teacher: {sample['teacher']}. "
        f"{quality['turns']} turns, {quality['calls']} calls, chain depth {quality['depth']}, "
        f"{len(sample['tools'])} tools offered.",
        "",
    ]
    for number, turn in enumerate(sample["turns"], 1):
        lines += _turn(number, turn, sample["messages"])
    lines += ["## Where every argument came from", "", "| call | argument | source |", "|---|---|---|"]
    lines += [f"| {p['call']} | `{p['argument']}` | {_source(p['source'])} |" for p in sample["provenance"]]
    return "\n".join(lines) + "\n"


def _interest(sample: dict[str, Any]) -> tuple[int, int]:
    return sample["quality"]["depth"], sample["quality"]["dependent_calls"]


def _turn(number: int, turn: dict[str, Any], messages: list[dict[str, Any]]) -> list[str]:
    first, last = turn["messages"]
    lines = [f"## Turn {number}: {_words(turn['kind'])}, {turn['relation']}", ""]
    if turn["withheld"]:
        lines += [f"Not on offer in this turn: {', '.join(f'`{name}`' for name in turn['withheld'])}.", ""]
    lines += _advanced(turn.get("advanced"))
    for at in range(first, last + 1):
        lines += [_MASKED, ""] if at in turn["masked"] else []
        lines += _message(messages[at])
    return lines


def _advanced(tool: dict[str, Any] | None) -> list[str]:
    """The advanced tool of a turn: what goes in, what comes out."""
    if tool is None:
        return []
    inputs = ", ".join(tool["inputs"]) or "nothing"
    return [f"Amounts to `{tool['name']}`: {tool['description']} In: {inputs}. Out: {tool['output']}.", ""]


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _message(message: dict[str, Any]) -> list[str]:
    if message["role"] == "user":
        return [f"**User:** {message['content']}", ""]
    if message["role"] == "tool":
        return ["```", *str(message["content"]).splitlines()[:40], "```", ""]
    lines = [f"> _{message['reasoning_content']}_", ""] if message.get("reasoning_content") else []
    for call in message.get("tool_calls") or ():
        arguments = json.dumps(call["function"]["arguments"], ensure_ascii=False)
        lines += [f"**Call** `{call['id']}`: `{call['function']['name']}({arguments})`", ""]
    return [*lines, f"**Assistant:** {message['content']}", ""] if message.get("content") else lines


def _source(source: dict[str, Any]) -> str:
    if source["kind"] == "user":
        return f"the user says “{source['text']}” in turn {source['turn'] + 1}"
    if source["kind"] == "derived":
        counted = f"`{source['argument']}` of `{source['call']}`"
        return f"{source['rule']} on {counted}: the user says “{source['text']}” in turn {source['turn'] + 1}"
    if source["kind"] == "output":
        return f"output of {source['call']} at `{source['place'] or '/'}`"
    return f"the schema's {source['kind']}"
