"""Exploring one server: call what can be called, feed what comes back onward, and control with never-seen values.

Order: tools that look like reading before others, tools that failed less before those that failed more. Before the
first call of a tool with values that name things, every such value is replaced by a never-seen one: what the tool
says then is how it sounds when it does not know a value. Calls that fail change nothing, so controls come first.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence

from toolweave.agent.patterns import argument_leaves, get, place_of, put_at
from toolweave.agent.probing.filling import Filled, Filler, fitted
from toolweave.agent.probing.prior import harm, looks_reading
from toolweave.agent.probing.session import Observation, Session, differ
from toolweave.graph.build import build_graph
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.values import never_seen
from toolweave.graph.schema import parameters
from toolweave.servers.json_values import canonical
from toolweave.servers.tools import Tool

ROUNDS = 4
GUESSING = 2
"""The round from which values are tried that nothing shows."""
PARTS = ("a", "e", "")
"""Parts that most texts have."""
NEWS = 1 / 20
"""Share of the tools that have to show new outputs before names are matched again."""
TRIES = 4
"""Calls of one tool per round when it keeps failing."""


class Explorer:
    """Walks over the tools of one server, in rounds."""

    def __init__(self, tools: Sequence[Tool], filler: Filler, rng: random.Random, wanted: int = 3) -> None:
        self.tools = sorted(tools, key=harm)
        self.by_id = {tool.id: tool for tool in tools}
        self.filler = filler
        self.rng = rng
        self.wanted = wanted
        self.worked: dict[str, list[Observation]] = {tool.id: [] for tool in tools}
        self.tries: dict[str, int] = {tool.id: 0 for tool in tools}
        self.failed: dict[str, int] = {tool.id: 0 for tool in tools}
        self.journal: list[Observation] = []
        self.moving: set[str] = set()
        """Ids of tools that change something, though they look like reading."""
        self.repeatable: set[str] = set()
        """Ids of tools that say neither, and that return the same when called twice."""
        self.changes = 0
        """Calls that worked of tools that do not look like reading."""
        self._tried: dict[str, int] = {}
        self._blocked: dict[str, int] = {}
        self._controls: dict[str, Observation] = {}
        self._unknown: dict[tuple[str, str], Observation] = {}
        """(tool id, parameter) → how the tool says that it does not know a value there."""
        self._known_fields = -1

    async def explore(self, session: Session, retry: bool = False) -> None:
        """Go round until nothing new comes; with `retry`, only for the sake of tools that never worked.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        if retry:
            self.changes += 1
            self.tools.sort(key=lambda tool: (harm(tool) > 0, bool(self.worked[tool.id]), harm(tool)))
        for turn in range(ROUNDS):
            before = self._progress()
            self._refresh()
            for tool in self.tools:
                await self._visit(tool, session, turn, 1 if retry else self._wanted(tool, turn))
            if turn == 0:
                await self._search(session)
            idle = self._progress() == before and not self._may_guess(turn, retry)
            if turn > 0 and (idle or (retry and not self.stuck())):
                return

    async def _search(self, session: Session) -> None:
        """Look for parts that most texts have with tools that found nothing for a whole guessed text."""
        for tool in self.stuck():
            last = next((seen for seen in reversed(self.journal) if seen.tool is tool), None)
            if last is None or last.outcome != "empty" or not self.reads(tool):
                continue
            for part in PARTS:
                arguments = self._with_part(tool, last.arguments, part)
                if arguments == last.arguments or (await self.attempt(tool, Filled(arguments), session)).worked:
                    break

    def _with_part(self, tool: Tool, arguments: dict[str, object], part: str) -> dict[str, object]:
        """Arguments with a part in the place of every text that a user may choose."""
        changed = copy.deepcopy(arguments)
        texts = {place for place, value in argument_leaves(arguments) if isinstance(value, str)}
        for one in parameters(tool):
            if place_of(one.path) in texts and not {"enum", "const", "format"} & {*one.schema}:
                put_at(changed, place_of(one.path), part)
        return changed

    def _may_guess(self, turn: int, retry: bool) -> bool:
        """Whether the server seems empty, as nothing could be changed yet: only what nothing shows can begin then."""
        makers = [tool for tool in self.tools if not self.reads(tool)]
        return turn < GUESSING and not retry and bool(makers) and not any(self.worked[tool.id] for tool in makers)

    def stuck(self) -> list[Tool]:
        """Tools that never worked."""
        return [tool for tool in self.tools if not self.worked[tool.id]]

    def _wanted(self, tool: Tool, turn: int) -> int:
        return self.wanted if self.reads(tool) else 1 + (turn > 0)

    def reads(self, tool: Tool) -> bool:
        """Whether a tool is taken to change nothing."""
        return looks_reading(tool) and tool.id not in self.moving

    def hear(self, seen: Observation) -> None:
        """Take in any observation."""
        self.journal.append(seen)
        if seen.outcome == "ok":
            given = [value for _, value in argument_leaves(seen.arguments)]
            self.filler.pools.add(seen.tool.id, given, seen.result.value)

    def _progress(self) -> int:
        return sum(map(len, self.worked.values())) + sum(len(link.accepted) for link in self.filler.links.values())

    def _refresh(self) -> None:
        """Match again when more tools have shown their fields."""
        fields = self.filler.pools.patterns()
        count = len(fields)
        if self._known_fields < 0 or count >= self._known_fields + max(1, NEWS * len(self.tools)):
            self._known_fields = count
            self.filler.learn_edges(build_graph(self.tools, fields).edges)

    async def _visit(self, tool: Tool, session: Session, turn: int, wanted: int) -> None:
        if self.filler.naming(tool) or self._known_fields < 0:
            self._refresh()
        for _ in range(TRIES):
            if len(self.worked[tool.id]) >= wanted or self._blocked.get(tool.id) == self.changes:
                return
            filled = self.filler.fill(tool, self.tries[tool.id], guess=turn >= GUESSING)
            if filled is None:
                return
            self.tries[tool.id] += 1
            self.filler.used(tool, filled)
            name = canonical([tool.id, filled.arguments])
            if self._tried.get(name) == self.changes:
                continue
            self._tried[name] = self.changes
            seen = await self.attempt(tool, filled, session)
            if self._hopeless(seen, filled):
                self._blocked[tool.id] = self.changes

    def _hopeless(self, seen: Observation, filled: Filled) -> bool:
        """Whether other values will not help: the error is about no value of this call, and not that of a control."""
        if seen.worked or any(seen.mentions(value) for _, value in argument_leaves(seen.arguments)):
            return False
        controls = (self._control_for(seen, path, filled) for path in filled.named)
        if any(control is not None and not differ(seen, control) for control in controls):
            return False
        return not filled.named or self.tries[seen.tool.id] > 1

    async def attempt(self, tool: Tool, filled: Filled, session: Session) -> Observation:
        """One real call, after controls for every named thing that is not understood yet."""
        for path in filled.named:
            if self._in_doubt(self.filler.links[tool.id, path], filled):
                await self._control(tool, path, filled, session)
        seen = await session.call(tool, filled.arguments)
        self.judge(seen, filled)
        if seen.worked:
            self.worked[tool.id].append(seen)
            self.changes += not self.reads(tool)
        else:
            self.failed[tool.id] += 1
        return seen

    def _in_doubt(self, link: Link, filled: Filled) -> bool:
        path = link.parameter.path
        if self._control_key(link.tool, path, filled.arguments) in self._controls:
            return False
        if (link.tool.id, path) in self._unknown:
            return False
        return not link.takes_anything and link.fits(filled.named[path]) is None

    async def _control(self, tool: Tool, path: str, filled: Filled, session: Session) -> None:
        arguments = copy.deepcopy(filled.arguments)
        unknown = fitted(never_seen(filled.named[path], self.rng), self.filler.links[tool.id, path].parameter)
        put_at(arguments, place_of(path), unknown)
        seen = await session.call(tool, arguments)
        self.filler.links[tool.id, path].controls += 1
        self._controls[self._control_key(tool, path, filled.arguments)] = seen
        if seen.outcome != "ok" and seen.mentions(unknown):
            self._unknown[tool.id, path] = seen
        if seen.outcome == "ok":
            self.filler.links[tool.id, path].takes_anything = True

    def _control_key(self, tool: Tool, path: str, arguments: dict[str, object]) -> str:
        rest = [leaf for leaf in argument_leaves(arguments) if leaf[0] != place_of(path)]
        return canonical([tool.id, path, rest])

    def judge(self, seen: Observation, filled: Filled) -> None:
        """What a real call says of the values in it, beside its controls."""
        refused = [path for path in filled.named if self._refuses(seen, path, filled)]
        for path, value in filled.named.items():
            link = self.filler.links[seen.tool.id, path]
            control = self._control_for(seen, path, filled)
            if path in refused:
                link.refuse(value)
            elif control is not None and differ(seen, control) and control.outcome != "ok" and not refused:
                link.takes_anything = False
                link.accept(value)
                self._count(link, filled)
            elif seen.worked and link.accepted and not link.takes_anything:
                link.accept(value)
                self._count(link, filled)
            if seen.worked:
                link.worked[str(value)] = value

    def _control_for(self, seen: Observation, path: str, filled: Filled) -> Observation | None:
        """The same call with a never-seen value; else, where every other value is understood, one with other values."""
        control = self._controls.get(self._control_key(seen.tool, path, filled.arguments))
        if control is not None:
            return control
        others = [(seen.tool.id, other) for other in filled.named if other != path]
        if all(name in self._unknown for name in others):
            return self._unknown.get((seen.tool.id, path))
        return None

    def refused(self, seen: Observation, filled: Filled) -> bool:
        """Whether a call failed because it does not know one of the values."""
        return any(self.filler.links[seen.tool.id, path].fits(value) is False for path, value in filled.named.items())

    def _count(self, link: Link, filled: Filled) -> None:
        source = filled.sources.get(link.parameter.path)
        if source is not None:
            name = (source.tool, source.pattern)
            link.trials[name] = link.trials.get(name, 0) + 1

    def _refuses(self, seen: Observation, path: str, filled: Filled) -> bool:
        """Whether the call failed just as it does with a never-seen value in this place."""
        if seen.outcome == "ok":
            return False
        control = self._control_for(seen, path, filled)
        if control is None or differ(seen, control) or control.outcome == "ok":
            return False
        value = get(seen.arguments, place_of(path))
        if seen.mentions(value):
            return True
        others = [other for name, other in filled.named.items() if name != path]
        unnamed = not any(seen.mentions(other) for other in others)
        # An error that tells nothing may be about the state: then only a tool that knows other values refuses this one.
        knows = self.filler.links[seen.tool.id, path].accepted
        return unnamed and len(filled.named) == 1 and bool(knows or self.reads(seen.tool))
