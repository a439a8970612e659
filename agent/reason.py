"""Phase III for one turn: reasoner and critic iterate until the chain of thought reaches the calls of the trace.

(FunReason-MT §3.3, step by step over real observations by our decision.) The reasoner sees what a student would see and
the equivalence hint and the critic's hints. Every proposed step is compared with the trace; only a step that matches is
shown its real observation and kept. Drafts, critiques and retries are kept beside the sample.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from toolweave.agent.asking import question_problem, refusal_problem
from toolweave.agent.compare import Finding, match_step
from toolweave.agent.compose import happened
from toolweave.agent.grounding import given_away, seen_text, unsupported
from toolweave.agent.messages import Message, answer_message, call_message, tool_message
from toolweave.agent.roles import AdvancedTool, CritiqueAsk, Model, ProposedCall, Step, StepAsk
from toolweave.agent.trace import Call, TurnTrace
from toolweave.agent.whole_words import spoken_of
from toolweave.servers.errors import NeverReached
from toolweave.servers.tools import Tool

MOST_ATTEMPTS = 3
"""K_max of the paper's successor; attempts at one step, hints accumulate over the turn."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A draft that was wrong, and the hint that it earned."""

    attempt: int
    draft: Step
    mistake: str
    hint: str
    messages: int
    """How many messages the conversation had when the draft was made."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the next step has to be, as a judge that returns the calls it makes or what is wrong with it."""

    judge: Callable[[Step], list[Call] | Finding]
    calls: tuple[Call, ...] = ()
    """The calls that would be right now or later, for the critic."""
    slip: Call | None = None
    """A call that is to be made although its server will refuse it."""


