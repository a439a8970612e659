"""Role play: a simulated user with a private goal and an assistant without hints act freely over a live environment.

Contract: what is kept is the conversation as it really went, with its own calls, observations, thoughts and answers.
It has passed the checker of a sample that was made from the same plan (calls, final state and answers), and then,
with a checker of its own, every gate that other samples pass. Nobody who speaks in it has seen the plan: the user knows
the goal and its values, the assistant the tools and what was said. Where no conversation gets to the end, the turns
that went right in the best one are played once more as the whole goal. Not covered: other ways to the same end by
other calls that change something.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from toolweave.agent.goal_user import GoalUser
from toolweave.agent.players.student import StudentPlayer
from toolweave.agent.roles import Style
from toolweave.agent.trace import Trace
from toolweave.graph.plan import TrajectoryPlan
from toolweave.pipeline.checking.matching import match
from toolweave.pipeline.evaluation.trials import play
from toolweave.pipeline.gym.episode import Episode, open_episode
from toolweave.pipeline.gym.score import candidate, score
from toolweave.pipeline.making.actual import Actual, Unsourced
from toolweave.pipeline.making.assemble import assemble
from toolweave.pipeline.making.conversation import Conversation
from toolweave.pipeline.making.shortened import begun, first_turns, objection
from toolweave.pipeline.making.workshop import Dropped, Talk
from toolweave.pipeline.plans.styles import draw_style
from toolweave.pipeline.sample import Sample
from toolweave.servers.errors import EndpointUnusable, RunError, TeacherError
from toolweave.servers.info import ServerInfo

if TYPE_CHECKING:
    from toolweave.pipeline.making.workshop import Log, Workshop

STAGE = "role_play"
ONE_GOAL = 1
"""Things that the user wants at a time: the next one comes when the assistant has answered."""
MOST_TALKS = 3
"""Conversations that are tried for one item, each with other words."""
Gates = Callable[[Sample, datetime], Awaitable[Sample | Dropped]]
"""All gates, for a sample whose observations began to come in at that time."""


def is_played(plan: TrajectoryPlan, share: float) -> bool:
    """Whether an item belongs to the share that is role-played; drawn by its seed alone."""
    return random.Random(f"{plan.seed}:role play").random() < share


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a conversation is begun: the same manner and goal give the same words."""

    number: int
    style: Style
    seed: int


@dataclass(frozen=True)
class RolePlay:
    """What role play needs of an item that was made as any other."""

    shop: Workshop
    plan: TrajectoryPlan
    expected: Sample
    """With the checker that decides."""
    trace: Trace
    offered: Conversation
    """Of which only the tools and their names are used."""
    gates: Gates

    async def perform(self, log: Log, rng: random.Random) -> Sample | Dropped:
        """The first conversation that everything agrees to, or what became of the last one."""
        best: tuple[int, _Manner] | None = None
        for number in range(1, MOST_TALKS + 1):
            style = draw_style(rng)
            style = style if number == 1 else replace(style, distance="explicit")
            manner = _Manner(number, style, rng.randrange(2**31))
            made = await self._talk(manner, log)
            if isinstance(made, Sample):
                return made
            if made.right and (best is None or made.right > best[0]):
                best = made.right, manner
        return self._lost(log) if best is None else await self._shorter(*best, log)

    async def _shorter(self, turns: int, manner: _Manner, log: Log) -> Sample | Dropped:
        """The conversation once more, about no more than what went right in it."""
        goal, expected = begun(self.trace, self.expected, turns)
        checked = await self.gates(expected, datetime.now(UTC))
        if isinstance(checked, Dropped):
            return checked
        made = await replace(self, expected=checked, trace=goal)._talk(replace(manner, number=MOST_TALKS + 1), log)
        if isinstance(made, Talk):
            return self._lost(log)
        log.cut = f"turn {turns}: {log.talks[manner.number - 1].reason}"
        return made

    def _lost(self, log: Log) -> Dropped:
        last = log.talks[-1]
        return Dropped("rejected", STAGE, f"{last.failure}: {last.reason}")

    async def _talk(self, manner: _Manner, log: Log) -> Sample | Talk:
        began = datetime.now(UTC)
        try:
            made = await self._acted(manner)
        except EndpointUnusable:
            raise
        except TeacherError as error:
            made = Talk(manner.number, error.stage, str(error))
        except RunError as error:
            made = Talk(manner.number, "server", str(error))
        except Unsourced as error:
            made = Talk(manner.number, "unsourced", str(error))
        if isinstance(made, Sample):
            kept = await self.gates(made, began)
            made = Talk(manner.number, kept.stage, kept.reason) if isinstance(kept, Dropped) else kept
        log.talks.append(made if isinstance(made, Talk) else Talk(manner.number, right=len(made.turns)))
        return made

    async def _acted(self, manner: _Manner) -> Sample | Talk:
        """The conversation as a sample, not yet gated; or what the plan's checker says against it."""
        shop = self.shop
        rng = random.Random(manner.seed)
        user = GoalUser(shop.model, self.trace, self.offered.tools, manner.style, rng, shop.occasion)
        listed = tuple(shop.graph.tools.values())
        async with open_episode(self.expected, shop.specs, listed, shop.open_fresh, user) as episode:
            await play(episode, StudentPlayer(shop.model), manner.seed, lambda: objection(episode) is None)
            outcome = await score(episode)
            servers = list(episode.environment.servers.values())
        if (found := objection(episode)) is not None or outcome.failure is not None:
            problem = found or (str(outcome.failure), outcome.reason)
            return Talk(manner.number, *problem, first_turns(episode))
        return self._assembled(episode, user, manner, servers)

    def _assembled(self, episode: Episode, user: GoalUser, manner: _Manner, servers: list[ServerInfo]) -> Sample:
        matching = match(self.expected, candidate(episode))
        actual = Actual(episode, matching, self.trace, self.offered, user.heard, manner.number)
        told, trace = actual.conversation()
        made = assemble(told, trace, servers, self.shop.model.name, self.plan, manner.style)
        return made.model_copy(update={"mode": "role_play"})
