"""Whether each tool reads or changes state, from what was seen to change; a tool's own word decides only otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.prior import deed
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.snapshot import really_differ
from toolweave.graph.fields import leaves
from toolweave.graph.learning.values import distinctive
from toolweave.servers.tools import Tool

Access = Literal["reads", "writes", "unknown"]


class AccessTest:
    """Calls all tools that look like reading, twice in the same order: what they return must not change."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer

    async def run(self, session: Session) -> None:
        """Make the calls; tools that are found to change something count as writing from now on.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        by_id = self._explorer.by_id
        calls = [seen[0] for name, seen in self._explorer.worked.items() if seen and self._explorer.reads(by_id[name])]
        first = [await self._again(one, session) for one in calls]
        second = [await self._again(one, session) for one in calls]
        await self._repeat(session)
        pairs = list(zip(calls, first, second, strict=True))
        for one, before, after in pairs:
            if before.worked == after.worked and really_differ(before.result.text, after.result.text):
                await self._find_mover(one, calls, session)
        broken = {one.tool.id for one, before, after in pairs if before.worked != after.worked}
        if not self._explorer.moving - broken:  # else it was that one which took away what the call needs
            self._explorer.moving |= broken

    async def _repeat(self, session: Session) -> None:
        """Call tools whose verb says neither, twice in a row: what makes or changes something will show it."""
        for name, seen in self._explorer.worked.items():
            tool = self._explorer.by_id[name]
            hinted = tool.annotations.read_only is False or tool.annotations.destructive
            if not seen or hinted or deed(tool) != "act":
                continue
            once, twice = await self._again(seen[0], session), await self._again(seen[0], session)
            if once.worked and twice.worked and not really_differ(once.result.text, twice.result.text):
                self._explorer.repeatable.add(name)

    async def _find_mover(self, witness: Observation, calls: Sequence[Observation], session: Session) -> None:
        """Which of the calls changes what the witness returns."""
        last = await self._again(witness, session)
        again = await self._again(witness, session)
        if really_differ(last.result.text, again.result.text):
            if _makes_things(last, again):
                self._explorer.moving.add(witness.tool.id)
            return
        for one in calls:
            if one.tool.id == witness.tool.id:
                continue
            await self._again(one, session)
            now = await self._again(witness, session)
            if really_differ(again.result.text, now.result.text):
                self._explorer.moving.add(one.tool.id)
            again = now

    async def _again(self, one: Observation, session: Session) -> Observation:
        return await session.call(one.tool, one.arguments)


def _makes_things(one: Observation, other: Observation) -> bool:
    """Whether the ids differ that two equal calls returned: what merely fluctuates is no change of state."""
    ids = [{leaf.value for leaf in leaves(seen.result.value) if distinctive(leaf.value)} for seen in (one, other)]
    return ids[0] != ids[1]


def access(tool: Tool, effects: Effects, explorer: Explorer) -> Access:
    """What is known of a tool, or believed where nothing was seen."""
    if tool.id in effects.changed or tool.id in explorer.moving or effects.matters(tool.id):
        return "writes"
    if explorer.reads(tool):
        return "reads"
    return "reads" if tool.id in explorer.repeatable else "writes"
