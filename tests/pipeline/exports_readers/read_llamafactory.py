"""Run in an environment with LLaMA-Factory: loads a data set of a folder as its trainer would, writes what it learns.

    python read_llamafactory.py FOLDER NAME STAGE TEMPLATE OUT [setting=value ...]

OUT: a JSON list with, for every row that LLaMA-Factory made, one list of [is it learnt, text] a sequence; and
with `kto` whether it is right.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import byte_tokenizer  # type: ignore[import-not-found]  # beside this file

IGNORED = -100
SEQUENCES = {"sft": [""], "rm": ["chosen_", "rejected_"], "kto": [""]}


def dataset(folder: str, name: str, stage: str, template: str, settings: list[str]) -> tuple[Any, Any]:
    """What the trainer gets, and its tokenizer."""
    tokenizer = byte_tokenizer.make()
    home = tempfile.mkdtemp()
    tokenizer.save_pretrained(home)
    (Path(home) / "config.json").write_text('{"model_type": "qwen2"}')
    arguments = {
        "model_name_or_path": home,
        "stage": stage,
        "do_train": True,
        "dataset": name,
        "dataset_dir": folder,
        "template": template,
        "cutoff_len": 10**7,
        "output_dir": str(Path(home) / "out"),
        "cache_dir": str(Path(home) / "cache"),
        "report_to": "none",
        "use_cpu": True,
    } | dict(setting.split("=", 1) for setting in settings)
    parser, data = import_module("llamafactory.hparams"), import_module("llamafactory.data")
    model_args, data_args, training_args, _, _ = parser.get_train_args(arguments)
    training_args.log_level = "error"
    fitted = data.get_template_and_fix_tokenizer(tokenizer, data_args)
    made = data.get_dataset(fitted, model_args, data_args, training_args, stage, tokenizer=tokenizer)
    return made["train_dataset"], tokenizer


def main(folder: str, name: str, stage: str, template: str, out: str, *settings: str) -> None:
    """See the top of the file."""
    rows, tokenizer = dataset(folder, name, stage, template, list(settings))
    read = [
        [
            byte_tokenizer.segments(
                tokenizer, row[f"{kind}input_ids"], [label != IGNORED for label in row[f"{kind}labels"]]
            )
            for kind in SEQUENCES[stage]
        ]
        + ([row["kto_tags"]] if stage == "kto" else [])
        for row in rows
    ]
    Path(out).write_text(json.dumps(read))


if __name__ == "__main__":
    main(*sys.argv[1:])
