"""Schemas, listings, results, lines, `mcp.json` manuals of strangers: nothing may raise but what callers are told of.

    .venv/bin/python benchmarks/fuzz.py --inputs 100000

Prints one JSON object: inputs tried of each kind, and what raised.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anyio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from toolweave.agent.texts.finding import find_procedures
from toolweave.servers.config import load_mcp_config
from toolweave.servers.decoding import decode
from toolweave.servers.errors import ConfigError, ServerError
from toolweave.servers.introspect import list_tools
from toolweave.servers.policy import decide
from toolweave.servers.schemas import first_problem, schema_problem
from toolweave.servers.secrecy import secrets_of
from toolweave.servers.spec import ServerSpec
from toolweave.servers.veil import Veil
from toolweave.servers.wire import LineReader

_WORDS = st.sampled_from(
    "type object array string properties items required enum const pattern $ref #/$defs/a $defs anyOf allOf not format "
    "minimum maxItems uniqueItems description default additionalProperties patternProperties (a+)+ name content "
    "text structuredContent isError result inputSchema outputSchema annotations readOnlyHint mcpServers servers inputs "
    "extends command args env url headers toolweave disposable values allow deny secrets ${HOME} ${X:-y} ${WORKSPACE} "
    "http://x y".split()
)
_TEXTS = _WORDS | st.text(max_size=12)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=5), max_leaves=12
)
OBJECTS = st.dictionaries(_TEXTS, JSON, max_size=6)
_LINES = st.sampled_from(
    (
        "# Desk", "Desk", "====", "----", "1. Find the member Rosa.", "2. Renew the loan by `3` weeks", "",
        "- [ ] Cancel it", "* Member: Rosa", "> 1. Go on", "| Field | Value |", "| --- | --- |", "| Weeks | 3 |", "| a",
        "```", "<!-- no",
        "How do I sow?", "A: First find it. Then sow it.", "Signed", "   ", "**Note**", "Step 3: Bill the visit",
        "If it is late, stop.", 'The clerk lends "it" on the 5th of May',
    )
)  # fmt: skip
_PAGES = st.lists(_LINES | st.text(max_size=12), max_size=12).map("\n".join)
VEIL = Veil(["canary-0123456789", "hunter2"])
HERE = ServerSpec(name="s", command="x")


def try_schema(schema: dict[str, Any], value: Any) -> None:
    """As of a tool that a server lists, and of its output."""
    if schema_problem(schema) is None:
        first_problem(schema, value)


def try_listing(tools: list[Any], more: dict[str, Any]) -> None:
    """One page of tools; each that is read is judged."""

    async def page(cursor: str | None) -> dict[str, Any]:
        return {**more, "tools": tools}

    try:
        for tool in anyio.run(list_tools, "s", page, VEIL.cover).tools:
            decide(HERE, tool)
    except ServerError:
        return


def try_result(raw: dict[str, Any], schema: dict[str, Any]) -> None:
    """The result of a call."""
    VEIL.cover(decode(VEIL.cover(raw), schema if schema_problem(schema) is None else None).value)


def try_line(raw: Any, noise: bytes) -> None:
    """What a server writes, with anything in between."""
    reader = LineReader(max_line=500)
    line = json.dumps(raw).encode()
    for chunk in (noise, line, noise, b"\n", line[: len(line) // 2], b"\n"):
        list(reader.feed(chunk))


def try_config(servers: Any, text: str) -> None:
    """An `mcp.json`."""
    for content in (json.dumps({"mcpServers": {"a": servers}}), text):
        path = _FOLDER / "mcp.json"
        path.write_text(content, "utf-8", "replace")
        try:
            for spec in load_mcp_config(path).servers:
                secrets_of(spec)
        except ConfigError:
            continue


def try_text(text: str) -> None:
    """A manual, read for procedures."""
    find_procedures(text, "manual.md")


_AT_ONCE = 1_000
_FOLDER = Path(tempfile.mkdtemp(prefix="toolweave-fuzz-"))
KINDS: dict[str, tuple[Callable[..., None], tuple[Any, ...]]] = {
    "schema": (try_schema, (OBJECTS, JSON)),
    "listing": (try_listing, (st.lists(JSON, max_size=3), OBJECTS)),
    "result": (try_result, (OBJECTS, OBJECTS)),
    "line": (try_line, (JSON, st.binary(max_size=20))),
    "config": (try_config, (JSON, st.text(max_size=60))),
    "text": (try_text, (_PAGES,)),
}


def fuzz(kind: str, inputs: int, first_seed: int = 0) -> tuple[int, Counter[str]]:
    """How many inputs were tried, and the places of what was raised."""
    attempt, strategies = KINDS[kind]
    tried, raised = 0, Counter[str]()

    def each(values: tuple[Any, ...]) -> None:
        nonlocal tried
        tried += 1
        try:
            attempt(*values)
        except Exception as error:  # boundary: what is counted here
            frame = traceback.extract_tb(error.__traceback__)[-1]
            raised[f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"] += 1

    while tried < inputs:  # hypothesis remembers all that it has tried: anew, it stays quick and small
        habits = settings(
            max_examples=min(_AT_ONCE, inputs - tried), deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
        )  # fmt: skip
        seed(first_seed + tried)(habits(given(st.tuples(*strategies))(each)))()
    return tried, raised


def main() -> None:
    """Print what was tried and what raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = {kind: fuzz(kind, asked.inputs // len(KINDS), asked.seed) for kind in KINDS}
    raised = {kind: dict(errors) for kind, (_, errors) in found.items() if errors}
    print(json.dumps({"tried": {kind: tried for kind, (tried, _) in found.items()}, "raised": raised}))


if __name__ == "__main__":
    main()
