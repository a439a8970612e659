"""`dpo-llamafactory` and `kto-llamafactory`: what the critic turned down, in LLaMA-Factory's ShareGPT.

Turns are as in `sharegpt`. A line of the first is `{"conversations", "chosen", "rejected"}` (`ranking: true`), one of
the second `{"conversations", "kto_tag"}`, whose last turn is judged; both with `system` and `tools`, and with their
entry in `dataset_info.json`. A draft that both calls and speaks loses its words, like a message (the loss
`words-beside-calls`).
"""

from __future__ import annotations

from pathlib import Path

from toolweave.pipeline.exports import sharegpt
from toolweave.pipeline.exports.format import Format, Judged, Layout, Losses, Pair, Piece, Row, Split
from toolweave.pipeline.exports.plain import WORDS, plain
from toolweave.pipeline.exports.preferences import cut_judged, cut_pairs, with_revisions


def prepare(row: Row, losses: Losses) -> Row:
    """The row as ShareGPT can say it, drafts included."""
    losses[WORDS] += sum(bool(item["draft"]["calls"] and item["draft"]["answer"]) for item in row["revisions"])
    return sharegpt.prepare(row, losses) | {"revisions": [_wordless(revision) for revision in row["revisions"]]}


def _wordless(revision: Row) -> Row:
    draft = revision["draft"]
    return revision | {"draft": draft | {"answer": None}} if draft["calls"] else revision


def _cut_pairs(row: Row, split: Split, losses: Losses) -> list[Pair]:
    return [Pair(pair.tools, pair.past, pair.chosen, plain(pair.rejected)) for pair in cut_pairs(row, split, losses)]


def _cut_judged(row: Row, split: Split, losses: Losses) -> list[Judged]:
    return [Judged(item.tools, item.past, plain(item.said), item.right) for item in cut_judged(row, split, losses)]


def _write_pair(pair: Pair) -> Row:
    line = sharegpt.write(Piece(pair.tools, pair.past, frozenset()))
    return line | {"chosen": sharegpt.turn(pair.chosen), "rejected": sharegpt.turn(pair.rejected)}


def _read_pair(line: Row) -> Pair:
    past = sharegpt.read(line)
    (chosen,), (rejected,) = (sharegpt.messages_of([line[name]]) for name in ("chosen", "rejected"))
    return Pair(past.tools, past.messages, chosen, rejected)


def _write_judged(judged: Judged) -> Row:
    line = sharegpt.write(Piece(judged.tools, [*judged.past, judged.said], frozenset()))
    return line | {"kto_tag": judged.right}


def _read_judged(line: Row) -> Judged:
    piece = sharegpt.read(line)
    return Judged(piece.tools, piece.messages[:-1], piece.messages[-1], line["kto_tag"])


def _pairs_entry(out: Path) -> dict[str, Row]:
    return sharegpt.entry(out, {"ranking": True}, {"chosen": "chosen", "rejected": "rejected"})


def _judged_entry(out: Path) -> dict[str, Row]:
    return sharegpt.entry(out, {}, {"kto_tag": "kto_tag"})


DPO = Format(
    "dpo-llamafactory",
    "LLaMA-Factory, stage: dpo",
    [Layout(_cut_pairs, _write_pair, _read_pair, ("conversation",))],
    prepare,
    rows=with_revisions,
    beside=_pairs_entry,
)
KTO = Format(
    "kto-llamafactory",
    "LLaMA-Factory, stage: kto",
    [Layout(_cut_judged, _write_judged, _read_judged, ("conversation",))],
    prepare,
    rows=with_revisions,
    beside=_judged_entry,
)
