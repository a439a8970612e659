"""Writes a language model of 300 kB with random weights: `python tiny_model.py OUT.gguf`; needs `gguf`.

It babbles short words, since strings and lists must end for JSON to end: the first component of its state is always
large, the layer adds nothing to it, and the output row of every token weighs it by how often the token is wanted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

WIDTH, FEED_FORWARD, CONTEXT = 64, 128, 32_768
SPECIAL = ("<unk>", "<s>", "</s>")
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
STEADY, NOISE = 8.0, 0.2
WANTED = dict.fromkeys(map(ord, "abcdefghijklmnopqrstuvwxyz "), 1.0) | {ord('"'): 1.1, ord("]"): 1.0, ord("}"): 1.0}
TEMPLATE = "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}[assistant]"


def shapes(vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the tensors of a model with one layer."""
    square = (WIDTH, WIDTH)
    yield from (("token_embd", (vocabulary, WIDTH)), ("output", (vocabulary, WIDTH)), ("output_norm", (WIDTH,)))
    yield from (("blk.0.attn_norm", (WIDTH,)), ("blk.0.ffn_norm", (WIDTH,)))
    yield from ((f"blk.0.attn_{part}", square) for part in ("q", "k", "v", "output"))
    yield from ((f"blk.0.ffn_{part}", (FEED_FORWARD, WIDTH)) for part in ("gate", "up"))
    yield "blk.0.ffn_down", (WIDTH, FEED_FORWARD)


def drawn(numpy: Any, vocabulary: int) -> Iterator[tuple[str, Any]]:
    """The tensors, by name."""
    draw = numpy.random.default_rng(7)
    for name, shape in shapes(vocabulary):
        tensor = draw.standard_normal(shape, dtype=numpy.float32) * NOISE
        if name.endswith("norm"):
            tensor = numpy.ones(shape, dtype=numpy.float32)
        elif name in ("blk.0.attn_output", "blk.0.ffn_down"):
            tensor = numpy.zeros(shape, dtype=numpy.float32)
        elif name == "token_embd":
            tensor[:, 0] = STEADY
        elif name == "output":
            tensor[:, 0] = [WANTED.get(token - len(SPECIAL), 0.0) for token in range(vocabulary)]
        yield f"{name}.weight", tensor


def write(path: str) -> None:
    """Write the model; every byte of a text is a token."""
    gguf: Any = importlib.import_module("gguf")
    numpy: Any = importlib.import_module("numpy")
    writer = gguf.GGUFWriter(path, "llama")
    tokens = [*SPECIAL, *BYTES]
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // 2)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([2, 3, 3] + [6] * len(BYTES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)
    for name, tensor in drawn(numpy, len(tokens)):
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    write(sys.argv[1])
