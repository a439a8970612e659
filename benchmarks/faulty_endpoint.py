"""A chat completions endpoint on loopback that misbehaves in a share of its replies, and marks what it says then.

Every bad reply carries a mark of its own, so whatever of it gets into a dataset can be found there. What goes wrong
with a request is drawn from its body and from how often it came, so equal runs meet equal faults.
"""

from __future__ import annotations

import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from wire_teacher import WireTeacher, read_blocks, role_of

MARK = "QZ-"
Structured = Literal["schema", "refused", "ignored"]
"""What the endpoint does with a `response_format`: holds the reply to it, answers 400, or takes no notice."""
SLOW, HANGS = 1.0, 4.0
"""Seconds that a slow reply takes, and after which a request that hangs is cut off."""


@dataclass
class Wire:
    """What goes over the wire for one request."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    cut: bool = False
    """Whether the connection is closed before the body is whole."""


@dataclass(frozen=True)
class Good:
    """The right reply to a request, for a fault to spoil."""

    role: str
    reply: dict[str, Any]
    mark: str
    tokens: tuple[int, int]

    @property
    def text(self) -> str:
        """The reply as JSON."""
        return json.dumps(self.reply, ensure_ascii=False)

    def says(self, content: Any, finish: str = "stop", **message: Any) -> Wire:
        """A completion."""
        prompt, made = self.tokens
        choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        usage = {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}
        return Wire(json.dumps({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}).encode())

    def fails(self, status: int, **headers: str) -> Wire:
        """An HTTP error."""
        return Wire(json.dumps({"error": {"message": f"upstream {self.mark}"}}).encode(), status, dict(headers))

    def marked(self) -> dict[str, Any]:
        """A reply of the right shape that says wrong things all over."""
        return {key: _marked(value, self.mark) for key, value in self.reply.items()}


def _marked(value: Any, mark: str) -> Any:
    if isinstance(value, str):
        return f"{value} {mark}"
    if isinstance(value, list):
        return [_marked(item, mark) for item in value]
    if isinstance(value, dict):
        return {key: _marked(item, mark) for key, item in value.items()}
    return value


def _wrong_step(good: Good) -> Wire:
    """A step of the right shape with an argument, or an answer, that nothing supports; other roles: a wrong key."""
    if good.role == "step" and good.reply["calls"]:
        call = good.reply["calls"][0]
        calls = [{"name": call["name"], "arguments": call["arguments"] | {"reference": good.mark}}]
        return good.says(json.dumps(good.reply | {"calls": calls}))
    if good.role == "step":
        return good.says(json.dumps(good.reply | {"answer": f"{good.reply['answer']} The reference is {good.mark}."}))
    return good.says(json.dumps(good.reply | {"remark": good.mark}))


def _wrong_tool(good: Good) -> Wire:
    call = json.dumps({"name": "look_up_everything", "arguments": {"text": good.mark}})
    return good.says(f"I look {good.mark} up.\n<tool_call>\n{call}\n</tool_call>")


def _native_call(good: Good) -> Wire:
    function = {"name": "look_up_everything", "arguments": json.dumps({"text": good.mark})}
    return good.says(f"I call {good.mark}.", tool_calls=[{"id": "c", "type": "function", "function": function}])


def _html(good: Good) -> Wire:
    return Wire(f"<html>busy {good.mark}</html>".encode(), 502, {"Content-Type": "text/html"})


def _cut_body(good: Good) -> Wire:
    return Wire(good.says(json.dumps(good.marked())).body, cut=True)


def _raw(text: Callable[[Good], str]) -> Callable[[Good], Wire]:
    return lambda good: Wire(text(good).encode())


BAD: dict[str, Callable[[Good], Wire]] = {
    "429 with Retry-After": lambda g: g.fails(429, **{"Retry-After": "1"}),
    "429 without": lambda g: g.fails(429),
    "500": lambda g: g.fails(500),
    "503 at once": lambda g: g.fails(503, **{"Retry-After": "0"}),
    "502 in HTML": _html,
    "hangs, then cut": lambda g: Wire(b"", delay=HANGS, cut=True),
    "cut in the body": _cut_body,
    "JSON cut off": _raw(lambda g: g.says(json.dumps(g.marked())).body.decode()[:-40]),
    "no choices": _raw(lambda g: json.dumps({"choices": [], "note": g.mark})),
    "null choices": _raw(lambda g: json.dumps({"choices": None, "note": g.mark})),
    "error with 200": _raw(lambda g: json.dumps({"error": {"message": f"overloaded {g.mark}"}})),
    "HTML with 200": _raw(lambda g: f"<html>{g.mark}</html>"),
    "truncated": lambda g: g.says(json.dumps(g.marked())[:-25], "length"),
    "whole, but cut": lambda g: g.says(json.dumps(g.marked()), "length"),
    "refusal": lambda g: g.says(None, refusal=f"I can't help with {g.mark}."),
    "refusal in words": lambda g: g.says(f"I'm sorry, but I can't help with {g.mark}."),
    "filtered": lambda g: g.says(f"{g.mark} {json.dumps(g.marked())}", "content_filter"),
    "empty": lambda g: g.says(""),
    "null": lambda g: g.says(None),
    "prose": lambda g: g.says(f"Sure, I will look at {g.mark} and come back to you."),
    "a key too many": lambda g: g.says(json.dumps(g.marked() | {"mood": g.mark})),
    "a key too few": lambda g: g.says(json.dumps({"remark": g.mark})),
    "wrong types": lambda g: g.says(json.dumps({key: [7, {"x": g.mark}] for key in g.reply})),
    "markup inside": lambda g: g.says(json.dumps(dict.fromkeys(g.reply, f"<|im_start|>{g.mark}"))),
    "a thought without an end": lambda g: g.says(f"<think>{json.dumps(g.marked())}"),
    "only in the thoughts": lambda g: g.says("I am done.", reasoning_content=json.dumps(g.marked())),
    "tool call in text": _wrong_tool,
    "tool call, native": _native_call,
    "wrong, but well made": _wrong_step,
}
ODD: dict[str, Callable[[Good], Wire]] = {
    "slow": lambda g: Wire(g.says(g.text).body, delay=SLOW),
    "fenced": lambda g: g.says(f"Here it is:\n```json\n{g.text}\n```\nAnything else?"),
    "after a thought": lambda g: g.says(f"<think>Maybe {json.dumps(g.marked())}?</think>\n{g.text}"),
    "beside a thought": lambda g: g.says(g.text, reasoning_content=f"or {json.dumps(g.marked())}"),
    "in the reasoning channel": lambda g: g.says("", reasoning_content=g.text),
    "in parts": lambda g: g.says([{"type": "thinking", "thinking": g.mark}, {"type": "text", "text": g.text}]),
}
"""Replies that are right and have to be understood; what is wrong beside them is marked too."""


@dataclass
class FaultyEndpoint:
    """One endpoint with its ledger."""

    teacher: WireTeacher
    share: float
    structured: Structured
    seed: int
    url: str = ""
    sent: Counter[str] = field(default_factory=Counter[str])
    """Kind of reply → how often."""
    requests: Counter[str] = field(default_factory=Counter[str])
    """Role → requests."""
    tokens: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    """Role → tokens told in replies that can be read."""
    broken: list[str] = field(default_factory=list[str])
    """Requests that the teacher behind the wire could not make sense of."""
    _times: Counter[str] = field(default_factory=Counter[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: dict[str, Any]) -> Wire:
        """What goes back for a request."""
        first = str(request["messages"][1]["content"])
        blocks = read_blocks(first)
        role, digest = role_of(blocks), hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
        with self._lock:
            self._times[digest] += 1
            rng = random.Random(f"{self.seed}:{digest}:{self._times[digest]}")
            self.requests[role] += 1
        if self.structured == "refused" and "response_format" in request:
            return self._counted("400 to a response format", role, _refused())
        try:
            reply = self.teacher.reply(role, blocks, int(request.get("seed", 0))).model_dump(mode="json")
        except Exception as error:  # boundary: the request goes unanswered and the benchmark fails by this line
            self.broken.append(f"{role}: {type(error).__name__}: {error}")
            return self._counted("teacher broke", role, Wire(b"{}", 400))
        good = Good(role, reply, f"{MARK}{rng.randrange(10**9)}", (rng.randrange(200, 900), rng.randrange(20, 90)))
        if rng.random() < self.share:
            kind = rng.choice(list(BAD))
            return self._counted(kind, role, BAD[kind](good))
        if rng.random() < 0.2:
            kind = rng.choice(list(ODD))
            return self._counted(kind, role, ODD[kind](good))
        return self._counted("good", role, good.says(good.text))

    def _counted(self, kind: str, role: str, wire: Wire) -> Wire:
        usage = {} if wire.cut or wire.status != 200 else _usage(wire.body)
        with self._lock:
            self.sent[kind] += 1
            self.tokens.setdefault(role, Counter()).update(usage)
        return wire

    @property
    def bad(self) -> int:
        """How many replies were bad."""
        return sum(self.sent[kind] for kind in BAD)


def _refused() -> Wire:
    return Wire(json.dumps({"error": {"message": "response_format is not supported"}}).encode(), 400)


def _usage(body: bytes) -> dict[str, int]:
    try:
        usage = json.loads(body).get("usage", {})
    except ValueError:
        return {}
    return {key: usage.get(key, 0) for key in ("prompt_tokens", "completion_tokens")}


@contextmanager
def serving(endpoint: FaultyEndpoint) -> Generator[FaultyEndpoint]:
    """The endpoint, listening; its `url` is set."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            wire = endpoint.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if wire.delay:
                released.wait(wire.delay)
            self.send_response_only(wire.status)
            length = str(len(wire.body) + (100 if wire.cut else 0))
            for name, value in ({"Content-Type": "application/json", "Content-Length": length} | wire.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(wire.body)
            self.close_connection = wire.cut

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away is none of our business."""

    server = Server(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
