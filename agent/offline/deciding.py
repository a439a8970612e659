"""The student's plan: the goal tool, where each of its values comes from, and the first call that can be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.fitting import GOOD, Slot, fit, flag_mention, option_mentions, value_of
from toolweave.agent.offline.guidance import DEED_WORDS, Correction, Guidance
from toolweave.agent.offline.mentions import Mention, iso_date, mentions_of
from toolweave.agent.offline.results import Candidate, candidates, named_alike
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.wording import plain_value
from toolweave.agent.offline.english import spaced
from toolweave.agent.patterns import argument_leaves, put
from toolweave.graph.fields import leaves
from toolweave.graph.model import ToolGraph
from toolweave.graph.schema import Parameter
from toolweave.servers.json_values import as_list
from toolweave.servers.tools import Tool

DEEPEST = 5
MISSING = 3.0
"""Cost of a required value that nothing gives."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One argument with where it comes from."""

    path: str
    value: Any
    source: Literal["request", "result", "earlier", "schema", "nothing"]
    candidate: Candidate | None = None
    mentions: frozenset[int] = frozenset()


@dataclass
class Way:
    """How a tool can be called: at once, or after another one."""

    tool: Tool
    cost: float
    filled: list[Filled]
    used: frozenset[int]
    """Indices of the mentions that the whole chain uses."""
    first: Way | None = None
    """What must be called before; `None` when the tool can be called at once."""
    wanted: str = ""
    """The parameter that the earlier call is for."""

    @property
    def ready(self) -> Way:
        """The call to make now."""
        return self.first.ready if self.first is not None else self

    @property
    def chain(self) -> list[str]:
        """Ids of the tools still to be called, in order."""
        return [*(self.first.chain if self.first is not None else []), self.tool.id]

    def arguments(self) -> dict[str, Any]:
        """The arguments as one object."""
        found: dict[str, Any] = {}
        for item in self.filled:
            if item.source != "nothing":
                put(found, item.path, item.value) if not isinstance(item.value, list) else _put_list(found, item)
        return found


def _put_list(found: dict[str, Any], item: Filled) -> None:
    put(found, item.path.removesuffix("[]"), item.value)


@dataclass
class Decision:
    """What the student does next."""

    way: Way | None
    """`None` closes the turn."""
    goal: Tool | None
    redirected: bool = False


