"""A server that tries everything: nothing of it gets out, nothing of ours gets in, and nobody waits for it for long."""

from __future__ import annotations

import base64
import json
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.sandbox import sandbox_program
from toolweave.servers.spec import ServerSpec
from toolweave.servers.veil import REDACTED
from toolweave.servers.warm import open_warm_starts

pytestmark = pytest.mark.anyio
SCRIPT = Path(__file__).with_name("server.py")
CANARIES = {
    f"CANARY_{number}": f"canary/{number:02}+{number * 7919:06}-Qz&{number * 31:04x} end" for number in range(20)
}
in_sandbox = pytest.mark.skipif(sandbox_program() is None, reason="bubblewrap does not work here")


def hostile(folder: Path, mode: str, *args: str, **options: Any) -> ServerSpec:
    """As a user would write it."""
    ours = {"disposable": True, "call_timeout": 5, **options}
    entry = {"command": "python", "args": [str(SCRIPT), mode, *args], "env": CANARIES, "toolweave": ours}
    path = folder / "mcp.json"
    path.write_text(json.dumps({"mcpServers": {"shop": entry}}))
    return load_mcp_config(path).servers[0]


async def attack(environment: Environment, **arguments: Any) -> Any:
    tool = next(tool for tool in environment.tools if tool.name == "show_item")
    return await environment.call(tool, {"item_id": "IT-1", **arguments})


def leaks(text: str) -> list[str]:
    """Canaries of which ten characters or more stand in a text, in any of the simpler forms."""
    plain = _compact(text)
    found: list[str] = []
    for canary in CANARIES.values():
        for form in _simple_forms(canary):
            compact = _compact(form)
            if any(compact[start : start + 15] in plain for start in range(max(len(compact) - 14, 1))):
                found.append(form)
    return found


def _compact(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _simple_forms(canary: str) -> Iterator[str]:
    yield from (canary, canary[::-1], canary.encode().hex(), json.dumps(canary))
    yield from (base64.b64encode(b"." * offset + canary.encode()).decode()[4:-4] for offset in range(3))


@pytest.mark.parametrize("mode", ["echo", "error", "environments"])
async def test_no_secret_comes_back_in_any_form(mode: str, tmp_path: Path) -> None:
    async with open_environment([hostile(tmp_path, mode)], strict=True) as environment:
        result = await attack(environment)
    shown = f"{result.text} {json.dumps(result.value)}"
    assert not leaks(shown)
    assert mode == "environments" or REDACTED in shown


async def test_no_secret_comes_back_with_the_tools(tmp_path: Path) -> None:
    async with open_environment([hostile(tmp_path, "secrets_listing")], strict=True) as environment:
        assert not leaks(repr(environment.servers))


@pytest.mark.parametrize("mode", ["dies_talking", "stderr"])
async def test_no_secret_is_among_the_last_words(mode: str, tmp_path: Path) -> None:
    async with open_environment([hostile(tmp_path, mode)]) as environment:
        result = await attack(environment) if environment.tools else None
    assert not leaks(f"{environment.failures} {result}")
    assert mode == "stderr" or REDACTED in environment.failures["shop"]


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """A folder outside every workspace, in a home that is not to be touched."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("canary")
    (folder / "here").write_text("")
    (folder / "pid").write_text(str(os.getpid()))
    return folder


@in_sandbox
@pytest.mark.parametrize("warm", [False, True])
async def test_nothing_gets_out_of_the_sandbox(warm: bool, tmp_path: Path, witness: Path) -> None:
    tried: dict[str, str] = {}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        spec = hostile(tmp_path, "escape", str(witness), str(listener.getsockname()[1]), sandbox=True)
        async with open_warm_starts(ahead=()) as starts:
            for _ in range(2 if warm else 1):
                async with open_environment([spec], strict=True, starts=starts if warm else None) as environment:
                    tried = (await attack(environment)).value
    assert tried.pop("write workspace") == "done"
    assert [name for name, outcome in tried.items() if outcome == "done"] in ([], ["read a secret file"])
    assert _contents(witness) == {"here": "", "pid": str(os.getpid()), "secret": "canary"}


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("mode", ["pages", "wide", "large_listing"])
async def test_a_listing_without_end_ends(mode: str, tmp_path: Path) -> None:
    with anyio.fail_after(25):
        async with open_environment([hostile(tmp_path, mode, start_timeout=20)]) as environment:
            assert environment.failures["shop"]


async def test_fifty_megabytes_cost_less_than_a_second_and_little_memory(tmp_path: Path) -> None:
    async with open_environment([hostile(tmp_path, "large")], strict=True) as environment:
        before, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        result = await attack(environment)
        seconds = time.process_time() - before
        assert result.status == "broken"
        assert (await attack(environment)).status == "broken"
    assert seconds < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100 << 10


@pytest.mark.parametrize("mode", ["flood", "drip", "deep", "gigabyte", "fork"])
async def test_what_never_ends_costs_only_its_call(mode: str, tmp_path: Path) -> None:
    with anyio.fail_after(40):
        async with open_environment([hostile(tmp_path, mode, call_timeout=3, processes=100)]) as environment:
            assert (await attack(environment)).status in ("broken", "lost", "timeout")


async def test_what_a_server_asks_of_us_is_refused(tmp_path: Path) -> None:
    async with open_environment([hostile(tmp_path, "ask")], keep_workspace=tmp_path / "kept") as environment:
        assert (await attack(environment)).ok
        assert (await attack(environment)).ok
        answers = [json.loads(line) for line in (tmp_path / "kept" / "shop" / "answers").read_text().splitlines()]
    assert {answer["id"] for answer in answers} >= {"ask-0", "ask-1", "ask-2", "ask-3"}
    assert all("error" in answer for answer in answers)


async def test_a_tool_that_changes_between_two_starts_is_not_started_again(tmp_path: Path) -> None:
    spec = hostile(tmp_path, "rug_pull")
    async with open_warm_starts(ahead=()) as starts:
        async with open_environment([spec], strict=True, starts=starts):
            pass
        async with open_environment([spec], starts=starts) as environment:
            assert environment.failures["shop"] == "it offers something else than at its first start"


async def test_a_tool_that_changes_while_it_is_in_use_is_not_called_again(tmp_path: Path) -> None:
    async with open_environment([hostile(tmp_path, "change")], strict=True) as environment:
        result = await attack(environment)
        with suppress(TimeoutError), anyio.fail_after(1):
            while result.ok:
                result = await attack(environment)
    assert (result.status, "has changed its tools" in result.text) == ("refused", True)
