"""A scripted OpenAI-compatible endpoint on loopback, and teachers that talk to it with a clock of their own."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from toolweave.agent.endpoint.client import Clock
from toolweave.agent.endpoint.options import EndpointOptions
from toolweave.agent.endpoint.teacher import EndpointTeacher


@dataclass
class Response:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])
    hangs: bool = False


class ScriptedEndpoint:
    """Answers in the order of its script; what `refuse` objects to is answered by it first."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.script: deque[Response] = deque()
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.refuse: Callable[[dict[str, Any]], Response | None] = lambda _: None
        self.always: Response | None = None
        self.released = threading.Event()

    def says(self, content: Any, finish: str = "stop", **message: object) -> None:
        """Queue a completion with this content and these further fields of the message."""
        self.script.append(completion(content, finish, **message))

    def fails(self, status: int, message: str = "it broke", headers: dict[str, str] | None = None, **more: str) -> None:
        self.script.append(failure(status, message, headers, **more))

    def hangs(self) -> None:
        self.script.append(Response(200, b"", hangs=True))

    def sends(self, body: str, content_type: str = "application/json") -> None:
        self.script.append(Response(200, body.encode(), {"Content-Type": content_type}))

    def answer(self, request: dict[str, Any], headers: dict[str, str]) -> Response:
        self.requests.append(request)
        self.headers.append(headers)
        refused = self.refuse(request)
        if refused:
            return refused
        if self.script:
            return self.script.popleft()
        return self.always or failure(418, "the script is at its end")


def completion(content: Any, finish: str = "stop", **message: object) -> Response:
    text = json.dumps(content) if isinstance(content, dict) else content
    body = {
        "id": "x",
        "object": "chat.completion",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    return Response(200, json.dumps(body).encode())


def failure(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> Response:
    return Response(status, json.dumps({"error": {"message": message, **more}}).encode(), headers or {})


@dataclass
class Pauses:
    """A clock that moves only by being slept on."""

    taken: list[float] = field(default_factory=list[float])

    def clock(self) -> Clock:
        return Clock(now=lambda: sum(self.taken), sleep=self._sleep, wall=lambda: 1_800_000_000.0)

    async def _sleep(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    scripted = ScriptedEndpoint("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            response = scripted.answer(body, {key.lower(): value for key, value in self.headers.items()})
            if response.hangs:
                scripted.released.wait(20)
                self.close_connection = True
                return
            headers = {"Content-Type": "application/json", "Content-Length": str(len(response.body))}
            self.send_response_only(response.status)
            for name, value in (headers | response.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    scripted.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield scripted
    scripted.released.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def make_teacher(
    endpoint: ScriptedEndpoint, pauses: Pauses, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., EndpointTeacher]:
    """Teachers of the scripted endpoint; the arguments are those of `EndpointOptions`."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def make(api_key: str | None = None, **options: Any) -> EndpointTeacher:
        return EndpointTeacher("small", endpoint.url, api_key, EndpointOptions(**options), clock=pauses.clock())

    return make


def _blocks(text: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    name = ""
    for line in filter(None, text.split("\n")):
        if line.startswith('<data name="'):
            name = line.removeprefix('<data name="').removesuffix('">')
            found[name] = []
        elif line != "</data>":
            found[name].append(json.loads(line))
    return found


@pytest.fixture
def blocks() -> Callable[[str], dict[str, list[Any]]]:
    """The data of a rendered ask, by block; fails where a line is neither a delimiter nor JSON."""
    return _blocks
