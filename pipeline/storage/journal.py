"""Items that are done before those planned before them: on disk at once, in the dataset when their turn has come."""

from __future__ import annotations

from pathlib import Path

from toolweave.pipeline.making.finished import Finished
from toolweave.pipeline.storage.jsonl import Appender, cut_torn_line, line_of, read_lines

MOST_BYTES = 32_000_000
"""Size from which the file is written anew with what still waits."""


class Journal:
    """What waits, by index; a file that is empty when nothing does."""

    def __init__(self, path: Path) -> None:
        cut_torn_line(path)
        self._file = Appender(path)
        self._path = path
        self._most_bytes = MOST_BYTES
        self.waiting = {item.index: item for item in map(Finished.from_json, read_lines(path))}

    def put(self, item: Finished, *, waits: bool = True) -> None:
        """Keep an item until `take`; on disk too, unless its turn has come already.

        Raises:
            RunError: It cannot be written.
        """
        if waits:
            self._file.append(line_of(item.as_json()))
        self.waiting[item.index] = item

    def take(self, index: int) -> Finished | None:
        """The item whose turn has come, if it is done; it stays on disk until `tidy`."""
        return self.waiting.pop(index, None)

    def forget(self, before: int) -> None:
        """Let go of all that come before an item: they are kept elsewhere."""
        self.waiting = {index: item for index, item in self.waiting.items() if index >= before}
        self.tidy()

    def tidy(self) -> None:
        """Let go of what was taken and is kept elsewhere by now."""
        if not self.waiting and self._file.size:
            self._file.clear()
        elif self._file.size > self._most_bytes:
            self._rewrite()
            self._most_bytes = max(MOST_BYTES, 2 * self._file.size)

    def remove(self) -> None:
        """Close and delete the file: the run is finished."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file; what waits is there for the resumed run."""
        self._file.close()

    def _rewrite(self) -> None:
        fresh = Appender(self._path.with_suffix(".tmp"))
        fresh.append("".join(line_of(item.as_json()) for item in self.waiting.values()))
        fresh.close()
        self._file.close()
        self._path.with_suffix(".tmp").replace(self._path)
        self._file = Appender(self._path)
