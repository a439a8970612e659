"""From the steps of a procedure to calls: all steps together are read in the way that fits best.

Every step may mean any of the tools whose words are near to its own, may only say a value of the step before it, or
may mean no tool at all. A reading is worth the sum of how well its parts fit (`weighing.py`). Where another reading is
worth nearly as much and takes a step for another tool, the step is left open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from toolweave.agent.texts.hearing import slots_of
from toolweave.agent.texts.matching import Matcher, Meant, Wording
from toolweave.agent.texts.procedures import Procedure, Remark, Step, joined
from toolweave.agent.texts.resolving import Filler, Mapped, Returned
from toolweave.agent.texts.signs import SignKinds, signs_in, takes_sign
from toolweave.agent.texts.thesaurus import LIGHT, SAID_FOR, same_noun
from toolweave.agent.texts.values import Given, Reading
from toolweave.agent.texts.weighing import MOST_USUAL, Place, Weigher, said_in
from toolweave.graph.model import ToolGraph
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

FITS = 0.68
"""What a step is worth that is taken to mean none of the tools."""
PERHAPS = {"perhaps": 0.1, "told": 0.25}
"""How much better a tool must fit a statement than an order."""
GRASPED = 0.45
"""How far a statement must have the verb of a tool, and speak of its thing or say a value for it."""
BELONGS = 0.08
"""What it adds that a clause says a value of the step before it."""
LABELS = 0.25
"""What it adds that the clause speaks of nothing else."""
CLEARLY = 0.04
"""How much better than with any other tool a procedure must read for a step to be decided."""
NOVEL = 0.45
"""Likeness in words of the best tool below which a step is taken to mean something that no server does."""
MOST_MEANT = 7
"""Tools that are tried for a step."""
MOST_MORE = 4
MOST_ALIKE = 10
SURE_DEED = 0.7


POINTS_AT = re.compile(r"\b(?:this|that|these|those|the same) [a-z]+", re.IGNORECASE)
"""A thing that was spoken of before."""
Asked = tuple[Procedure, Sequence[Mapped]]
"""A procedure with those of its steps that are settled: a model has read them, or their tools were made for them."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """A procedure with what its steps mean; steps that only say a value are part of the one before."""

    procedure: Procedure
    mapped: tuple[Mapped, ...]


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
        self._kinds = SignKinds(graph)
        self._weigher = Weigher(matcher, graph)

    def align_all(self, asked: Sequence[Asked]) -> list[tuple[Asked, Aligned]]:
        """Every procedure; one that needs what an earlier one of its text gives goes on with that one.

        A procedure that only its tools could show to be one is left out where no step of it becomes a call.
        """
        found: list[tuple[Asked, Aligned]] = []
        for one in asked:
            aligned = self.align(*one)
            if found and found[-1][0][0].file == one[0].file and _calls(found[-1][1]):
                both = joined(found[-1][0][0], one[0]), (*found[-1][0][1], *one[1])
                whole = self.align(*both)
                if _tells_more(whole, found[-1][1], aligned) and _goes_on(whole, one[0].steps[0]):
                    found[-1] = both, whole
                    continue
            if one[0].sure or _shows_itself(aligned):
                found.append((one, aligned))
        return found

    def align(self, procedure: Procedure, known: Sequence[Mapped] = ()) -> Aligned:
        """Every step with its tool and arguments, as they fit together best.

        Args:
            procedure: What is read.
            known: Steps that are settled: a model has read them, or their tools were made for them.
        """
        mapped, _ = self._read(procedure, known, ())
        mapped, left = self._read(procedure, known, mapped)
        remarks = tuple(Remark(one.text, one.lines, "it asks for nothing") for one in left)
        steps = tuple(one.step for one in mapped)
        return Aligned(replace(procedure, steps=steps, remarks=procedure.remarks + remarks), tuple(mapped))

    def _read(
        self, procedure: Procedure, known: Sequence[Mapped], first: Sequence[Mapped]
    ) -> tuple[list[Mapped], list[Step]]:
        """The steps with their tools, one after the other, and what says nothing.

        Args:
            procedure: What is read.
            known: Steps that are settled.
            first: What was read the first time, if it was.
        """
        settled = {one.step: one for one in known}
        tools = [one.tool for one in first if one.tool is not None and not one.proposed]
        usual = _shares(tools) or self._weigher.usual(procedure)
        filler = Filler(self._box, self._graph, Reading(self._box, self._kinds, procedure, tools))
        mapped: list[Mapped] = []
        left: list[Step] = []
        behind = [*(step.follows for step in procedure.steps[1:]), False]
        for step, near, followed in zip(procedure.steps, self._ranked(procedure), behind, strict=True):
            wanted = _lacking_behind(step, first)
            turned = bool(step.before.strip()) and not (mapped and mapped[-1].step.text in step.before)
            place = Place(step, near, usual, settled.get(step), followed, procedure.sure, turned, wanted)
            self._take(filler, place, mapped, left)
        return mapped, left

    def _ranked(self, procedure: Procedure) -> list[list[Meant]]:
        """For every step the tools that it may mean by its words."""
        found: list[list[Meant]] = []
        about = Wording(procedure.title).things
        servers = self._weigher.usual(procedure)
        likely = max(servers, key=lambda one: servers[one], default="")
        for step in procedure.steps:
            wording = Wording(step.text, step.detail)
            about = Wording(f"told {step.before}").things or about
            found.append(self._near(step, wording, about, likely) if step.role != "beside" else [])
            about = wording.things if wording.things and not wording.points_back else about
        return found

    def _near(self, step: Step, wording: Wording, about: Sequence[Sequence[str]], server: str) -> list[Meant]:
        """The tools whose words are near, those that take the identifiers, and those of the likeliest server."""
        ranked = self._matcher.ranked(wording, about)
        signs = signs_in(f"{step.text} {step.detail}")
        behind = ranked[MOST_MEANT:]
        takers = [one for one in behind if any(self._takes(one.tool, sign) for sign in signs)]
        alike = [one for one in behind if one not in takers and one.tool.server == server]
        return ranked[:MOST_MEANT] + takers[:MOST_MORE] + alike[:MOST_ALIKE]

    def _takes(self, tool: Tool, sign: str) -> bool:
        """Whether a tool takes an identifier of the kind of one."""
        return any(
            takes_sign(slot) and self._kinds.fit(sign, tool.server, slot) == 1.0 for slot in slots_of(self._box, tool)
        )

    def _take(self, filler: Filler, place: Place, before: list[Mapped], left: list[Step]) -> None:
        """Read one step behind those before it: a call, a value of the step before, or nothing that a tool does."""
        certain = self._certain(filler, place, before)
        if certain is not None:
            before.extend(filler.with_look_ups(certain, before))
            return
        step = place.step
        weighed = [one for one in self._weighed(filler, place, before) if _is_grasped(one, place)]
        best = weighed[0] if weighed else None
        least = FITS + PERHAPS.get(step.role, 0.0)
        merged = self._merged(before, filler, step) if step.follows and before else None
        again = best is not None and before and best.tool is before[-1].tool
        if merged is not None and (best is None or again or best.score < FITS + merged[0]):
            before[-1] = merged[1]
        elif best is not None and best.score >= least:
            rival = weighed[1] if len(weighed) > 1 and weighed[1].score > best.score - CLEARLY else None
            unsure = rival is not None or again or best.lacks or not _is_verb_of(best, place)
            if unsure and step.follows and self._only_points(filler, step):
                left.append(step)
            elif rival is None:
                before.extend(filler.with_look_ups(best, before))
            else:
                before.append(_unclear(best, rival))
        elif step.role == "order" and (place.sure or _is_near(place)):
            before.append(Mapped(step, None, FITS, why=f"no tool fits {step.text!r}", named=_is_near(place)))
        else:
            left.append(step)

    def _only_points(self, filler: Filler, step: Step) -> bool:
        """Whether a clause may only say more of what is done with the same thing: `and lay it on the bench`."""
        return Wording(step.text).points_back and not filler.reading.says_values(step)

    def _weighed(self, filler: Filler, place: Place, before: Sequence[Mapped]) -> list[Mapped]:
        """The calls that a step may mean, the likeliest first."""
        found: list[Mapped] = []
        for one in place.near:
            filled = filler.filled(place.step, one.tool, before)
            score = self._weigher.weigh(place, one, filler.reading, before, filled)
            found.append(replace(filled, score=score))
        return sorted(found, key=lambda one: -one.score)

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

    def _merged(self, before: Sequence[Mapped], filler: Filler, step: Step) -> tuple[float, Mapped] | None:
        """The step before with what a clause says for it, and how likely it is that the clause only does that."""
        last = before[-1]
        if last.tool is None or last.proposed or last.looked_up:
            return None
        detail = f"{last.step.detail}. {step.text}".removeprefix(". ")
        whole = replace(last.step, detail=detail, lines=(last.step.lines[0], max(last.step.lines[1], step.lines[1])))
        filled = filler.filled(whole, last.tool, before[:-1])
        old, new = said_in(last, "step", "fact"), said_in(filled, "step", "fact")
        if not all(new.get(path) == value for path, value in old.items()) or len(new) <= len(old):
            return None
        gained = new.keys() - old.keys()
        if step.role == "beside" and any(not filler.is_plain(last.tool, path, new[path], step.text) for path in gained):
            return None
        worth = BELONGS * (1 + sum(path in last.lacks for path in gained)) + LABELS * _only_labels(step, gained)
        return worth, replace(filled, score=last.score)


def _shows_itself(aligned: Aligned) -> bool:
    """Whether what is not told as a procedure is one by its calls: an order, or more than one statement."""
    calls = [one for one in aligned.mapped if one.problem is None and not one.looked_up]
    return len(calls) > 1 or any(one.step.role == "order" for one in calls)


def _lacking_behind(step: Step, mapped: Sequence[Mapped]) -> set[tuple[str, str]]:
    """What the steps behind one lack: tool and parameter."""
    behind = [one for one in mapped if one.step.lines >= step.lines and one.step.text != step.text]
    return {(one.tool.id, path) for one in behind if one.tool is not None for path in one.lacks}


def _calls(aligned: Aligned) -> int:
    """How many steps become a call."""
    return sum(one.problem is None and not one.looked_up for one in aligned.mapped)


def _tells_more(whole: Aligned, first: Aligned, second: Aligned) -> bool:
    """Whether more steps become calls where two procedures are read as one, or one says what an earlier one returns."""
    if _calls(whole) != _calls(first) + _calls(second):
        return _calls(whole) > _calls(first) + _calls(second)
    known = {(one.step.lines, one.step.text): one.sources for one in second.mapped if one.tool is not None}
    return any(
        POINTS_AT.search(one.step.text)
        and one.sources.keys() > known.get((one.step.lines, one.step.text), one.sources).keys()
        for one in whole.mapped
    )


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


def _shares(tools: Sequence[Tool]) -> dict[str, float]:
    """Server → how much of a procedure it does, the one that does most being worth most."""
    count = Counter(tool.server for tool in tools)
    return {server: MOST_USUAL * (many / max(count.values())) ** 2 for server, many in count.items()}


def _is_verb_of(one: Mapped, place: Place) -> bool:
    """Whether the verb of a step is that of the tool that it is taken for."""
    return any(near.tool is one.tool and near.verb >= SURE_DEED for near in place.near)


def _is_grasped(one: Mapped, place: Place) -> bool:
    """Whether a step says by its words what a tool does to what; an order may leave some of it open."""
    if place.step.role == "order":
        return True
    near = next(near for near in place.near if near.tool is one.tool)
    wording = Wording(place.step.text)
    telling = near.verb >= SAID_FOR and wording.verbs[-1] not in LIGHT
    spoken_of = near.thing >= GRASPED or telling or bool(said_in(one)) or wording.points_back
    return near.verb >= GRASPED and spoken_of


def _is_near(place: Place) -> bool:
    """Whether the words of a step are near to those of a tool."""
    return bool(place.near) and place.near[0].score >= NOVEL


def _unclear(one: Mapped, other: Mapped) -> Mapped:
    """A step that may mean two tools."""
    assert one.tool is not None and other.tool is not None
    return Mapped(one.step, None, why=f"{one.step.text!r} may mean {one.tool.id} or {other.tool.id}", named=True)
