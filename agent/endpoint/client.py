"""One completion from an endpoint: repeated attempts, deadline, pacing and a limit on requests in flight.

Contract: busy and broken endpoints (408, 409, 425, 429, 5xx, time-outs, lost connections) are asked again, after the
time that they name or after an exponentially growing one; all requests wait when the endpoint asks one to wait.
Anything else fails at once. A completion never takes longer than the deadline, nor more than `max_attempts` requests in
one dialect. A place among the requests in flight is kept while waiting: a struggling endpoint is asked by fewer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import anyio
from openai import AsyncOpenAI, Omit, OpenAIError

from toolweave.agent.endpoint.dialect import Dialect, Offer
from toolweave.agent.endpoint.failures import Failure, Rejected, describe, one_line, verdict
from toolweave.agent.endpoint.options import EndpointOptions, resolve_key, resolve_url
from toolweave.agent.endpoint.replies import BadReply, Completion, read_completion
from toolweave.agent.endpoint.usage import RoleUsage
from toolweave.agent.pacing import Pacing
from toolweave.servers.errors import TeacherError

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_TRIALS = 2
"""Attempts with a `response_format` that the endpoint has never accepted, when it answers 500 to it."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from; tests bring their own."""

    now: Callable[[], float] = anyio.current_time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    wall: Callable[[], float] = time.time
    """Seconds since 1970, for a `Retry-After` date in a response without a `Date`."""


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
        self, model: str, base_url: str | None, api_key: str | None, options: EndpointOptions, clock: Clock
    ) -> None:
        self.model = model
        self.url = resolve_url(base_url)
        self.dialect = Dialect(options)
        self._key = resolve_key(api_key, self.url)
        self._options, self._clock = options, clock
        self._api = AsyncOpenAI(api_key=self._key or "none", base_url=self.url, max_retries=0, timeout=options.timeout)
        self._pacing = Pacing(options.max_in_flight, clock.now)
        self._jitter = random.Random(options.seed)
        self._resume_at = 0.0

    async def aclose(self) -> None:
        """Close all connections."""
        await self._api.close()

    async def complete(self, prompt: Prompt, usage: RoleUsage) -> Completion:
        """Get one completion, in the best dialect that the endpoint accepts.

        Raises:
            BadReply: The endpoint answered with something that is no completion.
            TeacherError: It did not answer, or refuses; `EndpointUnusable` when it always will.
        """
        async with self._pacing:
            return self._read(await self._negotiate(prompt, usage), usage)

    async def _negotiate(self, prompt: Prompt, usage: RoleUsage) -> object:
        expiry = self._clock.now() + self._options.deadline
        while True:
            offer = Offer("prompt", self.dialect.offer.omitted) if prompt.plain else self.dialect.offer
            try:
                data = await self._persist(self._body(prompt, offer), offer, expiry, usage)
            except Rejected as error:
                if prompt.plain or not self.dialect.step_down(offer, error.failure):
                    raise
                usage.retries += 1
                continue
            self.dialect.confirm(offer)
            return data

    def _read(self, data: object, usage: RoleUsage) -> Completion:
        completion = read_completion(data)
        usage.meter(completion.prompt_tokens, completion.completion_tokens)
        if completion.problem:
            raise BadReply(one_line(completion.problem, self._key))
        return completion

    def _body(self, prompt: Prompt, offer: Offer) -> dict[str, Any]:
        fields = self.dialect.fields(offer, prompt.name, prompt.schema, prompt.seed)
        return {"model": self.model, "messages": prompt.messages, **fields}

    async def _persist(self, body: dict[str, Any], offer: Offer, expiry: float, usage: RoleUsage) -> object:
        for attempt in range(1, self._options.max_attempts + 1):
            outcome = await self._send(body, expiry, usage)
            if not isinstance(outcome, Failure):
                return outcome
            if self._format_is_suspect(outcome, offer, attempt):
                raise Rejected(outcome)
            if not outcome.retryable or attempt == self._options.max_attempts:
                raise verdict(outcome, self.model, self.url)
            await self._wait(outcome, attempt, expiry)
            usage.retries += 1
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _format_is_suspect(self, failure: Failure, offer: Offer, attempt: int) -> bool:
        """Whether a 5xx looks like the endpoint's way of rejecting a `response_format` that it does not know."""
        untried = offer.mode != "prompt" and not self.dialect.proven and self._options.json_mode == "auto"
        return untried and failure.status in (500, 501) and (failure.about_format or attempt >= _TRIALS)

    async def _send(self, body: dict[str, Any], expiry: float, usage: RoleUsage) -> object | Failure:
        while (pause := self._resume_at - self._clock.now()) > 0:
            await self._clock.sleep(pause)
        usage.requests += 1
        sent = self._clock.now()
        patience = min(self._options.timeout, expiry - sent)
        try:
            with anyio.fail_after(max(0.0, patience)):
                data = await self._api.post(
                    "/chat/completions",
                    body=body,
                    cast_to=object,
                    options={"headers": {} if self._key else {"Authorization": Omit()}},
                )
        except (OpenAIError, TimeoutError, ValueError) as error:
            failure = describe(error, self._clock.wall(), self._key)
            usage.unmetered += failure.status is None
            if failure.retryable:
                self._pacing.refused(sent)
            return failure
        self._pacing.answered()
        return data

    async def _wait(self, failure: Failure, attempt: int, expiry: float) -> None:
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1))
        pause = longest * self._jitter.uniform(0.5, 1.0) if failure.wait is None else failure.wait
        if self._clock.now() + pause >= expiry:
            raise TeacherError(
                f"{self.model} at {self.url} is not ready within {self._options.deadline:g} s ({failure.reason})"
            )
        if failure.wait is not None:
            self._resume_at = max(self._resume_at, self._clock.now() + pause)
        await self._clock.sleep(pause)
