"""A run's directory: what was planned, kept, rejected and why, on disk the moment it is known.

    settings.json     resolved settings; a resumed run must have the same
    graph.json        the API graph that the plans were drawn from
    samples.jsonl     kept samples, one a line
    recordings.jsonl  what the servers answered to each kept sample, for checking it without them
    rejected.jsonl    every other planned item, with its outcome, stage and reason
    revisions.jsonl   drafts, critiques and retries: they become preference pairs
    events.jsonl      every live call and every stage, item by item
    pending.jsonl     items that are done before those planned before them; gone when the run has finished
    replies.sqlite    what an endpoint answered for items in the making; gone when the run has finished
    manifest.json     versions, digests, counts and cost; written at the start and at the end

Items enter these files in the order in which they were planned, whatever finished first: equal runs give equal files,
and what is done is always all up to some item. Files only grow. What a kill tore off, and what it left of an item
whose outcome it tore off, is cut away when the run is opened again; the item is done again, or taken from the pending.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Self

from toolweave.graph.plan import TurnKind
from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.making.workshop import Dropped
from toolweave.pipeline.storage.differences import differences
from toolweave.pipeline.storage.journal import Journal
from toolweave.pipeline.storage.jsonl import (
    Appender,
    cut_last_lines,
    cut_torn_line,
    line_of,
    read_json,
    read_lines,
    write_json,
)
from toolweave.pipeline.storage.lock import hold
from toolweave.pipeline.storage.replies import Replies
from toolweave.servers.errors import RunError

__all__ = ["Store", "read_json", "read_lines"]

LINES = ("samples", "recordings", "rejected", "revisions", "events")


class Store:
    """An open run directory; one process at a time."""

    def __init__(self, root: Path, lock: IO[bytes]) -> None:
        self.root = root
        self._lock = lock
        self._files = {name: Appender(root / f"{name}.jsonl") for name in LINES}
        self.pending = Journal(root / "pending.jsonl")
        self.replies = Replies(root / "replies.sqlite")
        self.done: dict[int, str] = {}
        """Index of every item that is in the files → its outcome; all up to `next`."""
        self.kinds: dict[int, tuple[TurnKind, ...]] = {}
        """Index of every kept item → kinds of its turns."""
        self.outcomes: Counter[str] = Counter()
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
        changed = differences(read_json(root / "settings.json"), settings)
        if changed:
            facts = ", ".join(changed)
            raise RunError(f"{root} was made with other settings ({facts}): resume with the same, or use another --out")
        store = cls._open(root)
        try:
            store._take_stock()
        except RunError:
            store.close()
            raise
        return store

    @classmethod
    def _open(cls, root: Path) -> Self:
        try:
            root.mkdir(parents=True, exist_ok=True)
            lock = hold(root)
            for name in LINES:
                cut_torn_line(root / f"{name}.jsonl")
            return cls(root, lock)
        except OSError as error:
            raise RunError(f"{root} cannot be written: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all files and let go of the lock."""
        for file in self._files.values():
            file.close()
        self.pending.close()
        self.replies.close()
        self._lock.close()

    @property
    def next(self) -> int:
        """Index of the first item that is not in the files."""
        return len(self.done)

    def commit(self, item: Finished) -> None:
        """Put an item into the files; it has to be the next one.

        Raises:
            RunError: The directory cannot be written.
        """
        assert item.index == self.next, "items are committed in the order of their plans"
        for name, lines in groupby(item.lines(), key=lambda line: line[0]):
            self._files[name].append("".join(line_of(value) for _, value in lines))
        if isinstance(item.made, Dropped):
            self._count(item.index, item.outcome, stage=item.made.stage)
        else:
            self._count(item.index, "kept", tuple(turn.kind for turn in item.made.turns))
        self.pending.tidy()
        self.replies.forget(item.index)

    def record(self, event: str, **facts: Any) -> None:
        """Append an event that belongs to no item."""
        self._files["events"].append(line_of({"event": event, **facts}))

    def write_json(self, name: str, value: Any) -> None:
        """Write a whole file, or leave the old one.

        Raises:
            RunError: The directory cannot be written.
        """
        write_json(self.root / name, value)

    def finish(self) -> None:
        """The run is complete: what is done beyond it is let go."""
        self.pending.remove()
        self.replies.remove()

    def _count(self, index: int, outcome: str, kinds: tuple[TurnKind, ...] = (), stage: str = "") -> None:
        self.done[index] = outcome
        self.outcomes[outcome] += 1
        if outcome == "kept":
            self.kinds[index] = kinds
        else:
            self.reasons[stage] += 1

    def _take_stock(self) -> None:
        """Count what is in the files, and cut what a kill left of the item after that."""
        rejected = {int(line["index"]): line for line in read_lines(self.root / "rejected.jsonl")}
        kept = {
            int(line["index"]): tuple(turn["kind"] for turn in line["turns"])
            for line in read_lines(self.root / "samples.jsonl")
        }
        for index in range(len(rejected) + len(kept)):
            if index in kept:
                self._count(index, "kept", kept[index])
            elif index in rejected:
                self._count(index, str(rejected[index]["outcome"]), stage=str(rejected[index]["stage"]))
            else:
                raise RunError(f"{self.root}: item {index} is missing although later ones are there; start anew")
        for name in ("recordings", "revisions", "events"):
            cut_last_lines(self.root / f"{name}.jsonl", lambda line: int(line.get("index", -1)) >= self.next)
        self.pending.forget(before=self.next)
