"""Exports in the hands of their consumers' own code, each in an environment of its own, and skipped without it.

    uv venv /tmp/trl && uv pip install -p /tmp/trl trl jinja2
    uv venv /tmp/lf && uv pip install -p /tmp/lf llamafactory 'torch==2.13.0'    # torchaudio wants that torch
    uv venv /tmp/verl && uv pip install -p /tmp/verl verl
    uv venv /tmp/axolotl && uv pip install -p /tmp/axolotl axolotl
    uv venv /tmp/bfcl && uv pip install -p /tmp/bfcl -e . && uv pip install -p /tmp/bfcl --no-deps bfcl-eval
    TRL_PYTHON=/tmp/trl/bin/python LLAMAFACTORY_PYTHON=/tmp/lf/bin/python VERL_PYTHON=/tmp/verl/bin/python \\
    AXOLOTL_PYTHON=/tmp/axolotl/bin/python BFCL_PYTHON=/tmp/bfcl/bin/python \\
    .venv/bin/python -m pytest tests/pipeline/test_exports_third_party.py

`EXPORT_RUN=DIR` takes the samples of a run instead of those beside the readers. The contract: what the consumer's own
code renders or tokenizes holds every tool, call, argument, observation and thought, and learns exactly what it should.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.exports import Options, chatml, export
from toolweave.pipeline.exports.bfcl import with_worlds
from toolweave.pipeline.exports.files import read_file
from toolweave.pipeline.exports.format import Judged, Pair, Piece, Split
from toolweave.pipeline.exports.plain import plain
from toolweave.pipeline.exports.preferences import with_revisions
from toolweave.pipeline.exports.registry import FORMATS
from toolweave.pipeline.storage.jsonl import read_lines

READERS = Path(__file__).with_name("exports_readers")
PLAIN_CHATML = (
    "{%- for m in messages %}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
LOSSES = frozenset({"unmaskable"})
Segments = list[list[Any]]
"""[is it learnt, text] for every run of tokens."""


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(name not in os.environ, reason=f"{name} is not set; see the top of the file")


needs_arrow = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")


def rows() -> Iterator[dict[str, Any]]:
    if run := os.environ.get("EXPORT_RUN"):
        return with_revisions(Path(run))
    return read_lines(READERS / "rows.jsonl")


def exported(fmt: str, out: Path, split: Split = "conversation") -> list[Any]:
    """Writes the rows, and gives the units that were written."""
    export(rows, fmt, out, Options(split, LOSSES))
    layouts = [layout for layout in FORMATS[fmt].layouts if split in layout.splits]
    layout = layouts[-1]
    return [layout.read(line) for line in read_file(out, layout.columns)]


def consumed(consumer: str, reader: str, folder: Path, *arguments: object) -> list[Any]:
    """What the reader, run in the consumer's environment, saw."""
    python, out = os.environ[consumer], folder / "seen.json"
    given = [str(argument) for argument in arguments]
    given.insert(4 if reader == "read_llamafactory.py" else 3, str(out))
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "HF_HOME": str(folder / "hf")}
    command = [python, str(READERS / reader), *given]
    done = subprocess.run(command, env=offline, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    seen: list[Any] = json.loads(out.read_text())
    return seen


@cache
def template(python: str, name: str) -> Path:
    """A chat template that TRL ships."""
    where = "import importlib.util; print(importlib.util.find_spec('trl').origin)"
    done = subprocess.run([python, "-c", where], capture_output=True, text=True, timeout=120, check=True)
    return Path(done.stdout.strip()).parent / "chat_templates" / f"{name}.jinja"


def bare(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages as text can show them."""
    return [{key: value for key, value in plain(message).items() if key != "name"} for message in messages]


def shown(segments: Segments) -> Piece:
    """What ChatML text says; a line break that ends a message counts as none of it."""
    cut: list[tuple[bool, str]] = []
    for is_learnt, text in segments:
        kept = text.removesuffix("\n") if is_learnt else text
        cut += [(is_learnt, kept), (False, text[len(kept) :])]
    return chatml.parse(chatml.joined(cut))


def same(seen: list[Segments], pieces: list[Piece]) -> None:
    assert len(seen) == len(pieces) > 0
    for segments, piece in zip(seen, pieces, strict=True):
        assert shown(segments) == Piece(piece.tools, bare(piece.messages), piece.learnt)


def judged(tools: list[Any], past: list[Any], said: Any) -> Piece:
    return Piece(tools, [*past, said], frozenset([len(past)]))


def pairs_same(seen: list[list[Segments]], pairs: list[Pair]) -> None:
    same([both[0] for both in seen], [judged(pair.tools, pair.past, pair.chosen) for pair in pairs])
    same([both[1] for both in seen], [judged(pair.tools, pair.past, pair.rejected) for pair in pairs])


@needs("TRL_PYTHON")
@pytest.mark.parametrize("split", ["conversation", "turn", "step"])
def test_trl_learns_exactly_what_it_should(tmp_path: Path, split: Split) -> None:
    units = exported("trl", tmp_path / "o.jsonl", split)
    qwen = template(os.environ["TRL_PYTHON"], "qwen3_training")
    seen = consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.jsonl", "sft", qwen)
    same(seen, [Piece(unit.tools, _thoughtful(unit.messages), unit.learnt) for unit in units])


@needs("TRL_PYTHON")
@needs_arrow
def test_trl_reads_parquet_as_it_reads_jsonl(tmp_path: Path) -> None:
    units = exported("parquet", tmp_path / "o.parquet")
    qwen = template(os.environ["TRL_PYTHON"], "qwen3_training")
    same(consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.parquet", "sft", qwen), units)


@needs("TRL_PYTHON")
def test_trl_reads_rendered_steps(tmp_path: Path) -> None:
    units = exported("chatml", tmp_path / "o.jsonl", "step")
    (tmp_path / "plain.jinja").write_text(PLAIN_CHATML)
    file, plain_template = tmp_path / "o.jsonl", tmp_path / "plain.jinja"
    seen = consumed("TRL_PYTHON", "read_trl.py", tmp_path, file, "sft", plain_template)
    same([[*segments, [False, "\n"]] for segments in seen], units)


@needs("TRL_PYTHON")
def test_trl_compares_what_was_kept_with_what_was_turned_down(tmp_path: Path) -> None:
    pairs = exported("dpo", tmp_path / "o.jsonl")
    qwen = template(os.environ["TRL_PYTHON"], "qwen3_training")
    pairs_same(consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.jsonl", "dpo", qwen), pairs)


@needs("TRL_PYTHON")
def test_trl_reads_single_judgements(tmp_path: Path) -> None:
    items: list[Judged] = exported("kto", tmp_path / "o.jsonl")
    qwen = template(os.environ["TRL_PYTHON"], "qwen3_training")
    seen = consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.jsonl", "kto", qwen)
    same([said for said, _ in seen], [judged(item.tools, item.past, item.said) for item in items])
    assert [label for _, label in seen] == [item.right for item in items]


@needs("LLAMAFACTORY_PYTHON")
@pytest.mark.parametrize(
    ("fmt", "split", "settings"),
    [
        ("sharegpt", "conversation", []),
        ("sharegpt", "step", ["mask_history=true", "preserve_thinking=true"]),
    ],
)
def test_llamafactory_learns_exactly_what_it_should(
    tmp_path: Path, fmt: str, split: Split, settings: list[str]
) -> None:
    units = exported(fmt, tmp_path / "o.jsonl", split)
    seen = consumed("LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "sft", "qwen3", *settings)
    same([segments for (segments,) in seen], units)


@needs("LLAMAFACTORY_PYTHON")
def test_llamafactory_reads_hermes(tmp_path: Path) -> None:
    export(rows, "hermes", tmp_path / "o.jsonl", Options("conversation", LOSSES))
    lines = list(read_lines(tmp_path / "o.jsonl"))
    seen = consumed("LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "sft", "chatml")
    roles = {"system": "system", "human": "user", "gpt": "assistant", "tool": "tool"}
    assert ["".join(text for _, text in segments) for (segments,) in seen] == [
        "".join(chatml.block(roles[turn["from"]], turn["value"]) for turn in line["conversations"]) for line in lines
    ]
    assert [[text for is_learnt, text in segments if is_learnt] for (segments,) in seen] == [
        [f"{turn['value']}<|im_end|>\n" for turn in line["conversations"] if turn["from"] == "gpt"] for line in lines
    ]


@needs("LLAMAFACTORY_PYTHON")
def test_llamafactory_compares_what_was_kept_with_what_was_turned_down(tmp_path: Path) -> None:
    pairs = exported("dpo-llamafactory", tmp_path / "o.jsonl")
    seen = consumed(
        "LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "rm", "qwen3", "preserve_thinking=true"
    )
    pairs_same(seen, pairs)


@needs("LLAMAFACTORY_PYTHON")
def test_llamafactory_reads_single_judgements(tmp_path: Path) -> None:
    items: list[Judged] = exported("kto-llamafactory", tmp_path / "o.jsonl")
    seen = consumed(
        "LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "kto", "qwen3", "preserve_thinking=true"
    )
    same([segments for segments, _ in seen], [judged(item.tools, item.past, item.said) for item in items])
    assert [label for _, label in seen] == [item.right for item in items]


@needs("VERL_PYTHON")
@needs_arrow
def test_verl_learns_exactly_what_it_should(tmp_path: Path) -> None:
    units = exported("verl", tmp_path / "o.parquet")
    (tmp_path / "plain.jinja").write_text(PLAIN_CHATML)
    file, plain_template = tmp_path / "o.parquet", tmp_path / "plain.jinja"
    same(consumed("VERL_PYTHON", "read_verl.py", tmp_path, file, "sft", plain_template), units)


@needs("VERL_PYTHON")
@needs_arrow
def test_verl_hands_tasks_to_an_agent_loop(tmp_path: Path) -> None:
    exported("verl-rl", tmp_path / "o.parquet")
    (tmp_path / "plain.jinja").write_text(PLAIN_CHATML)
    file, plain_template = tmp_path / "o.parquet", tmp_path / "plain.jinja"
    seen = consumed("VERL_PYTHON", "read_verl.py", tmp_path, file, "rl", plain_template)
    layout = FORMATS["verl-rl"].layouts[0]
    read: Callable[[dict[str, Any]], Any] = layout.read
    lines = list(read_file(file, layout.columns))
    assert [read({**row, "prompt": row["raw_prompt"]}) for row in seen] == [read(line) for line in lines]


@needs("AXOLOTL_PYTHON")
def test_axolotl_learns_all_but_what_its_template_always_writes(tmp_path: Path) -> None:
    units = exported("axolotl", tmp_path / "o.jsonl")
    qwen = template(os.environ["AXOLOTL_PYTHON"], "qwen3_training")
    seen = consumed("AXOLOTL_PYTHON", "read_axolotl.py", tmp_path, tmp_path / "o.jsonl", "chat_template", qwen)
    same([_with_opening(segments) for segments in seen], units)


@needs("AXOLOTL_PYTHON")
@pytest.mark.parametrize("split", ["conversation", "turn"])
def test_axolotl_learns_exactly_the_labelled_segments(tmp_path: Path, split: Split) -> None:
    units = exported("chatml", tmp_path / "o.jsonl", split)
    (tmp_path / "plain.jinja").write_text(PLAIN_CHATML)
    file, plain_template = tmp_path / "o.jsonl", tmp_path / "plain.jinja"
    same(consumed("AXOLOTL_PYTHON", "read_axolotl.py", tmp_path, file, "input_output", plain_template), units)


def _with_opening(segments: Segments) -> Segments:
    """Axolotl's segments, with what its template writes before every thought counted as learnt."""
    opening, moved = "<think>\n", [list(segment) for segment in segments]
    for before, after in pairwise(moved):
        if after[0]:
            assert before[1].endswith(opening)
            before[1], after[1] = before[1].removesuffix(opening), opening + after[1]
    return moved


def _thoughtful(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages as TRL's training template shows them: an assistant that thinks nothing thinks an empty thought."""
    return [{"reasoning_content": "", **message} if message["role"] == "assistant" else message for message in messages]


@needs("BFCL_PYTHON")
@pytest.mark.skipif("EXPORT_RUN" not in os.environ, reason="its samples have to be of a run on bundled worlds")
def test_the_multi_turn_checker_accepts_gold_and_rejects_a_dropped_or_changed_call(tmp_path: Path) -> None:
    export(lambda: with_worlds(Path(os.environ["EXPORT_RUN"])), "bfcl", tmp_path / "o")
    reader = [os.environ["BFCL_PYTHON"], str(READERS / "read_bfcl.py"), str(tmp_path / "o")]
    found = json.loads(subprocess.run(reader, check=True, capture_output=True, text=True).stdout)
    assert found["gold"]
    assert [trial for trial in found["gold"] if not trial[2]] == []
    assert [trial for kind in ("dropped", "changed", "idle") for trial in found[kind] if trial[2]] == []
