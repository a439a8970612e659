"""The recipes of `examples/train`, run as they are with a model of random weights: the loss falls.

Skipped without TRL or LLaMA-Factory: `test_exports_third_party.py` says how to get them, and shows that masks fit.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from toolweave.pipeline.exports import Options, export
from toolweave.pipeline.exports.format import Split
from toolweave.pipeline.storage.jsonl import read_lines

READERS = Path(__file__).with_name("exports_readers")
RECIPES = Path(__file__).parents[2] / "examples" / "train"
TEMPLATE = """\
{%- for tool in tools or [] %}{{- tool | tojson }}{%- endfor %}
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\n' }}
    {%- if message.role == 'assistant' %}{%- generation %}
        {{- '<think>\n' + (message.reasoning_content or '') + '\n</think>\n\n' + message.content }}
        {{- message.tool_calls | default([]) | tojson }}
        {{- '<|im_end|>' }}{%- endgeneration %}
    {%- else %}
        {{- message.content + '<|im_end|>' }}
    {%- endif %}
    {{- '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
{%- endif %}
"""
LEARNT = 0.8
"""The last losses as a share of the first ones, at most."""


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(name not in os.environ, reason=f"{name} is not set; see test_exports_third_party.py")


def train(consumer: str, folder: Path, fmt: str, split: Split, command: list[str]) -> list[float]:
    """Exports, makes a model, trains it, and gives the losses."""
    export(lambda: read_lines(READERS / "rows.jsonl"), fmt, folder / "train.jsonl", Options(split))
    (folder / "chat.jinja").write_text(TEMPLATE)
    quiet = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "HF_HOME": str(folder / "hf"), "OMP_NUM_THREADS": "1"}
    for arguments in ([str(READERS / "tiny_model.py"), "chat.jinja", "model"], command):
        given = [os.environ[consumer], *arguments]
        done = subprocess.run(
            given, cwd=folder, env=os.environ | quiet, capture_output=True, text=True, timeout=1800, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
    (state,) = folder.rglob("checkpoint-20/trainer_state.json")
    return [entry["loss"] for entry in json.loads(state.read_text())["log_history"] if "loss" in entry]


def falls(losses: list[float]) -> None:
    assert len(losses) == 20
    assert sum(losses[-3:]) < LEARNT * sum(losses[:3])


@needs("TRL_PYTHON")
def test_loss_falls_with_trl(tmp_path: Path) -> None:
    small = ["--model_name_or_path", "model", "--max_steps", "20", "--learning_rate", "0.01", "--warmup_steps", "0"]
    cpu = ["--use_cpu", "true", "--bf16", "false", "--gradient_accumulation_steps", "2", "--save_strategy", "steps"]
    recipe = ["-m", "trl.scripts.sft", "--config", str(RECIPES / "trl.yaml")]
    falls(train("TRL_PYTHON", tmp_path, "trl", "conversation", [*recipe, *small, *cpu, "--save_steps", "20"]))


@needs("LLAMAFACTORY_PYTHON")
def test_loss_falls_with_llamafactory(tmp_path: Path) -> None:
    small = ["model_name_or_path=model", "max_steps=20", "learning_rate=0.01", "warmup_steps=0", "use_cpu=true"]
    more = ["gradient_accumulation_steps=2", "save_strategy=steps", "save_steps=20", "overwrite_cache=true"]
    recipe = ["-m", "llamafactory.cli", "train", str(RECIPES / "llamafactory.yaml")]
    falls(train("LLAMAFACTORY_PYTHON", tmp_path, "sharegpt", "step", [*recipe, *small, *more]))
