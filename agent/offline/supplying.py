"""Where the values of a tool come from: the request, a result, another tool, the schema, or nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.doubting import is_doubtful, latest_first
from toolweave.agent.offline.fitting import GOOD, Slot, value_of
from toolweave.agent.offline.following import Follower, parameter_label, pointer_label
from toolweave.agent.offline.guidance import Correction
from toolweave.agent.offline.listening import Listener
from toolweave.agent.offline.results import Candidate, candidates, entries_of, entry_of, named_alike, usable
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Filled, Way
from toolweave.agent.offline.wording import FILES, NAMING, SEEKING, plain_value
from toolweave.agent.patterns import argument_leaves
from toolweave.graph.model import ToolGraph
from toolweave.graph.schema import only_value
from toolweave.graph.words import words
from toolweave.servers.json_values import as_list
from toolweave.servers.tools import Tool

DEEPEST = 5
"""Tools that are planned one behind the other."""
SAME_NAME = 1.0
"""How much a field of a result must be called like a parameter that may be left out, to be passed on to it."""
MISSING = 3.0
"""Cost of a required value that nothing gives."""
HARDLY = 0.15
"""Fit below which a mention is no guess for a required value either."""


@dataclass(frozen=True)
class Terms:
    """What binds the search for a way to call a tool."""

    taken: frozenset[int]
    """Mentions that belong to other calls."""
    depth: int = 0
    stack: tuple[str, ...] = ()
    """Tools further on, which may not be called for their own sake."""
    given: tuple[Filled, ...] = ()
    """Values of a later call that this one may share."""
    sure: float = GOOD
    """Fit from which a mention says an optional parameter."""
    beside: tuple[Way, ...] = ()
    """Calls of the same tool that this one has to differ from, and is otherwise like."""
    anything: bool = False
    """Whether it may be about any other entry."""


@dataclass(frozen=True)
class Supplier:
    """Plans calls over one conversation."""

    box: Toolbox
    situation: Situation
    graph: ToolGraph
    follower: Follower
    listener: Listener
    ids: Mapping[str, str]
    """Offered name → tool id."""
    made: Sequence[str]
    """Ids of the tools called in this turn."""
    alone: bool = False
    """Whether no hint will put right what is taken wrongly."""

    def slots(self, tool: Tool) -> list[Slot]:
        """The parameters of a tool as the student reads them."""
        nouns = self.box.purposes[tool.id].nouns
        read = tuple(dict.fromkeys([nouns.head, *nouns.name_words]))
        return [Slot(parameter, read) for parameter in self.box.parameters[tool.id]]

    def way(self, tool: Tool, terms: Terms) -> Way:
        """The cheapest way to call a tool."""
        slots = self.slots(tool)
        said = self.listener.said(tool, slots, terms.taken, terms.sure)
        for path, item in self._shared(tool, slots, terms).items():
            if path not in said or (item.mentions and not _names(path)):
                said[path] = item
        way = Way(tool, 1.0, [], terms.taken | {index for item in said.values() for index in item.mentions})
        for slot in slots:
            if slot.path in said:
                way.filled.append(said[slot.path])
            elif slot.parameter.required or self.follower.correction(tool, slot) is not None:
                self._supply(way, slot, replace(terms, stack=(*terms.stack, tool.id)))
            elif (known := self._known(slot)) is not None:
                way.filled.append(known)
        return way

    def _known(self, slot: Slot) -> Filled | None:
        """The one thing that this turn has been about all along, for a parameter that may be left out."""
        if not is_identifying(slot.parameter):
            return None
        shown = [
            (call, leaf)
            for call in (self.situation.calls if self.alone else self.situation.here)
            for leaf in (call.leaves if not call.failed else ())
            if usable(leaf) and named_alike(leaf.pattern, slot) >= SAME_NAME
        ]
        if not shown or len({leaf.value for _, leaf in shown}) > 1:
            return None
        call, leaf = shown[-1]
        return Filled(slot.path, _typed(leaf.value, slot), "result", Candidate(leaf.value, call, 1.0, "only"))

    def _shared(self, tool: Tool, slots: Sequence[Slot], terms: Terms) -> dict[str, Filled]:
        """What the request says for a later call, where this one has a parameter of the same name."""
        given = {item.path: item for item in terms.given if item.source == "request"}
        found: dict[str, Filled] = {}
        for slot in slots:
            correction = self.follower.correction(tool, slot)
            wanted = slot.parameter.required or bool(terms.beside)
            if wanted and slot.path in given and correction is None:
                found[slot.path] = given[slot.path]
        return found

    def _supply(self, way: Way, slot: Slot, terms: Terms) -> None:
        """Find a source for one parameter: a result, another tool, the schema, or nothing."""
        correction = self.follower.correction(way.tool, slot)
        if correction is not None and correction.leave_out:
            return
        found = self._from_results(way, slot, correction, terms)
        before = self._producer(way, slot, terms)
        # what the request says beyond the earlier turn's result is there to find something new
        anew = found is not None and not found.call.now and before is not None and len(before.used) > len(way.used)
        anew = anew or (self.alone and found is not None and before is not None and is_doubtful(found, slot, way))
        schema = slot.parameter.schema
        if found is not None and not anew:
            source: Literal["result", "earlier"] = "result" if found.call.now else "earlier"
            way.filled.append(Filled(slot.path, _typed(found.value, slot), source, found))
        elif (only := only_value(schema)) is not None:
            way.filled.append(Filled(slot.path, only[1], "schema"))
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
        else:
            way.others.append(before)
        way.filled.append(Filled(slot.path, None, "nothing"))

    def _last_resort(self, way: Way, slot: Slot) -> None:
        """Guess a value; what has nothing to guess from is lacking."""
        correction = self.follower.correction(way.tool, slot)
        wrong = correction.excluded if correction is not None else []
        options = [value for value in as_list(slot.parameter.schema.get("enum")) if value is not None]
        if options:
            way.filled.append(Filled(slot.path, options[0], "schema"))
            way.lacking.append(slot)
            way.cost += 1.0
            return
        if self.alone:
            way.cost += MISSING
            way.lacking.append(slot)
            way.filled.append(Filled(slot.path, None, "nothing"))
            return
        loose = [
            (-self.listener.fit(item, slot, way.tool), index, value)
            for index, item in enumerate(self.listener.mentions)
            if not item.picks_row and (value := value_of(item, slot)) is not None and value not in wrong
        ]
        unused = [one for one in loose if one[1] not in way.used and one[0] <= -HARDLY]
        way.cost += MISSING
        if not unused and not is_identifying(slot.parameter):
            way.lacking.append(slot)
        if unused:
            _, index, value = min(unused, key=lambda one: one[:2])
            way.filled.append(Filled(slot.path, value, "request", mentions=frozenset({index})))
        else:
            way.filled.append(Filled(slot.path, None, "nothing"))

    def _from_results(self, way: Way, slot: Slot, correction: Correction | None, terms: Terms) -> Candidate | None:
        edges = self.box.feeding(self.graph, way.tool, slot.path)
        found = candidates(slot, self.situation, edges, self.ids, self._about)
        if not is_identifying(slot.parameter) and not edges:
            found = [one for one in found if one.score > 0.5 or correction is not None]
        if correction is not None and correction.call is not None and correction.result is None:
            return self._from_call(slot, correction)
        if correction is not None and correction.result is not None:
            return self._from_result(slot, correction, found)
        if correction is not None and correction.refused:
            found = [one for one in found if one.value not in correction.refused]
        used = [item.value for item in way.filled if item.source in ("result", "earlier")]
        found.sort(key=lambda one: one.why != "used" and one.value in used)
        if self.alone:
            found = latest_first(slot, way, found)
        other = [one for one in found if terms.beside and _is_another(one, slot, terms)]
        return next(iter([*other, *found]), None)

    def _about(self, name: str) -> Sequence[str]:
        """What the tool of an offered name is about."""
        purpose = self.box.purpose_of(name)
        return (purpose.nouns.head, *purpose.nouns.name_words) if purpose is not None else ()

    def _from_result(self, slot: Slot, correction: Correction, found: Sequence[Candidate]) -> Candidate | None:
        """An entry of the result that the critic points at."""
        call = next((call for call in self.situation.calls if call.number == correction.result), None)
        if call is None:
            return next(iter(found), None)
        there = entries_of(call, correction.field, self.situation) if correction.field else []
        there = there or [one for one in found if one.call.number == call.number] or _any_entries(call, slot)
        if correction.entry is not None and there and there[0].pattern:
            value = entry_of(call, there[0].pattern, correction.entry)
            there = [Candidate(value, call, 1.0, "matches", there[0].pattern)] if value is not None else there
        wrong = {plain_value(value) for value in correction.excluded}
        left = [one for one in there if plain_value(one.value) not in wrong]
        return next(iter([*left, *found]), None)

    def _from_call(self, slot: Slot, correction: Correction) -> Candidate | None:
        """What an earlier call was made with, under the same name where it has one."""
        call = next((call for call in self.situation.calls if call.number == correction.call), None)
        made = argument_leaves(call.arguments) if call is not None else []
        made.sort(key=lambda pair: pointer_label(pair[0]) != parameter_label(slot.path))
        wrong = {plain_value(value) for value in correction.excluded}
        left = [value for _, value in made if plain_value(value) not in wrong]
        return Candidate(left[0], call, 1.0, "used") if call is not None and left else None

    def _producer(self, way: Way, slot: Slot, terms: Terms) -> Way | None:
        """The cheapest tool that gives the parameter and has not been called in this turn."""
        if terms.depth >= DEEPEST or terms.beside:
            return None
        ruled_out = {tool.id for tool in self.follower.ruled_out()}
        ways: list[tuple[float, Way]] = []
        for edge in self.box.feeding(self.graph, way.tool, slot.path)[:6]:
            if edge.source in terms.stack or edge.source in self.made or edge.source in ruled_out:
                continue
            inner = Terms(way.used, terms.depth + 1, terms.stack, tuple(way.filled))
            before = self.way(self.graph.tools[edge.source], inner)
            gain = 0.9 * len(before.used - way.used)
            ways.append((before.cost + 2.0 * (1.0 - edge.confidence) - gain, before))
        return min(ways, key=lambda pair: pair[0])[1] if ways else None


def _names(path: str) -> bool:
    """Whether a parameter says what the thing itself is called, and so is another one's for every call."""
    own = set(words(path))
    return bool(own & (NAMING | SEEKING)) and not own & FILES


def _is_another(candidate: Candidate, slot: Slot, terms: Terms) -> bool:
    """Whether a value is for another call of the step: not used for the parameter yet, and meant by the request."""
    used = [item for way in terms.beside for item in way.filled if item.path == slot.path]
    if plain_value(candidate.value) in [plain_value(item.value) for item in used]:
        return False
    alike = [item.candidate for item in used if item.candidate is not None and item.candidate.pattern]
    if (candidate.call.name, candidate.pattern) not in [(one.call.name, one.pattern) for one in alike]:
        return False
    return candidate.why in ("matches", "only") or terms.anything


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
    found = [leaf for leaf in call.leaves if usable(leaf) and not isinstance(leaf.value, bool)]
    digits = is_identifying(slot.parameter)
    found.sort(
        key=lambda leaf: (
            -named_alike(leaf.pattern, slot),
            slot.kinds == frozenset({"string"}) and not isinstance(leaf.value, str),
            digits and not any(character.isdigit() for character in str(leaf.value)),
        )
    )
    return [Candidate(leaf.value, call, 0.1, "first", leaf.pattern) for leaf in found]
