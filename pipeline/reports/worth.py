"""What generators are worth, side by side: what became of the same plans in several runs (AgoraBench, BoostQA).

**Contract.** Plans are held against each other by number and seed; figures count only plans that all runs made. A run
learns from what becomes of its plans, so later ones may differ all the same: `same_targets` says how many do not. What
cannot be known (a cost without prices, a share of nothing) is `None`, never zero. Files are read line by line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from toolweave.pipeline.running.spending import teacher_spending
from toolweave.pipeline.storage.jsonl import read_json, read_lines
from toolweave.servers.errors import ConfigError
from toolweave.servers.json_values import as_object, canonical

Plan = tuple[int, int]
"""(number, seed) of a planned item."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Figures of one run over the plans that are compared."""

    run: str
    teacher: str
    planned: int
    same_targets: float | None
    """Share of these plans whose first turn had the same target in all runs."""
    kept: int
    kept_share: float | None
    usd_per_kept: float | None
    """By all that the run has used up, as the endpoint told it; `None` without prices, or with the offline teacher."""
    tokens_per_kept: float | None
    attempts: float | None
    """Mean over samples of the most attempts that a step needed (k)."""
    at_once: float | None
    """Share of samples of which every step was right at once."""
    plans_apart: float | None
    """Different chains of tools per sample."""
    calls_apart: float | None
    """Different calls (tool and arguments) per call."""
    distinct_2: float | None
    """Different pairs of neighbouring words per pair, over all that users say."""
    difficulty: float | None
    depth: float | None
    grounded: float | None
    """Share of argument leaves that come from an earlier call."""
    lost: dict[str, int]
    """Stage → plans that were lost there."""


@dataclass
class _Tally:
    kept: int = 0
    attempts: list[int] = field(default_factory=list[int])
    difficulty: list[float] = field(default_factory=list[float])
    depth: list[int] = field(default_factory=list[int])
    chains: set[str] = field(default_factory=set[str])
    calls: Counter[str] = field(default_factory=Counter[str])
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    sources: Counter[str] = field(default_factory=Counter[str])

    def take(self, row: dict[str, Any]) -> None:
        """Count a sample."""
        quality, calls = row["quality"], row["checker"]["calls"]
        self.kept += 1
        self.attempts.append(quality["attempts"])
        self.difficulty.append(quality["difficulty"])
        self.depth.append(quality["depth"])
        self.chains.add(canonical([[call["server"], call["tool"]] for call in calls]))
        self.calls.update(canonical([call["server"], call["tool"], call["arguments"]]) for call in calls)
        self.sources.update(item["source"]["kind"] for item in row["provenance"])
        for message in row["messages"]:
            if message["role"] == "user":
                self.pairs.update(pairwise(re.findall(r"[\w'-]+", str(message["content"]).lower())))


def compared(runs: Sequence[Path]) -> list[Worth]:
    """Figures of every run over the plans that all of them made.

    Raises:
        ConfigError: A directory holds no run, or the runs have no plan in common.
    """
    plans = [_plans(run) for run in runs]
    common = frozenset[Plan].intersection(*map(frozenset, plans))
    if not common:
        raise ConfigError("the runs have no plan in common: make them with the same --seed, servers and settings")
    alike = _share(sum(len({own[plan] for own in plans}) == 1 for plan in common), len(common))
    return [_worth(run, common, alike, whole=len(common) == len(own)) for run, own in zip(runs, plans, strict=True)]


def recovered(base: float, student: float, reference: float) -> float | None:
    """Performance gap recovered, in percent: how much of the way from `base` to `reference` the student has gone.

    Negative when it fell behind; `None` when there is no way to go.
    """
    return None if reference == base else round(100 * (student - base) / (reference - base), 1)


def _plans(run: Path) -> dict[Plan, str]:
    """The plans of a run, each with the target of its first turn."""
    if not (run / "manifest.json").exists():
        raise ConfigError(f"{run} holds no run that was begun")
    found = {_plan(line): str(line["turns"][0]["target"]) for line in read_lines(run / "samples.jsonl")}
    return found | {_plan(line): str(line.get("target")) for line in read_lines(run / "rejected.jsonl")}


def _plan(line: dict[str, Any]) -> Plan:
    return int(line["index"]), int(line["seed"])


def _worth(run: Path, common: Collection[Plan], alike: float | None, *, whole: bool) -> Worth:
    tally, lost = _Tally(), Counter[str]()
    for row in read_lines(run / "samples.jsonl"):
        if _plan(row) in common:
            tally.take(row)
    for row in read_lines(run / "rejected.jsonl"):
        if _plan(row) in common:
            lost[str(row["stage"])] += 1
    manifest = as_object(read_json(run / "manifest.json"))
    teacher = as_object(manifest.get("teacher"))
    tokens, usd = teacher_spending(teacher) if whole and teacher.get("usage") else (None, None)
    return Worth(
        run=str(run),
        teacher=str(teacher.get("name", "")),
        planned=len(common),
        same_targets=alike,
        kept=tally.kept,
        kept_share=_share(tally.kept, len(common)),
        usd_per_kept=None if usd is None else _share(usd, tally.kept),
        tokens_per_kept=None if tokens is None else _share(tokens, tally.kept),
        attempts=_mean(tally.attempts),
        at_once=_share(tally.attempts.count(1), tally.kept),
        plans_apart=_share(len(tally.chains), tally.kept),
        calls_apart=_share(len(tally.calls), tally.calls.total()),
        distinct_2=_share(len(tally.pairs), tally.pairs.total()),
        difficulty=_mean(tally.difficulty),
        depth=_mean(tally.depth),
        grounded=_share(tally.sources["output"], tally.sources.total()),
        lost=dict(sorted(lost.items())),
    )


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 3) if values else None


def as_rows(worths: Sequence[Worth]) -> dict[str, list[Any]]:
    """Figure → its value in every run."""
    facts = [asdict(worth) for worth in worths]
    return {name: [one[name] for one in facts] for name in facts[0]}
