"""The student's plan: the goal tool, where each of its values comes from, and the first call that can be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.fitting import GOOD, Slot, fit, value_of
from toolweave.agent.offline.following import Follower, parameter_label
from toolweave.agent.offline.guidance import Correction, Guidance, read_guidance
from toolweave.agent.offline.listening import REQUIRED_FIRST, Listener
from toolweave.agent.offline.results import Candidate, candidates, named_alike, usable
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Filled, Way
from toolweave.graph.fields import leaves
from toolweave.graph.model import ToolGraph
from toolweave.servers.json_values import as_list
from toolweave.servers.tools import Tool

DEEPEST = 5
"""Tools that are planned one behind the other."""
SURE = 0.8
"""Fit from which a mention says an optional parameter of a tool that a hint asks for."""
MISSING = 3.0
"""Cost of a required value that nothing gives."""


@dataclass
class Decision:
    """What the student does next."""

    way: Way | None
    """`None` closes the turn."""
    goal: Tool | None
    redirected: bool = False
    """Whether a hint chose the tool."""


def decide(box: Toolbox, situation: Situation, hints: Sequence[str], goal_text: str) -> Decision:
    """The next step; what hints rejected is found again by thinking as far as each of them came.

    `goal_text` describes the equivalent composite tool.
    """
    drafts: list[Decision] = []
    for number in range(len(hints) + 1):
        guidance = read_guidance(hints[:number])
        for correction in guidance.corrections:
            correction.excluded += [value for at in correction.wrong_at for value in _drafted(drafts[at], correction)]
        drafts.append(Student(box, situation, guidance, goal_text).decide())
    return drafts[-1]


def _drafted(draft: Decision, correction: Correction) -> list[Any]:
    """The value that a draft had for the parameter that a hint speaks of."""
    filled = draft.way.ready.filled if draft.way is not None else []
    values = [item.value for item in filled if parameter_label(item.path) == correction.label]
    return [part for value in values for part in (as_list(value) or [value])]


@dataclass
class Student:
    """Decides one step."""

    box: Toolbox
    situation: Situation
    guidance: Guidance
    goal_text: str
    """The description of the equivalent composite tool."""
    graph: ToolGraph = field(init=False)
    follower: Follower = field(init=False)
    listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        self.ids = {name: tool.id for name, tool in self.box.by_name.items()}
        self.graph = self.box.graph(self._observed())
        self.made = [self.ids.get(call.name, "") for call in self.situation.here if not call.failed]
        self.follower = Follower(self.box, self.guidance, self.made)
        self.listener = Listener(self.box, self.graph, self.situation, self.follower)

    def _observed(self) -> dict[str, tuple[str, ...]]:
        seen: dict[str, set[str]] = {}
        for call in self.situation.calls:
            if call.name in self.ids:
                seen.setdefault(self.ids[call.name], set()).update(leaf.pattern for leaf in leaves(call.value))
        return {tool: tuple(sorted(found)) for tool, found in sorted(seen.items())}

    def decide(self) -> Decision:
        """The next call, or the end of the turn."""
        goal = self._goal()
        pointed = None if self.guidance.close else self.follower.pointed_at()
        if pointed is not None:
            return Decision(self._before_goal(pointed, goal), goal, redirected=True)
        if goal is None or self.guidance.close or goal.id in self.made:
            return Decision(None, goal)
        return Decision(self._way(goal, self.listener.spent, 0), goal)

    def _before_goal(self, tool: Tool, goal: Tool | None) -> Way:
        """The call that a hint asks for; what the request says for the goal is left to the goal."""
        if goal is None or goal.id == tool.id or goal.id in self.made:
            return self._way(tool, self.listener.spent, DEEPEST)
        said = self.listener.said(goal, self._slots(goal), self.listener.spent)
        own = [slot for slot in self._slots(goal) if slot.path in said and not self._gives(tool, goal, slot)]
        claimed = {index: slot for slot in own for index in said[slot.path].mentions}
        kept = frozenset(index for index, slot in claimed.items() if self._fits_better(index, slot, tool))
        return self._way(tool, self.listener.spent | kept, DEEPEST, given=list(said.values()), sure=SURE)

    def _gives(self, tool: Tool, goal: Tool, slot: Slot) -> bool:
        """Whether a tool is known to give a parameter of the goal."""
        return any(edge.source == tool.id for edge in self.box.feeding(self.graph, goal, slot.path))

    def _fits_better(self, index: int, slot: Slot, tool: Tool) -> bool:
        """Whether a mention fits a parameter of the goal better than any of another tool, required ones favoured."""
        mention = self.listener.mentions[index]
        rivals = [fit(mention, other) + REQUIRED_FIRST * other.parameter.required for other in self._slots(tool)]
        return fit(mention, slot) + REQUIRED_FIRST * slot.parameter.required >= max(rivals, default=0.0)

    def _slots(self, tool: Tool) -> list[Slot]:
        return [Slot(parameter, self._nouns(tool)) for parameter in self.box.parameters[tool.id]]

    def _goal(self) -> Tool | None:
        ruled_out = {tool.id for tool in self.follower.ruled_out()} - set(self.made)
        ranked = self.box.ranked(self.situation.request, self.goal_text)
        return next((tool for _, tool in ranked if tool.id not in ruled_out), None)

    def _way(
        self,
        tool: Tool,
        taken: frozenset[int],
        depth: int,
        stack: tuple[str, ...] = (),
        given: Sequence[Filled] = (),
        sure: float = GOOD,
    ) -> Way:
        """The cheapest way to call a tool; `taken` mentions belong to tools further on."""
        slots = self._slots(tool)
        said = self.listener.said(tool, slots, taken, sure)
        shared = {item.path: item for item in given if item.source == "request"}
        for slot in slots:
            if slot.path not in said and slot.parameter.required and slot.path in shared:
                said[slot.path] = shared[slot.path]
        used = taken | {index for item in said.values() for index in item.mentions}
        way = Way(tool, 1.0, [], used)
        for slot in slots:
            if slot.path in said:
                way.filled.append(said[slot.path])
            elif slot.parameter.required or self.follower.correction(tool, slot) is not None:
                self._supply(way, slot, depth, (*stack, tool.id))
        return way

    def _supply(self, way: Way, slot: Slot, depth: int, stack: tuple[str, ...]) -> None:
        """Find a source for one parameter: a result, another tool, the schema, or nothing."""
        correction = self.follower.correction(way.tool, slot)
        if correction is not None and correction.leave_out:
            return
        found = self._from_results(way, slot, correction)
        before = self._producer(way, slot, depth, stack)
        # what the request says beyond the earlier turn's result is there to find something new
        anew = found is not None and not found.call.now and before is not None and len(before.used) > len(way.used)
        schema = slot.parameter.schema
        if found is not None and not anew:
            source: Literal["result", "earlier"] = "result" if found.call.now else "earlier"
            way.filled.append(Filled(slot.path, _typed(found.value, slot), source, found))
        elif "const" in schema:
            way.filled.append(Filled(slot.path, schema["const"], "schema"))
        elif slot.parameter.required and "default" not in schema:
            self._put_off(way, slot, before)

    def _put_off(self, way: Way, slot: Slot, before: Way | None) -> None:
        """Call another tool for a parameter first; without one, take what there is."""
        if before is None:
            self._last_resort(way, slot)
            return
        way.cost += before.cost
        way.used |= before.used
        if way.first is None:
            way.first, way.wanted = before, slot.path
        way.filled.append(Filled(slot.path, None, "nothing"))

    def _last_resort(self, way: Way, slot: Slot) -> None:
        options = [value for value in as_list(slot.parameter.schema.get("enum")) if value is not None]
        if options:
            way.filled.append(Filled(slot.path, options[0], "schema"))
            way.cost += 1.0
            return
        loose = [
            (-fit(item, slot), index, value)
            for index, item in enumerate(self.listener.mentions)
            if not item.picks_row and (value := value_of(item, slot)) is not None
        ]
        unused = [one for one in loose if one[1] not in way.used]
        way.cost += MISSING
        if loose:
            _, index, value = min(unused or loose, key=lambda one: one[:2])
            way.filled.append(Filled(slot.path, value, "request", mentions=frozenset({index})))
        else:
            way.filled.append(Filled(slot.path, None, "nothing"))

    def _from_results(self, way: Way, slot: Slot, correction: Correction | None) -> Candidate | None:
        edges = self.box.feeding(self.graph, way.tool, slot.path)
        found = candidates(slot, self.situation, edges, self.ids, since=False)
        if not is_identifying(slot.parameter) and not edges:
            found = [one for one in found if one.score > 0.5 or correction is not None]
        if correction is not None and correction.result is not None:
            return self._from_result(slot, correction, found)
        return found[0] if found else None

    def _from_result(self, slot: Slot, correction: Correction, found: Sequence[Candidate]) -> Candidate | None:
        """An entry of the result that the critic points at."""
        there = [one for one in found if one.call.number == correction.result]
        if not there:
            call = next((call for call in self.situation.calls if call.number == correction.result), None)
            there = _any_entries(call, slot) if call is not None else []
        left = [one for one in there if one.value not in correction.excluded]
        return next(iter([*left, *found]), None)

    def _producer(self, way: Way, slot: Slot, depth: int, stack: tuple[str, ...]) -> Way | None:
        """The cheapest tool that gives the parameter and has not been called in this turn."""
        if depth >= DEEPEST:
            return None
        ruled_out = {tool.id for tool in self.follower.ruled_out()}
        ways: list[tuple[float, Way]] = []
        for edge in self.box.feeding(self.graph, way.tool, slot.path)[:6]:
            if edge.source in stack or edge.source in self.made or edge.source in ruled_out:
                continue
            before = self._way(self.graph.tools[edge.source], way.used, depth + 1, stack, way.filled)
            gain = 0.9 * len(before.used - way.used)
            ways.append((before.cost + 2.0 * (1.0 - edge.confidence) - gain, before))
        return min(ways, key=lambda pair: pair[0])[1] if ways else None

    def _nouns(self, tool: Tool) -> tuple[str, ...]:
        nouns = self.box.purposes[tool.id].nouns
        return tuple(dict.fromkeys([nouns.head, *nouns.name_words]))


def _typed(value: Any, slot: Slot) -> Any:
    """A value of a result in the type that the parameter wants."""
    kinds = slot.kinds
    if kinds == frozenset({"string"}) and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if "integer" in kinds and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value


def _any_entries(call: Seen, slot: Slot) -> list[Candidate]:
    """All values of a result that could be the parameter, ids first where an id is wanted."""
    found = [leaf for leaf in leaves(call.value) if usable(leaf) and not isinstance(leaf.value, bool)]
    digits = is_identifying(slot.parameter)
    found.sort(
        key=lambda leaf: (
            -named_alike(leaf.pattern, slot),
            digits and not any(character.isdigit() for character in str(leaf.value)),
        )
    )
    return [Candidate(leaf.value, call, 0.1, "first") for leaf in found]