@dataclass
class Reasoner:
    """One turn's loop; `messages` starts with the conversation so far and ends with the turn's answer."""

    model: Model
    tools: tuple[Tool, ...]
    names: dict[str, str]
    advanced: AdvancedTool
    rng: random.Random
    messages: list[Message]
    most_attempts: int = MOST_ATTEMPTS
    hints: list[str] = field(default_factory=list[str])
    revisions: list[Revision] = field(default_factory=list[Revision])
    attempts: int = 1
    """The most attempts that any step needed: the k of the paper."""
    masked: list[int] = field(default_factory=list[int])
    """Indices of messages with calls that fail."""

    async def run(self, trace: TurnTrace, done: frozenset[str]) -> None:
        """Reason through the calls of one turn to its answer; `done` holds the ids of the calls of earlier turns.

        Raises:
            NeverReached: A step was still wrong at the last attempt.
            TeacherError: The teacher failed.
        """
        remaining = list(trace.calls)
        while remaining:
            step, matched = await self._step(self._next(remaining, done, trace.kind == "parallel"))
            self._show(step, matched)
            done |= {call.id for call in matched}
            remaining = [call for call in remaining if call not in matched]
        await self._say(Expected(self._judge_answer))

    async def ask(self, trace: TurnTrace) -> None:
        """Ask the user for the value that was left out.

        Raises:
            NeverReached: The question was still wrong at the last attempt.
            TeacherError: The teacher failed.
        """
        call_id, place = trace.withheld[0]
        tool = next(call.tool for call in trace.calls if call.id == call_id)
        called = {self.names[call.tool.id] for call in trace.calls}
        others = [name for name in self.names.values() if name not in called and not name.isalpha()]
        await self._say(Expected(lambda step: self._judge_question(step, tool, place, others)))

    async def refuse(self, trace: TurnTrace) -> None:
        """Say that nothing on offer can do what is asked.

        Raises:
            NeverReached: The refusal was still wrong at the last attempt.
            TeacherError: The teacher failed.
        """
        await self._say(Expected(lambda step: self._judge_refusal(step, trace.target)))

    def _next(self, remaining: Sequence[Call], done: frozenset[str], together: bool) -> Expected:
        """A slip when one is due, else any calls that are ready; all of them where they belong together."""
        slip = next((call for call in remaining if call.fails and call.after <= done), None)
        ready = [slip] if slip is not None else remaining
        return Expected(lambda step: self._judge_calls(step, ready, done, together), tuple(ready), slip)

    async def _say(self, expected: Expected) -> None:
        step, _ = await self._step(expected)
        self.messages.append(answer_message(step.reasoning, step.answer or ""))

    async def _step(self, expected: Expected) -> tuple[Step, list[Call]]:
        """The first attempt that is right; every other one is criticised."""
        for attempt in range(1, self.most_attempts + 1):
            self.attempts = max(self.attempts, attempt)
            step = await self.model.step(self._ask(expected.slip))
            found = Finding("leak") if self._leaks(step) else expected.judge(step)
            if not isinstance(found, Finding):
                return step, found
            await self._criticise(attempt, step, found, expected.calls)
        mistake = self.revisions[-1].mistake
        raise NeverReached(f"still {mistake.replace('_', ' ')} after {self.most_attempts} attempts")

    def _ask(self, slip: Call | None) -> StepAsk:
        seed = self.rng.randrange(2**31)
        call = ProposedCall(name=self.names[slip.tool.id], arguments=slip.arguments) if slip is not None else None
        return StepAsk(tuple(self.messages), self.tools, self.names, self.advanced, tuple(self.hints), seed, call)

    def _judge_calls(
        self, step: Step, remaining: Sequence[Call], done: frozenset[str], together: bool
    ) -> list[Call] | Finding:
        if not step.calls:
            return Finding("stopped_early")
        matched = match_step(step.calls, remaining, done, self.names)
        if isinstance(matched, Finding) or not together:
            return matched
        left = [call for call in remaining if call.after <= done and call not in matched]
        return Finding("not_together", left[0].tool, left=tuple(left)) if left else matched

    def _judge_answer(self, step: Step) -> list[Call] | Finding:
        if step.calls:
            return Finding("extra_call")
        if not step.answer or unsupported(step.answer, seen_text(self.messages)):
            return Finding("unsupported_answer")
        return []

    def _judge_question(self, step: Step, tool: Tool, place: str, others: Sequence[str]) -> list[Call] | Finding:
        asks = not step.calls and step.answer and question_problem(step.answer, tool, place) is None
        if not asks or not step.answer or spoken_of(step.reasoning, others):
            return Finding("did_not_ask", tool, place)
        return Finding("unsupported_answer") if unsupported(step.answer, seen_text(self.messages)) else []

    def _judge_refusal(self, step: Step, wanted: Tool) -> list[Call] | Finding:
        if step.calls or not step.answer or refusal_problem(step.answer) is not None:
            return Finding("did_not_refuse", wanted)
        return Finding("unsupported_answer") if unsupported(step.answer, seen_text(self.messages)) else []

    def _leaks(self, step: Step) -> bool:
        """Reasoning may use what was said and seen, and its own next arguments; nothing else."""
        seen = seen_text(self.messages)
        proposed = "\n".join(str(call.arguments) for call in step.calls)
        shown = [tool.description for tool in self.tools] + [seen, *self.names.values()]
        return bool(
            given_away(step.reasoning, self.advanced.name, shown)
            or unsupported(step.reasoning, "\n".join((*shown, proposed)))
        )

    async def _criticise(self, attempt: int, step: Step, found: Finding, remaining: Sequence[Call]) -> None:
        expected = tuple(happened(call) for call in found.left or remaining)
        ask = CritiqueAsk(
            found.mistake,
            step,
            found.tool,
            found.pointer,
            expected,
            tuple(self.messages),
            self.rng.randrange(2**31),
            tuple(self.hints),
        )
        hint = (await self.model.critique(ask)).hint
        self.hints.append(hint)
        self.revisions.append(Revision(attempt, step, found.mistake, hint, len(self.messages)))

    def _show(self, step: Step, matched: Sequence[Call]) -> None:
        calls = [(call.id, self.names[call.tool.id], call.arguments) for call in matched]
        if any(call.fails for call in matched):
            self.masked.append(len(self.messages))
        self.messages.append(call_message(step.reasoning, calls))
        for call in matched:
            self.messages.append(tool_message(call.id, self.names[call.tool.id], call.result.text))
