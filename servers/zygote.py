"""Starts Python programs by forking a process that has imported what they import anyway.

Runs under the interpreter of the programs, not of toolweave, with a Unix socket (packets) as stdin; it imports nothing
but the standard library and keeps to Python 3.9. Its owner is `warm.py`. A packet is a JSON object with open files:

    {"do": "start", …}   files: stdin, stdout, stderr, status[, lesson]   fork, then run the program in the child
    {"do": "branch", …}  files: status, control                           fork, import modules, serve `control` alike

`status` gets a line from the child after the fork, by which its owner learns its id, and `CODE\\n` at its end. `lesson`
gets a line for each module that the program imports. A branch answers on `control` with what its imports have left
behind that a fork would not copy or that a new process would not have: then it is of no use and ends.

No code of a program runs in a zygote, only imports of libraries; each child starts from that state, copied on write.
When the control socket closes, however its other end has died, a zygote ends, and its children with it.
"""

# ruff: noqa: PTH100, PTH109, PTH112, PTH113, PTH115, PTH118, PTH119, PTH120, PTH208
# (no pathlib: what is imported here, every program finds imported)

from __future__ import annotations

import array
import atexit
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from typing import Any

_MAX_PACKET = 1 << 20
_MAX_FILES = 8
_SET_DEATH_SIGNAL = 1
_CLOSE_ON_EXEC = 0x40000000
_narrowing = runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "narrow.py"))
limit, narrow = _narrowing["limit"], _narrowing["narrow"]


def serve(control: socket.socket) -> None:
    """Do what the packets ask until there is nobody left to ask."""
    children: dict[int, tuple[int, int]] = {}
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    while True:
        for ready, _ in waiting.poll():
            if ready == control.fileno():
                request, files = _receive(control)
                pid, status = _fork(request, files)
                if pid:
                    handle = os.pidfd_open(pid)
                    children[handle] = (pid, status)
                    waiting.register(handle, select.POLLIN)
            else:
                waiting.unregister(ready)
                os.close(ready)
                _report_end(*children.pop(ready))


