"""The student's next step: calls, the end of the turn, a question for what only the user knows, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.correcting import is_correction
from toolweave.agent.offline.fitting import Slot, fit
from toolweave.agent.offline.following import Follower, parameter_label
from toolweave.agent.offline.guidance import Correction, Guidance, read_guidance
from toolweave.agent.offline.listening import REQUIRED_FIRST, Listener
from toolweave.agent.offline.remaking import made_again
from toolweave.agent.offline.several import things_named
from toolweave.agent.offline.supplying import DEEPEST, Supplier, Terms
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.twinning import twins
from toolweave.agent.offline.ways import Way
from toolweave.servers.json_values import as_list
from toolweave.servers.tools import Tool

SURE = 0.8
"""Fit from which a mention says an optional parameter of a tool that a hint asks for."""
MOST_AT_ONCE = 6
COVERED = 0.85
"""Share of the words of what is wanted that a tool must have to be taken for fitting."""


@dataclass
class Decision:
    """What the student does next."""

    way: Way | None
    """`None` makes no call."""
    goal: Tool | None
    redirected: bool = False
    """Whether a hint, or an error, chose the tool."""
    beside: list[Way] = field(default_factory=list[Way])
    """Further calls of the same step."""
    lacking: tuple[Tool, Slot] | None = None
    """A value to ask the user for, with the tool that needs it."""
    refuses: bool = False
    """Whether nothing on offer can do it."""

    @property
    def calls(self) -> list[Way]:
        """The calls to make now, the first one leading."""
        return [self.way.ready, *self.beside] if self.way is not None else []


def decide(box: Toolbox, situation: Situation, hints: Sequence[str], goal_text: str) -> Decision:
    """The next step; what hints rejected is found again by thinking as far as each of them came.

    `goal_text` describes the equivalent composite tool.
    """
    return _Drafts(box, situation, tuple(hints), goal_text).after(len(hints))


@dataclass
class _Drafts:
    """What the student decides after each hint; only the drafts that matter are made."""

    box: Toolbox
    situation: Situation
    hints: tuple[str, ...]
    goal_text: str
    made: dict[int, Decision] = field(default_factory=dict[int, Decision])

    def after(self, number: int) -> Decision:
        """The decision that follows from the first `number` hints."""
        if number not in self.made:
            guidance = read_guidance(self.hints[:number])
            for correction in guidance.corrections:
                correction.excluded += [
                    value for at in correction.wrong_at for value in _drafted(self.after(at), correction)
                ]
            self.made[number] = Student(self.box, self.situation, guidance, self.goal_text).decide()
        return self.made[number]


def _drafted(draft: Decision, correction: Correction) -> list[Any]:
    """The value that a draft had for the parameter that a hint speaks of."""
    made = draft.calls if draft.way is not None else []
    values = [item.value for way in made for item in way.filled if parameter_label(item.path) == correction.label]
    return [part for value in values for part in (as_list(value) or [value])]


class Student:
    """Decides one step."""

    def __init__(
        self, box: Toolbox, situation: Situation, guidance: Guidance, goal_text: str, *, alone: bool = False
    ) -> None:
        self.box = box
        self.situation = situation
        self.guidance = guidance
        self.goal_text = goal_text
        ids = {name: tool.id for name, tool in box.by_name.items()}
        graph = box.graph(_observed(situation, ids))
        self.made = [ids.get(call.name, "") for call in situation.here if not call.failed]
        self.follower = Follower(box, guidance, self.made, situation.request)
        self.listener = Listener(box, graph, situation, self.follower, alone)
        self.supplier = Supplier(box, situation, graph, self.follower, self.listener, ids, self.made, alone)

    def decide(self) -> Decision:
        """The next step."""
        goal = self._goal()
        pointed = None if self.guidance.close else self.follower.pointed_at()
        if pointed is not None:
            return self._unless_refused(Decision(self._before_goal(pointed, goal), goal, redirected=True))
        if (asked := self._told_to_ask()) is not None:
            return Decision(None, goal, lacking=asked)
        if self._refuses():
            return Decision(None, goal, refuses=True)
        if goal is None or self.guidance.close or goal.id in self.made:
            return Decision(None, goal)
        if (again := self._made_again(goal)) is not None:
            return Decision(again, goal)
        way = self.supplier.way(goal, Terms(self.listener.taken))
        if way.gaps and not self.situation.here and not self.situation.question:
            return Decision(None, goal, lacking=way.gaps[0])
        return self._unless_refused(Decision(way, goal))

    def _goal(self) -> Tool | None:
        ruled_out = {tool.id for tool in self.follower.ruled_out()} - set(self.made)
        ranked = self.box.ranked(self.situation.request, _goal_of(self.goal_text))
        return next((tool for _, tool in ranked if tool.id not in ruled_out), None)

    def _told_to_ask(self) -> tuple[Tool, Slot] | None:
        """The value that a hint says to ask for, unless that has been done."""
        if self.situation.question:
            return None
        for correction in self.guidance.corrections:
            if correction.ask:
                tool = self.follower.meant(correction.purpose)
                slots = self.supplier.slots(tool)
                return next(((tool, slot) for slot in slots if parameter_label(slot.path) == correction.label), None)
        return None

    def _refuses(self) -> bool:
        """Whether nothing on offer can do what is wanted."""
        if self.situation.here or self.situation.insisted:
            return False
        return self.guidance.refuse or self.box.coverage(_goal_of(self.goal_text)) < COVERED

    def _before_goal(self, tool: Tool, goal: Tool | None) -> Way:
        """The call that a hint asks for; what the request says for the goal is left to the goal."""
        spent = self.listener.taken
        if goal is None or goal.id == tool.id or goal.id in self.made:
            return self.supplier.way(tool, Terms(spent, DEEPEST))
        slots = self.supplier.slots(goal)
        said = self.listener.said(goal, slots, spent)
        own = [slot for slot in slots if slot.path in said and not self._gives(tool, goal, slot)]
        claimed = {index: slot for slot in own for index in said[slot.path].mentions}
        kept = frozenset(index for index, slot in claimed.items() if self._fits_better(index, slot, tool))
        return self.supplier.way(tool, Terms(spent | kept, DEEPEST, given=tuple(said.values()), sure=SURE))

    def _gives(self, tool: Tool, goal: Tool, slot: Slot) -> bool:
        """Whether a tool is known to give a parameter of the goal."""
        edges = self.box.feeding(self.supplier.graph, goal, slot.path)
        return any(edge.source == tool.id for edge in edges)

    def _fits_better(self, index: int, slot: Slot, tool: Tool) -> bool:
        """Whether a mention fits a parameter of the goal better than any of another tool, required ones favoured."""
        mention = self.listener.mentions[index]
        slots = self.supplier.slots(tool)
        rivals = [fit(mention, other) + REQUIRED_FIRST * other.parameter.required for other in slots]
        return fit(mention, slot) + REQUIRED_FIRST * slot.parameter.required >= max(rivals, default=0.0)

    def _made_again(self, goal: Tool) -> Way | None:
        """The goal's earlier call with what the user wants otherwise."""
        if not is_correction(self.situation.request):
            return None
        name = self.box.names[goal.id]
        before = [call for call in self.situation.calls if call.name == name and not call.now and not call.failed]
        return made_again(self.supplier, goal, before[-1]) if before else None

    def _unless_refused(self, decision: Decision) -> Decision:
        """The decision with all that belongs into the same step; what a server refused is not simply repeated."""
        assert decision.way is not None
        refused = self._refusal_of(decision.way.ready)
        if refused is not None:
            return self._enabling(refused, decision)
        decision.beside = self._beside(decision.way, decision.goal)
        return decision

    def _refusal_of(self, way: Way) -> Seen | None:
        """The call that failed just like this one would, with nothing done since."""
        name, arguments = self.box.names[way.tool.id], way.arguments()
        for call in reversed(self.situation.here):
            if not call.failed:
                return None
            if call.name == name and call.arguments == arguments:
                return call
        return None

    def _enabling(self, refused: Seen, decision: Decision) -> Decision:
        """What the server's objection speaks of comes first; without such a tool, nothing more can be done."""
        failed = self.box.by_name[refused.name]
        tried = {failed.id, *self.made}
        ranked = self.box.ranked(refused.text)
        first = next((tool for score, tool in ranked if tool.id not in tried and score > 0.0), None)
        if first is None:
            return Decision(None, decision.goal)
        return Decision(self.supplier.way(first, Terms(self.listener.taken, DEEPEST)), failed, redirected=True)

    def _for_several(self, way: Way, goal: Tool | None) -> bool:
        """Whether the request wants the same for further things, where it speaks of this call or what it is for."""
        behind = self.listener.behind
        tools = [way.ready.tool, way.tool, *([goal] if goal is not None else [])]
        return behind is not None and any(self.listener.clauses.speaks_of(behind[0], tool) for tool in tools)

    def _beside(self, way: Way, goal: Tool | None) -> list[Way]:
        """Calls that need nothing of this one and belong into the same step."""
        calls = [way.ready]
        if self.guidance.single:
            return []
        for text in self.guidance.together:
            tool = self.follower.meant(text)
            if tool.id not in self.made:
                self._join(calls, self._along(tool, way, calls), told=True)
        if self._for_several(way, goal):
            for other in twins(self.supplier, way):
                self._join(calls, other)
            most = min(MOST_AT_ONCE, 1 + things_named(self.situation.request))
            while len(calls) < most and self._join(calls, self._like(calls[0].tool, calls, told=True)):
                pass
        return calls[1 : max(1, len(calls) - self.guidance.fewer)]

    def _join(self, calls: list[Way], other: Way | None, *, told: bool = False) -> bool:
        """Take a call into the step unless it is there already, or lacks something; one that a hint wants may."""
        known = [(call.tool.id, call.arguments()) for call in calls]
        if other is None or other.before or (other.lacking and not told) or (other.tool.id, other.arguments()) in known:
            return False
        calls.append(other)
        return True

    def _along(self, tool: Tool, way: Way, calls: Sequence[Way]) -> Way | None:
        """A call that a hint wants in the same step: one on the way, one like those that are made, or another."""
        if any(call.tool.id == tool.id for call in calls):
            return self._like(tool, calls)
        planned = [ready for ready in way.at_once if ready.tool.id == tool.id]
        taken = self.listener.taken | {index for call in calls for item in call.filled for index in item.mentions}
        given = tuple(item for call in calls for item in call.filled)
        return planned[0] if planned else self.supplier.way(tool, Terms(taken, DEEPEST, given=given))

    def _like(self, tool: Tool, calls: Sequence[Way], *, told: bool = False) -> Way | None:
        """One more call of the same tool about something else; what is `told` in the request is not meant."""
        alike = tuple(call for call in calls if call.tool.id == tool.id)
        used = {index for call in alike for item in call.filled for index in item.mentions}
        taken = frozenset(range(len(self.listener.mentions))) if told else self.listener.taken | used
        given = tuple(alike[0].filled)
        return self.supplier.way(tool, Terms(taken, DEEPEST, given=given, beside=alike, anything=not told))


def _observed(situation: Situation, ids: dict[str, str]) -> dict[str, tuple[str, ...]]:
    seen: dict[str, set[str]] = {}
    for call in situation.calls:
        if call.name in ids and not call.failed:
            seen.setdefault(ids[call.name], set()).update(leaf.pattern for leaf in call.leaves)
    return {tool: tuple(sorted(found)) for tool, found in sorted(seen.items())}


def _goal_of(goal_text: str) -> str:
    """The first sentence: what is to be done, without what it takes."""
    return goal_text.partition(". ")[0]
