"""Exports in the hands of their consumers' own code, each in an environment of its own, and skipped without it.

    uv venv /tmp/trl && uv pip install -p /tmp/trl trl jinja2
    uv venv /tmp/lf && uv pip install -p /tmp/lf llamafactory torch==2.13.0 torchvision==0.28.0
    uv venv /tmp/verl && uv pip install -p /tmp/verl verl
    uv venv /tmp/axolotl && uv pip install -p /tmp/axolotl axolotl
    uv venv /tmp/bfcl && uv pip install -p /tmp/bfcl -e . && uv pip install -p /tmp/bfcl --no-deps bfcl-eval
    TRL_PYTHON=/tmp/trl/bin/python LLAMAFACTORY_PYTHON=/tmp/lf/bin/python VERL_PYTHON=/tmp/verl/bin/python \\
    AXOLOTL_PYTHON=/tmp/axolotl/bin/python BFCL_PYTHON=/tmp/bfcl/bin/python \\
    .venv/bin/python -m pytest tests/pipeline/test_exports_third_party.py

`EXPORT_RUN=DIR` takes the samples of a run instead of those beside the readers, `EXPORT_TABLE=FILE` adds a line for
each export to a table of what came back. `requirements/consumers.md` names the versions that were seen. The contract:
what the consumer's own code renders or tokenizes holds every tool, call, argument, observation and thought, and learns
exactly what it should.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.exports_readers.consumers import (
    READERS,
    consumed,
    exported,
    judged,
    needs,
    pairs_same,
    plain_template,
    same,
    template,
    thoughtful,
    with_opening,
)
from toolweave.pipeline.exports import chatml, export, hermes
from toolweave.pipeline.exports.bfcl_worlds import with_worlds
from toolweave.pipeline.exports.files import read_file
from toolweave.pipeline.exports.format import Judged, Split
from toolweave.pipeline.exports.registry import FORMATS
from toolweave.pipeline.storage.jsonl import read_lines

needs_arrow = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow is not installed")
BY_STEPS = ["mask_history=true", "preserve_thinking=true"]


@needs("TRL_PYTHON")
@pytest.mark.parametrize("split", ["conversation", "turn", "step"])
def test_trl_learns_exactly_what_it_should(tmp_path: Path, split: Split) -> None:
    made = exported("trl", tmp_path / "o.jsonl", split)
    qwen = template("TRL_PYTHON", "qwen3_training")
    seen = consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.jsonl", "sft", qwen)
    made.check("TRL", same(seen, [thoughtful(unit) for unit in made.units]))


@needs("TRL_PYTHON")
@needs_arrow
def test_trl_reads_parquet_as_it_reads_jsonl(tmp_path: Path) -> None:
    made = exported("parquet", tmp_path / "o.parquet")
    qwen = template("TRL_PYTHON", "qwen3_training")
    seen = consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.parquet", "sft", qwen)
    made.check("datasets, TRL", same(seen, made.units))


@needs("TRL_PYTHON")
def test_trl_reads_rendered_steps(tmp_path: Path) -> None:
    made = exported("chatml", tmp_path / "o.jsonl", "step")
    file = tmp_path / "o.jsonl"
    seen = consumed("TRL_PYTHON", "read_trl.py", tmp_path, file, "sft", plain_template(tmp_path))
    made.check("TRL", same([[*segments, [False, "\n"]] for segments in seen], made.units))


@needs("TRL_PYTHON")
def test_trl_compares_what_was_kept_with_what_was_turned_down(tmp_path: Path) -> None:
    made = exported("dpo", tmp_path / "o.jsonl")
    qwen = template("TRL_PYTHON", "qwen3_training")
    pairs_same(consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.jsonl", "dpo", qwen), made.units)


@needs("TRL_PYTHON")
def test_trl_reads_single_judgements(tmp_path: Path) -> None:
    made = exported("kto", tmp_path / "o.jsonl")
    items: list[Judged] = made.units
    qwen = template("TRL_PYTHON", "qwen3_training")
    seen = consumed("TRL_PYTHON", "read_trl.py", tmp_path, tmp_path / "o.jsonl", "kto", qwen)
    found = same([said for said, _ in seen], [judged(item.tools, item.past, item.said) for item in items])
    assert [label for _, label in seen] == [item.right for item in items]
    made.check("TRL", found)


@needs("LLAMAFACTORY_PYTHON")
@pytest.mark.parametrize(("split", "settings"), [("conversation", []), ("step", BY_STEPS)])
def test_llamafactory_learns_exactly_what_it_should(tmp_path: Path, split: Split, settings: list[str]) -> None:
    made = exported("sharegpt", tmp_path / "o.jsonl", split)
    seen = consumed("LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "sft", "qwen3", *settings)
    made.check("LLaMA-Factory", same([segments for (segments,) in seen], made.units))


@needs("LLAMAFACTORY_PYTHON")
@pytest.mark.parametrize(("split", "settings"), [("conversation", []), ("step", BY_STEPS)])
def test_llamafactory_reads_hermes(tmp_path: Path, split: Split, settings: list[str]) -> None:
    made = exported("hermes", tmp_path / "o.jsonl", split)
    lines = list(read_lines(tmp_path / "o.jsonl"))
    seen = consumed("LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "sft", "chatml", *settings)
    roles = {"system": "system", "human": "user", "gpt": "assistant", "tool": "tool"}
    assert ["".join(text for _, text in segments) for (segments,) in seen] == [
        "".join(chatml.block(roles[turn["from"]], turn["value"]) for turn in line["conversations"]) for line in lines
    ]
    said = [[turn["value"] for turn in line["conversations"] if turn["from"] == "gpt"] for line in lines]
    assert [[text for is_learnt, text in segments if is_learnt] for (segments,) in seen] == [
        [f"{text}<|im_end|>\n" for text in (texts if split == "conversation" else texts[-1:])] for texts in said
    ]
    made.check("LLaMA-Factory", [hermes.read(line) for line in lines])


@needs("LLAMAFACTORY_PYTHON")
def test_llamafactory_compares_what_was_kept_with_what_was_turned_down(tmp_path: Path) -> None:
    made = exported("dpo-llamafactory", tmp_path / "o.jsonl")
    seen = consumed(
        "LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "rm", "qwen3", "preserve_thinking=true"
    )
    pairs_same(seen, made.units)


@needs("LLAMAFACTORY_PYTHON")
def test_llamafactory_reads_single_judgements(tmp_path: Path) -> None:
    made = exported("kto-llamafactory", tmp_path / "o.jsonl")
    items: list[Judged] = made.units
    seen = consumed(
        "LLAMAFACTORY_PYTHON", "read_llamafactory.py", tmp_path, tmp_path, "o", "kto", "qwen3", "preserve_thinking=true"
    )
    found = same([segments for segments, _ in seen], [judged(item.tools, item.past, item.said) for item in items])
    assert [label for _, label in seen] == [item.right for item in items]
    made.check("LLaMA-Factory", found)


@needs("VERL_PYTHON")
@needs_arrow
@pytest.mark.parametrize("split", ["conversation", "turn"])
def test_verl_learns_exactly_what_it_should(tmp_path: Path, split: Split) -> None:
    made = exported("verl", tmp_path / "o.parquet", split)
    file = tmp_path / "o.parquet"
    seen = consumed("VERL_PYTHON", "read_verl.py", tmp_path, file, "sft", plain_template(tmp_path))
    made.check("verl", same(seen, made.units))


@needs("VERL_PYTHON")
@needs_arrow
def test_verl_hands_tasks_to_an_agent_loop(tmp_path: Path) -> None:
    exported("verl-rl", tmp_path / "o.parquet")
    file = tmp_path / "o.parquet"
    seen = consumed("VERL_PYTHON", "read_verl.py", tmp_path, file, "rl", plain_template(tmp_path))
    layout = FORMATS["verl-rl"].layouts[0]
    read: Callable[[dict[str, Any]], Any] = layout.read
    lines = list(read_file(file, layout.columns))
    assert [read({**row, "prompt": row["raw_prompt"]}) for row in seen] == [read(line) for line in lines]


@needs("AXOLOTL_PYTHON")
def test_axolotl_learns_all_but_what_its_template_always_writes(tmp_path: Path) -> None:
    made = exported("axolotl", tmp_path / "o.jsonl")
    qwen = template("AXOLOTL_PYTHON", "qwen3_training")
    seen = consumed("AXOLOTL_PYTHON", "read_axolotl.py", tmp_path, tmp_path / "o.jsonl", "chat_template", qwen)
    made.check("Axolotl", same([with_opening(segments) for segments in seen], made.units))


@needs("AXOLOTL_PYTHON")
@pytest.mark.parametrize("split", ["conversation", "turn"])
def test_axolotl_learns_exactly_the_labelled_segments(tmp_path: Path, split: Split) -> None:
    made = exported("chatml", tmp_path / "o.jsonl", split)
    file = tmp_path / "o.jsonl"
    seen = consumed("AXOLOTL_PYTHON", "read_axolotl.py", tmp_path, file, "input_output", plain_template(tmp_path))
    made.check("Axolotl", same(seen, made.units))


@needs("BFCL_PYTHON")
@pytest.mark.skipif("EXPORT_RUN" not in os.environ, reason="its samples have to be of a run on bundled worlds")
def test_the_multi_turn_checker_accepts_gold_and_rejects_a_dropped_or_changed_call(tmp_path: Path) -> None:
    export(lambda: with_worlds(Path(os.environ["EXPORT_RUN"])), "bfcl", tmp_path / "o")
    reader = [os.environ["BFCL_PYTHON"], str(READERS / "read_bfcl.py"), str(tmp_path / "o")]
    found = json.loads(subprocess.run(reader, check=True, capture_output=True, text=True).stdout)
    assert found["gold"]
    assert [trial for trial in found["gold"] if not trial[2]] == []
    assert [trial for kind in ("dropped", "changed", "idle") for trial in found[kind] if trial[2]] == []
