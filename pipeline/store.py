"""A run's directory: what was planned, kept, rejected and why, on disk the moment it is known.

    settings.json     resolved settings; a resumed run must have the same
    graph.json        the API graph that the plans were drawn from
    samples.jsonl     kept samples, one a line
    recordings.jsonl  what the servers answered to each kept sample, for checking it without them
    rejected.jsonl    every other planned item, with its outcome, stage and reason
    revisions.jsonl   drafts, critiques and retries: they become preference pairs
    events.jsonl      every live call and every stage, in the order in which they happened
    manifest.json     versions, digests, counts and cost; written at the start and at the end

Files only grow (`manifest.json` and a finished run's order apart). A line that a kill tore off is cut away when
the run is opened again; the item that it belonged to is done again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self

from toolweave.graph.plan import TurnKind
from toolweave.pipeline.checking.recording import Recording
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import RunError

LINES = ("samples", "recordings", "rejected", "revisions", "events")


class Store:
    """An open run directory; one process at a time."""

    def __init__(self, root: Path, files: dict[str, IO[bytes]], lock: IO[bytes]) -> None:
        self.root = root
        self._files = files
        self._lock = lock
        self.done: dict[int, str] = {}
        """Index of every finished item → its outcome."""
        self.kinds: dict[int, tuple[TurnKind, ...]] = {}
        """Index of every kept item → kinds of its turns."""
        self.reasons: Counter[str] = Counter()
        """Why items were not kept, counted."""

    @classmethod
    def create(cls, root: Path, settings: dict[str, Any]) -> Self:
        """Start a new run directory.

        Raises:
            RunError: It already holds a run, or cannot be written.
        """
        if (root / "settings.json").exists():
            raise RunError(f"{root} already holds a run: give --resume to go on with it, or another --out")
        store = cls._open(root)
        store.write_json("settings.json", settings)
        return store

    @classmethod
    def resume(cls, root: Path, settings: dict[str, Any]) -> Self:
        """Go on with a run directory.

        Raises:
            RunError: There is no run, it was made with other settings, or it cannot be written.
        """
        if not (root / "settings.json").exists():
            return cls.create(root, settings)
        before = read_json(root / "settings.json")
        differing = sorted(key for key in before.keys() | settings.keys() if before.get(key) != settings.get(key))
        if differing:
            facts = ", ".join(f"{key} was {before.get(key)!r}, now {settings.get(key)!r}" for key in differing)
            raise RunError(f"{root} was made with other settings ({facts}): resume with the same, or use another --out")
        store = cls._open(root)
        store._take_stock()
        return store

    @classmethod
    def _open(cls, root: Path) -> Self:
        try:
            root.mkdir(parents=True, exist_ok=True)
            lock = _locked(root)
            for name in LINES:
                _cut_torn_line(root / f"{name}.jsonl")
            return cls(root, {name: (root / f"{name}.jsonl").open("ab") for name in LINES}, lock)
        except OSError as error:
            raise RunError(f"{root} cannot be written: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (*self._files.values(), self._lock):
            file.close()

    def keep(self, sample: Sample) -> None:
        """Append a kept sample."""
        self._append("samples", sample.model_dump(mode="json"))
        self.done[sample.index] = "kept"
        self.kinds[sample.index] = tuple(turn.kind for turn in sample.turns)

    def record_answers(self, recording: Recording) -> None:
        """Append what the servers answered to a sample that is about to be kept."""
        self._append("recordings", recording.model_dump(mode="json", exclude_defaults=True))

    def drop(self, index: int, outcome: str, stage: str, reason: str, **facts: Any) -> None:
        """Append an item that was not kept: `rejected`, `failed` or `unresolved`, always with a reason."""
        line = {"index": index, "outcome": outcome, "stage": stage, "reason": reason, **facts}
        self._append("rejected", line)
        self.done[index] = outcome
        self.reasons[stage] += 1

    def revise(self, line: dict[str, Any]) -> None:
        """Append a draft with its critique."""
        self._append("revisions", line)

    def record(self, event: str, **facts: Any) -> None:
        """Append an event."""
        self._append("events", {"event": event, **facts})

    def write_json(self, name: str, value: Any) -> None:
        """Write a whole file, or leave the old one.

        Raises:
            RunError: The directory cannot be written.
        """
        text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
        try:
            _replace(self.root / name, text + "\n")
        except OSError as error:
            raise RunError(f"{self.root / name} cannot be written: {error.strerror or error}") from error

    def sort(self) -> None:
        """Put a finished run's lines in the order of their items: equal runs give equal files."""
        for name in ("samples", "recordings", "rejected", "revisions"):
            lines = sorted(read_lines(self.root / f"{name}.jsonl"), key=lambda line: int(line["index"]))
            _replace(self.root / f"{name}.jsonl", "".join(_line(line) for line in lines))

    def _append(self, name: str, value: dict[str, Any]) -> None:
        try:
            self._files[name].write(_line(value).encode("utf-8", "replace"))
            self._files[name].flush()
        except OSError as error:
            raise RunError(f"{self.root / name}.jsonl cannot be written: {error.strerror or error}") from error

    def _take_stock(self) -> None:
        for line in read_lines(self.root / "rejected.jsonl"):
            self.done[int(line["index"])] = str(line["outcome"])
            self.reasons[str(line["stage"])] += 1
        for line in read_lines(self.root / "samples.jsonl"):
            self.done[int(line["index"])] = "kept"
            self.kinds[int(line["index"])] = tuple(turn["kind"] for turn in line["turns"])


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, one by one.

    Raises:
        RunError: The file is missing, or a line is not a JSON object.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                yield _parsed(line, path, number)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        RunError: The file is missing or holds something else.
    """
    try:
        return _parsed(path.read_text(encoding="utf-8"), path, 1)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error


def _parsed(text: str, path: Path, number: int) -> dict[str, Any]:
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise RunError(f"{path}:{number}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise RunError(f"{path}:{number}: not a JSON object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(path.suffix + ".tmp")
    fresh.write_text(text, encoding="utf-8", errors="replace")
    fresh.replace(path)


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        while size > 0:
            start = max(0, size - 65536)
            file.seek(start)
            cut = file.read(size - start).rfind(b"\n")
            if cut >= 0:
                file.truncate(start + cut + 1)
                return
            size = start
        file.truncate(0)


def _locked(root: Path) -> IO[bytes]:
    """The directory's lock file, held until it is closed."""
    lock = (root / ".lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise RunError(f"{root} is in use by another toolweave process") from error
    return lock
