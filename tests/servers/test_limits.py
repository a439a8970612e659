"""Never more calls under way than `in_flight` allows, over all environments."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import pytest

from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import Environment
from toolweave.servers.errors import ConfigError
from toolweave.servers.limits import Limits
from toolweave.servers.pool import open_pool
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.warm import open_warm_starts

pytestmark = pytest.mark.anyio


def keeping(in_flight: dict[str, int]) -> ServerSpec:
    args = ["-I", "-S", str(Path(__file__).with_name("keeping.py"))]
    options = ServerOptions(disposable=True, in_flight=in_flight)
    return ServerSpec(name="keeping", command="python", args=args, options=options)


@asynccontextmanager
async def environments(spec: ServerSpec, count: int) -> AsyncGenerator[list[Environment]]:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(await stack.enter_async_context(open_warm_starts(ahead=()))))
        yield [await stack.enter_async_context(pool.open([spec])) for _ in range(count)]


@pytest.mark.parametrize(("in_flight", "most"), [({"hold": 2}, 2), ({"*": 1, "hold": 2}, 1), ({"add": 1}, 3)])
async def test_no_more_calls_are_inside_the_servers_than_allowed(
    tmp_path: Path, in_flight: dict[str, int], most: int
) -> None:
    for name in ("log", "gate"):
        os.mkfifo(tmp_path / name)
    log = os.open(tmp_path / "log", os.O_RDWR | os.O_NONBLOCK)
    paths = {"log": str(tmp_path / "log"), "gate": str(tmp_path / "gate")}
    heard = b""

    async def hold(environment: Environment) -> None:
        tool = next(tool for tool in environment.tools if tool.name == "hold")
        assert (await environment.call(tool, dict(paths))).ok

    async def hear(lines: int) -> bytes:
        found = b""
        while found.count(b"\n") < lines:
            await anyio.wait_readable(log)
            found += os.read(log, 1000)
        return found

    with anyio.fail_after(30):
        async with environments(keeping(in_flight), 3) as opened, anyio.create_task_group() as tasks:
            for environment in opened:
                tasks.start_soon(hold, environment)
            heard += await hear(most)
            await anyio.wait_all_tasks_blocked()
            gate = os.open(tmp_path / "gate", os.O_RDWR | os.O_NONBLOCK)
            heard += await hear(6 - heard.count(b"\n"))
            os.close(gate)
    os.close(log)
    steps = [1 if line == b"in" else -1 for line in heard.split()]
    assert max(sum(steps[:end]) for end in range(7)) == most


async def test_a_place_is_given_back_when_a_call_is_cancelled() -> None:
    limits, spec = Limits(), keeping({"*": 1})
    held = False
    with anyio.CancelScope() as scope:
        async with limits.place(spec, "hold"):
            held = True
            scope.cancel()
            await anyio.sleep_forever()
    assert held
    with anyio.fail_after(5):
        async with limits.place(spec, "hold"):
            pass


def test_no_more_calls_are_made_in_a_run_than_its_settings_allow() -> None:
    options = ServerOptions(calls={"send_*": 2, "*": 4})
    limits, spec = Limits(), ServerSpec(name="post", command="x", options=options)
    refusals = [limits.refusal(spec, tool) for tool in ("send_a", "send_b", "send_c", "look", "look", "look")]
    said = "the {} calls of {!r} that its settings allow have been made"
    assert refusals[:2] + refusals[3:5] == [None] * 4
    assert (refusals[2], refusals[5]) == (
        f"post/send_c: {said.format(2, 'send_*')}",
        f"post/look: {said.format(4, '*')}",
    )


@pytest.mark.parametrize("in_flight", ['{"hold": 0}', '{"hold": "many"}', "3"])
async def test_a_limit_that_is_none_is_refused(tmp_path: Path, in_flight: str) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(f'{{"servers": {{"a": {{"command": "x", "toolweave": {{"in_flight": {in_flight}}}}}}}}}')
    with pytest.raises(ConfigError, match="in_flight"):
        load_mcp_config(path)
