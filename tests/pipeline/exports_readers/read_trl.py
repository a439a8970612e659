"""Run in an environment with TRL: gives a file to one of its trainers, writes what the trainer would learn.

    python read_trl.py FILE sft|dpo|kto TEMPLATE OUT

OUT: a JSON list with, for every line, a list of [is it learnt, text]; of `dpo` two of them, of `kto` with its label.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import byte_tokenizer  # type: ignore[import-not-found]  # beside this file

IGNORED = -100


def model(tokenizer: Any) -> Any:
    """A model that is too small to know anything."""
    transformers = import_module("transformers")
    return transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            num_key_value_heads=1,
            head_dim=8,
        )
    )


def trainer(kind: str, tokenizer: Any, rows: Any, out: str) -> Any:
    """TRL's trainer, with its data set ready."""
    trl = import_module("trl")
    arguments: dict[str, Any] = {
        "output_dir": f"{out}.run",
        "max_length": None,
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
    }
    if kind == "sft":
        arguments["assistant_only_loss"] = "messages" in rows.column_names or isinstance(rows[0]["prompt"], list)
    config = getattr(trl, f"{kind.upper()}Config")(**arguments)
    make = getattr(trl, f"{kind.upper()}Trainer")
    judge = {} if kind == "sft" else {"ref_model": model(tokenizer)}
    return make(model=model(tokenizer), args=config, train_dataset=rows, processing_class=tokenizer, **judge)


def read(kind: str, tokenizer: Any, made: Any) -> list[Any]:
    """What the trainer made of the rows, in their order."""
    if kind == "sft":
        batches = [made.data_collator([row]) for row in made.train_dataset]
        return [
            byte_tokenizer.segments(
                tokenizer, batch["input_ids"][0].tolist(), [label != IGNORED for label in batch["labels"][0].tolist()]
            )
            for batch in batches
        ]
    names = ("chosen_ids", "rejected_ids") if kind == "dpo" else ("completion_ids",)
    found = [
        [[[False, tokenizer.decode(row["prompt_ids"])], [True, tokenizer.decode(row[name])]] for name in names]
        for row in made.train_dataset
    ]
    if kind == "dpo":
        return found
    return [[said[0], row["label"]] for said, row in zip(found, made.train_dataset, strict=True)]


def main(file: str, kind: str, template: str, out: str) -> None:
    """See the top of the file."""
    tokenizer = byte_tokenizer.make(template)
    loader = "parquet" if file.endswith(".parquet") else "json"
    rows = import_module("datasets").load_dataset(loader, data_files=file, split="train", cache_dir=f"{out}.cache")
    Path(out).write_text(json.dumps(read(kind, tokenizer, trainer(kind, tokenizer, rows, out))))


if __name__ == "__main__":
    main(*sys.argv[1:])
