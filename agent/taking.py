"""Slots of what a call takes out of earlier outputs: which row stands for a thing, the most promising one first.

Rows come first that hold what later calls need, that words can tell, that nothing speaks against, and that resemble
rows that worked more than rows that did not.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolweave.agent.choices import is_wordy
from toolweave.agent.memory import Memory
from toolweave.agent.rows import Rows, row_of
from toolweave.agent.slots import Blamed, Pick, Slot
from toolweave.agent.trace import Call, Source
from toolweave.graph.fields import Leaf
from toolweave.graph.plan import FromCall, PlannedCall
from toolweave.graph.schema import parameters
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

MOST_ROWS = 16
"""Rows of one output that are choices for one thing."""
MOST_READ = 60
"""Rows that are looked at to find those."""
ANOTHER = 1000
"""Added to the number of a thing for a second one that the same call takes."""

Thing = tuple[int, int]
"""(step, item): what a call takes from the output of a step."""
Use = tuple[str, str, str]
"""(tool id, parameter pattern, field pattern) of a value that is taken of a thing."""


@dataclass
class Taker:
    """Chooses rows of outputs for the calls of one trajectory."""

    seed: int
    memory: Memory
    blame: Counter[Blamed]
    upcoming: Sequence[PlannedCall] = ()
    """All calls of the plan: what later ones need decides which row is a good one."""
    rows: Rows = field(default_factory=Rows)

    def slot(self, thing: Thing, producer: Call, group: Mapping[str, FromCall], tool: Tool, turn: int) -> Slot:
        """What can stand for a thing that a call of `tool` takes; `group` is what it takes of it, by parameter."""
        step, item = thing
        found = self.rows.free(producer, next(iter(group.values())).field, item)
        random.Random(f"{self.seed}:{thing}").shuffle(found)
        ranked = self._ranked(producer, found[:MOST_READ], self._uses(thing, group, tool))
        picks = [self._pick(producer, leaf, group, item, tool, turn) for leaf in ranked[:MOST_ROWS]]
        focus = self.rows.focus.get((producer.id, item))
        steps = {step, focus.step} if focus else {step}
        return Slot(f"row {thing}", tuple(picks), frozenset(steps), (producer.id, item))

    def _uses(self, thing: Thing, group: Mapping[str, FromCall], tool: Tool) -> list[Use]:
        """What is taken of a thing now and later, the leading value first."""
        now = [(tool.id, path, source.field) for path, source in group.items()]
        later = [
            (call.tool, path, source.field)
            for call in self.upcoming
            for path, source in call.sources.items()
            if isinstance(source, FromCall) and (source.step, source.item) == thing
        ]
        return list(dict.fromkeys([*now, *later]))

    def _ranked(self, producer: Call, found: Sequence[Leaf], uses: Sequence[Use]) -> list[Leaf]:
        """Rows by promise."""
        own = [(tool, path) for tool, path, pattern in uses if pattern == uses[0][2]]
        fields = sorted({pattern for _, _, pattern in uses})
        blamed = {leaf.place: self.blame[_name(producer, leaf)] for leaf in found}
        refused = {leaf.place: any(self.memory.was_refused(*use, leaf.value) for use in own) for leaf in found}
        like = self._likeness(producer, found, own, [place for place in blamed if blamed[place] or refused[place]])
        rank = {
            leaf.place: (
                blamed[leaf.place],
                sum(not self.rows.has(producer, leaf, pattern) for pattern in fields),
                refused[leaf.place],
                not self.rows.told(producer, leaf),
                -alike,
            )
            for leaf, alike in zip(found, like, strict=True)
        }
        return sorted(found, key=lambda leaf: rank[leaf.place])

    def _likeness(
        self, producer: Call, found: Sequence[Leaf], own: Sequence[tuple[str, str]], bad: Sequence[str]
    ) -> list[float]:
        """How promising rows look beside rows that worked; all alike where no value was ever refused."""
        if not bad and not any(self.memory.is_contested(*use) for use in own):
            return [0.0] * len(found)
        good = [leaf.place for leaf in found if any(self.memory.has_worked(*use, leaf.value) for use in own)]
        return self.rows.likeness(producer, found, good, bad)

    def _pick(
        self, producer: Call, lead: Leaf, group: Mapping[str, FromCall], item: int, tool: Tool, turn: int
    ) -> Pick:
        values: dict[str, tuple[Any, Source]] = {}
        places: list[str] = []
        for path, source in group.items():
            leaf = lead if not values else self.rows.beside(producer, source.field, item, lead)
            if leaf is None:
                continue
            places.append(leaf.place)
            if is_wordy(leaf.value) and not self.rows.told(producer, leaf):
                values[path] = leaf.value, Source("user", turn=turn)
            else:
                fitted = _fitted(leaf.value, path, tool)
                origin = Source("output", call=producer.id, place=leaf.place)
                anew = type(fitted) is not type(leaf.value)
                values[path] = fitted, replace(origin, rule="format") if anew else origin
        return Pick(values, _name(producer, lead), tuple(places))


def thing_of(source: FromCall, things: Mapping[Thing, Mapping[str, FromCall]]) -> Thing:
    """The thing that a source belongs to; a field that is taken twice by one call is of two things."""
    item = source.item
    while any(one.field == source.field for one in things.get((source.step, item), {}).values()):
        item += ANOTHER
    return source.step, item


def _name(producer: Call, leaf: Leaf) -> Blamed:
    return "row", producer.tool.id, canonical(producer.arguments), row_of(leaf.place)


def _fitted(value: Any, pattern: str, tool: Tool) -> Any:
    """The value in the type that the parameter wants, where that loses nothing (`7` for `"7"`)."""
    wanted = next((p.schema.get("type") for p in parameters(tool) if p.path == pattern), None)
    if wanted == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if wanted == "integer" and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value
