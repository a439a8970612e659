"""`OfflineTeacher`: all roles by rule, for tools that it has never seen."""

from __future__ import annotations

import random
from collections.abc import Mapping

from toolweave.agent.offline.answering import answer
from toolweave.agent.offline.conversation import Situation, read_situation
from toolweave.agent.offline.critiquing import criticise
from toolweave.agent.offline.deciding import Decision, decide
from toolweave.agent.offline.guidance import Guidance, read_guidance
from toolweave.agent.offline.querying import ask_for
from toolweave.agent.offline.reasoning import closing_thoughts, thoughts
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.tooling import fold
from toolweave.agent.offline.values import invent
from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    ProposedCall,
    Query,
    QueryAsk,
    Step,
    StepAsk,
    ToolingAsk,
    Value,
    ValueAsk,
)
from toolweave.servers.tools import Tool

MOST_TOOLBOXES = 16


class OfflineTeacher:
    """The embedded teacher; deterministic from the seeds in what it is asked."""

    def __init__(self) -> None:
        self._boxes: dict[tuple[tuple[Tool, ...], tuple[tuple[str, str], ...]], Toolbox] = {}

    @property
    def name(self) -> str:
        """Always `offline`."""
        return "offline"

    async def tooling(self, ask: ToolingAsk) -> AdvancedTool:
        """Fold a turn into an advanced tool."""
        return fold(ask)

    async def query(self, ask: QueryAsk) -> Query:
        """Write the user's request."""
        return ask_for(ask)

    async def step(self, ask: StepAsk) -> Step:
        """Decide the next step as a student who sees the conversation, the tools, and the hints."""
        box = self._box(ask.tools, ask.names)
        situation, guidance = read_situation(ask.messages), read_guidance(ask.hints)
        decision = decide(box, situation, ask.hints, ask.advanced.description)
        return _worded(decision, box, situation, guidance, random.Random(ask.seed))

    async def critique(self, ask: CritiqueAsk) -> Critique:
        """Word a hint."""
        return criticise(ask)

    async def value(self, ask: ValueAsk) -> Value:
        """Invent a value that a user would know."""
        return invent(ask)

    def _box(self, tools: tuple[Tool, ...], names: Mapping[str, str]) -> Toolbox:
        key = (tools, tuple(names.items()))
        if key not in self._boxes:
            if len(self._boxes) >= MOST_TOOLBOXES:
                self._boxes.clear()
            self._boxes[key] = Toolbox(tools, names)
        return self._boxes[key]


def _worded(decision: Decision, box: Toolbox, situation: Situation, guidance: Guidance, rng: random.Random) -> Step:
    if decision.way is None:
        last = situation.here[-1] if situation.here else None
        tool = box.by_name.get(last.name) if last is not None else decision.goal
        purpose = box.purposes[tool.id] if tool is not None else None
        return Step(reasoning=closing_thoughts(rng), answer=answer(situation, purpose, guidance.plain, rng))
    ready = decision.way.ready
    call = ProposedCall(name=box.names[ready.tool.id], arguments=ready.arguments())
    return Step(reasoning=thoughts(decision, box, len(situation.here), rng), calls=(call,))
