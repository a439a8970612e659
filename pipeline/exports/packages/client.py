"""Plays samples of Toolweave over HTTP; needs Python alone.

Start the other side first: `toolweave serve --mcp mcp.json --samples samples.jsonl`. It is looked for at TOOLWEAVE_URL,
by default http://127.0.0.1:8765.
"""

from __future__ import annotations

import json
import os
import uuid
from types import TracebackType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("TOOLWEAVE_URL", "http://127.0.0.1:8765")
SECONDS = 300.0


class EpisodeError(Exception):
    """The other side says no."""


class Episode:
    """A sample in a fresh environment of its own."""

    def __init__(self, sample: str) -> None:
        """Begin it.

        Raises:
            EpisodeError: There is no such sample, or its servers do not start.
            OSError: Nobody serves.
        """
        self.name = f"rollout-{uuid.uuid4().hex[:16]}"
        self.messages: list[dict[str, Any]] = []
        """The conversation in the OpenAI shape, as it goes over the wire."""
        self.tools: list[dict[str, Any]] = []
        """OpenAI function tools that are on offer now."""
        self.ended: str | None = None
        self.score: dict[str, Any] | None = None
        """At the end: `passed`, `acted`, `calls` (the share of the expected ones), `failure` and `reason`."""
        self._request("POST", "episode", {"sample": sample})

    @property
    def mcp_url(self) -> str:
        """The same environment as an MCP server."""
        return f"{URL}/{self.name}/mcp"

    @property
    def reward(self) -> float:
        """1 when the sample's checker is content with calls, final state and words, else 0."""
        return float(bool(self.score and self.score["passed"]))

    def say(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        """Take an assistant message, `content` or `tool_calls`; what comes of it: observations, or the user again."""
        self.messages.append(message)
        new = self._request("POST", "message", message)
        for call, seen in zip(message.get("tool_calls") or (), new, strict=False):
            seen["tool_call_id"] = call["id"]
        return new

    def submit(self) -> None:
        """End it, wherever it stands."""
        self._request("POST", "submit", {})

    def close(self) -> None:
        """End its servers; a second call does nothing."""
        try:
            self._send("DELETE", "", {})
        except EpisodeError:
            return  # it is not there any more

    def __enter__(self) -> Episode:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _request(self, method: str, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        told = self._send(method, f"/{path}", body)
        self.messages.extend(told["messages"])
        self.tools, self.ended, self.score = told["tools"], told["ended"], told["score"]
        new: list[dict[str, Any]] = told["messages"]
        return new

    def _send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url, headers = f"{URL}/{self.name}{path}", {"content-type": "application/json"}
        try:
            asked = Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310 - the address is yours
            with urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310
                told: dict[str, Any] = json.loads(answer.read() or b"{}")
                return told
        except HTTPError as error:
            raise EpisodeError(error.read().decode("utf-8", "replace")) from error
