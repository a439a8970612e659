"""Spoilt copies of a sample, of every kind that a checker has to tell from it, and harmless ones that it may not.

Everything is made from the row alone. Each maker yields at most a few copies; a kind that a sample gives no occasion
for yields none.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from toolweave.pipeline.checking.candidate import Candidate
from toolweave.pipeline.checking.drafting import Draft
from toolweave.pipeline.checking.judge import judge
from toolweave.pipeline.checking.mutants_of_calls import CALL_MUTANTS
from toolweave.pipeline.checking.mutants_of_order import HARMLESS, ORDER_MUTANTS
from toolweave.pipeline.checking.mutants_of_words import WORD_MUTANTS
from toolweave.pipeline.sample import Sample

MOST_OF_A_KIND = 2
"""Spoilt copies of one kind, of one sample."""
Maker = Callable[[Sample, random.Random], Iterator[Draft]]
SPOILT: dict[str, Maker] = {**CALL_MUTANTS, **ORDER_MUTANTS, **WORD_MUTANTS}
GRAVE = frozenset({"nothing_done", "dropped_call", "wrong_value", "wrong_tool", "extra_call"})
"""Kinds of which none may survive: a checker that misses them checks nothing."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A copy of a sample."""

    kind: str
    candidate: Candidate
    harmless: bool = False
    """Whether it is as right as the sample."""


@dataclass
class Trial:
    """What a checker said of the copies."""

    made: dict[str, int] = field(default_factory=dict[str, int])
    """Kind → copies."""
    survivors: dict[str, int] = field(default_factory=dict[str, int])
    """Kind → spoilt copies that passed."""
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Kind → why a harmless copy failed."""


def mutants(sample: Sample) -> Iterator[Mutant]:
    """All copies, the same ones every time."""
    for kind, maker in {**SPOILT, **HARMLESS}.items():
        rng = random.Random(f"{sample.seed}:{kind}")
        for draft in islice(maker(sample, rng), MOST_OF_A_KIND):
            yield Mutant(kind, draft.candidate(), kind in HARMLESS)


def try_checker(sample: Sample) -> Trial:
    """Judge every copy by the sample's own checker."""
    trial = Trial()
    for mutant in mutants(sample):
        trial.made[mutant.kind] = trial.made.get(mutant.kind, 0) + 1
        verdict = judge(sample, mutant.candidate)
        if mutant.harmless and not verdict.passed:
            trial.refused[mutant.kind] = f"{verdict.failure}: {verdict.reason}"
        if not mutant.harmless and verdict.passed:
            trial.survivors[mutant.kind] = trial.survivors.get(mutant.kind, 0) + 1
    return trial
