"""Control of a running job by another process, through two small files in the run directory.

control       one word for the job: pause, resume or stop; the job looks for it several times a second
status.json   what the job is doing, written anew about once a second
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import anyio

from toolweave.pipeline.running.governor import Governor
from toolweave.pipeline.storage.jsonl import read_json, write_json
from toolweave.pipeline.storage.lock import is_held
from toolweave.servers.errors import RunError

Order = Literal["pause", "resume", "stop"]
LOOKS_A_SECOND = 5
STOPPED = "toolweave stop"


def give_order(root: Path, order: Order) -> None:
    """Tell the job in a run directory what to do.

    Raises:
        RunError: No job is running there, or the directory cannot be written.
    """
    if not (root / "settings.json").exists():
        raise RunError(f"{root} holds no run")
    if not is_held(root):
        raise RunError(f"nothing is running in {root}; go on with: toolweave run --resume --out {root}")
    try:
        (root / "control").write_text(order, encoding="ascii")
    except OSError as error:
        raise RunError(f"{root / 'control'} cannot be written: {error.strerror or error}") from error


def status_of(root: Path) -> dict[str, Any]:
    """What is known of the job in a run directory.

    Raises:
        RunError: There is none.
    """
    if not (root / "settings.json").exists():
        raise RunError(f"{root} holds no run")
    told = read_json(root / "status.json") if (root / "status.json").exists() else {"state": "starting"}
    running = is_held(root)
    if not running and told["state"] not in ("finished", "stopped", "broken"):
        told["state"] = "killed"
    return told | {"running": running}


class Control:
    """The job's end of it.

    Args:
        root: The run directory.
        governor: Does what is ordered.
        facts: What `status.json` says beside the state.
    """

    def __init__(self, root: Path, governor: Governor, facts: Callable[[], dict[str, Any]]) -> None:
        self._root = root
        self._governor = governor
        self._facts = facts
        (root / "control").unlink(missing_ok=True)

    async def serve(self) -> None:
        """Obey and report until cancelled."""
        while True:
            self.report(self._state())
            for _ in range(LOOKS_A_SECOND):
                self._obey()
                await anyio.sleep(1 / LOOKS_A_SECOND)

    def report(self, state: str) -> None:
        """Write what is going on."""
        write_json(self._root / "status.json", {"state": state, "ended": self._governor.ended, **self._facts()})

    def _state(self) -> str:
        if self._governor.ended:
            return "stopping"
        return "paused" if self._governor.paused else "running"

    def _obey(self) -> None:
        path = self._root / "control"
        if not path.exists():
            return
        order = path.read_text(encoding="ascii", errors="replace").strip()
        path.unlink()
        if order == "stop":
            self._governor.stop(STOPPED)
        elif order in ("pause", "resume"):
            self._governor.pause(order == "pause")
        self.report(self._state())
