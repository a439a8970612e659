"""Run in an environment with verl: reads a parquet file with verl's data set, writes what it gives to a trainer.

    python read_verl.py FILE sft|rl TEMPLATE OUT

OUT: a JSON list with a list of [is it learnt, text] for every line, or with the rows of the RL data set.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import byte_tokenizer  # type: ignore[import-not-found]  # beside this file


def supervised(file: str, tokenizer: Any, settings: dict[str, Any]) -> list[Any]:
    """What MultiTurnSFTDataset learns."""
    config = import_module("omegaconf").OmegaConf.create(settings | {"pad_mode": "no_padding", "max_length": 10**7})
    rows = import_module("verl.utils.dataset.multiturn_sft_dataset").MultiTurnSFTDataset(file, tokenizer, config)
    read = [rows[at] for at in range(len(rows))]
    return [
        byte_tokenizer.segments(tokenizer, row["input_ids"].tolist(), [bool(mark) for mark in row["loss_mask"]])
        for row in read
    ]


def rollouts(file: str, tokenizer: Any, settings: dict[str, Any]) -> list[Any]:
    """What RLHFDataset hands to an agent loop."""
    config = import_module("omegaconf").OmegaConf.create(
        settings | {"max_prompt_length": 10**7, "cache_dir": f"{file}.cache"}
    )
    rows = import_module("verl.utils.dataset.rl_dataset").RLHFDataset(file, tokenizer, config)
    names = ("raw_prompt", "reward_model", "extra_info", "data_source", "agent_name", "tools_kwargs")
    return [{name: row[name] for name in names} for row in (rows[at] for at in range(len(rows)))]


def main(file: str, kind: str, template: str, out: str) -> None:
    """See the top of the file."""
    tokenizer = byte_tokenizer.make(template)
    read = (supervised if kind == "sft" else rollouts)(file, tokenizer, {})
    Path(out).write_text(json.dumps(read))


if __name__ == "__main__":
    main(*sys.argv[1:])
