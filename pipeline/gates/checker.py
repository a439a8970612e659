"""The gate that checks the checker: the sample passes it, and spoilt copies of the sample do not.

A spoilt copy of a grave kind that passes rejects the sample; others are counted and named in its quality.
"""

from __future__ import annotations

from toolweave.pipeline.checking.candidate import gold
from toolweave.pipeline.checking.judge import judge
from toolweave.pipeline.checking.mutants import GRAVE, try_checker
from toolweave.pipeline.gates.agreement import disagreement
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Sample


def checker_gate(sample: Sample) -> Sample | Rejection:
    """The sample with what became of its spoilt copies, or why its checker cannot be trusted."""
    if all(call.fails for call in sample.checker.calls):
        return Rejection("checker", "no call has to be made, so nothing could be checked")
    if (rejection := disagreement(sample)) is not None:
        return rejection
    verdict = judge(sample, gold(sample))
    if not verdict.passed:
        return Rejection("checker", f"the sample fails its own checker: {verdict.failure}: {verdict.reason}")
    trial = try_checker(sample)
    if trial.refused:
        kind, reason = next(iter(trial.refused.items()))
        return Rejection("checker", f"a harmless copy ({kind}) fails: {reason}")
    if grave := [kind for kind in trial.survivors if kind in GRAVE]:
        return Rejection("checker", f"a spoilt copy ({grave[0]}) passes")
    if not trial.made:
        return Rejection("checker", "no copy could be made, so nothing was tried")
    tried = {"mutants": sum(trial.made.values()), "survivors": tuple(sorted(trial.survivors))}
    return sample.model_copy(update={"quality": sample.quality.model_copy(update=tried)})