def _receive(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    space = socket.CMSG_SPACE(_MAX_FILES * array.array("i").itemsize)
    data, extra, _, _ = control.recvmsg(_MAX_PACKET, space, _CLOSE_ON_EXEC)
    if not data:
        os._exit(0)
    files = array.array("i")
    for _, _, content in extra:
        files.frombytes(content)
    return json.loads(data), list(files)


def _fork(request: dict[str, Any], files: list[int]) -> tuple[int, int]:
    """The child's id and the file for its status; 0 when the system has no room for it, which a closed file tells."""
    try:
        pid, status = (_start if request["do"] == "start" else _branch)(request, files)
    except OSError:
        pid = status = 0
    for file in files:
        if file != status:
            os.close(file)
    return pid, status


def _report_end(pid: int, status: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    _tell(status, code)
    os.close(status)


def _tell(status: int, number: int) -> None:
    try:
        os.write(status, b"%d\n" % number)
    except OSError:  # nobody listens any more
        return


def _start(request: dict[str, Any], files: list[int]) -> tuple[int, int]:
    zygote = os.getpid()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.setsid()
            limit(request["limits"])
            if request["narrow"]:
                narrow(request["narrow"])
            _die_with(zygote)
            os.write(files[3], b"\n")
            _take_over(request, files)
            code = _run(request["kind"], request["target"])
        finally:
            os._exit(code)
    return pid, files[3]


def _branch(request: dict[str, Any], files: list[int]) -> tuple[int, int]:
    pid = os.fork()
    status, control = files
    if not pid:
        try:
            os.write(status, b"\n")
            _close_all_but({control})
            _grow(request, socket.socket(fileno=control))
        finally:
            os._exit(1)
    return pid, status


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _take_over(request: dict[str, Any], files: list[int]) -> None:
    """Be, for everything that a program can look at, a process that was just started for it.

    The environment is right already: a zygote and its children have the same one.
    """
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    lesson = files[4:]
    _close_all_but(set(lesson))
    os.chdir(request["cwd"])
    sys.argv[:] = request["argv"]
    sys.orig_argv[:] = request["command"] if hasattr(sys, "orig_argv") else []
    sys.executable = request["interpreter"]
    sys.path.insert(0, request["path"])
    if lesson:
        sys.addaudithook(_Lesson(lesson[0]))


def _close_all_but(kept: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:  # the listing's own
                continue


class _Lesson:
    """Notes what a program imports, for as long as it has left the environment as it was."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.name = os.readlink(f"/proc/self/fd/{file}")

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "import" and self.file >= 0 and self._is_open():
            os.write(self.file, details[0].encode("utf-8", "replace") + b"\n")
        elif event == "os.putenv":
            self.file = -1

    def _is_open(self) -> bool:
        """Whether the number still stands for our file: a program may close whatever it finds open."""
        try:
            return os.readlink(f"/proc/self/fd/{self.file}") == self.name
        except OSError:
            return False


def _run(kind: str, target: str) -> int:
    code = 0
    try:
        if kind == "module":
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(target, run_name="__main__")
    except SystemExit as end:
        code = _code_of(end)
    except BaseException as error:  # boundary: a program may raise anything, as under an interpreter
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    _wind_up()
    return code


def _code_of(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return 1


def _wind_up() -> None:
    """What an interpreter does at its end that others can see; freeing memory piece by piece is not of it."""
    for end in (vars(threading)["_shutdown"], vars(atexit)["_run_exitfuncs"]):
        end()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # closed, or nobody reads
            continue


def _grow(request: dict[str, Any], control: socket.socket) -> None:
    """Import, look at what that has left behind, tell, and serve."""
    left = _import_all(
        request["modules"], _own(request["target"], request["kind"]) | set(request["avoid"]), request["path"]
    )
    control.send(json.dumps(left).encode())
    if left["odd"]:
        return
    gc.collect()
    gc.freeze()
    serve(control)


def _import_all(modules: list[str], avoided: set[str], path: str) -> dict[str, Any]:
    before = _traces()
    for name in modules:
        top = name.partition(".")[0]
        if name in sys.modules or top in avoided or _lies_in(path, top):
            continue
        try:
            importlib.import_module(name)
        except ImportError:  # the program has tried it too
            continue
        except BaseException as error:  # boundary: an import may raise anything; it is named
            return {"odd": f"importing it raised {type(error).__name__}", "culprit": top}
        odd = [kind for kind, trace in _traces().items() if trace != before[kind]]
        if odd:
            return {"odd": f"importing it left {', '.join(odd)}", "culprit": top}
    return {"odd": "", "modules": sorted(name for name in sys.modules if "." not in name)}


def _traces() -> dict[str, Any]:
    """What an import must leave as it was."""
    return {
        "threads": sorted(os.listdir("/proc/self/task")),
        "open files": sorted(_file_names()),
        "child processes": _has_children(),
        "files in its folder": sorted(os.listdir(".")),
        "another folder": os.getcwd(),
        "another environment": dict(os.environ),
        "signal handlers": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "other arguments": list(sys.argv),
    }


def _file_names() -> list[str]:
    names: list[str] = []
    for number in os.listdir("/proc/self/fd"):
        try:
            names.append(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
        except OSError:  # the listing's own
            continue
    return names


def _has_children() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def _own(target: str, kind: str) -> set[str]:
    """Top-level modules that are the program's own code: those of its distribution."""
    from importlib import metadata  # only where a branch needs it: a first start should find little imported

    tops = {target.partition(".")[0]} if kind == "module" else set[str]()
    if kind == "script" and hasattr(metadata, "EntryPoints"):
        scripts = metadata.entry_points().select(group="console_scripts", name=os.path.basename(target))
        tops = {script.value.partition(":")[0].partition(".")[0] for script in scripts}
    owners: dict[str, list[str]] = {}
    if hasattr(metadata, "packages_distributions"):
        owners = dict(metadata.packages_distributions())
    distributions = {owner for top in tops for owner in owners.get(top, [])}
    return tops | {top for top, found in owners.items() if distributions.intersection(found)}


def _lies_in(path: str, top: str) -> bool:
    """Whether the program's first place to look for modules has this one: then it is the program's own."""
    place = os.path.join(path, top)
    return bool(path) and (os.path.isdir(place) or os.path.isfile(place + ".py"))


def main() -> None:
    """Keep the control socket away from whatever is imported, and serve."""
    control = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    os.close(nowhere)
    serve(control)


if __name__ == "__main__":
    main()
