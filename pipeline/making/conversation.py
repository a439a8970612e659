"""From an executed trace to a conversation: each turn is asked backwards and reasoned through as its kind wants."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from toolweave.agent.compose import Asked, ask_backwards, speak_as_user
from toolweave.agent.messages import Message, user_message
from toolweave.agent.reason import Reasoner
from toolweave.agent.roles import AdvancedTool, Query, Style
from toolweave.agent.trace import Call, Trace, TurnTrace
from toolweave.graph.plan import Relation, TurnKind
from toolweave.pipeline.making.offers import Offer
from toolweave.pipeline.making.workshop import Log, Workshop
from toolweave.servers.errors import EndpointUnusable, TeacherError
from toolweave.servers.tools import Tool, function_names


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """One turn of the conversation, from what the user says to the words that close it."""

    kind: TurnKind
    relation: Relation
    target: Tool
    calls: tuple[Call, ...]
    messages: tuple[int, int]
    """Indices of its first and last message."""
    attempts: int
    advanced: AdvancedTool
    """What the turn amounts to."""
    withheld: frozenset[str] = frozenset()
    """Ids of the tools that are not on offer."""
    masked: tuple[int, ...] = ()
    """Indices of messages that must not be learnt."""


@dataclass
class Conversation:
    """The conversation so far."""

    tools: tuple[Tool, ...]
    names: dict[str, str]
    """Tool id → offered name."""
    messages: list[Message] = field(default_factory=list[Message])
    turns: list[SpokenTurn] = field(default_factory=list[SpokenTurn])
    said: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict[tuple[str, str], tuple[int, str]])
    """(call id, JSON pointer) → the spoken turn whose user said its value, and the wording."""


async def converse(
    shop: Workshop, trace: Trace, offered: Offer, style: Style, log: Log, rng: random.Random
) -> tuple[Conversation, Trace]:
    """Speak turn by turn; a later turn that fails is left out, of the conversation and of the trace.

    Raises:
        TeacherError: No turn with a call came about.
    """
    conversation = Conversation(offered.tools, function_names(offered.tools))
    for number, turn in enumerate(trace.turns):
        speaker = _Speaker(shop, conversation, trace, offered, style, rng, log, number)
        try:
            await speaker.speak(turn)
        except TeacherError as error:
            if not any(done.calls for done in conversation.turns) or isinstance(error, EndpointUnusable):
                raise
            log.cut = f"turn {number}: {error}"
            return conversation, Trace(trace.turns[:number])
        speaker.settle()
    return conversation, trace


@dataclass
class _Speaker:
    """Speaks one planned turn; nothing of it is in the conversation before `settle`."""

    shop: Workshop
    conversation: Conversation
    trace: Trace
    offered: Offer
    style: Style
    rng: random.Random
    log: Log
    number: int
    messages: list[Message] = field(default_factory=list[Message])
    turns: list[SpokenTurn] = field(default_factory=list[SpokenTurn])
    queries: list[tuple[int, Query]] = field(default_factory=list[tuple[int, Query]])

    async def speak(self, turn: TurnTrace) -> None:
        """Ask and reason as the turn's kind wants."""
        self.messages = list(self.conversation.messages)
        asked = await self._asked(turn)
        self._listen(asked.query)
        if turn.kind == "irrelevant":
            await self._reason(turn, asked, turn.kind, self._refuse)
        elif turn.kind == "missing_function":
            await self._reason(turn, asked, turn.kind, self._refuse)
            self._listen(await speak_as_user(self.shop.model, asked, turn, self.messages, self.style, self.rng))
            await self._reason(turn, asked, "base", self._carry_out)
        else:
            await self._reason(turn, asked, turn.kind, self._carry_out)

    def settle(self) -> None:
        """Make the turn part of the conversation."""
        self.conversation.messages[:] = self.messages
        self.conversation.turns += self.turns
        for number, query in self.queries:
            self.conversation.said |= {(item.call, item.pointer): (number, item.text) for item in query.said}

    @property
    def _done(self) -> tuple[Call, ...]:
        return tuple(call for turn in self.trace.turns[: self.number] for call in turn.calls)

    async def _asked(self, turn: TurnTrace) -> Asked:
        return await ask_backwards(
            self.shop.model, turn, self._done, self.messages, self.conversation.tools, self.style, self.rng,
            self.shop.occasion,
        )  # fmt: skip

    def _listen(self, query: Query) -> None:
        self.messages.append(user_message(query.text))
        self.queries.append((len(self.conversation.turns) + len(self.turns), query))

    async def _reason(self, turn: TurnTrace, asked: Asked, kind: TurnKind, work: _Work) -> None:
        """Let the assistant speak up to the end of one spoken turn."""
        refuses = kind in ("irrelevant", "missing_function")
        first = self.turns[-1].messages[1] + 1 if self.turns else len(self.conversation.messages)
        absent = self._absent(released=turn.kind == "missing_function" and not refuses)
        reasoners = await work(turn, asked, absent)
        self.turns.append(
            SpokenTurn(
                kind,
                turn.relation if not self.turns else "continues",
                turn.target,
                () if refuses else turn.calls,
                (first, len(self.messages) - 1),
                max(reasoner.attempts for reasoner in reasoners),
                asked.advanced,
                absent,
                tuple(index for reasoner in reasoners for index in reasoner.masked),
            )
        )

    def _absent(self, released: bool) -> frozenset[str]:
        """Tools that are not on offer now; those that the turn waits for are there once they are released."""
        absent, number = self.offered.absent, self.number + released
        return absent[number] if number < len(absent) else frozenset()

    async def _refuse(self, turn: TurnTrace, asked: Asked, absent: frozenset[str]) -> list[Reasoner]:
        async with self._reasoner(asked, absent) as reasoner:
            await reasoner.refuse(turn)
        return [reasoner]

    async def _carry_out(self, turn: TurnTrace, asked: Asked, absent: frozenset[str]) -> list[Reasoner]:
        asking: list[Reasoner] = []
        if turn.withheld:
            async with self._reasoner(asked, absent) as reasoner:
                await reasoner.ask(turn)
            asking.append(reasoner)
            self._listen(await speak_as_user(self.shop.model, asked, turn, self.messages, self.style, self.rng))
        async with self._reasoner(asked, absent) as reasoner:
            await reasoner.run(turn, frozenset(call.id for call in self._done))
        return [*asking, reasoner]

    @asynccontextmanager
    async def _reasoner(self, asked: Asked, absent: frozenset[str]) -> AsyncGenerator[Reasoner]:
        """A loop over the messages as they stand; its drafts are logged however it ends."""
        tools = tuple(tool for tool in self.conversation.tools if tool.id not in absent)
        names = {tool.id: self.conversation.names[tool.id] for tool in tools}
        reasoner = Reasoner(
            self.shop.model, tools, names, asked.advanced, self.rng, self.messages, self.shop.settings.attempts
        )
        try:
            yield reasoner
        finally:
            self.log.revisions += [(self.number, revision) for revision in reasoner.revisions]


_Work = Callable[[TurnTrace, Asked, frozenset[str]], Awaitable[list[Reasoner]]]
