from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolweave.pipeline.reports.readable import readable, write_readable


def called(call_id: str, **arguments: Any) -> dict[str, Any]:
    function = {"name": "book", "arguments": arguments}
    return {
        "role": "assistant",
        "content": "",
        "reasoning_content": f"I make {call_id}.",
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


def sample(depth: int) -> dict[str, Any]:
    return {
        "id": f"tw-{depth}",
        "servers": [{"name": "shop"}],
        "teacher": "offline",
        "tools": [{}, {}],
        "messages": [
            {"role": "user", "content": "Book Rose Corner."},
            {"role": "assistant", "content": "I cannot do that."},
            {"role": "user", "content": "You can now."},
            called("call_1", shop="Rose Corner"),
            {"role": "tool", "tool_call_id": "call_1", "name": "book", "content": "no shop Rose Corner"},
            called("call_2", shop="S-1"),
            {"role": "tool", "tool_call_id": "call_2", "name": "book", "content": "booked"},
            {"role": "assistant", "content": "It is booked."},
        ],
        "turns": [
            {
                "kind": "missing_function",
                "relation": "opens",
                "messages": [0, 1],
                "withheld": ["book", "rent"],
                "masked": [],
            },
            {"kind": "error_recovery", "relation": "continues", "messages": [2, 7], "withheld": [], "masked": [3]},
        ],
        "provenance": [
            {"call": "call_1", "argument": "/shop", "source": {"kind": "user", "turn": 0, "text": "Rose Corner"}}
        ],
        "quality": {"turns": 2, "calls": 2, "depth": depth, "dependent_calls": 0},
    }


def test_a_page_says_of_every_turn_what_it_is_and_of_a_failing_call_that_it_is_not_learnt() -> None:
    conversation = readable(sample(1)).split("## Where every argument came from")[0]
    assert conversation.split("\n\n", 2)[2].strip().splitlines() == [
        "## Turn 1: missing function, opens",
        "",
        "Not on offer in this turn: `book`, `rent`.",
        "",
        "**User:** Book Rose Corner.",
        "",
        "**Assistant:** I cannot do that.",
        "",
        "## Turn 2: error recovery, continues",
        "",
        "**User:** You can now.",
        "",
        "**Not to be learnt:** the next call fails, so that the assistant can read the error.",
        "",
        "> _I make call_1._",
        "",
        '**Call** `call_1`: `book({"shop": "Rose Corner"})`',
        "",
        "```",
        "no shop Rose Corner",
        "```",
        "",
        "> _I make call_2._",
        "",
        '**Call** `call_2`: `book({"shop": "S-1"})`',
        "",
        "```",
        "booked",
        "```",
        "",
        "**Assistant:** It is booked.",
    ]


def test_the_sample_with_the_longest_chain_is_the_one_to_read(tmp_path: Path) -> None:
    lines = [json.dumps(sample(depth)) for depth in (1, 3, 2)]
    (tmp_path / "samples.jsonl").write_text("\n".join(lines) + "\n")
    write_readable(tmp_path)
    assert (tmp_path / "sample.md").read_text().startswith("# Sample tw-3\n")
