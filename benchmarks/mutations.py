"""Tries the checkers of a run on spoilt copies of its samples, and prints the kill rate of each kind.

    .venv/bin/python benchmarks/mutations.py runs/demo

Exit code 1 when fewer than 99% of all spoilt copies are caught, or a sample or a harmless copy is refused.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from toolweave.pipeline.checking.candidate import gold
from toolweave.pipeline.checking.judge import judge
from toolweave.pipeline.checking.mutants import SPOILT, mutants
from toolweave.pipeline.checking.mutants_of_order import HARMLESS
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.storage.store import read_lines

BAR = 0.99


class Tally:
    """What became of every copy."""

    def __init__(self) -> None:
        self.samples = 0
        self.seconds = 0.0
        self.refused_gold: list[str] = []
        self.made: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self.named: dict[str, Counter[str]] = {}
        self.odd: list[str] = []

    def add(self, sample: Sample) -> None:
        """Try one sample and all its copies."""
        began = time.process_time()
        self.samples += 1
        verdict = judge(sample, gold(sample))
        if not verdict.passed:
            self.refused_gold.append(f"{sample.id}: {verdict.failure}: {verdict.reason}")
        for mutant in mutants(sample):
            verdict = judge(sample, mutant.candidate)
            self.made[mutant.kind] += 1
            self.passed[mutant.kind] += verdict.passed
            self.named.setdefault(mutant.kind, Counter())[verdict.failure or "passed"] += 1
            if verdict.passed != mutant.harmless:
                self.odd.append(f"{sample.id} {mutant.kind}: {verdict.failure or 'passed'} {verdict.reason}")
        self.seconds += time.process_time() - began

    @property
    def killed(self) -> float:
        """Share of the spoilt copies that were caught."""
        made = sum(self.made[kind] for kind in SPOILT)
        return 1 - sum(self.passed[kind] for kind in SPOILT) / max(1, made)

    def good(self) -> bool:
        """Whether the bars are met."""
        harmless = all(self.made[kind] == self.passed[kind] for kind in HARMLESS)
        return bool(self.samples) and self.killed >= BAR and harmless and not self.refused_gold


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="+", help="run directories")
    tally = Tally()
    for directory in parser.parse_args().run:
        for line in read_lines(directory / "samples.jsonl"):
            tally.add(Sample.model_validate(line))
    for kind in (*SPOILT, *HARMLESS):
        made, passed = tally.made[kind], tally.passed[kind]
        share = (passed if kind in HARMLESS else made - passed) / made if made else 0.0
        verb = "passed" if kind in HARMLESS else "killed"
        names = ", ".join(f"{name} {count}" for name, count in tally.named.get(kind, Counter()).most_common(3))
        print(f"{kind:24}{made:6} made {share:8.1%} {verb}   {names}")
    for line in (*tally.odd[:20], *tally.refused_gold[:20]):
        print("odd:", line)
    spoilt = sum(tally.made[kind] for kind in SPOILT)
    print(f"{tally.samples} samples, {spoilt} spoilt copies, {tally.killed:.2%} killed (bar {BAR:.0%}), ", end="")
    print(f"samples refused {len(tally.refused_gold)}, {tally.seconds / max(1, tally.samples):.3f} CPU s a sample")
    return 0 if tally.good() else 1


if __name__ == "__main__":
    raise SystemExit(main())
