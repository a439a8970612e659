"""From the steps of a procedure to calls: the tool of each, and for every argument what gives it.

Contract: an argument is what the text says, what an earlier step's tool returns, or what the schema fixes or defaults
to. A required one that none of them gives leaves the step unresolved, by name. So does a step that no tool fits, or
that calls a tool by a name that no server has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.texts.matching import FITS, SAME_KIND, Matcher, Meant, Wording
from toolweave.agent.texts.procedures import Procedure, Step
from toolweave.agent.texts.values import Given, Reading, is_looked_for, is_passed_on, slots_of
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.schema import only_value
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

NEAR = 0.12
"""How much worse than the best a tool may be and still be meant, where its arguments are there."""
MOST_MEANT = 4
LACKS = 0.1
"""What a required argument that nothing gives takes from a tool's score."""
LACKS_LOOKING = 0.3
"""The same for a tool that only looks: there may be another one that finds the thing by what the step says."""
USUAL = 0.08
"""What the server that most steps of the procedure use adds."""
FED = 0.3
"""Belief in an edge from which an earlier step's output gives a required argument."""
SURELY_FED = 0.5
"""The same for an argument that may be left out, and that the step speaks of."""
ALIKE = 0.15
"""Difference of beliefs in two edges up to which the later step is meant."""
_POSSESSIVE = frozenset("her his their its".split())


@dataclass(frozen=True, slots=True)
class Returned:
    """An argument that an earlier step's tool returns."""

    step: int
    """Number of that step among the steps of the procedure."""
    field: str
    """Field pattern in its output."""
    item: int = 0


ArgumentSource = Given | Returned


@dataclass(frozen=True, slots=True)
class Mapped:
    """A step with the tool that it means."""

    step: Step
    tool: Tool | None
    score: float = 0.0
    sources: Mapping[str, ArgumentSource] = field(default_factory=dict[str, ArgumentSource])
    """Parameter pattern → what gives it."""
    lacks: tuple[str, ...] = ()
    """Required parameters that nothing gives."""
    read: Mapping[str, Given] | None = None
    """What a model has found in the text for its parameters; `None`: they are read by rule."""
    why: str = ""
    """Why no tool was found."""
    named: bool = False
    """Whether the text calls for a tool by a name that no server has."""
    proposed: bool = False
    """Whether the tool was made from the step itself."""

    @property
    def problem(self) -> str | None:
        """Why the step cannot become a call; `None` when it can."""
        if self.tool is None:
            return self.why
        if self.lacks:
            name = self.lacks[0]
            return f"{self.tool.id}: neither the text nor an earlier step gives {name!r}"
        return None


