"""Warm starts: as fresh as cold ones, cheaper, and gone with their owner."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.servers.connection import Connection
from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.forked import ForkedProcess, Zygote
from toolweave.servers.program import Program, read_program
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.warm import WarmStarts, open_warm_starts

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="zygotes are for Linux"),
]

FindProcesses = Callable[[str], list[int]]
WaitForEnd = Callable[[Iterable[int]], Awaitable[None]]

SCRIPT = Path(__file__).with_name("telling.py")
FREE = ServerOptions(disposable=True)
WORLD = ServerSpec(name="clinic", command="python", args=["-m", "toolweave.servers.worlds.clinic"], options=FREE)


def telling(*args: str, **env: str) -> ServerSpec:
    return ServerSpec(name="telling", command="python", args=[str(SCRIPT), *args], env=env, options=FREE)


def telling_module(*args: str, **fields: Any) -> ServerSpec:
    env = {"PYTHONPATH": str(SCRIPT.parent)}
    return ServerSpec(name="telling", command="python", args=["-m", "telling", *args], env=env, options=FREE, **fields)


async def call(environment: Environment, name: str, /, **arguments: Any) -> Any:
    tool = next(tool for tool in environment.tools if tool.name == name)
    result = await environment.call(tool, arguments)
    assert result.status == "ok", result
    return result.value


async def grow(starts: WarmStarts, spec: ServerSpec, times: int = 2) -> None:
    """Turn over so many environments that the next one is warm."""
    for _ in range(times):
        async with open_environment([spec], strict=True, starts=starts):
            pass


def processes(environment: Environment) -> list[object]:
    lines = [item for item in environment.connections.values() if isinstance(item, Connection)]
    return [item._child.process for item in lines if item._child]  # pyright: ignore[reportPrivateUsage]


def is_warm(environment: Environment) -> bool:
    return all(isinstance(process, ForkedProcess) for process in processes(environment))


def zygotes() -> list[int]:
    """Those below this process."""
    found = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"zygote.py" in path.read_bytes() and f"PPid:\t{os.getpid()}\n" in path.with_name("status").read_text()
    ]
    return sorted(found)


@pytest.mark.parametrize(
    "spec",
    [
        telling("one", "--import=wave", COLOUR="green"),
        telling_module("one", "--import=wave"),
        telling_module("two", cwd=str(SCRIPT.parent)),
    ],
)
async def test_a_warm_server_finds_what_a_cold_one_finds(spec: ServerSpec) -> None:
    async with open_environment([spec], strict=True) as environment:
        cold = (environment.tools, await call(environment, "tell"))
        assert not is_warm(environment)
    async with open_warm_starts(ahead=()) as starts:
        for _ in range(3):
            async with open_environment([spec], strict=True, starts=starts) as environment:
                assert (environment.tools, await call(environment, "tell")) == cold
                assert is_warm(environment)


async def test_fifty_warm_environments_at_once_see_nothing_of_each_other() -> None:
    everybody_wrote = anyio.Event()
    left = 50
    seen: dict[int, list[list[str]]] = {}

    async def live(number: int, starts: WarmStarts) -> None:
        nonlocal left
        async with open_environment([telling()], strict=True, starts=starts) as environment:
            assert is_warm(environment)
            first = await call(environment, "remember", text=f"first of {number}")
            left -= 1
            if not left:
                everybody_wrote.set()
            with anyio.fail_after(60):
                await everybody_wrote.wait()
            seen[number] = [first, await call(environment, "remember", text=f"second of {number}")]

    async with open_warm_starts(ahead=()) as starts:
        await grow(starts, telling())
        async with anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(live, number, starts)
    for number in range(50):
        one, two = f"first of {number}", f"second of {number}"
        assert seen[number] == [[one, one], [one, two, one, two]]


async def test_fifty_warm_environments_of_a_world_can_all_book_the_same_last_slot() -> None:
    """Where a state were shared, the second one would be refused."""
    booked: list[Any] = []

    async def book(starts: WarmStarts) -> None:
        async with open_environment([WORLD], strict=True, starts=starts) as environment:
            animal = (await call(environment, "search_animals", name="Willow"))["animals"][0]
            free = await call(environment, "find_free_times", day="2026-02-10", species="dog", limit=1)
            slot = {"animal_id": animal["animal_id"], "slot_id": free["slots"][0]["slot_id"]}
            booked.append(await call(environment, "book_appointment", **slot))

    async with open_warm_starts() as starts:
        await grow(starts, WORLD)
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(book, starts)
    assert booked == [booked[0]] * 50


async def test_two_warm_environments_draw_different_random_values() -> None:
    drawn: list[str] = []
    async with open_warm_starts(ahead=()) as starts:
        await grow(starts, telling())
        for _ in range(2):
            async with open_environment([telling()], strict=True, starts=starts) as environment:
                drawn += await call(environment, "draw")
    assert len(set(drawn)) == 4


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "threads"),
        ("file = open('/dev/null')", "open files"),
        ("import subprocess\nprocess = subprocess.Popen(['sleep', '60'])", "child processes"),
        ("open('made-by-an-import', 'w').close()", "files in its folder"),
        ("import os\nos.environ['SET'] = 'by an import'", "another environment"),
        ("import signal\nsignal.signal(signal.SIGUSR1, print)", "signal handlers"),
    ],
)
async def test_a_library_whose_import_leaves_something_is_not_imported_ahead(
    source: str, left: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "leaving.py").write_text(source)
    spec = telling("--import=leaving", PYTHONPATH=str(tmp_path))
    with caplog.at_level(logging.INFO, "toolweave"):
        async with open_warm_starts(ahead=()) as starts:
            await grow(starts, spec)
            async with open_environment([spec], strict=True, starts=starts) as environment:
                assert is_warm(environment)
    assert f"leaving is not imported ahead: importing it left {left}" in caplog.messages


async def test_a_program_that_offers_something_else_when_warm_is_started_cold() -> None:
    spec = telling("--early=wave", "--import=wave")
    async with open_warm_starts(ahead=()) as starts:
        for warm in (True, False, False):
            async with open_environment([spec], strict=True, starts=starts) as environment:
                assert {tool.description for tool in environment.tools} == {"late"}
                assert is_warm(environment) == warm


NOT_WHEN_FORKED = """
import sys
forked = "wave" in sys.modules
import wave
if forked:
    {deed}
