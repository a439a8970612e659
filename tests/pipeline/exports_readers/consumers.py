"""Runs consumers of exports in environments of their own, and brings what they saw back into our shapes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.exports_readers.tally import Tally, note, tally
from toolweave.pipeline.exports import Options, chatml, export
from toolweave.pipeline.exports.files import read_file
from toolweave.pipeline.exports.format import Layout, Losses, Pair, Piece, Split
from toolweave.pipeline.exports.plain import plain
from toolweave.pipeline.exports.preferences import with_revisions
from toolweave.pipeline.exports.registry import FORMATS
from toolweave.pipeline.storage.jsonl import read_lines

READERS = Path(__file__).parent
PLAIN_CHATML = (
    "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
ALLOWED = frozenset({"unmaskable"})
"""Losses that are accepted here: the lines have to hold everything else."""
Segments = list[list[Any]]
"""[is it learnt, text] for every run of tokens."""


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(name not in os.environ, reason=f"{name} is not set; see the top of the file")


def rows() -> Iterator[dict[str, Any]]:
    if run := os.environ.get("EXPORT_RUN"):
        return with_revisions(Path(run))
    return read_lines(READERS / "rows.jsonl")


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written."""

    fmt: str
    split: Split
    layout: Layout[Any]
    units: list[Any]
    losses: dict[str, int]

    def check(self, reader: str, seen: list[Piece]) -> None:
        """Count what came back, against the samples; without a loss all has to come back."""
        found = self.tally(seen)
        note(f"`{self.fmt}` by {self.split}", reader, len(self.units), found, self.losses)
        assert found.is_whole or self.losses

    def tally(self, seen: list[Piece]) -> Tally:
        return tally(self._by_sample(seen))

    def _by_sample(self, seen: list[Piece]) -> Iterator[tuple[dict[str, Any], list[Piece]]]:
        rest, prepare = iter(seen), FORMATS[self.fmt].prepare
        for row in rows():
            count = len(self.layout.cut(prepare(row, Losses()), self.split, Losses()))
            yield row, list(islice(rest, count))


def exported(fmt: str, out: Path, split: Split = "conversation") -> Exported:
    """Writes the rows."""
    report = export(rows, fmt, out, Options(split, ALLOWED))
    layout = [layout for layout in FORMATS[fmt].layouts if split in layout.splits][-1]
    units = [layout.read(line) for line in read_file(out, layout.columns)]
    return Exported(fmt, split, layout, units, report.losses)


def consumed(consumer: str, reader: str, folder: Path, *arguments: object) -> list[Any]:
    """What the reader, run in the consumer's environment, saw."""
    python, out = os.environ[consumer], folder / "seen.json"
    given = [str(argument) for argument in arguments]
    given.insert(4 if reader == "read_llamafactory.py" else 3, str(out))
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "HF_HOME": str(folder / "hf")}
    command = [python, str(READERS / reader), *given]
    done = subprocess.run(command, env=offline, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: list[Any] = json.loads(out.read_text())
    return seen


@cache
def template(consumer: str, name: str) -> Path:
    """A chat template that the TRL of a consumer's environment ships."""
    where = "import importlib.util; print(importlib.util.find_spec('trl').origin)"
    command = [os.environ[consumer], "-c", where]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return Path(done.stdout.strip()).parent / "chat_templates" / f"{name}.jinja"


def plain_template(folder: Path) -> Path:
    """A chat template that takes contents as they are."""
    path = folder / "plain.jinja"
    path.write_text(PLAIN_CHATML)
    return path


def shown(segments: Segments) -> Piece:
    """What ChatML text says; a line break that ends a message counts as none of it."""
    cut: list[tuple[bool, str]] = []
    for is_learnt, text in segments:
        kept = text.removesuffix("\n") if is_learnt else text
        cut += [(is_learnt, kept), (False, text[len(kept) :])]
    return chatml.parse(chatml.joined(cut))


def same(seen: list[Segments], pieces: list[Piece]) -> list[Piece]:
    """What was seen, which has to be these."""
    assert len(seen) == len(pieces) > 0
    found = [shown(segments) for segments in seen]
    for one, piece in zip(found, pieces, strict=True):
        assert one == Piece(piece.tools, _bare(piece.messages), piece.learnt)
    return found


def judged(tools: list[Any], past: list[Any], said: Any) -> Piece:
    return Piece(tools, [*past, said], frozenset([len(past)]))


def pairs_same(seen: list[list[Segments]], pairs: list[Pair]) -> list[Piece]:
    """The better sides of what was seen, which has to be these pairs."""
    same([both[1] for both in seen], [judged(pair.tools, pair.past, pair.rejected) for pair in pairs])
    return same([both[0] for both in seen], [judged(pair.tools, pair.past, pair.chosen) for pair in pairs])


def with_opening(segments: Segments) -> Segments:
    """Axolotl's segments, with what its template writes before every thought counted as learnt."""
    opening, moved = "<think>\n", [list(segment) for segment in segments]
    for before, after in pairwise(moved):
        if after[0]:
            assert before[1].endswith(opening)
            before[1], after[1] = before[1].removesuffix(opening), opening + after[1]
    return moved


def thoughtful(piece: Piece) -> Piece:
    """A piece as TRL's training template shows it: an assistant that thinks nothing thinks an empty thought."""
    messages = [
        {"reasoning_content": "", **message} if message["role"] == "assistant" else message
        for message in piece.messages
    ]
    return Piece(piece.tools, messages, piece.learnt)


def _bare(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages as text can show them."""
    return [{key: value for key, value in plain(message).items() if key != "name"} for message in messages]
