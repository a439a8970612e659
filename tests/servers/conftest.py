"""Servers for tests and ways to look at them."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.servers.environment import Environment
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

_SCRIPT = Path(__file__).with_name("misbehaving.py")

MakeSpec = Callable[..., ServerSpec]
FindTool = Callable[[Environment, str], Tool]
WaitForEnd = Callable[[Iterable[int]], Awaitable[None]]


@pytest.fixture
def misbehaving() -> MakeSpec:
    """A server that misbehaves in one way; further arguments are options."""

    def make(mode: str = "good", name: str = "odd", env: dict[str, str] | None = None, **options: Any) -> ServerSpec:
        given = ServerOptions.model_validate({"disposable": True, **options})
        args = ["-I", "-S", str(_SCRIPT), mode]
        return ServerSpec(name=name, command="python", args=args, env=env or {}, options=given)

    return make


@pytest.fixture
def find_tool() -> FindTool:
    """A tool of an environment by its bare name."""

    def find(environment: Environment, name: str) -> Tool:
        return next(tool for tool in environment.tools if tool.name == name)

    return find


@pytest.fixture
def marked_processes() -> Callable[[str], list[int]]:
    """Ids of the living processes whose environment holds this text."""

    def find(mark: str) -> list[int]:
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if _holds(path, mark)]

    return find


@pytest.fixture
def wait_for_end() -> WaitForEnd:
    """Waits until all of these processes have ended; they need not be ours."""

    async def wait(processes: Iterable[int]) -> None:
        with anyio.fail_after(20):
            for pid in processes:
                with suppress(ProcessLookupError):
                    await _wait_for_one(os.pidfd_open(pid))

    return wait


async def _wait_for_one(handle: int) -> None:
    try:
        await anyio.wait_readable(handle)
    finally:
        os.close(handle)


def _holds(path: Path, mark: str) -> bool:
    try:
        state = path.with_name("stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and os.fsencode(mark) in path.read_bytes()
    except OSError:
        return False
