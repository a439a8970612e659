"""Warm starts: servers that are Python programs begin with their libraries already imported.

Nearly all of the time that a Python server takes to start goes into imports. For each such program a *zygote* (see
`zygote.py`) imports the libraries that the program was seen to import, and forks a child for each start. Each child is
a process of its own with its own environment, folder and pipes; what it shares with others is the state of libraries
before any code of the program ran. The program's own modules are never imported in a zygote.

The first start of a program teaches which modules it needs; it finds at most the SDK imported. What a server offers is
compared with its first offer at every start. Whenever something is out of the ordinary, a start is left to the caller,
who starts cold: no Linux, flags of the interpreter, variables or modules that differ from start to start, another offer
than at first. A library whose import leaves a thread, an open file, a child or a changed environment is not imported
ahead. Not noticed: a library that draws a random number or reads the clock when it is imported, and keeps it.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncGenerator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from toolweave.servers.errors import ServerError
from toolweave.servers.forked import ForkedProcess, Zygote, open_zygote
from toolweave.servers.guard import Guard, open_guard
from toolweave.servers.info import ServerInfo
from toolweave.servers.process import Running
from toolweave.servers.program import Program, read_program
from toolweave.servers.sandbox import Cage
from toolweave.servers.snapshot import Snapshots
from toolweave.servers.spec import ServerSpec

logger = logging.getLogger(__name__)

_LESSON_WITHIN = 30.0
"""Seconds for which others wait until the first start of a program has shown what it imports."""
_ATTEMPTS = 4
"""How often a zygote is grown anew without a library that cannot be imported ahead."""
SDK: Final = ("mcp", "mcp.server.stdio", "mcp.server.mcpserver", "mcp.server.fastmcp")
"""What servers that use the SDK import, in its second and in its first version."""
_HARMLESS = frozenset(
    {"PYTHONHASHSEED", "PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
)
"""Variables of the interpreter that a zygote obeys like any other process."""

_Root = tuple[str, str, tuple[tuple[str, str], ...], Cage | None]
"""What a zygote is of, before it has imported anything: an interpreter's folder, its file, all variables, the cage."""


@dataclass(frozen=True, slots=True)
class Within:
    """What a process is kept within."""

    workspace: Path
    cage: Cage | None = None
    limits: Mapping[str, int] = field(default_factory=dict[str, int])
    """As in `sandbox.limits_of`."""


@dataclass(slots=True)
class _Known:
    """What is known of one program in one environment of variables."""

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    unfit: bool = False
    learning: anyio.Event | None = None
    modules: tuple[str, ...] | None = None
    zygote: Zygote | None = None


@dataclass(frozen=True, slots=True)
class _Start:
    program: Program
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    within: Within
    lasting_folder: bool
    is_server: bool

    @property
    def root(self) -> _Root:
        """Interpreters in one folder that are the same file differ in their names only."""
        path = Path(self.program.interpreter)
        return (str(path.parent), str(path.resolve()), tuple(sorted(self.env.items())), self.within.cage)

    @property
    def key(self) -> tuple[_Root, str, str, str]:
        place = str(self.cwd) if self.lasting_folder else ""
        return (self.root, self.program.kind, self.program.target, place)

    @property
    def request(self) -> dict[str, object]:
        return {
            "do": "start",
            "kind": self.program.kind,
            "target": self.program.target,
            "argv": [self.program.target, *self.program.arguments],
            "command": [self.program.interpreter, *self.argv[self.argv[0] == self.program.interpreter :]],
            "interpreter": self.program.interpreter,
            "path": self.program.import_path(self.cwd),
            "cwd": str(self.cwd),
            "narrow": self.within.cage.narrowing(self.within.workspace) if self.within.cage else None,
            "limits": self.within.limits,
        }

    def growth(self, modules: Sequence[str]) -> dict[str, object]:
        lasting = self.lasting_folder or self.program.kind == "script"
        return {
            "do": "branch",
            "kind": self.program.kind,
            "target": self.program.target,
            "path": self.program.import_path(self.cwd) if lasting else "",
            "modules": modules,
        }


