"""The pool: spares are fresh, few, alive, and gone at the end."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.servers.environment import Environment
from toolweave.servers.pool import Held, ServerPool, open_pool
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.warm import open_warm_starts

pytestmark = pytest.mark.anyio

MakeSpec = Callable[..., ServerSpec]
WaitForEnd = Callable[[Iterable[int]], Awaitable[None]]


def keeping(log: Path, name: str = "keeping") -> ServerSpec:
    """A server with flags of the interpreter, so that it is never forked."""
    args = ["-I", "-S", str(Path(__file__).with_name("keeping.py")), str(log)]
    options = ServerOptions(disposable=True)
    return ServerSpec(name=name, command="python", args=args, env={"TOOLWEAVE_TEST": str(log)}, options=options)


@asynccontextmanager
async def pool_of(most_spares: int = 4) -> AsyncGenerator[ServerPool]:
    """A pool in which every server counts as slow."""
    async with open_warm_starts(ahead=()) as starts, open_pool(starts, most_spares, slow=0) as pool:
        yield pool


async def call(environment: Environment, name: str, /, **arguments: Any) -> Any:
    tool = next(tool for tool in environment.tools if tool.name == name)
    result = await environment.call(tool, arguments)
    assert result.status == "ok", result
    return result.value


def spare_of(pool: ServerPool, spec: ServerSpec) -> Held:
    spare = pool._stock(spec).spare  # pyright: ignore[reportPrivateUsage]
    assert spare is not None
    return spare


async def turn_over(pool: ServerPool, spec: ServerSpec) -> int:
    async with pool.open([spec]) as environment:
        assert await call(environment, "show") == {"kept": [], "searches": [], "notes": ""}
        await call(environment, "put", text="something")
        return int(await call(environment, "who"))


async def test_a_server_that_is_asked_for_again_is_started_ahead_once_and_handed_out_once(
    tmp_path: Path, marked_processes: Callable[[str], list[int]]
) -> None:
    log = tmp_path / "starts"
    spec = keeping(log)
    async with pool_of() as pool:
        used = [await turn_over(pool, spec)]
        assert pool.spares == 0
        used.append(await turn_over(pool, spec))
        assert pool.spares == 1
        await spare_of(pool, spec).ready()
        used += [await turn_over(pool, spec) for _ in range(3)]
        assert pool.spares == 1
        await spare_of(pool, spec).ready()
    started = [int(line) for line in log.read_text().split()]
    assert (started[:5], len(started)) == (used, 6)
    assert not marked_processes(f"TOOLWEAVE_TEST={log}")


async def test_two_environments_at_once_never_get_the_same_spare(tmp_path: Path) -> None:
    spec = keeping(tmp_path / "starts")
    async with pool_of() as pool:
        for _ in range(2):
            await turn_over(pool, spec)
        async with pool.open([spec]) as one, pool.open([spec]) as other:
            assert await call(one, "who") != await call(other, "who")


async def test_there_are_never_more_spares_than_allowed(tmp_path: Path) -> None:
    specs = [keeping(tmp_path / "starts", name) for name in ("one", "two", "three")]
    async with pool_of(most_spares=2) as pool:
        for spec in specs * 3:
            await turn_over(pool, spec)
            assert pool.spares <= 2
        assert pool.spares == 2


async def test_a_spare_that_has_died_is_not_handed_out(tmp_path: Path, wait_for_end: WaitForEnd) -> None:
    log = tmp_path / "starts"
    spec = keeping(log)
    async with pool_of() as pool:
        for _ in range(2):
            await turn_over(pool, spec)
        spare = spare_of(pool, spec)
        environment = await spare.ready()
        pid = int(await call(environment, "who"))
        os.kill(pid, signal.SIGKILL)
        await wait_for_end([pid])
        with anyio.fail_after(10):
            while spare.usable:
                await anyio.lowlevel.checkpoint()
        assert await turn_over(pool, spec) != pid


async def test_a_server_that_does_not_start_is_named_and_gets_no_spare(misbehaving: MakeSpec, tmp_path: Path) -> None:
    specs = [misbehaving("dies_at_start", "dying"), keeping(tmp_path / "starts")]
    async with pool_of() as pool:
        for _ in range(3):
            async with pool.open(specs) as environment:
                assert list(environment.servers) == ["keeping"]
                assert environment.failures["dying"].startswith("it ended with code 1")
        assert pool.spares == 1


async def test_an_error_in_the_body_leaves_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with pool_of() as pool, pool.open([keeping(tmp_path / "starts")]):
            raise KeyError("mine")


async def test_cancelling_a_slow_start_leaves_no_process(
    misbehaving: MakeSpec, marked_processes: Callable[[str], list[int]], tmp_path: Path
) -> None:
    slow = misbehaving("hangs_at_start", env={"TOOLWEAVE_TEST": str(tmp_path)})
    async with pool_of() as pool:
        with anyio.move_on_after(0.5) as scope:
            async with pool.open([slow]):
                raise AssertionError("must not open")
        assert scope.cancelled_caught
        assert not marked_processes(f"TOOLWEAVE_TEST={tmp_path}")
