"""From the steps of a procedure to calls: all steps together are read in the way that fits best.

Every step may mean any of the tools whose words are near to its own, may only say a value of the step before it, or
may mean no tool at all. A reading is worth the sum of how well its parts fit (`weighing.py`). Where another reading is
worth nearly as much and takes a step for another tool, the step is left open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from toolweave.agent.texts.matching import Matcher, Meant, Wording
from toolweave.agent.texts.procedures import Procedure, Remark, Step, joined
from toolweave.agent.texts.resolving import Filler, Mapped, Returned
from toolweave.agent.texts.thesaurus import same_noun
from toolweave.agent.texts.values import Given, Reading
from toolweave.agent.texts.weighing import Place, Weigher, said_in
from toolweave.graph.model import ToolGraph
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

FITS = 0.68
"""What a step is worth that is taken to mean none of the tools."""
PERHAPS = 0.1
"""How much better a tool must fit a statement than an order."""
BELONGS = 0.08
"""What it adds that a clause says a value of the step before it."""
LABELS = 0.25
"""What it adds that the clause speaks of nothing else."""
CLEARLY = 0.08
"""How much better than with any other tool a procedure must read for a step to be decided."""
NOVEL = 0.45
"""Likeness in words of the best tool below which a step is taken to mean something that no server does."""
MOST_MEANT = 7
"""Tools that are tried for a step."""
MOST_MORE = 4
SURE_DEED = 0.8
LEAST = 0.1
"""How much less than no tool at all a tool may be worth that the other steps speak for."""
WIDTH = 10
"""Readings of a procedure that are kept while it is read."""


Asked = tuple[Procedure, Sequence[Mapped]]
"""A procedure with those of its steps that are settled: a model has read them, or their tools were made for them."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """A procedure with what its steps mean; steps that only say a value are part of the one before."""

    procedure: Procedure
    mapped: tuple[Mapped, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A reading of the first steps of a procedure."""

    steps: tuple[Mapped, ...] = ()
    score: float = 0.0
    left: tuple[Step, ...] = ()
    """What was taken to say nothing."""


