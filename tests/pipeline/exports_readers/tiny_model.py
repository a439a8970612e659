"""Run in an environment with `transformers`: writes a model of random weights, with a tokenizer a byte a token.

python tiny_model.py TEMPLATE FOLDER
"""

from __future__ import annotations

import sys
from importlib import import_module

import byte_tokenizer  # type: ignore[import-not-found]  # beside this file


def main(template: str, folder: str) -> None:
    """See the top of the file."""
    transformers = import_module("transformers")
    transformers.set_seed(1)
    tokenizer = byte_tokenizer.make(template)
    config = transformers.Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=16384,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    transformers.Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
