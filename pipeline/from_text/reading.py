"""Who reads the texts: the rules, or the model behind the teacher, held against the text; what it said is kept.

A file that a model gives no usable reading of is read by the rules, and so are steps; the run's events say which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from toolweave.agent.roles import Model
from toolweave.agent.texts.aligning import Aligner, Asked
from toolweave.agent.texts.asks import StepsAsk, StepsMeaning, TextAsk, TextReader, TextReading
from toolweave.agent.texts.finding import find_procedures
from toolweave.agent.texts.matching import Matcher, Wording
from toolweave.agent.texts.meaning import mapped_of, procedures_of
from toolweave.agent.texts.procedures import Procedure
from toolweave.agent.texts.proposing import Proposal, propose
from toolweave.agent.texts.resolving import Mapped
from toolweave.pipeline.from_text.texts import read_text
from toolweave.pipeline.storage.jsonl import read_json
from toolweave.pipeline.storage.store import Store
from toolweave.servers.errors import EndpointUnusable, TeacherError
from toolweave.servers.tools import Tool

LONGEST = 12_000
"""Characters of a text that a model reads at once; longer ones are cut where a heading or an empty line is."""
MOST_TOOLS = 40
"""Tools that a model chooses from for one procedure; of more, those that the rules find likeliest for its steps."""
PER_STEP = 8
READINGS = "readings.json"


@dataclass(frozen=True, slots=True)
class Meant:
    """One procedure with the tool of each step, and what is proposed where there is none."""

    procedure: Procedure
    """As it was read; one that goes on with another one is part of it."""
    mapped: Sequence[Mapped]
    proposals: list[Proposal | None]


@dataclass
class Readings:
    """What a model has said of the texts, as the run directory keeps it."""

    texts: dict[str, TextReading]
    """File and first line of each part that was read."""
    steps: dict[str, StepsMeaning]
    """Number of a procedure → what its steps mean."""


@dataclass
class Reader:
    """Reads texts and steps for one run."""

    model: Model
    store: Store
    seed: int
    simulate: bool

    def __post_init__(self) -> None:
        path = self.store.root / READINGS
        self._said = _adapter().validate_python(read_json(path)) if path.exists() else Readings({}, {})

    async def procedures(self, files: Sequence[Path]) -> list[Procedure]:
        """All procedures of some files, in order.

        Raises:
            ToolweaveError: A file cannot be read, or the endpoint cannot be used at all.
        """
        found = [one for path in files for one in await self._procedures_in(path)]
        self._keep()
        return found

    async def _procedures_in(self, path: Path) -> list[Procedure]:
        text = read_text(path)
        if not isinstance(self.model, TextReader):
            return find_procedures(text, str(path))
        found: list[Procedure] = []
        for ask in asks_of(text, str(path), self.seed):
            key = f"{path}:{ask.first}"
            try:
                self._said.texts[key] = self._said.texts.get(key) or await self.model.read_text(ask)
            except EndpointUnusable:
                raise
            except TeacherError as error:
                self.store.record("read by rule", file=str(path), reason=str(error))
                return find_procedures(text, str(path))
            found += procedures_of(self._said.texts[key], ask)
        return found

    async def meant(self, procedures: Sequence[Procedure], matcher: Matcher) -> list[Meant]:
        """What the steps of every procedure mean, by the schemas of the tools.

        Raises:
            EndpointUnusable: The endpoint cannot be used at all.
        """
        aligner = Aligner(matcher, matcher.box.graph({}))
        read = {number: await self._by_model(number, one, matcher) for number, one in enumerate(procedures)}
        self._keep()
        ruled = by_rule(
            [(one, ()) for number, one in enumerate(procedures) if read[number] is None], aligner, self.simulate
        )
        found = [one for one in read.values() if one is not None]
        return sorted([*found, *ruled], key=lambda one: procedures.index(one.procedure)) if found else ruled

    async def _by_model(self, number: int, procedure: Procedure, matcher: Matcher) -> Meant | None:
        """What a model says; `None` where there is none, or nothing that can be used."""
        if not isinstance(self.model, TextReader):
            return None
        ask = StepsAsk(procedure, _likely(procedure, matcher), self.seed)
        try:
            key = str(number)
            self._said.steps[key] = self._said.steps.get(key) or await self.model.map_steps(ask)
        except EndpointUnusable:
            raise
        except TeacherError as error:
            self.store.record("mapped by rule", file=procedure.file, title=procedure.title, reason=str(error))
            return None
        mapped, proposals = mapped_of(self._said.steps[key], ask)
        return Meant(procedure, mapped, proposals if self.simulate else [None] * len(proposals))

    def _keep(self) -> None:
        if isinstance(self.model, TextReader):
            self.store.write_json(READINGS, _adapter().dump_python(self._said, mode="json"))


def by_rule(asked: Sequence[Asked], aligner: Aligner, simulate: bool) -> list[Meant]:
    """What the steps mean as the rules see it; a tool that the text names, and no server has, is never made up."""
    found: list[Meant] = []
    for (procedure, _), aligned in aligner.align_all(asked):
        proposals: list[Proposal | None] = []
        for one in aligned.mapped:
            wanted = simulate and procedure.sure and one.tool is None and not one.named
            proposals.append(propose(one.step, proposals) if wanted else None)
        found.append(Meant(procedure, aligned.mapped, proposals))
    return found


def settled(mapped: Sequence[Mapped]) -> list[Mapped]:
    """The steps that are not read again: their tools were made for them, or a model has read them."""
    return [one for one in mapped if one.proposed or one.read is not None]


def asks_of(text: str, file: str, seed: int) -> Iterator[TextAsk]:
    """A text in parts that a model can read, cut before headings and at empty lines."""
    part: list[str] = []
    first = 1
    for number, line in enumerate(text.splitlines(), 1):
        if sum(map(len, part)) > LONGEST and (not line.strip() or line.startswith("#")):
            yield TextAsk(file, first, tuple(part), seed)
            part, first = [], number
        part.append(line)
    if any(line.strip() for line in part):
        yield TextAsk(file, first, tuple(part), seed)


def _likely(procedure: Procedure, matcher: Matcher) -> tuple[Tool, ...]:
    """The tools that a model chooses from."""
    tools = matcher.box.tools
    if len(tools) <= MOST_TOOLS:
        return tools
    names = {one.tool.id for step in procedure.steps for one in matcher.ranked(Wording(step.text))[:PER_STEP]}
    return tuple(tool for tool in tools if tool.id in names)


def _adapter() -> TypeAdapter[Readings]:
    return TypeAdapter(Readings)
