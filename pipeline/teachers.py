"""Which teacher stands behind the roles: the embedded one, or an endpoint."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.roles import Model

OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Teacher:
    """A model, and what the manifest says of it."""

    model: Model
    facts: Callable[[], dict[str, Any]]
    """Name, and for an endpoint: tokens and cost per role, digests of the prompts, how replies are held to a schema."""


@asynccontextmanager
async def open_teacher(model: str, base_url: str | None, prompts: Path | None = None) -> AsyncGenerator[Teacher]:
    """The teacher of this name, ready to be asked.

    Raises:
        ConfigError: The endpoint's address is none, or the folder of prompts is.
    """
    if model == OFFLINE:
        yield Teacher(OfflineTeacher(), lambda: {"name": OFFLINE})
        return
    from toolweave.agent.endpoint.teacher import EndpointTeacher  # half a second that the offline teacher does not need

    async with EndpointTeacher(model, base_url, prompts=prompts) as teacher:
        yield Teacher(
            teacher,
            lambda: {
                "name": teacher.name,
                "usage": teacher.usage(),
                "prompts": teacher.prompt_digests(),
                "json_mode": teacher.json_mode,
            },
        )
