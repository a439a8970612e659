"""Leaves a forked process only its own workspace, in a sandbox that holds several; run by a zygote in its child.

Runs under the interpreter of the servers, like `zygote.py`, and keeps to the standard library of Python 3.9. The child
gets a user and a mount namespace of its own, puts empty directories over all that it shares with its siblings, shows
what it needs again, and gives up all rights.
"""

# ruff: noqa: PTH103, PTH110, PTH112, PTH120, PTH123

from __future__ import annotations

import ctypes
import os
import resource
from typing import Any

_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000
_BIND, _NO_SETUID, _NO_DEVICES = 4096 | 16384, 2, 4
_SIZE = "size=256m,mode=755"
_CAPABILITY_VERSION = 0x20080522
_PLACE = "/proc/self/fd/%d"


def narrow(request: dict[str, Any]) -> None:
    """Do it; what goes wrong raises, and then the child must not go on.

    Args:
        request: `fresh`, directories to empty; `kept`, what lies in them and is shown all the same; `private`, files
            that cannot be read.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    _checked(libc.unshare(_NEW_USER | _NEW_MOUNTS))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    kept = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in request["kept"]}
    for place in request["fresh"]:
        _mount(libc, "tmpfs", place, "tmpfs", _NO_SETUID | _NO_DEVICES, _SIZE)
    for path, number in kept.items():
        _make_place(path, os.path.isdir(_PLACE % number))
        _mount(libc, _PLACE % number, path, "", _BIND, "")
        os.close(number)
    for path in request["private"]:
        if os.path.exists(path):
            _mount(libc, os.devnull, path, "", _BIND, "")
    _give_up_rights(libc)


def limit(limits: dict[str, int]) -> None:
    """Set limits of the system by name, never above those that are there."""
    for name, most in limits.items():
        number = getattr(resource, "RLIMIT_" + name.upper())
        hard = resource.getrlimit(number)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (most, most))


def _make_place(path: str, is_folder: bool) -> None:
    if os.path.exists(path):
        return
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)
    if not is_folder:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


def _mount(libc: Any, source: str, target: str, kind: str, flags: int, options: str) -> None:
    _checked(libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()))


def _give_up_rights(libc: Any) -> None:
    """No capability is left in any set, and none comes back: bubblewrap has forbidden to gain any."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _checked(libc.capset(header, (ctypes.c_uint32 * 6)()))


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
