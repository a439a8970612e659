"""Figures over trials: pass@1 with its interval, pass^k, what went wrong, and the same for every kind of turn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from toolweave.pipeline.evaluation.trials import Trial
from toolweave.pipeline.sample import Sample, called
from toolweave.servers.json_values import as_list, as_object

Z = 1.96
"""Standard deviations of a 95% interval."""


def wilson(passed: float, total: int) -> tuple[float, float]:
    """95% interval of a share (Wilson 1927); (0, 1) when nothing was tried."""
    if total == 0:
        return 0.0, 1.0
    share = passed / total
    middle = (share + Z * Z / (2 * total)) / (1 + Z * Z / total)
    half = Z * math.sqrt(share * (1 - share) / total + Z * Z / (4 * total * total)) / (1 + Z * Z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def pass_hat(trials: Sequence[Trial], k: int) -> float:
    """pass^k: how likely k trials of one sample all pass, without bias, averaged over samples (Yao et al. 2024)."""
    shares: list[float] = []
    for group in _by_sample(trials):
        passed = sum(trial.score.passed for trial in group)
        shares.append(math.comb(passed, k) / math.comb(len(group), k))
    return sum(shares) / len(shares) if shares else 0.0


def figures(trials: Sequence[Trial]) -> dict[str, Any]:
    """Everything that is reported of some trials; shares are 0..1."""
    groups = _by_sample(trials)
    passed = sum(trial.score.passed for trial in trials)
    share = passed / len(trials) if trials else 0.0
    most = min((len(group) for group in groups), default=0)
    # trials of one sample are not independent of each other: the interval counts samples
    low, high = wilson(share * len(groups), len(groups))
    return {
        "samples": len(groups),
        "trials": len(trials),
        "pass@1": round(share, 4),
        "interval": [round(low, 4), round(high, 4)],
        "pass^k": {str(k): round(pass_hat(trials, k), 4) for k in range(1, most + 1)},
        "acted": _mean(trial.score.acted for trial in trials),
        "calls": _mean(trial.score.calls for trial in trials),
        "failures": dict(Counter(trial.score.failure for trial in trials if trial.score.failure).most_common()),
    }


def report(trials: Sequence[Trial], player: str) -> dict[str, Any]:
    """The figures of all trials, and of those with each kind of turn."""
    kinds = sorted({kind for trial in trials for kind in trial.sample.quality.kinds})
    by_kind = {kind: figures([one for one in trials if kind in one.sample.quality.kinds]) for kind in kinds}
    return {"format": "toolweave-eval/1", "player": player, **figures(trials), "kinds": by_kind}


def line_of(trial: Trial) -> dict[str, Any]:
    """One trial as a line of `trials.jsonl`."""
    outcome = trial.score
    return {
        "sample": trial.sample.id,
        "index": trial.sample.index,
        "trial": trial.number,
        "passed": outcome.passed,
        "failure": outcome.failure,
        "reason": outcome.reason,
        "acted": outcome.acted,
        "calls": round(outcome.calls, 4),
        "extra_reads": outcome.extra_reads,
        "refused_calls": outcome.refused_calls,
        "steps": trial.steps,
        "kinds": list(trial.sample.quality.kinds),
        "targets": [turn.target for turn in trial.sample.turns],
        "tools": sorted({f"{call.server}/{call.tool}" for call in trial.sample.checker.calls}),
        "depth": trial.sample.quality.depth,
        "optional": _says_more_than_needed(trial.sample),
    }


def _says_more_than_needed(sample: Sample) -> bool:
    """Whether a call carries an argument that its tool could do without."""
    needed = {
        str(tool["function"]["name"]): set(as_list(as_object(tool["function"].get("parameters")).get("required")))
        for tool in sample.tools
    }
    return any(set(arguments) - needed.get(name, set()) for _, name, arguments in called(sample.messages))


def _by_sample(trials: Sequence[Trial]) -> list[list[Trial]]:
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.sample.id, []).append(trial)
    return list(groups.values())


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return round(sum(found) / len(found), 4) if found else 0.0
