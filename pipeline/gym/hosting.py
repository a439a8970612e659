"""Samples as episodes over HTTP, for trainers that bring their own loop and cannot have our packages beside theirs.

Beside what `servers/hosting.py` serves, with NAME any name that is not in use:

    POST /NAME/episode {"sample": ID}             a fresh environment, and what the user says first
    POST /NAME/message {"role": "assistant", …}   what an assistant says or calls → what comes of it
    POST /NAME/submit                             the end, wherever the conversation stands
    DELETE /NAME                                  forgets it and ends its servers

`/NAME/mcp` is the same environment as an MCP server: its tools are those on offer now, and a call of one is a call of
the assistant. Every answer is `{"messages": what is new, "tools": those on offer now, "ended": null or how, "score":
null or the verdict}`; the verdict comes with the end, and the servers are closed then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from toolweave.agent.messages import Message
from toolweave.agent.players.player import calling
from toolweave.pipeline.gym.episode import Episode
from toolweave.pipeline.gym.facade import serve_episode
from toolweave.pipeline.gym.score import Score, score
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import ToolweaveError
from toolweave.servers.hosting import MOST_ENVIRONMENTS, at_root, is_name
from toolweave.servers.json_values import is_object
from toolweave.servers.results import CallResult

OVER = "The conversation is over."


OpenEpisode = Callable[[Sample], AbstractAsyncContextManager[Episode]]
"""Opens an episode on a fresh environment; RunError and ServerError say why it cannot."""


@dataclass
class Held:
    """An episode under a name."""

    episode: Episode
    stop: anyio.Event = field(default_factory=anyio.Event)
    turn: anyio.Lock = field(default_factory=anyio.Lock)
    """Held while something is done in it."""
    verdict: Score | None = None
    mcp: ASGIApp | None = None
    """It as an MCP server, while it goes on."""

    async def call(self, name: str, arguments: dict[str, Any]) -> CallResult:
        """Make one call, as the assistant."""
        seen = next(iter(await self.act(calling([(name, arguments)]))), None)
        if seen is None:
            return CallResult("refused", OVER, OVER, 0.0)
        return self.episode.results[str(seen["tool_call_id"])]

    async def act(self, reply: Message | None) -> list[Message]:
        """Take a message, or the end for `None`; judge and close at the end."""
        async with self.turn:
            if reply is None:
                self.episode.stop()
            new = await self.episode.take(reply) if reply is not None else []
            if self.episode.ended is not None and self.verdict is None:
                self.verdict = await score(self.episode)
                self.stop.set()
        return new

    def told(self, new: list[Message]) -> dict[str, Any]:
        """What an answer says."""
        ended = self.episode.ended
        return {
            "messages": new,
            "tools": [] if ended else self.episode.functions,
            "ended": ended,
            "score": None if self.verdict is None else {"passed": self.verdict.passed, **asdict(self.verdict)},
        }


@dataclass
class EpisodeHosting:
    """The ASGI application; it passes on what is about no episode."""

    samples: Mapping[str, Sample]
    open: OpenEpisode
    tasks: TaskGroup
    inner: ASGIApp
    held: dict[str, Held] = field(default_factory=dict[str, Held])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = await self._app(scope, receive) if scope["type"] == "http" else self.inner
        await app(scope, receive, send)

    async def _app(self, scope: Scope, receive: Receive) -> ASGIApp:
        match scope["method"], *scope["path"].strip("/").split("/"):
            case "POST", name, "episode" if is_name(name):
                return await self._begin(name, await _body(scope, receive))
            case "POST", name, "message" if name in self.held:
                body = await _body(scope, receive)
                return await self._act(name, body) if body else _problem(400, "the message is no JSON object")
            case "POST", name, "submit" if name in self.held:
                return await self._act(name, None)
            case "DELETE", name if name in self.held:
                self._forget(name)
                return Response(status_code=204)
            case _, name, "mcp" if name in self.held:
                return self.held[name].mcp or _problem(410, OVER)
            case _:
                return self.inner

    async def _begin(self, name: str, body: dict[str, Any]) -> ASGIApp:
        sample = self.samples.get(str(body.get("sample")))
        if sample is None:
            return _problem(404, f"there is no sample {body.get('sample')!r}")
        if name in self.held:
            return _problem(409, f"{name} is in use: DELETE /{name} first")
        if sum(not held.stop.is_set() for held in self.held.values()) >= MOST_ENVIRONMENTS:
            return _problem(503, f"{MOST_ENVIRONMENTS} episodes are open: DELETE /NAME one")
        try:
            held: Held = await self.tasks.start(self._hold, name, sample)
        except ToolweaveError as error:
            self._forget(name)
            return _problem(502, str(error))
        return JSONResponse(held.told(held.episode.messages))

    async def _act(self, name: str, reply: Message | None) -> ASGIApp:
        held = self.held[name]
        try:
            return JSONResponse(held.told(await held.act(reply)))
        except ToolweaveError as error:
            return _problem(502, str(error))

    def _forget(self, name: str) -> None:
        if name in self.held:
            self.held.pop(name).stop.set()

    async def _hold(self, name: str, sample: Sample, *, task_status: TaskStatus[Held]) -> None:
        """Own one episode from its start to its end."""
        async with self.open(sample) as episode:
            held = self.held[name] = Held(episode)
            server = serve_episode(lambda: episode.functions, held.call)
            app = server.streamable_http_app(json_response=True, stateless_http=True)
            async with server.session_manager.run():
                held.mcp = at_root(app)
                task_status.started(held)
                await held.stop.wait()
                held.mcp = None


async def _body(scope: Scope, receive: Receive) -> dict[str, Any]:
    """The JSON object of a request; empty where it holds something else."""
    try:
        value = json.loads(await Request(scope, receive).body())
    except (ValueError, RecursionError):
        return {}
    return value if is_object(value) else {}


def _problem(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)
