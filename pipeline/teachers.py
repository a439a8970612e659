"""Which teacher stands behind the roles: the embedded one, or an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolweave.agent.endpoint.options import EndpointOptions, Prices
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.roles import Model
from toolweave.pipeline.settings import Pace

OFFLINE = "offline"
IN_FLIGHT = 32
"""Requests to an endpoint at a time, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """A model, and what the manifest says of it."""

    model: Model
    facts: Callable[[], dict[str, Any]]
    """Name, and for an endpoint: tokens and cost per role, digests of the prompts, how replies are held to a schema."""


@asynccontextmanager
async def open_teacher(
    model: str, base_url: str | None, prompts: Path | None = None, options: EndpointOptions | None = None
) -> AsyncGenerator[Teacher]:
    """The teacher of this name, ready to be asked.

    Raises:
        ConfigError: The endpoint's address is none, or the folder of prompts is.
    """
    if model == OFFLINE:
        yield Teacher(OfflineTeacher(), lambda: {"name": OFFLINE})
        return
    from toolweave.agent.endpoint.teacher import EndpointTeacher  # half a second that the offline teacher does not need

    async with EndpointTeacher(model, base_url, options=options, prompts=prompts) as teacher:
        yield Teacher(
            teacher,
            lambda: {
                "name": teacher.name,
                "usage": teacher.usage(),
                "prompts": teacher.prompt_digests(),
                "json_mode": teacher.json_mode,
                **({"prices": asdict(options.prices)} if options is not None and options.prices is not None else {}),
            },
        )


def options_of(pace: Pace) -> EndpointOptions:
    """How an endpoint is used at this pace."""
    prices = None
    if pace.price_in is not None and pace.price_out is not None:
        prices = Prices(pace.price_in, pace.price_out)
    return EndpointOptions(max_in_flight=pace.in_flight or max(IN_FLIGHT, pace.concurrency), prices=prices)
