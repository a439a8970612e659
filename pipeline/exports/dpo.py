"""`dpo` and `kto` for TRL: what the critic turned down, as TRL's DPOTrainer and KTOTrainer read it.

Messages are as in `trl`. A line of `dpo` is `{"prompt", "chosen", "rejected", "tools"}`, one of `kto`
`{"prompt", "completion", "label", "tools"}`. What is learnt is only ever one assistant message.
"""

from __future__ import annotations

from toolweave.pipeline.exports.format import Chat, Format, Judged, Layout, Pair, Row
from toolweave.pipeline.exports.preferences import cut_judged, cut_pairs, with_revisions


def _write_pair(pair: Pair) -> Row:
    return {"prompt": pair.past, "chosen": [pair.chosen], "rejected": [pair.rejected], "tools": pair.tools}


def _read_pair(line: Row) -> Pair:
    (chosen,), (rejected,) = line["chosen"], line["rejected"]
    return Pair(line["tools"], line["prompt"], chosen, rejected)


def _write_judged(judged: Judged) -> Row:
    return {"prompt": judged.past, "completion": [judged.said], "label": judged.right, "tools": judged.tools}


def _read_judged(line: Row) -> Judged:
    (said,) = line["completion"]
    return Judged(line["tools"], line["prompt"], said, line["label"])


def _chats_of_pair(pair: Pair) -> list[Chat]:
    return [Chat(pair.tools, [*pair.past, said], len(pair.past)) for said in (pair.chosen, pair.rejected)]


def _chats_of_judged(judged: Judged) -> list[Chat]:
    return [Chat(judged.tools, [*judged.past, judged.said], len(judged.past))]


DPO = Format(
    "dpo",
    "TRL DPOTrainer",
    [Layout(cut_pairs, _write_pair, _read_pair, ("conversation", "turn"), _chats_of_pair)],
    rows=with_revisions,
)
KTO = Format(
    "kto",
    "TRL KTOTrainer",
    [Layout(cut_judged, _write_judged, _read_judged, ("conversation", "turn"), _chats_of_judged)],
    rows=with_revisions,
)
