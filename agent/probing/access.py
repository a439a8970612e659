"""Whether each tool reads or changes state, from what was seen to change; a tool's own word decides only otherwise."""

from __future__ import annotations

from typing import Literal

from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.prior import looks_reading
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.snapshot import really_differ
from toolweave.graph.nouns import tool_nouns
from toolweave.servers.tools import Tool

Access = Literal["reads", "writes", "unknown"]


class AccessTest:
    """Calls all tools that look like reading, twice in the same order: what they return must not change."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self.still: set[str] = set()
        """Tools after which nothing had changed."""
        self.moving: set[str] = set()
        """Tools that changed something, though they look like reading."""

    async def run(self, session: Session) -> None:
        """Make the calls.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        calls = [seen[0] for name, seen in self._explorer.worked.items() if seen and self._reading(name)]
        first = [await self._again(one, session) for one in calls]
        second = [await self._again(one, session) for one in calls]
        changed = [
            one for one, two in zip(first, second, strict=True) if really_differ(one.result.text, two.result.text)
        ]
        if not changed:
            self.still |= {one.tool.id for one in calls}
            return
        for one in calls:
            await self._alone(one, changed[0], session)

    async def _alone(self, one: Observation, witness: Observation, session: Session) -> None:
        before = await self._again(witness, session)
        if one.tool.id != witness.tool.id:
            await self._again(one, session)
        after = await self._again(witness, session)
        moved = really_differ(before.result.text, after.result.text)
        (self.moving if moved else self.still).add(one.tool.id)

    async def _again(self, one: Observation, session: Session) -> Observation:
        return await session.call(one.tool, one.arguments)

    def _reading(self, name: str) -> bool:
        return looks_reading(self._explorer.by_id[name])


def access(tool: Tool, effects: Effects, test: AccessTest) -> Access:
    """What is known of a tool, or believed where nothing was seen."""
    if tool.id in effects.changed:
        return "writes"
    if looks_reading(tool):
        only = len(test.moving) == 1 or not test.still
        return "writes" if tool.id in test.moving and only else "reads"
    if tool.annotations.read_only is False or tool.annotations.destructive:
        return "writes"
    if effects.compared[tool.id] and tool_nouns(tool).deed == "act":
        return "reads"
    return "writes"
