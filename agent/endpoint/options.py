"""How to reach and use an endpoint; where it is and with which key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from toolweave.servers.errors import ConfigError

OPENAI_URL = "https://api.openai.com/v1"
JsonMode = Literal["json_schema", "schema_object", "json_object", "prompt"]
"""How a reply is held to its schema, best first. `schema_object` is `json_object` with a `schema` beside it, as
llama.cpp and others read it; `prompt` asks in words only. Every reply is validated here whatever the mode."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the endpoint charges, in any one currency per million tokens."""

    prompt: float
    completion: float


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """Limits and habits; the defaults suit hosted and local endpoints alike."""

    timeout: float = 120.0
    """Seconds that one request may take."""
    deadline: float = 600.0
    """Seconds that one reply may take with all its repetitions and waits."""
    max_attempts: int = 6
    """Requests sent for one reply when the endpoint is busy, slow or broken."""
    max_replies: int = 3
    """Replies read for one ask before it is given up as nonsense."""
    max_in_flight: int = 32
    temperature: float | None = 0.7
    """`None` leaves it to the endpoint."""
    max_tokens: int | None = None
    json_mode: Literal["auto"] | JsonMode = "auto"
    """`auto` starts with the best mode and steps down when the endpoint rejects it."""
    max_text: int = 20_000
    """Characters of one tool result that the model is shown."""
    prices: Prices | None = None
    """Without prices, cost is unknown, which is not zero."""
    seed: int = 0
    """Seeds the jitter between attempts."""

    def __post_init__(self) -> None:
        if min(self.max_attempts, self.max_replies, self.max_in_flight, self.max_text) < 1:
            raise ConfigError("endpoint limits (max_attempts, max_replies, max_in_flight, max_text) must be at least 1")
        if min(self.timeout, self.deadline) <= 0:
            raise ConfigError("endpoint timeout and deadline must be above 0 seconds")


def resolve_url(base_url: str | None) -> str:
    """The endpoint's base URL: as given, else `OPENAI_BASE_URL`, else OpenAI's own.

    Raises:
        ConfigError: It is not an http or https URL.
    """
    url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip()
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError(f"{url!r} is no endpoint: give --base-url as http(s)://host[:port]/v1")
    return url


def resolve_key(api_key: str | None, url: str) -> str | None:
    """The key as given, else `OPENAI_API_KEY`; `None` for an endpoint that needs none. It is never stored.

    Raises:
        ConfigError: OpenAI itself is meant and there is no key, or the key cannot be sent.
    """
    key = (api_key or os.environ.get("OPENAI_API_KEY") or "").strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ConfigError("OPENAI_API_KEY holds characters that no key has; copy it again")
    if not key and url.rstrip("/") == OPENAI_URL:
        raise ConfigError("no key: set OPENAI_API_KEY, or name a local endpoint with --base-url")
    return key or None