@dataclass
class Student:
    """Decides one step."""

    box: Toolbox
    situation: Situation
    guidance: Guidance
    goal_text: str
    """The description of the equivalent composite tool."""
    graph: ToolGraph = field(init=False)
    mentions: list[Mention] = field(init=False)

    def __post_init__(self) -> None:
        self.ids = {name: tool.id for name, tool in self.box.by_name.items()}
        self.graph = self.box.graph(self._observed())
        self.mentions = mentions_of(self.situation.request)
        self.spent = self._spent()
        self.spoken = self._without_rows()
        self.made = [self.ids.get(call.name, "") for call in self.situation.here if not call.failed]

    def _spent(self) -> frozenset[int]:
        """Mentions that calls of this turn have used already."""
        used = {plain_value(value) for call in self.situation.here for _, value in argument_leaves(call.arguments)}
        said = [(index, iso_date(item.text) or item.text) for index, item in enumerate(self.mentions)]
        return frozenset(index for index, text in said if plain_value(text) in used)

    def _without_rows(self) -> str:
        """The request, blank where it only tells which entry is meant."""
        text = self.situation.request
        for item in self.mentions:
            if item.picks_row:
                text = f"{text[: item.start]}{' ' * (item.end - item.start)}{text[item.end :]}"
        return text

    def _observed(self) -> dict[str, tuple[str, ...]]:
        seen: dict[str, set[str]] = {}
        for call in self.situation.calls:
            if call.name in self.ids:
                seen.setdefault(self.ids[call.name], set()).update(leaf.pattern for leaf in leaves(call.value))
        return {tool: tuple(sorted(found)) for tool, found in sorted(seen.items())}

    def decide(self) -> Decision:
        """The next call, or the end of the turn."""
        pointed = None if self.guidance.close else self._pointed_at()
        if pointed is not None:
            return Decision(self._way(pointed, self.spent, DEEPEST), pointed, redirected=True)
        goal = self._goal()
        if goal is None or self.guidance.close or goal.id in self.made:
            return Decision(None, goal)
        return Decision(self._way(goal, self.spent, 0), goal)

    def _goal(self) -> Tool | None:
        ruled_out = {tool.id for tool in self._ruled_out()} - set(self.made)
        ranked = self.box.ranked(self.situation.request, self.goal_text)
        return next((tool for _, tool in ranked if tool.id not in ruled_out), None)

    def _pointed_at(self) -> Tool | None:
        """The tool that the last unanswered hint describes."""
        open_hints = [text for text in self.guidance.first if self._meant(text).id not in self.made]
        return self._meant(open_hints[-1]) if open_hints else None

    def _meant(self, text: str) -> Tool:
        vague = self._vaguely_meant(text)
        if vague is not None:
            return vague
        exact = [tool for tool in self.box.tools if self.box.purposes[tool.id].phrase.lower() == text.lower()]
        unmade = [tool for tool in exact if tool.id not in self.made]
        return (unmade or exact or [tool for _, tool in self.box.ranked("", text)])[0]

    def _vaguely_meant(self, text: str) -> Tool | None:
        """The tool of a hint that only says what is to be done to which kind of thing."""
        for deed, words_of_deed in DEED_WORDS.items():
            if text.startswith(f"{words_of_deed} the "):
                noun = text.removeprefix(f"{words_of_deed} the ")
                fitting = [
                    tool
                    for tool in self.box.tools
                    if self.box.purposes[tool.id].nouns.deed == deed and self.box.purposes[tool.id].noun == noun
                ]
                unmade = [tool for tool in fitting if tool.id not in self.made]
                return (unmade or fitting or [None])[0]
        return None

    def _ruled_out(self) -> list[Tool]:
        found: list[Tool] = []
        for wanted, wrong in zip(self.guidance.first, self.guidance.ruled_out, strict=True):
            if wrong and self._meant(wanted).id not in self.made:
                found.append(self._meant(wrong))
        return found

    def _way(self, tool: Tool, taken: frozenset[int], depth: int, stack: tuple[str, ...] = ()) -> Way:
        """The cheapest way to call a tool; `taken` mentions belong to tools further on."""
        slots = [Slot(parameter, self._nouns(tool)) for parameter in self.box.parameters[tool.id]]
        said = self._said(tool, slots, taken)
        used = taken | {index for item in said.values() for index in item.mentions}
        way = Way(tool, 1.0, [], used)
        for slot in slots:
            if slot.path in said:
                way.filled.append(said[slot.path])
            elif slot.parameter.required or self._correction(tool, slot) is not None:
                self._supply(way, slot, depth, (*stack, tool.id))
        return way

    def _supply(self, way: Way, slot: Slot, depth: int, stack: tuple[str, ...]) -> None:
        """Find a source for one parameter: a result, another tool, the schema, or nothing."""
        correction = self._correction(way.tool, slot)
        if correction is not None and correction.leave_out:
            return
        found = self._from_results(way, slot, correction)
        schema = slot.parameter.schema
        before = self._producer(way, slot, depth, stack)
        carried = found is not None and not found.call.now and before is not None and len(before.used) > len(way.used)
        if found is not None and not carried:
            source: Literal["result", "earlier"] = "result" if found.call.now else "earlier"
            way.filled.append(Filled(slot.path, _typed(found.value, slot), source, found))
        elif "const" in schema or "default" in schema:
            if "const" in schema:
                way.filled.append(Filled(slot.path, schema["const"], "schema"))
        elif before is not None and slot.parameter.required:
            way.cost += before.cost
            way.used |= before.used
            if way.first is None or len(way.first.chain) < 0:
                way.first, way.wanted = before, slot.path
            way.filled.append(Filled(slot.path, None, "nothing"))
        elif slot.parameter.required:
            self._last_resort(way, slot)

    def _last_resort(self, way: Way, slot: Slot) -> None:
        options = [value for value in as_list(slot.parameter.schema.get("enum")) if value is not None]
        if options:
            way.filled.append(Filled(slot.path, options[0], "schema"))
            way.cost += 1.0
            return
        loose = [
            (index, value)
            for index, item in enumerate(self.mentions)
            if (index not in way.used or index in self.spent)
            and not item.picks_row
            and (value := value_of(item, slot)) is not None
        ]
        way.cost += MISSING
        if loose:
            way.filled.append(Filled(slot.path, loose[0][1], "request", mentions=frozenset({loose[0][0]})))
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
        return there[correction.skip_entries % len(there)] if there else (found[0] if found else None)

    def _producer(self, way: Way, slot: Slot, depth: int, stack: tuple[str, ...]) -> Way | None:
        """The cheapest tool that gives the parameter and has not been called in this turn."""
        if depth >= DEEPEST:
            return None
        ruled_out = {tool.id for tool in self._ruled_out()}
        ways: list[tuple[float, Way]] = []
        for edge in self.box.feeding(self.graph, way.tool, slot.path)[:6]:
            if edge.source in stack or edge.source in self.made or edge.source in ruled_out:
                continue
            before = self._way(self.graph.tools[edge.source], way.used, depth + 1, stack)
            gain = 0.9 * len(before.used - way.used)
            ways.append((before.cost + 2.0 * (1.0 - edge.confidence) - gain, before))
        return min(ways, key=lambda pair: pair[0])[1] if ways else None

    def _nouns(self, tool: Tool) -> tuple[str, ...]:
        nouns = self.box.purposes[tool.id].nouns
        return tuple(dict.fromkeys([nouns.head, *nouns.name_words]))

    def _correction(self, tool: Tool, slot: Slot) -> Correction | None:
        label = spaced(slot.path.replace("[]", "").rpartition(".")[2])
        return next(
            (one for one in self.guidance.corrections if one.label == label and self._meant(one.purpose).id == tool.id),
            None,
        )

    def _said(self, tool: Tool, slots: Sequence[Slot], taken: frozenset[int]) -> dict[str, Filled]:
        """What the request says for a tool's parameters: each mention goes where it fits best."""
        pairs = [
            (score, slot.parameter.required, at, index)
            for at, slot in enumerate(slots)
            for index, mention in enumerate(self.mentions)
            if index not in taken and (score := self._fit(mention, slot, tool)) > 0.0
        ]
        pairs.sort(key=lambda pair: (-(pair[0] + 0.3 * pair[1]), pair[2], pair[3]))
        found: dict[str, Filled] = {}
        used: set[int] = set()
        ranks: dict[str, int] = {}
        for slot in slots:
            if (again := self._said_before(slot)) is not None:
                found[slot.path] = again
        for score, _, at, index in pairs:
            slot = slots[at]
            correction = self._correction(tool, slot)
            if (
                index in used
                or slot.path in found
                or (correction is not None and (correction.leave_out or correction.result is not None))
            ):
                continue
            if score < self._least(tool, slot, self.mentions[index]) and not (
                correction is not None and correction.required
            ):
                continue
            ranks[slot.path] = ranks.get(slot.path, -1) + 1
            if correction is not None and ranks[slot.path] < correction.skip:
                continue
            filled = self._filled(slot, index)
            found[slot.path] = filled
            used |= filled.mentions
        for slot in slots:
            if slot.path not in found and (chosen := self._chosen(tool, slot)) is not None:
                found[slot.path] = chosen
        return found

    def _said_before(self, slot: Slot) -> Filled | None:
        """What the request said for a parameter of the same name in an earlier call of this turn."""
        for call in self.situation.here:
            value = call.arguments.get(slot.path)
            if isinstance(value, str) and any(self.mentions[index].text == value for index in self.spent):
                return Filled(slot.path, value, "request")
        return None

    def _fit(self, mention: Mention, slot: Slot, tool: Tool) -> float:
        """How well a mention fits; words of the tool's own description are hardly values."""
        score = fit(mention, slot)
        if mention.kind == "name" and mention.text in tool.description:
            score *= 0.4
        correction = self._correction(tool, slot)
        return score + 1.0 if score > 0.0 and correction is not None and correction.required else score

    def _least(self, tool: Tool, slot: Slot, mention: Mention) -> float:
        """How well a mention must fit: better where the value is optional, or something that tools give."""
        if not slot.parameter.required:
            return GOOD
        if mention.kind not in ("quoted", "name"):
            return 0.25
        edges = self.box.feeding(self.graph, tool, slot.path)
        return 0.6 if edges and edges[0].confidence >= 0.5 else 0.25

    def _filled(self, slot: Slot, index: int) -> Filled:
        """A mention as an argument; a list takes the whole enumeration."""
        if not slot.path.endswith("[]"):
            return Filled(slot.path, value_of(self.mentions[index], slot), "request", mentions=frozenset({index}))
        run = [at for at, item in enumerate(self.mentions) if item.run == self.mentions[index].run]
        values = [value_of(self.mentions[at], slot) for at in run]
        return Filled(slot.path, values, "request", mentions=frozenset(run))

    def _chosen(self, tool: Tool, slot: Slot) -> Filled | None:
        """An option or a yes or no that the request speaks of."""
        correction = self._correction(tool, slot)
        if correction is not None and correction.leave_out:
            return None
        if "boolean" in slot.kinds:
            flag = flag_mention(self.spoken, slot)
            return None if flag is None else Filled(slot.path, flag, "request")
        options = option_mentions(self.spoken, slot)
        unsure = slot.parameter.required or (correction is not None and (correction.required or correction.skip > 0))
        options = [one for one in options if unsure or one[0] >= GOOD]
        options = list({option: (sure, option) for sure, option in reversed(options)}.values())[::-1]
        skip = correction.skip if correction is not None else 0
        if not options:
            return None
        value = options[skip % len(options)][1]
        return Filled(slot.path, [value] if slot.path.endswith("[]") else value, "request")


def _typed(value: Any, slot: Slot) -> Any:
    """A value of a result in the type that the parameter wants."""
    kinds = slot.kinds
    if kinds == {"string"} and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if "integer" in kinds and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value


def _any_entries(call: Seen, slot: Slot) -> list[Candidate]:
    """All values of a result that could be the parameter, ids first where an id is wanted."""
    found = [
        leaf
        for leaf in leaves(call.value)
        if leaf.value is not None and leaf.value != "" and not isinstance(leaf.value, bool)
    ]
    digits = is_identifying(slot.parameter)
    found.sort(
        key=lambda leaf: (
            -named_alike(leaf.pattern, slot),
            digits and not any(character.isdigit() for character in str(leaf.value)),
        )
    )
    return [Candidate(leaf.value, call, 0.1, "first") for leaf in found]


def offered(parameters: Mapping[str, tuple[Parameter, ...]], tool: Tool) -> int:
    """How many parameters a tool has."""
    return len(parameters[tool.id])
