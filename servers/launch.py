"""How a stdio server is launched: its command, its environment, its folder, and what must run before it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import anyio.to_thread
from mcp.client.stdio import get_default_environment

from toolweave.servers.errors import ServerError
from toolweave.servers.forked import ForkedProcess
from toolweave.servers.guard import Guard
from toolweave.servers.interpolation import WORKSPACE
from toolweave.servers.process import Running, open_child
from toolweave.servers.sandbox import cage_for, limited, limits_of
from toolweave.servers.spawn import SpawnedProcess, spawn
from toolweave.servers.spec import ServerSpec
from toolweave.servers.usage import Bounds
from toolweave.servers.warm import WarmStarts, Within
from toolweave.servers.workspace import Workspace

_PYTHON = ("python", "python3")
_LONGEST_PATH = 255


@dataclass(frozen=True, slots=True)
class Launch:
    """One server in one workspace, ready to start."""

    spec: ServerSpec
    workspace: Workspace
    starts: WarmStarts | None = None
    warm: list[ForkedProcess] = field(default_factory=list[ForkedProcess])
    """What was started warm so far."""

    @property
    def environment(self) -> dict[str, str]:
        """The few variables that every MCP client passes on, then the server's own `env`.

        Programs installed beside this interpreter come first on `PATH`. Hashes of Python servers are fixed, so that
        two environments list sets in the same order.
        """
        inherited = get_default_environment()
        path = os.pathsep.join([str(_bin()), inherited.get("PATH", os.defpath)])
        own = {key: self.workspace.fill(value) for key, value in self.spec.env.items()}
        return {**inherited, "PATH": path, "PYTHONHASHSEED": "0", **own}

    @property
    def cwd(self) -> Path:
        """The workspace unless the server says otherwise."""
        if self.spec.cwd is None:
            return self.workspace.path
        return self.spec.folder / Path(self.workspace.fill(self.spec.cwd)).expanduser()

    @property
    def bounds(self) -> Bounds:
        """How much the server may use, with all that it has started."""
        megabytes = self.spec.options.memory_mb
        return Bounds(None if megabytes is None else megabytes << 20, self.spec.options.processes)

    def argv(self) -> list[str]:
        """Command and arguments.

        Raises:
            ServerError: There is no such command.
        """
        args = [self.workspace.fill(arg) for arg in self.spec.args]
        return [self._find(self.spec.command), *(args if self.spec.cwd else map(self._anchored, args))]

    async def start(self) -> Running:
        """Start the server.

        Raises:
            OSError: It cannot be started.
            ServerError: There is no such command.
        """
        lasting = self.spec.cwd is not None and WORKSPACE not in self.spec.cwd
        return await self._start(self.argv(), self.cwd, lasting_folder=lasting, is_server=True)

    async def _start(
        self, argv: Sequence[str], cwd: Path, *, lasting_folder: bool = False, is_server: bool = False
    ) -> Running:
        env = self.environment
        scratch = self.starts.spaces if self.starts else self.workspace.path.parent
        cage = await anyio.to_thread.run_sync(cage_for, self.spec, argv, cwd, scratch)
        limits = limits_of(self.spec, cage is not None)
        if self.starts is not None and not any(WORKSPACE in value for value in self.spec.env.values()):
            within = Within(self.workspace.path, cage, limits)
            warm = await self.starts.start(argv, env, cwd, within, lasting_folder=lasting_folder, is_server=is_server)
            if warm is not None:
                self.warm.append(warm)
                return warm
        kept_in = cage.argv([self.workspace.path], cwd) if cage else []
        return SpawnedProcess(
            await spawn([*kept_in, *limited(limits), *argv], output=subprocess.PIPE, env=env, cwd=cwd)
        )

    async def prepare(self, guard: Guard) -> None:
        """Run the preparing commands in the workspace, or copy what they have made before.

        Raises:
            OSError: The copy cannot be made.
            ServerError: One of them failed.
        """
        if self.starts is not None and self.spec.options.prepare_once:
            key, run = self.spec.model_dump_json(), partial(self._run_all, guard)
            await self.starts.snapshots.fill(key, self.workspace.path, run)
        else:
            await self._run_all(guard)

    async def _run_all(self, guard: Guard) -> None:
        for step in self.spec.options.prepare:
            await self._run([self.workspace.fill(part) for part in step], guard)

    async def _run(self, step: Sequence[str], guard: Guard) -> None:
        argv = [self._find(step[0]), *step[1:]]
        async with open_child(self._start(argv, self.workspace.path), guard, self.bounds) as child:
            await child.stdin.aclose()
            async for _ in child.stdout:
                pass
            await child.exited.wait()
            if self.starts is not None:
                self.starts.learn(child.process)
        if child.code != 0:
            raise ServerError(f"preparing with {' '.join(step)!r} failed with code {child.code}: {child.stderr.last()}")

    def _find(self, command: str) -> str:
        command = self.workspace.fill(command)
        if command in _PYTHON:
            return sys.executable
        if os.sep in command:
            found = self.spec.folder / Path(command).expanduser()
            name = str(found) if os.access(found, os.X_OK) and found.is_file() else None
        else:
            name = shutil.which(command, path=self.environment["PATH"])
        if name is None:
            raise ServerError(f"the command {command!r} was not found" + _where_looked(command))
        return name

    def _anchored(self, arg: str) -> str:
        """An argument that names an existing file beside `mcp.json`, as an absolute path.

        Editors start servers in the folder of `mcp.json`, we start them in a scratch directory.
        """
        path = self.spec.folder / arg
        if len(arg) > _LONGEST_PATH:  # a program text; the system would not even look
            return arg
        named = path.is_file() or (arg.startswith(("./", "../")) and path.exists())
        return str(path.resolve()) if named and not Path(arg).is_absolute() else arg


def _bin() -> Path:
    return Path(sys.executable).parent


def _where_looked(command: str) -> str:
    return "" if os.sep in command else f" in {_bin()} nor on PATH; install it or give its path"
