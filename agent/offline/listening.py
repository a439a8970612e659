"""Listening to the request: which of its values goes to which parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from toolweave.agent.offline.clauses import Clauses
from toolweave.agent.offline.conversation import Situation
from toolweave.agent.offline.fitting import GOOD, Slot, fit, flag_mention, option_mentions, value_of
from toolweave.agent.offline.following import Follower
from toolweave.agent.offline.guidance import Correction
from toolweave.agent.offline.mentions import Mention, iso_date
from toolweave.agent.offline.several import behind_several
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Filled
from toolweave.agent.offline.wording import REMARKS, plain_value
from toolweave.agent.patterns import argument_leaves
from toolweave.graph.model import ToolGraph
from toolweave.servers.tools import Tool

HARDLY = 0.9
"""How well a mention must fit the optional identifier of what a tool makes, and a mere name a remark."""
ASKED = 1.0
"""What a hint that the request gives a value adds to the fit of a mention; it takes none from other parameters."""
ALONE = 0.45
"""How well words must fit a required value where no hint will put it right."""
REQUIRED_FIRST = 0.3
"""How much better a mention must fit an optional parameter than a required one to go there."""


@dataclass
class Listener:
    """The last request, read for one set of tools."""

    box: Toolbox
    graph: ToolGraph
    situation: Situation
    follower: Follower
    alone: bool = False
    """Whether no hint will put right what is taken wrongly."""
    mentions: list[Mention] = field(init=False)
    spent: frozenset[int] = field(init=False)
    """Indices of mentions that calls of this turn have used already."""
    behind: tuple[int, int] | None = field(init=False)
    """Where the request says for what else the same is wanted; `None` where it does not."""
    further: frozenset[int] = field(init=False)
    """Indices of the mentions there."""
    clauses: Clauses = field(init=False)
    """The parts of the request, each with the tools that it speaks of."""

    def __post_init__(self) -> None:
        self.mentions = self.situation.mentions
        self.spent = self._spent()
        self.behind = behind_several(self.situation.request)
        start, end = self.behind or (0, 0)
        self.further = frozenset(
            index
            for index, item in enumerate(self.mentions)
            if start <= item.start < end and not item.picks_row and index not in self.spent
        )
        self._spoken = self._without_rows()
        self.clauses = Clauses(self.box, self.situation.request, self.mentions)

    @property
    def taken(self) -> frozenset[int]:
        """Mentions that are no values of the next call."""
        return self.spent | self.further

    def _spent(self) -> frozenset[int]:
        """Mentions that calls of this turn have used already."""
        made = [call for call in self.situation.here if not call.failed]
        used = {plain_value(value) for call in made for _, value in argument_leaves(call.arguments)}
        said = [(index, iso_date(item.text) or item.text) for index, item in enumerate(self.mentions)]
        return frozenset(index for index, text in said if plain_value(text) in used)

    def _without_rows(self) -> str:
        """The request, blank where it only tells which entry is meant, or speaks of further things."""
        text = self.situation.request
        start, end = self.behind or (0, 0)
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
        for item in self.mentions:
            if item.picks_row:
                text = f"{text[: item.start]}{' ' * (item.end - item.start)}{text[item.end :]}"
        return text

    def said(self, tool: Tool, slots: Sequence[Slot], taken: frozenset[int], sure: float = GOOD) -> dict[str, Filled]:
        """What the request says for a tool's parameters, by path: each mention goes where it fits best.

        `taken` mentions belong to other tools; optional parameters need a fit of `sure`.
        """
        found = {slot.path: again for slot in slots if (again := self._said_before(tool, slot)) is not None}
        found |= self._mentioned(tool, [slot for slot in slots if slot.path not in found], taken, sure)
        for slot in slots:
            if slot.path not in found and (chosen := self._chosen(tool, slot)) is not None:
                found[slot.path] = chosen
        return {slot.path: found[slot.path] for slot in slots if slot.path in found and not _goes_without(slot, found)}

    def _mentioned(self, tool: Tool, slots: Sequence[Slot], taken: frozenset[int], least: float) -> dict[str, Filled]:
        found = self._pointed_out(tool, slots)
        used = {index for item in found.values() for index in item.mentions}
        for score, slot, index in self._pairs(tool, slots, taken):
            correction = self.follower.correction(tool, slot)
            if index in used or slot.path in found or (correction is not None and correction.elsewhere):
                continue
            sure = correction is not None and correction.required
            if score < self._least(tool, slot, self.mentions[index], least) and not sure:
                continue
            found[slot.path] = self._filled(slot, index)
            used |= found[slot.path].mentions
        return found

    def _pointed_out(self, tool: Tool, slots: Sequence[Slot]) -> dict[str, Filled]:
        """Values that a hint has pointed at."""
        found: dict[str, Filled] = {}
        for slot in slots:
            correction = self.follower.correction(tool, slot)
            index = correction.spoken if correction is not None and not correction.elsewhere else None
            if index is not None and index < len(self.mentions) and value_of(self.mentions[index], slot) is not None:
                found[slot.path] = self._filled(slot, index)
        return found

    def _pairs(self, tool: Tool, slots: Sequence[Slot], taken: frozenset[int]) -> list[tuple[float, Slot, int]]:
        """Parameters with the mentions that may be meant, the best pairs first; required ones have precedence."""
        pairs = [
            (score, at, index)
            for at, slot in enumerate(slots)
            for index, mention in enumerate(self.mentions)
            if index not in taken and (score := self.fit(mention, slot, tool)) > 0.0
        ]
        asked = [self._asked(self.follower.correction(tool, slot)) for slot in slots]
        worth = [
            REQUIRED_FIRST * slot.parameter.required - ASKED * said for slot, said in zip(slots, asked, strict=True)
        ]
        pairs.sort(key=lambda pair: (-(pair[0] + worth[pair[1]]), pair[1], pair[2]))
        return [(score, slots[at], index) for score, at, index in pairs]

    def _said_before(self, tool: Tool, slot: Slot) -> Filled | None:
        """What the request said for a parameter of the same name in an earlier call of this turn."""
        if not slot.parameter.required or self.follower.correction(tool, slot) is not None:
            return None
        for call in self.situation.here:
            value = None if call.failed else call.arguments.get(slot.path)
            if isinstance(value, str) and any(self.mentions[index].text == value for index in self.spent):
                return Filled(slot.path, value, "request")
        return None

    def fit(self, mention: Mention, slot: Slot, tool: Tool) -> float:
        """How well a mention fits; words of the tools' descriptions are hardly values, those of its purpose never."""
        if mention.kind == "name" and mention.text in self.box.purposes[tool.id].phrase:
            return 0.0
        if self.alone and _is_no_identifier(mention, slot):
            return 0.0
        score = fit(mention, slot)
        correction = self.follower.correction(tool, slot)
        if correction is not None and value_of(mention, slot) in correction.excluded:
            return 0.0
        if not slot.parameter.required and value_of(mention, slot) in self.follower.left_out(tool):
            return 0.0
        if mention.kind == "name" and mention.text in self.box.described:
            score *= 0.4
        if self.clauses.elsewhere(mention, tool):
            score *= 0.4
        return score + ASKED if score > 0.0 and self._asked(correction) else score

    def _least(self, tool: Tool, slot: Slot, mention: Mention, optional: float) -> float:
        """How well a mention must fit: better where the value is optional, or something that tools give."""
        if not slot.parameter.required:
            hardly = slot.own == ("id",) or (mention.kind == "name" and REMARKS & set(slot.own))
            return max(optional, HARDLY) if hardly else optional
        if mention.kind not in ("quoted", "name", "token"):
            return 0.25
        if self.alone:
            return ALONE
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
        correction = self.follower.correction(tool, slot)
        if correction is not None and correction.leave_out:
            return None
        if "boolean" in slot.kinds:
            flag = flag_mention(self._spoken, slot)
            return None if flag is None else Filled(slot.path, flag, "request")
        options = [
            one
            for one in option_mentions(self._spoken, slot)
            if correction is None or one[1] not in correction.excluded
        ]
        sure = not slot.parameter.required and not self._asked(correction)
        found = next((option for score, option in options if score >= GOOD or not sure), None)
        if found is None:
            return None
        return Filled(slot.path, [found] if slot.path.endswith("[]") else found, "request")

    def _asked(self, correction: Correction | None) -> bool:
        """Whether a hint says that the request gives the value."""
        return correction is not None and (correction.required or bool(correction.excluded))


def _is_no_identifier(mention: Mention, slot: Slot) -> bool:
    """Whether a mention only names the thing of which an identifier is wanted."""
    named = mention.kind in ("quoted", "name", "token") and not any(character.isdigit() for character in mention.text)
    return named and slot.own[-1:] == ("id",)


def _goes_without(slot: Slot, found: dict[str, Filled]) -> bool:
    """Whether an option need not be given, because it is what the schema takes anyway."""
    schema = slot.parameter.schema
    return not slot.parameter.required and "enum" in schema and schema.get("default") == found[slot.path].value