sys.argv = sys.argv[:1]
exec(open({server!r}).read())
"""


@pytest.mark.parametrize("deed", ["sys.exit('not like this')", "import os; os.abort()", "sys.stdin.close()"])
async def test_a_program_that_fails_when_warm_is_started_cold_at_once(deed: str, tmp_path: Path) -> None:
    script = tmp_path / "fussy.py"
    script.write_text(NOT_WHEN_FORKED.format(deed=deed, server=str(SCRIPT)))
    spec = ServerSpec(name="fussy", command="python", args=[str(script)], options=FREE)
    async with open_warm_starts(ahead=()) as starts:
        for warm in (True, False, False):
            async with open_environment([spec], strict=True, starts=starts) as environment:
                assert await call(environment, "remember", text="here") == ["here", "here"]
                assert is_warm(environment) == warm


async def test_a_program_that_hangs_when_warm_is_started_cold_the_next_time(tmp_path: Path) -> None:
    script = tmp_path / "fussy.py"
    script.write_text(NOT_WHEN_FORKED.format(deed="import threading; threading.Event().wait()", server=str(SCRIPT)))
    patience = ServerOptions(disposable=True, start_timeout=2)
    spec = ServerSpec(name="fussy", command="python", args=[str(script)], options=patience)
    async with open_warm_starts(ahead=()) as starts:
        failures: list[dict[str, str]] = []
        for _ in range(3):
            async with open_environment([spec], starts=starts) as environment:
                failures.append(environment.failures)
        assert failures == [{}, {"fussy": "it did not answer within 2 seconds"}, {}]


async def test_a_module_in_the_folder_of_the_start_is_not_replaced_by_one_imported_ahead(tmp_path: Path) -> None:
    step = ["python", "-c", "open('wave.py', 'w').close()"]
    options = ServerOptions(disposable=True, prepare=[step])
    plain = telling_module("--import=wave")
    async with open_warm_starts(ahead=()) as starts:
        await grow(starts, plain)
        async with open_environment([plain], strict=True, starts=starts) as environment:
            assert is_warm(environment)
        shadowing = plain.model_copy(update={"options": options})
        async with open_environment([shadowing], strict=True, starts=starts) as environment:
            assert not is_warm(environment)


async def test_a_warm_server_that_dies_is_noticed() -> None:
    async with open_warm_starts(ahead=()) as starts:
        await grow(starts, telling())
        async with open_environment([telling()], strict=True, starts=starts) as environment:
            process = processes(environment)[0]
            assert isinstance(process, ForkedProcess)
            tools = {tool.name: tool for tool in environment.tools}
            assert (await environment.call(tools["die"], {"code": 3})).status == "lost"
            assert (await environment.call(tools["draw"], {})).status == "lost"
            with anyio.fail_after(20):
                await process.ended()
            assert process.returncode == 3


async def test_several_tasks_may_wait_for_the_end_of_one_warm_server() -> None:
    async with open_warm_starts(ahead=()) as starts:
        await grow(starts, telling())
        async with open_environment([telling()], strict=True, starts=starts) as environment:
            process = processes(environment)[0]
            assert isinstance(process, ForkedProcess)
            with anyio.fail_after(20):
                async with anyio.create_task_group() as tasks:
                    for _ in range(3):
                        tasks.start_soon(process.ended)
                    await anyio.wait_all_tasks_blocked()
                    os.kill(process.pid, signal.SIGKILL)
            assert process.returncode == -signal.SIGKILL


async def test_a_server_that_cannot_start_is_named_as_without_warm_starts(tmp_path: Path) -> None:
    script = tmp_path / "dying.py"
    script.write_text("raise SystemExit('the door is locked')")
    spec = ServerSpec(name="dying", command="python", args=[str(script)])
    async with open_environment([spec]) as environment:
        cold = environment.failures
    async with open_warm_starts(ahead=()) as starts, open_environment([spec], starts=starts) as environment:
        assert environment.failures == cold


async def test_servers_start_cold_when_their_zygote_was_killed() -> None:
    async with open_warm_starts(ahead=()) as starts:
        await grow(starts, telling())
        for pid in zygotes():
            os.killpg(pid, signal.SIGKILL)
        async with open_environment([telling()], strict=True, starts=starts) as environment:
            assert await call(environment, "remember", text="still here") == ["still here", "still here"]
            assert not is_warm(environment)


async def test_a_zygote_that_dies_while_it_is_asked_is_noticed_at_once() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)

    async def die_when_asked() -> None:
        await anyio.wait_readable(theirs)
        theirs.close()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(die_when_asked)
        with ours, pytest.raises(ConnectionError, match="the zygote did not fork"):
            await Zygote(0, ours).start("key", {})


async def test_closing_warm_starts_leaves_no_process(marked_processes: FindProcesses) -> None:
    mark = "of-test-closing-warm-starts"
    async with open_warm_starts(ahead=()) as starts:
        await grow(starts, telling(TOOLWEAVE_TEST=mark), times=3)
        assert marked_processes(mark)
    assert not marked_processes(mark)


PARENT = """
import anyio, signal, sys
from contextlib import AsyncExitStack
from toolweave.servers.environment import open_environment
from toolweave.servers.spec import ServerSpec
from toolweave.servers.warm import open_warm_starts

