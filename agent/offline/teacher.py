"""`OfflineTeacher`: all roles by rule, for tools that it has never seen."""

from __future__ import annotations

import random
from collections.abc import Mapping

from toolweave.agent.offline.conversation import read_situation
from toolweave.agent.offline.critiquing import criticise
from toolweave.agent.offline.deciding import decide
from toolweave.agent.offline.guidance import read_guidance
from toolweave.agent.offline.querying import ask_for
from toolweave.agent.offline.replying import reply
from toolweave.agent.offline.retelling import retold
from toolweave.agent.offline.stepping import as_slip, as_step
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.tooling import fold
from toolweave.agent.offline.unaided import UnaidedStudent
from toolweave.agent.offline.values import invent
from toolweave.agent.reviewing import RefineAsk, Refinement
from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    Query,
    QueryAsk,
    Step,
    StepAsk,
    ToolingAsk,
    UserAsk,
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

    async def user(self, ask: UserAsk) -> Query:
        """Say what was asked for, or ask to go on."""
        return reply(ask)

    async def step(self, ask: StepAsk) -> Step:
        """Decide the next step as a student who sees the conversation, the tools, and the hints."""
        box, situation = self._box(ask.tools, ask.names), read_situation(ask.messages)
        if ask.slip is not None:
            return as_slip(ask.slip, box, situation, random.Random(ask.seed))
        guidance, rng = read_guidance(ask.hints), random.Random(ask.seed)
        if ask.advanced is None:
            decision, goal = UnaidedStudent(box, situation).decide(), ""
        else:
            goal = ask.advanced.description
            decision = decide(box, situation, ask.hints, goal)
        return as_step(decision, box, situation, guidance, goal, rng)

    async def critique(self, ask: CritiqueAsk) -> Critique:
        """Word a hint."""
        return criticise(ask)

    async def value(self, ask: ValueAsk) -> Value:
        """Invent a value that a user would know."""
        return invent(ask)

    async def refine(self, ask: RefineAsk) -> Refinement:
        """Tell a finished sample a second time."""
        return retold(ask)

    def _box(self, tools: tuple[Tool, ...], names: Mapping[str, str]) -> Toolbox:
        key = (tools, tuple(names.items()))
        if key not in self._boxes:
            if len(self._boxes) >= MOST_TOOLBOXES:
                self._boxes.clear()
            self._boxes[key] = Toolbox(tools, names)
        return self._boxes[key]
