"""200 trajectories at once see nothing of each other; and the same eyes do see what two share."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.servers.environment import Environment
from toolweave.servers.pool import ServerPool, open_pool
from toolweave.servers.sharing import Reading, open_shared_servers
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.warm import SDK, open_warm_starts

pytestmark = pytest.mark.anyio

Open = Callable[[Sequence[ServerSpec]], AbstractAsyncContextManager[Environment]]

SQLITE = Path(__file__).resolve().parents[2] / ".servers" / "legacy" / "bin" / "mcp-server-sqlite"
FREE = ServerOptions(disposable=True)
KEEPING = ServerSpec(name="keeping", command="python", args=[str(Path(__file__).with_name("keeping.py"))], options=FREE)
WORLD = ServerSpec(name="kitchen", command="python", args=["-m", "toolweave.servers.worlds.kitchen"], options=FREE)
DATABASE = ServerSpec(name="sqlite", command=str(SQLITE), args=["--db-path", "${WORKSPACE}/all.db"], options=FREE)

WRITES: Mapping[str, list[tuple[str, dict[str, Any]]]] = {
    "keeping": [("put", {"text": "TOKEN"}), ("find", {"text": "TOKEN"}), ("log", {"text": "TOKEN"})],
    "kitchen": [("book_event", {"client": "TOKEN", "day": "2026-10-01", "guests": 5})],
    "sqlite": [
        ("create_table", {"query": "CREATE TABLE IF NOT EXISTS tokens (token TEXT)"}),
        ("write_query", {"query": "INSERT INTO tokens VALUES ('TOKEN')"}),
        ("append_insight", {"insight": "TOKEN"}),
    ],
}
READS: Mapping[str, list[tuple[str, dict[str, Any]]]] = {
    "keeping": [("show", {}), ("count", {}), ("find", {"text": ""})],
    "kitchen": [("list_events", {"client": ""})],
    "sqlite": [("list_tables", {}), ("read_query", {"query": "SELECT token FROM tokens"})],
}
"""All that a call can show of what any trajectory wrote."""


@dataclass
class Crowd:
    """Trajectories that all hold an environment at the same time."""

    size: int
    written: int = 0
    everybody_wrote: anyio.Event = field(default_factory=anyio.Event)
    seen: dict[int, str] = field(default_factory=dict[int, str])

    async def live(self, number: int, open_one: Open, specs: Sequence[ServerSpec]) -> None:
        """Write a token wherever one can be written, wait until everybody has, read whatever can be read."""
        async with open_one(specs) as environment:
            assert environment.failures == {}
            for spec in specs:
                await make(environment, spec, WRITES[spec.name], token(number))
            self.written += 1
            if self.written == self.size:
                self.everybody_wrote.set()
            with anyio.fail_after(60):
                await self.everybody_wrote.wait()
            self.seen[number] = "\n".join([await make(environment, spec, READS[spec.name], "") for spec in specs])

    def problems(self) -> dict[int, str]:
        """Trajectory → what it saw of others, or failed to see of itself."""
        found: dict[int, str] = {}
        for number, text in self.seen.items():
            tokens = set(re.findall(r"TK-\d{5}", text))
            if foreign := tokens - {token(number)}:
                found[number] = f"sees {len(foreign)} tokens of others"
            elif not tokens:
                found[number] = "does not see its own"
            elif "\n1\n" not in text:
                found[number] = "was not the first to count"
        return found


def token(number: int) -> str:
    return f"TK-{number:05}"


async def make(
    environment: Environment, spec: ServerSpec, calls: Sequence[tuple[str, dict[str, Any]]], mark: str
) -> str:
    """Make these calls, which must work; what was seen, one line or more for each."""
    texts: list[str] = []
    for name, arguments in calls:
        tool = next(tool for tool in environment.servers[spec.name].tools if tool.name == name)
        result = await environment.call(tool, {key: _marked(value, mark) for key, value in arguments.items()})
        assert result.status == "ok", (spec.name, name, result)
        texts.append(result.text)
    return "\n".join(texts)


def _marked(value: Any, mark: str) -> Any:
    return value.replace("TOKEN", mark) if isinstance(value, str) else value


async def gather(size: int, open_one: Open, specs_of: Callable[[int], Sequence[ServerSpec]]) -> Crowd:
    crowd = Crowd(size)
    async with anyio.create_task_group() as tasks:
        for number in range(size):
            tasks.start_soon(crowd.live, number, open_one, specs_of(number))
    assert len(crowd.seen) == size
    return crowd


@asynccontextmanager
async def pool(*ahead: str) -> AsyncGenerator[ServerPool]:
    async with open_warm_starts(ahead) as starts, open_pool(starts) as opened:
        yield opened


def _everything_for_some(number: int) -> list[ServerSpec]:
    """Every trajectory has the server that counts; one in ten has a world and a database beside it."""
    return [KEEPING, WORLD, DATABASE] if number % 10 == 0 else [KEEPING]


@pytest.mark.skipif(sys.platform != "linux", reason="200 servers at once are too dear where nothing can be forked")
@pytest.mark.skipif(not SQLITE.exists(), reason="mcp-server-sqlite is not installed: `make servers` does it")
async def test_two_hundred_trajectories_at_once_see_no_value_of_each_other() -> None:
    async with pool(*SDK) as opened:
        crowd = await gather(200, opened.open, _everything_for_some)
    assert crowd.problems() == {}


async def test_trajectories_that_share_an_environment_by_accident_are_found_out() -> None:
    """The control: what is told of 200 trajectories above would not be told of these."""
    async with pool() as opened, opened.open([KEEPING]) as only:

        @asynccontextmanager
        async def open_the_same(_: Sequence[ServerSpec]) -> AsyncGenerator[Environment]:
            yield only

        crowd = await gather(8, open_the_same, lambda _: [KEEPING])
    assert crowd.problems() == dict.fromkeys(range(8), "sees 7 tokens of others")


async def test_trajectories_of_servers_that_are_shared_where_that_is_safe_see_nothing_of_each_other_either() -> None:
    reading = Reading({"add": {"a": 1, "b": 1}, "show": {}})
    async with pool() as opened, open_shared_servers(opened, {"keeping": reading}) as shared:
        crowd = await gather(16, shared.open, lambda _: [KEEPING])
        assert shared.doubts == {}
    assert crowd.problems() == {}