class WarmStarts:
    """Zygotes for all Python programs that are started more than once; make it by `open_warm_starts`."""

    def __init__(self, guard: Guard, folder: Path, ahead: Sequence[str]) -> None:
        self.guard = guard
        """Watches all processes of all environments that use these starts."""
        self.snapshots = Snapshots(folder)
        """What preparing commands have made."""
        self.spaces = folder / "spaces"
        """Where the workspaces of all environments that use these starts lie."""
        self._folder = folder
        self._ahead = ahead
        self._known: dict[Hashable, _Known] = {}
        self._roots: dict[_Root, Zygote] = {}
        self._with_ahead: dict[_Root, Zygote | None] = {}
        self._lock = anyio.Lock()
        self._offers: dict[str, tuple[str, ...]] = {}

    async def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        within: Within,
        *,
        lasting_folder: bool = False,
        is_server: bool = False,
    ) -> ForkedProcess | None:
        """Start a program in a new process, or say by `None` that it must be started in the ordinary way.

        Args:
            argv: Command and arguments.
            env: The whole environment of the new process, the same for all starts of the program.
            cwd: Its folder.
            within: What it is kept within.
            lasting_folder: Whether all starts of this program have this same folder.
            is_server: Whether it is an MCP server, which can be expected to import the SDK.
        """
        program = read_program(argv)
        if program is None or not _supported() or _has_odd_variables(env) or not await _is_folder(cwd):
            return None
        start = _Start(program, tuple(argv), env, cwd, within, lasting_folder, is_server)
        known = self._known.setdefault(start.key, _Known())
        try:
            return await self._start(start, known)
        except OSError:
            logger.info("no warm starts of %s: its zygote is gone", program.target, exc_info=True)
            known.unfit = True
            return None

    def accept(self, process: Running | None, spec: ServerSpec, info: ServerInfo) -> None:
        """Compare what a server offers with what it offered at its first start, and learn what it has imported.

        Raises:
            ServerError: It has changed: by a warm start, or because it pulls the rug from under whoever trusted it.
        """
        offer = (info.software, info.version, info.protocol, info.instructions, info.digest)
        if self._offers.setdefault(spec.model_dump_json(), offer) != offer:
            raise ServerError("it offers something else than at its first start")
        if process is not None:
            self.learn(process)

    def learn(self, process: Running) -> None:
        """A process is up: what it has imported so far is what the next ones should find imported."""
        if isinstance(process, ForkedProcess) and process.lesson is not None:
            self._known[process.key].modules = process.read_lesson()
            process.close_lesson()

    def distrust(self, process: ForkedProcess) -> None:
        """Leave further starts of this program to the ordinary way."""
        self._known[process.key].unfit = True

    async def _start(self, start: _Start, known: _Known) -> ForkedProcess | None:
        while True:
            async with known.lock:
                if known.unfit:
                    return None
                if known.modules is not None:
                    break
                learning = known.learning
                if learning is None:
                    return await self._teach(start, known)
            with anyio.move_on_after(_LESSON_WITHIN) as waiting:
                await learning.wait()
            if waiting.cancelled_caught:
                return None
        async with known.lock:
            if known.zygote is None and not known.unfit:
                await self._own_zygote(start, known)
        if known.zygote is None or await _shadows(start, known.zygote):
            return None
        return await known.zygote.start(start.key, start.request)

    async def _teach(self, start: _Start, known: _Known) -> ForkedProcess:
        """The first start; whoever waits for its lesson goes on when there is one, or never will be one."""
        taught = known.learning = anyio.Event()

        def end_lesson() -> None:
            known.learning = None
            taught.set()

        try:
            parent = await self._parent(start)
            return await parent.start(start.key, start.request, end_lesson)
        except BaseException:  # boundary: whoever waits for the lesson is told, whatever stood in its way
            end_lesson()
            raise

    async def _parent(self, start: _Start) -> Zygote:
        """The zygote from which the first start of a program and its own zygote are forked."""
        key = start.root
        async with self._lock:
            if key not in self._roots:
                self._roots[key] = await self._open_root(start)
            root = self._roots[key]
            if self._ahead and start.is_server and key not in self._with_ahead:
                self._with_ahead[key] = await self._grow(root, {**start.growth(self._ahead), "target": "", "path": ""})
            with_ahead = self._with_ahead.get(key) if start.is_server else None
            return root if with_ahead is None or await _shadows(start, with_ahead) else with_ahead

    async def _open_root(self, start: _Start) -> Zygote:
        folder = self._folder / str(len(self._roots))
        await anyio.Path(folder).mkdir()
        cage = start.within.cage
        kept_in = cage.argv([self.spaces, folder], folder) if cage else []
        root = await open_zygote([*kept_in, start.program.interpreter], start.env, folder)
        await self.guard.watch(root.pid)
        return root

    async def _own_zygote(self, start: _Start, known: _Known) -> None:
        request = start.growth(known.modules or ())
        known.zygote = await self._grow(await self._parent(start), request)
        known.unfit = known.zygote is None

    async def _grow(self, parent: Zygote, request: Mapping[str, object]) -> Zygote | None:
        """A branch with modules imported, without those whose import is odd."""
        avoid: list[str] = []
        for _ in range(_ATTEMPTS):
            zygote = await parent.branch({**request, "avoid": avoid})
            if not zygote.oddity:
                return zygote
            await zygote.aclose()
            logger.info("%s is not imported ahead: %s", zygote.culprit, zygote.oddity)
            if not zygote.culprit:
                break
            avoid.append(zygote.culprit)
        return None

    async def aclose(self) -> None:
        """End all zygotes."""
        grown = [known.zygote for known in self._known.values()]
        for zygote in [*grown, *self._with_ahead.values()]:
            if zygote is not None:
                await zygote.aclose()
        for root in self._roots.values():
            await root.aclose()
            await self.guard.forget(root.pid)


@asynccontextmanager
async def open_warm_starts(ahead: Sequence[str] = SDK) -> AsyncGenerator[WarmStarts]:
    """Warm starts for all environments that are opened in this context; they must be closed before it ends.

    Args:
        ahead: Modules that even the first start of a server finds imported, where its interpreter has them.
    """
    async with open_guard() as guard, guard.scratch("toolweave-warm-") as folder:
        starts = WarmStarts(guard, folder, ahead)
        await anyio.Path(starts.spaces).mkdir()
        try:
            yield starts
        finally:
            with anyio.CancelScope(shield=True):
                await starts.aclose()


async def _is_folder(path: Path) -> bool:
    return await anyio.Path(path).is_dir()


def _supported() -> bool:
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def _has_odd_variables(env: Mapping[str, str]) -> bool:
    return any(name.startswith("PYTHON") and name not in _HARMLESS for name in env)


async def _shadows(start: _Start, zygote: Zygote) -> bool:
    """Whether the program would have found a module of its own where the zygote has taken one from elsewhere."""
    folder = start.program.import_path(start.cwd)
    return not zygote.ahead.isdisjoint(await anyio.to_thread.run_sync(_modules_in, Path(folder)))


def _modules_in(folder: Path) -> set[str]:
    return {entry.stem for entry in folder.iterdir() if entry.suffix == ".py" or entry.is_dir()}