async def main(script, mark):
    spec = ServerSpec(name="telling", command="python", args=[script], env={"TOOLWEAVE_TEST": mark})
    async with AsyncExitStack() as stack:
        starts = await stack.enter_async_context(open_warm_starts(ahead=()))
        for _ in range(20):
            await stack.enter_async_context(open_environment([spec], strict=True, starts=starts))
        print("ready", flush=True)
        await anyio.sleep_forever()

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started the tests without it
anyio.run(main, *sys.argv[1:])
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
async def test_a_killed_parent_of_twenty_warm_servers_leaves_nothing(
    end: signal.Signals, tmp_path: Path, marked_processes: FindProcesses, wait_for_end: WaitForEnd
) -> None:
    mark, scratch = tmp_path / "mark", tmp_path / "scratch"
    scratch.mkdir()
    argv = [sys.executable, "-c", PARENT, str(SCRIPT), str(mark)]
    parent = await anyio.open_process(argv, env={**os.environ, "TMPDIR": str(scratch)}, stderr=None)
    try:
        assert parent.stdout is not None
        with anyio.fail_after(30):
            assert (await parent.stdout.receive()).startswith(b"ready")
        servers, reaper = marked_processes(f"TOOLWEAVE_TEST={mark}"), marked_processes(f"TMPDIR={scratch}")
        assert len(servers) == 22
        assert len(list(scratch.glob("*/spaces/*"))) == 20
    finally:
        parent.send_signal(end)
        await parent.wait()
    await wait_for_end([*servers, *reaper])
    assert not list(scratch.iterdir())
    await parent.aclose()


def test_python_programs_are_told_from_others(tmp_path: Path) -> None:
    script = tmp_path / "serve"
    script.write_text("#!/opt/some/bin/python3.12\nprint()\n")
    shell = tmp_path / "shell"
    shell.write_text("#!/bin/sh\n")
    commands = [
        ["/x/python", "-m", "a.b", "-v"],
        ["/x/python3.11", "/y/a.py", "1"],
        [str(script), "1"],
        ["/x/python", "-I", "/y/a.py"],
        ["/x/python", "-c", "print()"],
        ["/x/python", "a.py"],
        ["/x/python"],
        [str(shell), "1"],
        ["/x/node", "a.js"],
    ]
    assert [read_program(command) for command in commands] == [
        Program("/x/python", "module", "a.b", ("-v",)),
        Program("/x/python3.11", "script", "/y/a.py", ("1",)),
        Program("/opt/some/bin/python3.12", "script", str(script), ("1",)),
        *[None] * 6,
    ]
