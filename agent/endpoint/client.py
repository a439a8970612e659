"""One completion from an endpoint, asked for in the best dialect that it accepts.

Contract: a completion never takes longer than the deadline, nor more than `max_attempts` requests in one dialect. How a
request is repeated is told in `sending.py`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from toolweave.agent.endpoint.dialect import Dialect, Offer
from toolweave.agent.endpoint.failures import Failure, Rejected, one_line
from toolweave.agent.endpoint.options import EndpointOptions
from toolweave.agent.endpoint.replies import BadReply, Completion, read_completion
from toolweave.agent.endpoint.sending import Clock, Sender
from toolweave.agent.endpoint.shelf import Shelf
from toolweave.agent.endpoint.usage import RoleUsage
from toolweave.servers.json_values import digest

__all__ = ["Clock", "EndpointClient", "Prompt"]

_TRIALS = 2
"""Attempts with a `response_format` that the endpoint has never accepted, when it answers 500 to it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request, whatever the dialect."""

    name: str
    """Of the reply's schema."""
    messages: list[dict[str, Any]]
    schema: dict[str, Any]
    seed: int
    plain: bool = False
    """Ask without `response_format`."""


class EndpointClient:
    """Talks to one model of one endpoint; close it when done."""

    def __init__(
        self,
        model: str,
        base_url: str | None,
        api_key: str | None,
        options: EndpointOptions,
        clock: Clock,
        shelf: Shelf | None = None,
    ) -> None:
        self.model = model
        self.dialect = Dialect(options)
        self._options = options
        self._sender = Sender(model, base_url, api_key, options, clock)
        self.url = self._sender.url
        self._shelf = shelf

    async def aclose(self) -> None:
        """Close all connections."""
        await self._sender.aclose()

    async def complete(self, prompt: Prompt, usage: RoleUsage) -> Completion:
        """Get one completion, in the best dialect that the endpoint accepts.

        Raises:
            BadReply: The endpoint answered with something that is no completion.
            TeacherError: It did not answer, or refuses; `EndpointUnusable` when it always will.
        """
        key = self._key(prompt) if self._shelf is not None else ""
        if self._shelf is not None and (kept := self._shelf.find(key)) is not None:
            return self._read(kept, RoleUsage())  # it was counted when it was paid
        async with self._sender.places:
            data = await self._negotiate(prompt, usage)
        if self._shelf is not None:
            self._shelf.keep(key, data)
        return self._read(data, usage)

    def _key(self, prompt: Prompt) -> str:
        """Equal for requests that ask for the same, in whatever dialect; the seed belongs to what is asked."""
        return digest([self.url, self.model, self._options.temperature, *astuple(prompt)])

    async def _negotiate(self, prompt: Prompt, usage: RoleUsage) -> object:
        expiry = self._sender.expiry()
        while True:
            offer = Offer("prompt", self.dialect.offer.omitted) if prompt.plain else self.dialect.offer
            try:
                data = await self._ask(prompt, offer, expiry, usage)
            except Rejected as error:
                if prompt.plain or not self.dialect.step_down(offer, error.failure):
                    raise
                usage.retries += 1
                continue
            self.dialect.confirm(offer)
            return data

    async def _ask(self, prompt: Prompt, offer: Offer, expiry: float, usage: RoleUsage) -> object:
        fields = self.dialect.fields(offer, prompt.name, prompt.schema, prompt.seed)
        body = {"model": self.model, "messages": prompt.messages, **fields}

        def is_suspect(failure: Failure, attempt: int) -> bool:
            """Whether a 5xx looks like the endpoint's way of rejecting a `response_format` that it does not know."""
            untried = offer.mode != "prompt" and not self.dialect.proven and self._options.json_mode == "auto"
            return untried and failure.status in (500, 501) and (failure.about_format or attempt >= _TRIALS)

        return await self._sender.persist(body, expiry, usage, is_suspect)

    def _read(self, data: object, usage: RoleUsage) -> Completion:
        completion = read_completion(data)
        usage.meter(completion.prompt_tokens, completion.completion_tokens)
        if completion.problem:
            raise BadReply(one_line(completion.problem, self._sender.key))
        return completion