class Aligner:
    """Maps procedures to the tools of some servers.

    Args:
        matcher: Knows the tools.
        graph: Which tool feeds which.
    """

    def __init__(self, matcher: Matcher, graph: ToolGraph) -> None:
        self._matcher = matcher
        self._box = matcher.box
        self._graph = graph
        self._weigher = Weigher(matcher, graph)

    def align_all(self, asked: Sequence[Asked]) -> list[tuple[Asked, Aligned]]:
        """Every procedure; one that needs what an earlier one of its text gives goes on with that one.

        A procedure that only its tools could show to be one is left out where no step of it becomes a call.
        """
        found: list[tuple[Asked, Aligned]] = []
        for one in asked:
            aligned = self.align(*one)
            lacking = _open(aligned)
            if found and lacking and found[-1][0][0].file == one[0].file:
                both = joined(found[-1][0][0], one[0]), (*found[-1][0][1], *one[1])
                whole = self.align(*both)
                if _open(whole) < lacking + _open(found[-1][1]) and _goes_on(
                    whole, both[0].steps[len(found[-1][0][0].steps)]
                ):
                    found[-1] = both, whole
                    continue
            if one[0].sure or any(step.tool is not None and step.problem is None for step in aligned.mapped):
                found.append((one, aligned))
        return found

    def align(self, procedure: Procedure, known: Sequence[Mapped] = ()) -> Aligned:
        """Every step with its tool and arguments, as they fit together best.

        Args:
            procedure: What is read.
            known: Steps that are settled: a model has read them, or their tools were made for them.
        """
        told = self._read(procedure, known, ())
        if procedure.facts:  # which of the tools a labelled value is for, shows only when all tools are known
            told = self._read(
                procedure, known, [one.tool for one in told[0].steps if one.tool is not None and not one.proposed]
            )
        mapped = tuple(_decided(told))
        remarks = tuple(Remark(one.text, one.lines, "it asks for nothing") for one in told[0].left)
        steps = tuple(one.step for one in mapped)
        return Aligned(replace(procedure, steps=steps, remarks=procedure.remarks + remarks), mapped)

    def _read(self, procedure: Procedure, known: Sequence[Mapped], tools: Sequence[Tool]) -> list[Told]:
        """The readings of all steps that are worth most, the best first."""
        settled = {one.step: one for one in known}
        ranked = self._ranked(procedure)
        usual = self._weigher.usual(procedure, ranked)
        reading = Reading(self._box, procedure, tools)
        filler = Filler(self._box, self._graph, reading)
        beam = [Told()]
        behind = [*(step.follows for step in procedure.steps[1:]), False]
        for step, near, followed in zip(procedure.steps, ranked, behind, strict=True):
            place = Place(step, near, usual, settled.get(step), followed, procedure.sure)
            found = [more for told in beam for more in self._readings(told, filler, place)]
            beam = sorted(found, key=lambda one: -one.score)[:WIDTH]
        return beam

    def _ranked(self, procedure: Procedure) -> list[list[Meant]]:
        """For every step the tools that it may mean by its words."""
        found: list[list[Meant]] = []
        about = Wording(procedure.title).things
        servers = self._weigher.about(procedure)
        likely = max(servers, key=lambda one: servers[one], default="")
        for step in procedure.steps:
            wording = Wording(step.text, step.detail)
            found.append(self._near(wording, about, likely) if step.role != "beside" else [])
            if step.role != "beside":
                about = wording.things if wording.things and not wording.points_back else about
        return found

    def _near(self, wording: Wording, about: Sequence[Sequence[str]], server: str) -> list[Meant]:
        """The tools whose words are near to a step's, and those of the likeliest server that do the same deed."""
        ranked = self._matcher.ranked(wording, about)
        more = [one for one in ranked[MOST_MEANT:] if one.tool.server == server and one.verb >= SURE_DEED]
        return ranked[:MOST_MEANT] + more[:MOST_MORE]

    def _readings(self, told: Told, filler: Filler, place: Place) -> Iterator[Told]:
        """What a step may become, behind the steps before it."""
        step, before = place.step, told.steps
        certain = self._certain(filler, place, before)
        if certain is not None:
            yield self._more(told, certain, 1.0, filler)
            return
        if step.follows and before and (merged := self._merged(told, filler, step)) is not None:
            yield merged
        likely = bool(place.near) and place.near[0].score >= NOVEL
        if step.role == "order" and (place.sure or likely):
            none = Mapped(step, None, FITS, why=f"no tool fits {step.text!r}", named=likely)
            yield Told((*before, none), told.score + FITS, told.left)
        else:
            yield Told(before, told.score + FITS, (*told.left, step))
        for one in place.near:
            filled = filler.filled(step, one.tool, before)
            score = self._weigher.weigh(place, one, filler.reading, before, filled)
            if step.role == "order" and score >= FITS - LEAST:
                yield self._more(told, filled, score, filler)
            elif step.role == "perhaps" and score >= FITS + PERHAPS:
                yield Told((*before, replace(filled, score=score)), told.score + score, told.left)

    def _certain(self, filler: Filler, place: Place, before: Sequence[Mapped]) -> Mapped | None:
        """What a step is that is settled, or that calls a tool by its name; `None` where it has to be found out."""
        step, settled = place.step, place.settled
        if settled is not None:
            read = settled.tool is not None and settled.read is not None and not settled.proposed
            return filler.filled(step, settled.tool, before, settled.read) if read and settled.tool else settled
        named, unknown = self._matcher.named(step.text)
        if named is not None:
            return filler.filled(step, named, before)
        why = f"the text names {unknown!r}, and no server has a tool of that name"
        return Mapped(step, None, why=why, named=True) if unknown else None

    def _more(self, told: Told, filled: Mapped, score: float, filler: Filler) -> Told:
        more = filler.with_look_ups(filled, told.steps)
        steps = (*told.steps, *more[:-1], replace(more[-1], score=score))
        return Told(steps, told.score + score, told.left)

    def _merged(self, told: Told, filler: Filler, step: Step) -> Told | None:
        """The reading where a clause only says a value of the step before it."""
        last = told.steps[-1]
        if last.tool is None or last.proposed or last.looked_up:
            return None
        detail = f"{last.step.detail}. {step.text}".removeprefix(". ")
        whole = replace(last.step, detail=detail, lines=(last.step.lines[0], max(last.step.lines[1], step.lines[1])))
        filled = filler.filled(whole, last.tool, told.steps[:-1])
        old, new = said_in(last), said_in(filled)
        if not all(new.get(path) == value for path, value in old.items()) or len(new) <= len(old):
            return None
        if step.role == "beside" and any(not filler.is_plain(last.tool, path) for path in new.keys() - old.keys()):
            return None
        gained = new.keys() - old.keys()
        worth = BELONGS * (1 + sum(path in last.lacks for path in gained)) + LABELS * _only_labels(step, gained)
        return Told((*told.steps[:-1], replace(filled, score=last.score)), told.score + FITS + worth, told.left)


def _open(aligned: Aligned) -> int:
    """How many steps could not become a call."""
    return sum(one.problem is not None for one in aligned.mapped)


def _goes_on(whole: Aligned, second: Step) -> bool:
    """Whether what stands from a step on uses what the steps before it say or return."""
    lines = second.lines[0]
    early = {number for number, one in enumerate(whole.mapped) if one.step.lines[0] < lines}
    return any(
        (isinstance(source, Returned) and source.step in early)
        or (isinstance(source, Given) and source.origin == "earlier")
        for number, one in enumerate(whole.mapped)
        if number not in early
        for source in one.sources.values()
    )


def _only_labels(step: Step, paths: Collection[str]) -> bool:
    """Whether a clause speaks of nothing but the parameters whose values it gives: `write "old" as the reason`."""
    things = [word for phrase in Wording(step.text).things for word in phrase]
    own = [word for path in paths for word in words(path)]
    return bool(things) and all(any(same_noun(word, one) for one in own) for word in things)


def _decided(beam: Sequence[Told]) -> Iterator[Mapped]:
    """The best reading; a step that another reading of nearly the same worth takes for something else is left open."""
    best = beam[0]
    for one in best.steps:
        rival = next(
            (told for told in beam[1:] if (other := _of(told, one.step)) is not None and other is not one.tool), None
        )
        if one.tool is None or one.proposed or one.looked_up or rival is None or rival.score <= best.score - CLEARLY:
            yield one
            continue
        other = _of(rival, one.step)
        yield Mapped(
            one.step, None, why=f"{one.step.text!r} may mean {one.tool.id} or {other and other.id}", named=True
        )


def _of(told: Told, step: Step) -> Any:
    """The tool that a reading takes a step for."""
    return next(
        (
            one.tool
            for one in told.steps
            if one.step.lines[0] == step.lines[0] and one.step.text == step.text and not one.looked_up
        ),
        None,
    )