class Resolver:
    """Maps procedures to the tools of some servers.

    Args:
        matcher: Knows the tools.
        graph: Which tool feeds which.
    """

    def __init__(self, matcher: Matcher, graph: ToolGraph) -> None:
        self._matcher = matcher
        self._box = matcher.box
        self._graph = graph

    def map(self, procedure: Procedure, known: Sequence[Mapped] | None = None) -> list[Mapped]:
        """Every step with its tool and arguments; `known` are the steps with tools that were chosen before."""
        tools = [one.tool for one in known or () if one.tool is not None and not one.proposed]
        reading = Reading(self._box, procedure, tools)
        wordings = [Wording(step.text) for step in procedure.steps]
        usual = self._usual(wordings) if known is None else Counter[str]()
        mapped: list[Mapped] = []
        about = Wording(procedure.title).things
        for number, (step, wording) in enumerate(zip(procedure.steps, wordings, strict=True)):
            if known is None:
                found = self._choose(reading, step, wording, about, usual, mapped)
            elif (tool := known[number].tool) is None or known[number].proposed:
                found = known[number]
            else:
                found = self._filled(reading, step, tool, known[number].score, mapped, known[number].read)
            mapped.append(found)
            about = wording.things if wording.things and not wording.points_back else about
        return mapped if known is not None or not self._mend(procedure, mapped) else self.map(procedure, mapped)

    def _mend(self, procedure: Procedure, mapped: list[Mapped]) -> bool:
        """Where a later step needs what nothing gives, a step that no tool fits may be the one that finds it."""
        mended = False
        for at, later in enumerate(mapped):
            if (needing := later.tool) is None:
                continue
            for path in later.lacks:
                edges = [edge for edge in self._graph.into(needing.id) if edge.target_param == path]
                sources = {edge.source for edge in edges if edge.confidence >= FED}
                for number in reversed(range(at)):
                    step = mapped[number]
                    if step.tool is not None or step.named:
                        continue
                    ranked = self._matcher.ranked(Wording(step.step.text), Wording(procedure.title).things)
                    found = next((one for one in ranked if one.tool.id in sources and one.verb >= SAME_KIND), None)
                    if found is not None:
                        mapped[number] = Mapped(step.step, found.tool, found.score)
                        mended = True
                        break
        return mended

    def _usual(self, wordings: Sequence[Wording]) -> Counter[str]:
        """Server → share of the steps that its tools may serve."""
        found: Counter[str] = Counter()
        for wording in wordings:
            ranked = [one for one in self._matcher.ranked(wording)[:MOST_MEANT] if one.score >= FITS]
            for server in {one.tool.server for one in ranked if one.score >= ranked[0].score - NEAR}:
                found[server] += 1
        return found

    def _choose(
        self, reading: Reading, step: Step, wording: Wording, about: Sequence[Sequence[str]], usual: Counter[str],
        before: Sequence[Mapped],
    ) -> Mapped:  # fmt: skip
        named, unknown = self._matcher.named(step.text)
        if named is not None:
            return self._filled(reading, step, named, 1.0, before)
        if unknown:
            why = f"the text names {unknown!r}, and no server has a tool of that name"
            return Mapped(step, None, why=why, named=True)
        ranked = self._matcher.ranked(wording, about)
        fitting = [one for one in ranked if _fits(one)]
        wide = LACKS_LOOKING if fitting and self._looks(fitting[0].tool) else NEAR
        near = [one for one in fitting if one.score >= fitting[0].score - wide - USUAL]
        near = [one for one in near if self._looks(one.tool) == self._looks(near[0].tool)][:MOST_MEANT]
        if not near:
            return Mapped(step, None, why=f"no tool fits {step.text!r}")
        total = max(usual.values(), default=1) or 1
        tried = [(one, self._filled(reading, step, one.tool, one.score, before)) for one in near]
        return max(
            tried,
            key=lambda pair: (
                pair[0].score
                + USUAL * usual[pair[0].tool.server] / total
                - (LACKS_LOOKING if self._looks(pair[0].tool) else LACKS) * len(pair[1].lacks)
            ),
        )[1]

    def _looks(self, tool: Tool) -> bool:
        return self._box.purposes[tool.id].nouns.deed in ("seek", "read")

    def _filled(
        self,
        reading: Reading,
        step: Step,
        tool: Tool,
        score: float,
        before: Sequence[Mapped],
        read: Mapping[str, Given] | None = None,
    ) -> Mapped:
        """The step with everything that gives its arguments."""
        said = reading.of_step(step, tool) if read is None else read
        sources: dict[str, ArgumentSource] = {}
        lacks: list[str] = []
        slots = slots_of(self._box, tool)
        bare = not said and not any(slot.parameter.required for slot in slots)
        reading.begin(said)
        for slot in slots:
            source = (
                said.get(slot.path)
                or said.get(slot.path.removesuffix("[]"))
                or self._found(reading, step, slot, tool, before)
            )
            if source is None and bare and not sources and is_looked_for(slot):
                source = reading.labelled(step, slot, needed=True) or reading.around(step, slot)
            if source is not None:
                sources[slot.path] = source
            elif slot.parameter.required:
                lacks.append(slot.path)
        return Mapped(step, tool, score, sources, tuple(lacks), read)

    def _found(
        self, reading: Reading, step: Step, slot: Slot, tool: Tool, before: Sequence[Mapped]
    ) -> ArgumentSource | None:
        """What gives an argument that the step itself does not say."""
        returned = self._returned(slot, tool, before, FED if slot.parameter.required else SURELY_FED)
        if not slot.parameter.required:
            spoken_of = returned is not None and is_identifying(slot.parameter) and _speaks_of(step, slot)
            return reading.labelled(step, slot, needed=False) or (returned if spoken_of else None)
        if (only := only_value(slot.parameter.schema)) is not None:
            return Given(only[1], "const")
        if is_identifying(slot.parameter) and returned is not None:
            return returned
        said = reading.labelled(step, slot, needed=True) or reading.around(step, slot)
        found = said or self._passed_on(slot, tool, before) or returned
        if found is None and "default" in slot.parameter.schema:
            return Given(slot.parameter.schema["default"], "default")
        return found

    def _returned(self, slot: Slot, tool: Tool, before: Sequence[Mapped], least: float) -> Returned | None:
        """The earlier step whose output gives an argument: the likeliest, of like ones the latest."""
        found: list[tuple[Edge, int]] = [
            (edge, number)
            for edge in self._graph.into(tool.id)
            if edge.target_param == slot.path and edge.confidence >= least
            for number, one in enumerate(before)
            if one.tool is not None and one.tool.id == edge.source
        ]
        if not found:
            return None
        best = max(edge.confidence for edge, _ in found)
        near = [one for one in found if one[0].confidence >= best - ALIKE]
        edge, number = max(near, key=lambda one: (one[1], one[0].confidence))
        return Returned(number, edge.source_field)

    def _passed_on(self, slot: Slot, tool: Tool, before: Sequence[Mapped]) -> Given | None:
        """What an earlier step of the same server says for a parameter of the same name."""
        if not is_passed_on(slot):
            return None
        for one in reversed(before):
            source = one.sources.get(slot.path)
            if one.tool is not None and one.tool.server == tool.server and isinstance(source, Given):
                return Given(source.value, "earlier", source.text, source.line)
        return None


def _fits(meant: Meant) -> bool:
    return meant.score >= FITS and meant.verb > 0.0 and meant.thing > 0.0


def _speaks_of(step: Step, slot: Slot) -> bool:
    """Whether a step points at the thing that a parameter identifies."""
    said = {*words(step.text), *step.text.lower().split()}
    return bool(said & _POSSESSIVE) or bool(set(slot.own[:-1]) & said)
