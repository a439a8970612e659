"""One request to an endpoint, sent until it is answered: attempts, deadline, pacing and a limit on those in flight.

Contract: busy and broken endpoints (408, 409, 425, 429, 5xx, time-outs, lost connections) are asked again, after the
time that they name or after an exponentially growing one; all requests wait when the endpoint asks one to wait.
Anything else fails at once. A place among the requests in flight is kept while waiting: a struggling endpoint is asked
by fewer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies

import anyio
import httpx2
from openai import AsyncOpenAI, Omit, OpenAIError

from toolweave.agent.endpoint.failures import Failure, Rejected, describe, verdict
from toolweave.agent.endpoint.options import EndpointOptions, resolve_key, resolve_url
from toolweave.agent.endpoint.usage import RoleUsage
from toolweave.agent.pacing import Pacing
from toolweave.servers.errors import EndpointSilent
from toolweave.servers.lines import Lines

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from; tests bring their own."""

    now: Callable[[], float] = anyio.current_time
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    wall: Callable[[], float] = time.time
    """Seconds since 1970, for a `Retry-After` date in a response without a `Date`."""


def _never(_failure: Failure, _attempt: int) -> bool:
    return False


class Sender:
    """Sends requests to one model of one endpoint; close it when done.

    Args:
        model: Its id, for what is said of failures.
        base_url: The endpoint; `OPENAI_BASE_URL` by default.
        api_key: `OPENAI_API_KEY` by default.
        options: Limits.
        clock: Where time comes from.

    Raises:
        ConfigError: There is no usable URL or key.
    """

    def __init__(
        self, model: str, base_url: str | None, api_key: str | None, options: EndpointOptions, clock: Clock
    ) -> None:
        self.model = model
        self.url = resolve_url(base_url)
        self.key = resolve_key(api_key, self.url)
        self.places = Pacing(options.max_in_flight, clock.now)
        """To be held while a reply is asked for, however many requests that takes."""
        self._options, self._clock = options, clock
        self._api = AsyncOpenAI(
            api_key=self.key or "none",
            base_url=self.url,
            max_retries=0,
            timeout=options.timeout,
            http_client=_http(options.timeout),
        )
        self._jitter = random.Random(options.seed)
        self._resume_at = 0.0

    async def aclose(self) -> None:
        """Close all connections."""
        await self._api.close()

    def expiry(self) -> float:
        """When a reply that is asked for now has to be there, by the clock."""
        return self._clock.now() + self._options.deadline

    async def persist(
        self,
        body: dict[str, Any],
        expiry: float,
        usage: RoleUsage,
        is_suspect: Callable[[Failure, int], bool] = _never,
    ) -> object:
        """Send a request until it is answered.

        Args:
            body: Of the request.
            expiry: When the answer has to be there.
            usage: Counts what is sent.
            is_suspect: Whether the failure of an attempt (from 1) looks as if the request as written were at fault.

        Raises:
            Rejected: The request as written is at fault.
            TeacherError: The endpoint did not answer, or refuses; `EndpointUnusable` when it always will.
        """
        for attempt in range(1, self._options.max_attempts + 1):
            outcome = await self._send(body, expiry, usage)
            if not isinstance(outcome, Failure):
                return outcome
            if is_suspect(outcome, attempt):
                raise Rejected(outcome)
            if not outcome.retryable or attempt == self._options.max_attempts:
                raise verdict(outcome, self.model, self.url)
            await self._wait(outcome, attempt, expiry)
            usage.retries += 1
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _send(self, body: dict[str, Any], expiry: float, usage: RoleUsage) -> object | Failure:
        while (pause := self._resume_at - self._clock.now()) > 0:
            await self._clock.sleep(pause)
        usage.requests += 1
        sent = self._clock.now()
        try:
            with anyio.fail_after(max(0.0, min(self._options.timeout, expiry - sent))):
                data = await self._api.post(
                    "/chat/completions",
                    body=body,
                    cast_to=object,
                    options={"headers": {} if self.key else {"Authorization": Omit()}},
                )
        except (OpenAIError, TimeoutError, ValueError) as error:
            failure = describe(error, self._clock.wall(), self.key)
            usage.unmetered += failure.status is None
            if failure.retryable:
                self.places.refused(sent)
            return failure
        self.places.answered()
        return data

    async def _wait(self, failure: Failure, attempt: int, expiry: float) -> None:
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (attempt - 1))
        pause = longest * self._jitter.uniform(0.5, 1.0) if failure.wait is None else failure.wait
        if self._clock.now() + pause >= expiry:
            raise EndpointSilent(
                f"{self.model} at {self.url} is not ready within {self._options.deadline:g} s ({failure.reason})"
            )
        if failure.wait is not None:
            self._resume_at = max(self._resume_at, self._clock.now() + pause)
        await self._clock.sleep(pause)


def _http(timeout: float) -> httpx2.AsyncClient | None:
    """A client that bears many requests at a time; `None` for the library's own where there are proxies to heed."""
    if getproxies():
        return None
    return httpx2.AsyncClient(transport=Lines(trust_env=True), timeout=timeout, follow_redirects=True)
