"""The roles played by a model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from toolweave.agent.endpoint import render, render_texts
from toolweave.agent.endpoint.checks import (
    check_hint,
    check_judgement,
    check_refinement,
    check_said,
    check_step,
    check_value,
    complain,
)
from toolweave.agent.endpoint.client import Clock, EndpointClient, Prompt
from toolweave.agent.endpoint.options import EndpointOptions
from toolweave.agent.endpoint.prompts import load_prompts
from toolweave.agent.endpoint.replies import BadReply, Completion, read_reply
from toolweave.agent.endpoint.shelf import Shelf
from toolweave.agent.endpoint.usage import RoleUsage
from toolweave.agent.reviewing import JudgeAsk, Judgement, RefineAsk, Refinement
from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    Query,
    QueryAsk,
    Reply,
    Step,
    StepAsk,
    ToolingAsk,
    UserAsk,
    Value,
    ValueAsk,
)
from toolweave.agent.texts.asks import StepsAsk, StepsMeaning, TextAsk, TextReading
from toolweave.agent.texts.meaning import meaning_problems, reading_problems
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

ReplyT = TypeVar("ReplyT", bound=Reply)
_ECHO = 4_000
"""Characters of a bad reply that are shown back to the model."""
_SEEDS = 2**31
"""Endpoints read a seed as a signed integer of 32 bits."""
_ROLES = ("tooling", "query", "user", "step", "critique", "value", "judge", "refine", "read_text", "map_steps")


class EndpointTeacher:
    """Plays every role over one endpoint; `async with` closes its connections.

    Base URL and key fall back to `OPENAI_BASE_URL` and `OPENAI_API_KEY`; only OpenAI's own endpoint must have a key.

    Raises:
        ConfigError: There is no usable URL, key or prompt folder.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        options: EndpointOptions | None = None,
        prompts: Path | None = None,
        clock: Clock | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._options = options or EndpointOptions()
        self._prompts = load_prompts(prompts)
        self._client = EndpointClient(model, base_url, api_key, self._options, clock or Clock(), shelf)
        self._usage = {role: RoleUsage() for role in _ROLES}

    @property
    def name(self) -> str:
        """The model's id, as the endpoint knows it."""
        return self._client.model

    @property
    def base_url(self) -> str:
        """Where the model is asked."""
        return self._client.url

    @property
    def json_mode(self) -> str:
        """How replies are held to their schema at present; settles with the first request."""
        return self._client.dialect.offer.mode

    def prompt_digests(self) -> dict[str, str]:
        """SHA-256 of every prompt in use, by name."""
        return self._prompts.digests()

    def usage(self) -> dict[str, dict[str, int | float | None]]:
        """Per role: the counts of `RoleUsage`, and `cost`, which is `None` where it cannot be known."""
        return {role: counts.as_json(self._options.prices) for role, counts in self._usage.items()}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def tooling(self, ask: ToolingAsk) -> AdvancedTool:
        """A_T: fold a turn into an advanced tool."""
        return await self._ask("tooling", AdvancedTool, render.tooling(ask), ask.seed)

    async def query(self, ask: QueryAsk) -> Query:
        """A_Q: write the user's request."""
        return await self._ask("query", Query, render.query(ask), ask.seed)

    async def user(self, ask: UserAsk) -> Query:
        """The simulated user: tell what was asked for, or insist after a refusal."""
        return await self._ask("user", Query, render.user(ask), ask.seed, lambda said: check_said(said, ask))

    async def step(self, ask: StepAsk) -> Step:
        """A_R: decide the next step."""
        text = render.step(ask, self._options.max_text)
        reply = await self._ask("step", Step, text, ask.seed, lambda step: check_step(step, ask))
        return reply.model_copy(update={"answer": None}) if reply.calls else reply

    async def critique(self, ask: CritiqueAsk) -> Critique:
        """A_C: word a hint; a coach that gave the answer away is asked afresh without seeing it."""
        reply = await self._ask("critique", Critique, render.critique(ask, show_values=True), ask.seed)
        try:
            check_hint(reply, ask)
        except BadReply:
            self._usage["critique"].retries += 1
            text = render.critique(ask, show_values=False)
            return await self._ask("critique", Critique, text, ask.seed, lambda hint: check_hint(hint, ask))
        return reply

    async def value(self, ask: ValueAsk) -> Value:
        """Invent a value that a user would know."""
        return await self._ask("value", Value, render.value(ask), ask.seed, lambda value: check_value(value, ask))

    async def judge(self, ask: JudgeAsk) -> Judgement:
        """Answer the questions of a rubric about a finished sample."""
        text = render.judge(ask, self._options.max_text)
        return await self._ask("judge", Judgement, text, ask.seed, lambda reply: check_judgement(reply, ask))

    async def refine(self, ask: RefineAsk) -> Refinement:
        """Reword a finished sample."""
        text = render.refine(ask, self._options.max_text)
        return await self._ask("refine", Refinement, text, ask.seed, lambda reply: check_refinement(reply, ask))

    async def read_text(self, ask: TextAsk) -> TextReading:
        """Find the procedures of a text; what it says that the text does not is asked for again."""
        reply: TextReading = await self._ask(
            "read_text", TextReading, render_texts.text(ask), ask.seed, lambda one: complain(reading_problems(one, ask))
        )
        return reply

    async def map_steps(self, ask: StepsAsk) -> StepsMeaning:
        """Say which tools the steps of a procedure mean, and what the text gives for them."""
        reply: StepsMeaning = await self._ask(
            "map_steps",
            StepsMeaning,
            render_texts.steps(ask),
            ask.seed,
            lambda one: complain(meaning_problems(one, ask)),
        )
        return reply

    async def check(self) -> str:
        """Ask for one small reply, and tell how replies will be held to their schema.

        Raises:
            TeacherError: The endpoint does not answer, or not sensibly.
        """
        tool = Tool("", "weather", "Weather of a city.", {"type": "object", "properties": {"city": {"type": "string"}}})
        await self.value(ValueAsk(tool, "/city", {"type": "string"}, 0))
        return self.json_mode

    async def _ask(
        self, role: str, model: type[ReplyT], facts: str, seed: int, check: Callable[[ReplyT], None] = lambda _: None
    ) -> ReplyT:
        try:
            return await self._insist(role, model, facts, seed, check)
        except TeacherError:
            self._usage[role].failures += 1
            raise

    async def _insist(
        self, role: str, model: type[ReplyT], facts: str, seed: int, check: Callable[[ReplyT], None]
    ) -> ReplyT:
        """Ask until a reply can be used, each time showing what was wrong with the one before."""
        schema, usage = _schema(model), self._usage[role]
        opening = [_said("system", self._prompts[role]), _said("user", f"{facts}\n\n{render.schema_note(schema)}")]
        messages, plain, problem = opening, False, ""
        for attempt in range(self._options.max_replies):
            usage.retries += attempt > 0
            completion: Completion | None = None
            try:
                prompt = Prompt(model.__name__, messages, schema, (seed + attempt) % _SEEDS, plain)
                completion = await self._client.complete(prompt, usage)
                reply = read_reply(completion, model)
                check(reply)
                return reply
            except BadReply as error:
                problem = str(error)
            # An empty reply is what some servers give to a response format that they cannot follow.
            plain = completion is not None and completion.empty and self._options.json_mode == "auto"
            messages = self._again(opening, completion, problem)
        raise TeacherError(
            f"{self.name} gave no usable {role} reply in {self._options.max_replies} attempts: {problem}"
        )

    def _again(
        self, opening: list[dict[str, Any]], completion: Completion | None, problem: str
    ) -> list[dict[str, Any]]:
        """The opening and the complaint; roles keep alternating, as some chat templates demand."""
        said = completion.text[:_ECHO].strip() if completion else ""
        complaint = f"{self._prompts['again']}\n{problem}"
        if said:
            return [*opening, _said("assistant", said), _said("user", complaint)]
        return [opening[0], _said("user", f"{opening[1]['content']}\n\n{complaint}")]


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


@cache
def _schema(model: type[Reply]) -> dict[str, Any]:
    return render.plain_schema(model.model_json_schema())
