"""Keeps stdio servers in: by bubblewrap where the system has it, and by limits on what they use anywhere.

Contract: a server in a cage sees the system read-only and writes to its workspace, a private `/tmp` and an empty home
that are gone with it. It sees neither home directories, other workspaces, sockets in `/run`, other processes, nor the
files that hold secrets; without `"network": true` it reaches nobody. It may not gain rights. What it needs of a hidden
place is shown read-only: its program, the interpreter, paths among its arguments, and what `readable` names.

Not covered: bugs of the kernel; other readable parts of the system, such as `/etc` and `/opt`; how full it makes the
disk, but for the size of one file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from toolweave.servers.errors import ServerError
from toolweave.servers.program import read_program
from toolweave.servers.spec import ServerSpec

_TRIAL_WITHIN = 10.0
_PROGRAM_FOLDERS = ("bin", "sbin", "libexec", "node_modules")
_SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - hidden, not used
_HOMES = ("/home", "/root")
_SOCKETS = "/run"
_NAME_SERVICE = "/run/systemd/resolve"
_LARGEST_FILE = 1 << 30
_MOST_FILES = 4096
_BASE = (
    "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent",
    "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cage:
    """What one server is kept in, but for its workspace."""

    bwrap: str
    network: bool
    readable: tuple[str, ...]
    """Shown read-only although they lie in hidden places."""
    writable: tuple[str, ...]
    private: tuple[str, ...]
    """Files that cannot be read."""
    hidden: tuple[str, ...]
    """Directories of which each process has an empty one of its own."""

    def argv(self, workspaces: Iterable[Path], cwd: Path) -> list[str]:
        """What to put before a command line so that it runs in this cage."""
        network = ("--ro-bind-try", _NAME_SERVICE, _NAME_SERVICE) if self.network else ("--unshare-net",)
        line = [self.bwrap, *_BASE, *_as_nobody_special(), "--tmpfs", _SOCKETS, *network]
        for place in self.hidden:
            line += ["--tmpfs", place]
        for path in self.readable:
            line += ["--ro-bind", path, path]
        for path in (*self.writable, *map(str, workspaces)):
            line += ["--bind", path, path]
        for file in self.private:
            line += ["--ro-bind", os.devnull, file]
        return [*line, "--chdir", str(cwd), "--"]

    def narrowing(self, workspace: Path) -> dict[str, object]:
        """What makes of a process in the cage of several workspaces one that has only this: see `narrow.py`."""
        kept = [path for path in (*self.readable, *self.writable, str(workspace)) if _lies_in(Path(path), self.hidden)]
        return {"fresh": self.hidden, "kept": kept, "private": self.private}


def cage_for(spec: ServerSpec, argv: Sequence[str], cwd: Path, scratch: Path) -> Cage | None:
    """What to keep a server in; `None` when its settings or the system ask for none.

    Args:
        spec: The server.
        argv: What is to run.
        cwd: Its folder.
        scratch: Where workspaces lie; each process sees its own only.

    Raises:
        ServerError: Its settings ask for a sandbox that the system does not have.
    """
    if spec.sandbox == "off":
        return None
    bwrap = sandbox_program()
    if bwrap is None:
        if spec.sandbox == "required":
            raise ServerError(NO_SANDBOX)
        return None
    hidden = _hidden(scratch)
    named = [_anchored(spec, path) for path in spec.options.readable]
    readable = [*_programs(argv), *_ours(), spec.folder, cwd, *map(Path, argv), *named]
    writable = [str(_anchored(spec, path)) for path in spec.options.writable]
    return Cage(
        bwrap,
        spec.options.network,
        _uppermost(str(path) for path in readable if _is_shown(path, hidden, scratch)),
        tuple(path for path in writable if Path(path).exists()),
        tuple(str(path) for path in spec.private if _is_seen(path, readable, hidden)),
        hidden,
    )


def is_caged(spec: ServerSpec) -> bool:
    """Whether a server runs in a sandbox here."""
    return spec.transport == "stdio" and spec.sandbox != "off" and sandbox_program() is not None


def limits_of(spec: ServerSpec, caged: bool) -> dict[str, int]:
    """Limits of the system on each process: bytes of memory and of one file, open files, and in a cage processes."""
    limits = {"core": 0, "fsize": _LARGEST_FILE, "nofile": _MOST_FILES}
    if spec.options.memory_mb is not None:
        limits["data"] = spec.options.memory_mb << 20
    if caged:  # elsewhere, all processes of this user would count
        limits["nproc"] = spec.options.processes
    return limits


def limited(limits: Mapping[str, int]) -> list[str]:
    """What to put before a command line so that it runs within these limits; nothing where the system cannot."""
    program = shutil.which("prlimit")
    return [program, *(f"--{name}={most}" for name, most in limits.items()), "--"] if program else []


NO_SANDBOX = (
    "it asks for a sandbox, and bubblewrap (bwrap) is not there or may not make one here; "
    "install it, or allow unprivileged user namespaces"
)


@cache
def sandbox_program() -> str | None:
    """The path of a bubblewrap that works here, found out by a trial."""
    program = shutil.which("bwrap")
    if program is None or sys.platform != "linux":
        return None
    empty = Cage(program, network=False, readable=(), writable=(), private=(), hidden=())
    trial = [*empty.argv((), Path("/")), sys.executable, "-I", "-S", "-c", ""]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=_TRIAL_WITHIN, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return program if done.returncode == 0 else None


def _as_nobody_special() -> tuple[str, ...]:
    """Root is not root inside: it could not be narrowed further. The other user has an entry on every system."""
    return ("--uid", "1", "--gid", "1") if os.geteuid() == 0 else ()


def unprotected(specs: Iterable[ServerSpec]) -> dict[str, str]:
    """Server → why it runs with all rights of the user, in one line; without those behind a URL."""
    local = [spec for spec in specs if spec.transport == "stdio"]
    reasons = {spec.name: 'its settings say "sandbox": false' for spec in local if spec.sandbox == "off"}
    if len(reasons) < len(local) and sandbox_program() is None:
        reasons |= {spec.name: "bubblewrap (bwrap) does not work here" for spec in local if spec.name not in reasons}
    return reasons


def require_sandbox(specs: Iterable[ServerSpec]) -> None:
    """Refuse servers that would run outside a sandbox.

    Raises:
        ServerError: There is one.
    """
    for name, reason in unprotected(specs).items():
        raise ServerError(f'server "{name}" would run without a sandbox: {reason}')


def _hidden(scratch: Path) -> tuple[str, ...]:
    home = str(Path.home())
    places = [path for path in (*_SHARED, *_HOMES, home) if path.count("/") and path != "/" and Path(path).is_dir()]
    if not _lies_in(scratch, places):
        places.append(str(scratch))
    return _uppermost(places)


def _uppermost(paths: Iterable[str]) -> tuple[str, ...]:
    """The paths that lie in no other one, sorted."""
    every = sorted(set(paths))
    return tuple(path for path in every if not _lies_in(Path(path), (other for other in every if other != path)))


def _lies_in(path: Path, places: Iterable[str]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _is_shown(path: Path, hidden: Iterable[str], scratch: Path) -> bool:
    """Whether a needed path is hidden, and may be shown: it is there, and holds neither a home nor other workspaces."""
    if not path.is_absolute() or not _lies_in(path, hidden) or path.is_relative_to(scratch):
        return False
    holds = [*hidden, str(scratch), str(Path.home())]
    return not any(Path(place).is_relative_to(path) for place in holds) and _exists(path)


def _is_seen(file: Path, readable: Iterable[Path], hidden: Iterable[str]) -> bool:
    return _exists(file) and (not _lies_in(file, hidden) or any(file.is_relative_to(path) for path in readable))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # an argument that is no path
        return False


def _programs(argv: Sequence[str]) -> list[Path]:
    """The folders that a program and its interpreter are installed in."""
    program = read_program(argv)
    files = [Path(argv[0]), *([Path(program.interpreter)] if program else [])]
    folders = [_installation(path) for file in files for path in (file, file.resolve())]
    homes = [home for folder in folders if (home := _base_of(folder)) is not None]
    return [*folders, *homes]


def _installation(file: Path) -> Path:
    folder = file.parent
    return folder.parent if folder.name in _PROGRAM_FOLDERS else folder


def _base_of(folder: Path) -> Path | None:
    """The installation that a virtual environment was made from."""
    try:
        lines = (folder / "pyvenv.cfg").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    homes = [line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip() == "home"]
    return Path(homes[0]).parent if homes else None


def _ours() -> list[Path]:
    """What our own interpreter imports from, for servers that run in it."""
    return [Path(__file__).resolve().parent, *(Path(entry) for entry in sys.path if entry)]


def _anchored(spec: ServerSpec, path: str) -> Path:
    return (spec.folder / Path(path).expanduser()).resolve()
