"""Looks over the shoulder of environments: counts live calls, tells of deaths, leaves alone what keeps failing."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolweave.servers.breaker import Breaker
from toolweave.servers.decoding import Decoded
from toolweave.servers.environment import Environment, Reachable
from toolweave.servers.spec import ServerSpec

Open = Callable[[Sequence[ServerSpec]], AbstractAsyncContextManager[Environment]]

_deaths: ContextVar[list[str] | None] = ContextVar("_deaths", default=None)
"""Where the task that needs a server finds that it was gone."""


@contextmanager
def noting_deaths() -> Generator[list[str]]:
    """The servers that did not start, or went away in a call, of environments that are opened in this context."""
    noted: list[str] = []
    token = _deaths.set(noted)
    try:
        yield noted
    finally:
        _deaths.reset(token)


def _note_death(server: str) -> None:
    if (noted := _deaths.get()) is not None:
        noted.append(server)


@dataclass
class Watch:
    """What was seen of all servers so far."""

    calls: Counter[str] = field(default_factory=Counter[str])
    """Server → calls that were sent to it."""
    _breakers: dict[str, Breaker] = field(default_factory=dict[str, Breaker])

    def breaker(self, server: str) -> Breaker:
        """The one of this server."""
        return self._breakers.setdefault(server, Breaker())

    @asynccontextmanager
    async def open(self, open_these: Open, specs: Sequence[ServerSpec]) -> AsyncGenerator[Environment]:
        """An environment under watch; a server that rests is among its `failures`."""
        resting = {spec.name: why for spec in specs if (why := self.breaker(spec.name).refusal()) is not None}
        async with open_these([spec for spec in specs if spec.name not in resting]) as environment:
            for name, reason in environment.failures.items():
                self.breaker(name).note(reason)
                _note_death(name)
            lines = {name: _Watched(line, self) for name, line in environment.connections.items()}
            yield replace(
                environment,
                specs={spec.name: spec for spec in specs},
                failures=environment.failures | resting,
                connections=dict[str, Reachable](lines),
            )


class _Watched:
    """A server, with every call counted."""

    def __init__(self, line: Reachable, watch: Watch) -> None:
        self._line = line
        self._watch = watch

    @property
    def spec(self) -> ServerSpec:
        return self._line.spec

    @property
    def alive(self) -> bool:
        return self._line.alive

    @property
    def folder(self) -> Path | None:
        return self._line.folder

    async def call(self, name: str, arguments: dict[str, Any]) -> Decoded:
        self._watch.calls[self.spec.name] += 1
        decoded = await self._line.call(name, arguments)
        failed = decoded.status in ("lost", "timeout")
        if decoded.status == "lost":
            _note_death(self.spec.name)
        self._watch.breaker(self.spec.name).note(decoded.text if failed else "")
        return decoded
