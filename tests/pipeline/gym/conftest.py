"""A small post office and one sample of it, with a turn in which the user forgets something."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.checking.facts import with_told
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.gym.episode import Episode, open_episode
from toolweave.pipeline.running.introspect import introspect
from toolweave.pipeline.sample import Sample, sample_id
from toolweave.pipeline.verify import live, sample_problem
from toolweave.servers.config import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

Row = dict[str, Any]

POST = '''
from mcp.server.mcpserver import MCPServer

server = MCPServer("post")
parcels = {"P-31": {"to": "Ada", "sent": ""}, "P-47": {"to": "Grace", "sent": ""}}

@server.tool()
def list_parcels() -> dict:
    """List the parcels and whom they go to."""
    return {"parcels": [{"parcel_id": name, **facts} for name, facts in parcels.items()]}

@server.tool()
def send_parcel(parcel_id: str, speed: str) -> dict:
    """Send a parcel.

    Args:
        parcel_id: Id of the parcel.
        speed: How fast, fast or slow.
    """
    if parcel_id not in parcels:
        raise ValueError(f"no parcel {parcel_id}")
    parcels[parcel_id]["sent"] = speed
    return {"parcel_id": parcel_id, "sent": speed}

server.run()
'''


def _call(call: str, name: str, arguments: Row) -> Row:
    function = {"name": name, "arguments": arguments}
    made = {"id": call, "type": "function", "function": function}
    return {"role": "assistant", "content": "", "reasoning_content": "Next.", "tool_calls": [made]}


def _seen(call: str, name: str, text: str) -> Row:
    return {"role": "tool", "tool_call_id": call, "name": name, "content": text}


LISTED = (
    '{"parcels": [{"parcel_id": "P-31", "to": "Ada", "sent": ""}, {"parcel_id": "P-47", "to": "Grace", "sent": ""}]}'
)
MESSAGES: list[Row] = [
    {"role": "user", "content": "Please send Ada's parcel fast."},
    _call("call_1", "list_parcels", {}),
    _seen("call_1", "list_parcels", LISTED),
    _call("call_2", "send_parcel", {"parcel_id": "P-31", "speed": "fast"}),
    _seen("call_2", "send_parcel", '{"parcel_id": "P-31", "sent": "fast"}'),
    {"role": "assistant", "content": "Parcel P-31 is on its way.", "reasoning_content": "Sent."},
    {"role": "user", "content": "And now the one for Grace."},
    {"role": "assistant", "content": "At what speed should it go?", "reasoning_content": "Not said."},
    {"role": "user", "content": "Make it slow."},
    _call("call_3", "send_parcel", {"parcel_id": "P-47", "speed": "slow"}),
    _seen("call_3", "send_parcel", '{"parcel_id": "P-47", "sent": "slow"}'),
    {"role": "assistant", "content": "Parcel P-47 is on its way.", "reasoning_content": "Sent."},
]


def _source(call: str, argument: str, source: Row) -> Row:
    return {"call": call, "argument": argument, "source": source}


def _expected(call: str, name: str, arguments: Row, **more: Any) -> Row:
    return {"id": call, "server": "post", "tool": name, "arguments": arguments, **more}


def _from_list(row: int) -> Row:
    return {"call": "call_1", "place": f"/parcels/{row}/parcel_id"}


FACTS: Row = {
    "id": "",
    "messages": MESSAGES,
    "turns": [
        {"kind": "base", "messages": [0, 5], "target": "post/send_parcel"},
        {"kind": "missing_parameter", "messages": [6, 11], "target": "post/send_parcel", "relation": "continues"},
    ],
    "provenance": [
        _source("call_2", "/parcel_id", {"kind": "output", **_from_list(0)}),
        _source("call_2", "/speed", {"kind": "user", "turn": 0, "text": "fast"}),
        _source("call_3", "/parcel_id", {"kind": "output", **_from_list(1)}),
        _source("call_3", "/speed", {"kind": "user", "turn": 1, "text": "slow"}),
    ],
    "checker": {
        "calls": [
            _expected("call_1", "list_parcels", {}),
            _expected("call_2", "send_parcel", {"parcel_id": "P-31", "speed": "fast"},
                      taken={"/parcel_id": _from_list(0)}, after=["call_1"]),
            _expected("call_3", "send_parcel", {"parcel_id": "P-47", "speed": "slow"},
                      taken={"/parcel_id": _from_list(1)}, after=["call_1"]),
        ],
        "reads": ["list_parcels"],
        "state": [{"server": "post", "tool": "list_parcels", "arguments": {},
                   "holds": {"/parcels/0/sent": "fast", "/parcels/1/sent": "slow"}}],
    },
    "servers": [{"name": "post", "version": "1", "digest": "d"}],
    "teacher": "offline",
    "seed": 1,
    "index": 0,
    "quality": {"turns": 2, "calls": 3, "depth": 2, "dependent_calls": 2, "tools_offered": 2, "attempts": 1,
                "kinds": ["base", "missing_parameter"]},
}  # fmt: skip


@dataclass(frozen=True)
class PostOffice:
    """The sample, and how to open an episode of it."""

    sample: Sample
    spec: ServerSpec
    opened: Any

    def episode(self) -> AbstractAsyncContextManager[Episode]:
        tools, open_fresh = self.opened
        return open_episode(self.sample, {"post": self.spec}, tools, open_fresh)


def spec_in(folder: Path) -> ServerSpec:
    script = folder / "post.py"
    script.write_text(POST, encoding="utf-8")
    options = ServerOptions(disposable=True)
    return ServerSpec(name="post", command=sys.executable, args=[str(script)], options=options)


def sample_with(tools: Sequence[Tool]) -> Sample:
    """The sample, offering these tools."""
    offered = [
        {"type": "function", "function": {"name": one.name, "description": one.description,
                                          "parameters": one.input_schema}}
        for one in tools
    ]  # fmt: skip
    found = Sample.model_validate(FACTS | {"tools": offered})
    return with_told(found.model_copy(update={"id": sample_id(found.tools, found.messages, found.seed)}))


@pytest.fixture
async def post(tmp_path: Path) -> AsyncGenerator[PostOffice]:
    spec = spec_in(tmp_path)
    async with warm_environments() as open_fresh:
        tools = (await introspect([spec], open_fresh)).tools
        yield PostOffice(sample_with(tools), spec, (tools, open_fresh))


@pytest.fixture
async def sound(post: PostOffice) -> PostOffice:
    """The same, after `verify` has passed the sample: a test on a broken sample would show nothing."""
    async with live({"post": post.spec}) as again:
        assert await sample_problem(post.sample.model_dump(mode="json"), again) is None
    return post


@pytest.fixture
def post_sample() -> Sample:
    """The sample alone, for what needs no server."""
    text = {"type": "string"}
    properties = {"parcel_id": text, "speed": text}
    sending = {"type": "object", "properties": properties, "required": list(properties)}
    return sample_with(
        [Tool("post", "list_parcels", "List the parcels.", {}), Tool("post", "send_parcel", "Send a parcel.", sending)]
    )
