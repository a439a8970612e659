"""Run in an environment with Axolotl: tokenizes a file with one of its strategies, writes what would be learnt.

    python read_axolotl.py FILE chat_template|input_output TEMPLATE OUT

OUT: a JSON list with a list of [is it learnt, text] for every line.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import byte_tokenizer  # type: ignore[import-not-found]  # beside this file

IGNORED = -100


def strategy(kind: str, tokenizer: Any) -> Any:
    """What Axolotl tokenizes with."""
    settings = import_module("axolotl.utils.dict").DictDefault(
        {"sequence_len": 10**7, "train_on_inputs": False, "chat_template": "tokenizer_default"}
    )
    module = import_module(f"axolotl.prompt_strategies.{kind}")
    if kind == "input_output":
        return module.load(tokenizer, settings)
    return module.load(tokenizer, settings, {"message_field_training": "train"})


def main(file: str, kind: str, template: str, out: str) -> None:
    """See the top of the file."""
    tokenizer = byte_tokenizer.make(template)
    rows = import_module("datasets").load_dataset("json", data_files=file, split="train", cache_dir=f"{out}.cache")
    made = strategy(kind, tokenizer)
    batched = {"batched": True} if made.supports_batched else {}
    tokenized = rows.map(made.tokenize_prompt, remove_columns=rows.column_names, **batched)
    read = [
        byte_tokenizer.segments(tokenizer, row["input_ids"], [label != IGNORED for label in row["labels"]])
        for row in tokenized
    ]
    Path(out).write_text(json.dumps(read))


if __name__ == "__main__":
    main(*sys.argv[1:])
