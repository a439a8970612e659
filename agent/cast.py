"""Several teachers as one: each role is played by whoever was given it, all others by the lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    Model,
    Query,
    QueryAsk,
    Step,
    StepAsk,
    ToolingAsk,
    UserAsk,
    Value,
    ValueAsk,
)

Role = Literal["tooling", "query", "user", "step", "critique", "value"]
ROLES: tuple[Role, ...] = get_args(Role)


class Cast:
    """A teacher made of teachers.

    Args:
        lead: Plays what nobody else does.
        others: Role → who plays it instead.
    """

    def __init__(self, lead: Model, others: Mapping[Role, Model]) -> None:
        self._lead = lead
        self._others = others

    @property
    def name(self) -> str:
        """The lead's, and those of the others with what they play."""
        others = [f"{role}: {model.name}" for role, model in self._others.items()]
        return f"{self._lead.name} ({', '.join(others)})" if others else self._lead.name

    async def tooling(self, ask: ToolingAsk) -> AdvancedTool:
        """A_T: fold a turn into an advanced tool."""
        return await self._of("tooling").tooling(ask)

    async def query(self, ask: QueryAsk) -> Query:
        """A_Q: write the user's request."""
        return await self._of("query").query(ask)

    async def user(self, ask: UserAsk) -> Query:
        """The simulated user: tell what was asked for, or insist after a refusal."""
        return await self._of("user").user(ask)

    async def step(self, ask: StepAsk) -> Step:
        """A_R: decide the next step."""
        return await self._of("step").step(ask)

    async def critique(self, ask: CritiqueAsk) -> Critique:
        """A_C: word a hint."""
        return await self._of("critique").critique(ask)

    async def value(self, ask: ValueAsk) -> Value:
        """Invent a value that a user would know."""
        return await self._of("value").value(ask)

    def _of(self, role: Role) -> Model:
        return self._others.get(role, self._lead)
