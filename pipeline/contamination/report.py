"""What a whole dataset shares with benchmark files, counted and listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from toolweave.pipeline.contamination.screen import Finding, Screen
from toolweave.pipeline.sample import Sample


@dataclass
class ContaminationReport:
    """The findings of every sample that has any."""

    screen: Screen
    samples: int = 0
    condemned: set[int] = field(default_factory=set[int])
    """Positions of the contaminated samples in their file, from 0."""
    findings: dict[str, list[Finding]] = field(default_factory=dict[str, list[Finding]])
    """Sample id → what it shares."""

    def totals(self) -> dict[str, Any]:
        """The figures: `rules` counts, for every rule, the samples that it met."""
        met = Counter(rule for found in self.findings.values() for rule in sorted({finding.rule for finding in found}))
        return {
            "samples": self.samples,
            "contaminated": len(self.condemned),
            "noted": len(self.findings) - sum(any(map(_condemns, found)) for found in self.findings.values()),
            "rules": dict(sorted(met.items())),
        }

    def as_json(self) -> dict[str, Any]:
        """The whole report."""
        findings = {name: [finding.as_json() for finding in found] for name, found in self.findings.items()}
        return {
            "format": "toolweave-contamination/1",
            **self.totals(),
            "against": self._against(),
            "findings": findings,
        }

    def _against(self) -> dict[str, Any]:
        rows = self.screen.rows
        return {
            "files": dict(Counter(row.file for row in rows)),
            "rows_without_question": sum(not row.questions for row in rows),
            "questions": sum(len(row.questions) for row in rows),
            "questions_too_short": self.screen.too_short,
            "tools": len({tool.name for row in rows for tool in row.tools}),
            "constants": len({value for row in rows for value in row.constants}),
        }


def screen_samples(samples: Iterable[Sample], screen: Screen) -> ContaminationReport:
    """Hold every sample against the benchmark rows."""
    report = ContaminationReport(screen)
    for position, sample in enumerate(samples):
        report.samples += 1
        found = screen.findings(sample)
        if found:
            report.findings.setdefault(sample.id, []).extend(found)
        if any(map(_condemns, found)):
            report.condemned.add(position)
    return report


def _condemns(finding: Finding) -> bool:
    return finding.contaminated
