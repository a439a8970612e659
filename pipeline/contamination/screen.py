"""Holds samples against benchmark rows and says what they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from toolweave.pipeline.contamination.benchmark import BenchmarkRow, read_benchmarks
from toolweave.pipeline.contamination.constants import constants_in
from toolweave.pipeline.contamination.paraphrase import ParaphraseIndex
from toolweave.pipeline.contamination.shapes import ToolShape, shape
from toolweave.pipeline.contamination.wording import WordingIndex
from toolweave.pipeline.contamination.words import jaccard
from toolweave.pipeline.sample import Sample, called
from toolweave.servers.json_values import as_object

Rule = Literal["words", "paraphrase", "tool", "constants", "tool_name", "schema", "constant"]
CONTAMINATED: frozenset[Rule] = frozenset(("words", "paraphrase", "tool", "constants"))
"""Rules that condemn a sample; the others are worth a look."""
SAME_PARAMETERS = 0.8
"""Jaccard of parameters (name and type) from which two schemas are the same."""
FEWEST_PARAMETERS = 3
"""Parameters from which equal schemas under different names are worth a look."""
SAME_DESCRIPTION = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a sample shares with a benchmark row."""

    rule: Rule
    file: str
    row: str
    """The benchmark row: its id or line."""
    where: str
    """Where in the sample: a message or a tool."""
    shared: str
    """The words, name, parameters or values that are in both."""
    score: float
    """1 for what is equal, else the measure of the rule."""

    @property
    def contaminated(self) -> bool:
        """Whether the rule condemns the sample."""
        return self.rule in CONTAMINATED

    def as_json(self) -> dict[str, Any]:
        """The finding as a report has it."""
        return asdict(self) | {"contaminated": self.contaminated}


class Screen:
    """Benchmark rows, indexed. What it says of a sample depends on nothing but the sample."""

    def __init__(self, rows: Sequence[BenchmarkRow]) -> None:
        self.rows = rows
        asked = [(row, text) for row in rows for text in row.questions]
        self._owners = [row for row, _ in asked]
        self._wording = WordingIndex()
        for _, text in asked:
            self._wording.add(text)
        self._paraphrases = ParaphraseIndex([text for _, text in asked])
        self._tools = _first_of_each(rows)
        self._called = {name: row for row in reversed(rows) for name in row.called}
        self._known: dict[ToolShape, Finding | None] = {}
        """What was found of tools; samples of one run offer the same ones again and again."""
        self._constants: dict[str, list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            for value in row.constants:
                self._constants[value].append(number)

    @classmethod
    def read(cls, paths: Sequence[Path], fields: Sequence[str] = ()) -> Self:
        """A screen over benchmark files.

        Raises:
            ConfigError: A file cannot be read, or holds nothing to compare.
        """
        return cls(read_benchmarks(paths, fields))

    @property
    def too_short(self) -> int:
        """Benchmark texts of so few words that wording cannot be compared."""
        return self._wording.too_short

    def rejection(self, sample: Sample) -> str | None:
        """Why a sample must not be kept; `None` when it shares nothing that condemns it."""
        found = next((finding for finding in self.findings(sample) if finding.contaminated), None)
        return f"{found.where}: shares {found.rule} with {found.file} ({found.row}): {found.shared}" if found else None

    def findings(self, sample: Sample) -> list[Finding]:
        """Everything that a sample shares: wording first, then tools, then values."""
        return [*self._said(sample), *self._offered(sample), *self._held(sample)]

    def _said(self, sample: Sample) -> Iterator[Finding]:
        for number, message in enumerate(sample.messages):
            text, role = str(message.get("content") or ""), message["role"]
            if role == "tool" or not text:
                continue
            where = f"message {number} ({role})"
            if run := self._wording.shared(text, runs_only=role != "user"):
                yield self._finding("words", run.question, where, " ".join(run.words), 1.0)
            elif role == "user" and (like := self._paraphrases.closest(text)):
                yield self._finding("paraphrase", like.question, where, " ".join(like.words), like.cosine)

    def _finding(self, rule: Rule, question: int, where: str, shared: str, score: float) -> Finding:
        owner = self._owners[question]
        return Finding(rule, owner.file, owner.name, where, shared, score)

    def _offered(self, sample: Sample) -> Iterator[Finding]:
        for tool in sample.tools:
            facts = as_object(tool.get("function"))
            own = shape(str(facts.get("name")), as_object(facts.get("parameters")), str(facts.get("description") or ""))
            if own not in self._known:
                self._known[own] = self._alike(own)
            if finding := self._known[own]:
                yield finding

    def _alike(self, own: ToolShape) -> Finding | None:
        matches = [(found, row) for other, row in self._tools if (found := _tool_overlap(own, other))]
        if not matches:
            row = self._called.get(own.key)
            return Finding("tool_name", row.file, row.name, f"tool {own.name}", own.key, 0.0) if row else None
        (rule, score), row = max(matches, key=lambda match: (match[0][0] == "tool", match[0][1]))
        shared = " ".join(sorted(own.parameters)) if rule == "schema" else own.key
        return Finding(rule, row.file, row.name, f"tool {own.name}", shared, round(score, 4))

    def _held(self, sample: Sample) -> Iterator[Finding]:
        asked = [message["content"] for message in sample.messages if message["role"] == "user"]
        own = constants_in([*asked, *(arguments for _, _, arguments in called(sample.messages))])
        shared: dict[int, list[str]] = defaultdict(list)
        for value in sorted(own):
            for number in self._constants.get(value, ()):
                shared[number].append(value)
        if shared:
            number = min(shared, key=lambda row: (-len(shared[row]), row))
            row, values = self.rows[number], shared[number]
            rule: Rule = "constants" if len(values) > 1 else "constant"
            yield Finding(rule, row.file, row.name, "values", " | ".join(values), 1.0)


def _first_of_each(rows: Sequence[BenchmarkRow]) -> list[tuple[ToolShape, BenchmarkRow]]:
    """Every different tool with the first row that offers it."""
    seen: dict[tuple[str, frozenset[str]], tuple[ToolShape, BenchmarkRow]] = {}
    for row in rows:
        for tool in row.tools:
            seen.setdefault((tool.key, tool.parameters), (tool, row))
    return list(seen.values())


def _tool_overlap(own: ToolShape, other: ToolShape) -> tuple[Rule, float] | None:
    """The rule that two tools meet, and the likeness of their parameters."""
    alike = jaccard(own.parameters, other.parameters)
    same = alike >= SAME_PARAMETERS
    if own.key == other.key:
        described = jaccard(own.description, other.description) >= SAME_DESCRIPTION
        return ("tool" if same and (len(own.parameters) > 1 or described) else "tool_name"), alike
    return ("schema", alike) if same and len(own.parameters) >= FEWEST_PARAMETERS else None
