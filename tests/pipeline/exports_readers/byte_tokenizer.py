"""A tokenizer that needs no download and loses nothing: a token a byte, and one for each control token of ChatML."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

CONTROL = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]


def make(template: str | None = None) -> Any:
    """The tokenizer, as `transformers` has it, with the chat template of a file."""
    tokenizers, transformers = import_module("tokenizers"), import_module("transformers")
    symbols = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {symbol: number for number, symbol in enumerate([*symbols, *CONTROL])}
    plain = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[]))
    plain.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    plain.decoder = tokenizers.decoders.ByteLevel()
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=CONTROL[:1],
        model_max_length=10**7,
        clean_up_tokenization_spaces=False,
    )
    if template is not None:
        made.chat_template = Path(template).read_text(encoding="utf-8")
    return made


def segments(tokenizer: Any, ids: list[int], learnt: list[bool]) -> list[list[Any]]:
    """[is it learnt, text] for every run of tokens."""
    found: list[tuple[bool, list[int]]] = []
    for token, is_learnt in zip(ids, learnt, strict=True):
        if not found or found[-1][0] != is_learnt:
            found.append((is_learnt, []))
        found[-1][1].append(token)
    return [[is_learnt, tokenizer.decode(run, skip_special_tokens=False)] for is_learnt, run in found]
