"""A model behind an OpenAI-compatible endpoint, called with its own tool calling and nothing of our prompts.

Contract: busy and broken endpoints are asked again as in `endpoint/sending.py`. What the model says is handed on as it
is; arguments that are no JSON stay text and are judged as such.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from toolweave.agent.endpoint.options import EndpointOptions
from toolweave.agent.endpoint.sending import Clock, Sender
from toolweave.agent.endpoint.shelf import Shelf
from toolweave.agent.endpoint.usage import RoleUsage
from toolweave.agent.messages import Message
from toolweave.servers.errors import TeacherError
from toolweave.servers.json_values import as_list, as_object, digest


class EndpointPlayer:
    """One model of one endpoint.

    Args:
        model: The model's id.
        base_url: The endpoint; `OPENAI_BASE_URL` by default.
        temperature: `None` leaves it to the endpoint.
        timeout: Seconds that one request may take.
        shelf: Where replies are kept that were paid for.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        temperature: float | None = None,
        timeout: float = 120.0,
        shelf: Shelf | None = None,
    ) -> None:
        self.name = model
        self._shelf = shelf
        self.usage = RoleUsage()
        self._temperature = temperature
        self._sender = Sender(model, base_url, None, EndpointOptions(timeout=timeout), Clock())
        self.url = self._sender.url

    @classmethod
    @asynccontextmanager
    async def open(
        cls, model: str, base_url: str | None, temperature: float | None = None, shelf: Shelf | None = None
    ) -> AsyncGenerator[Self]:
        """The player, closed at the end."""
        player = cls(model, base_url, temperature, shelf=shelf)
        try:
            yield player
        finally:
            await player._sender.aclose()

    async def reply(self, messages: Sequence[Message], functions: Sequence[dict[str, Any]], seed: int) -> Message:
        """The model's next message."""
        body: dict[str, Any] = {"model": self.name, "messages": [_sent(one) for one in messages], "seed": seed}
        if functions:
            body["tools"] = list(functions)
        if self._temperature is not None:
            body["temperature"] = self._temperature
        key = digest([self.url, body])
        kept = self._shelf.find(key) if self._shelf is not None else None
        if kept is not None:
            return self._read(as_object(kept))
        data = await self._asked(body)
        if self._shelf is not None:
            self._shelf.keep(key, data)
        self._meter(data)
        return self._read(data)

    async def _asked(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            async with self._sender.places:
                return as_object(await self._sender.persist(body, self._sender.expiry(), self.usage))
        except TeacherError:
            self.usage.failures += 1
            raise

    def _meter(self, data: dict[str, Any]) -> None:
        counts = as_object(data.get("usage"))
        tokens = [counts.get(name) for name in ("prompt_tokens", "completion_tokens")]
        self.usage.meter(*(one if isinstance(one, int) else None for one in tokens))

    def _read(self, data: dict[str, Any]) -> Message:
        choices = as_list(data.get("choices"))
        message = as_object(as_object(choices[0]).get("message")) if choices else {}
        calls = as_list(message.get("tool_calls"))
        if not calls and not message.get("content"):
            raise TeacherError(f"{self.name} at {self.url} said nothing")
        return {
            "role": "assistant",
            "content": message.get("content") or "",
            **({"tool_calls": calls} if calls else {}),
        }


def _sent(message: Message) -> Message:
    """A message as endpoints read it: arguments as JSON text, no reasoning of earlier steps."""
    sent = {key: value for key, value in message.items() if key in ("role", "content", "tool_call_id")}
    if calls := message.get("tool_calls"):
        sent["tool_calls"] = [_sent_call(call) for call in calls]
    return sent


def _sent_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    text = json.dumps(function["arguments"], ensure_ascii=False)
    return {"id": call["id"], "type": "function", "function": {"name": function["name"], "arguments": text}}
