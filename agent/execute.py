"""Executes planned calls live: fills the arguments, calls, repairs with other values, and records what came back.

A call that may have reached its server is never silently repeated: every attempt is another set of arguments, and
every attempt is handed to `on_attempt`. A plan whose call cannot be made to work raises `PlanFailed`; that is a
trajectory with a reason, not a broken run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.arguments import ValueBook
from toolweave.agent.outcomes import emptiness, failure
from toolweave.agent.patterns import argument_leaves, get, place_of, put
from toolweave.agent.repair import after_enabler, enablers
from toolweave.agent.roles import Model, ValueAsk
from toolweave.agent.rows import Rows
from toolweave.agent.trace import Call, Source, TurnTrace
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import FromCall, PlannedCall, TurnPlan
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.environment import Environment
from toolweave.servers.errors import ToolweaveError
from toolweave.servers.json_values import canonical
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool

ATTEMPTS = 3
"""Sets of arguments for one call."""
MOST_ENABLERS = 2
"""Calls that may be put before one that fails."""


class PlanFailed(ToolweaveError):
    """A planned call could not be made to work."""

    def __init__(self, stage: str, reason: str, arguments: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.stage = stage
        """Taxonomy of the failure: `plan`, `server` or `teacher`."""
        self.arguments = arguments
        """What the user would have said for the call at its first attempt, by parameter; `None` without an attempt."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One live call, good or bad, as the run's events record it."""

    tool: str
    arguments: dict[str, Any]
    status: str
    reason: str | None
    seconds: float


@dataclass
class Executor:
    """Runs the turns of one trajectory on one environment."""

    environment: Environment
    graph: ToolGraph
    book: ValueBook
    model: Model
    rng: random.Random
    on_attempt: Callable[[Attempt], None] = field(default=lambda _: None)
    steps: dict[int, Call] = field(default_factory=dict[int, Call])
    """Executed calls by step number of the plan."""
    repaired: bool = False
    """Whether anything was called that is not in the trace: it may have left something behind."""
    _rows: Rows = field(default_factory=Rows)
    _said: dict[str, Any] = field(default_factory=dict[str, Any])

    async def run_turn(self, plan: TurnPlan, turn: int) -> TurnTrace:
        """Execute one planned turn.

        Raises:
            PlanFailed: A call had no value for a parameter, or failed with every set of arguments tried.
        """
        done: list[Call] = []
        for planned in plan.calls:
            try:
                done.append(await self._run(planned, turn))
            except PlanFailed as error:
                done += await self._enabled(planned, turn, error)
        return TurnTrace(tuple(done))

    async def _enabled(
        self, planned: PlannedCall, turn: int, error: PlanFailed, most: int = MOST_ENABLERS
    ) -> tuple[Call, ...]:
        """The call with others before it that made it work; a second one only when the first changed the complaint."""
        if error.stage != "plan" or error.arguments is None:
            raise error
        made = {step: call.tool.id for step, call in self.steps.items()}
        before = dict(self.steps), dict(self._said)
        self._said |= error.arguments
        for enabler in enablers(self.graph, planned, str(error), made, _inserted(made), self.book.speakable):
            try:
                first = await self._run(enabler, turn, attempts=1)
                return first, *await self._retry(after_enabler(self.graph, planned, enabler), turn, error, most)
            except PlanFailed:
                self.steps = dict(before[0])
        self._said = before[1]
        raise error

    async def _retry(self, planned: PlannedCall, turn: int, error: PlanFailed, most: int) -> tuple[Call, ...]:
        try:
            return (await self._run(planned, turn, attempts=1),)
        except PlanFailed as other:
            if most <= 1 or str(other) == str(error):
                raise
            return await self._enabled(planned, turn, other, most - 1)

    async def _run(self, planned: PlannedCall, turn: int, attempts: int = ATTEMPTS) -> Call:
        tool = self.graph.tools[planned.tool]
        first: dict[str, Any] | None = None
        reason: str | None = "no attempt"
        tried: set[str] = set()
        for attempt in range(attempts):
            arguments, sources = await self._fill(planned, tool, turn, attempt)
            first = self._spoken_of(tool, sources, arguments) if first is None else first
            if canonical(arguments) in tried:
                continue
            tried.add(canonical(arguments))
            result = await self.environment.call(tool, arguments)
            reason = failure(result) or emptiness(result)
            self.on_attempt(Attempt(tool.id, arguments, result.status, reason, result.seconds))
            if reason is None:
                self._said |= self._spoken_of(tool, sources, arguments)
                self.steps[planned.step] = self._record(planned, tool, arguments, sources, result)
                return self.steps[planned.step]
            self.repaired = True
            if result.status in ("lost", "timeout", "refused"):
                raise PlanFailed("server", f"{tool.id}: {reason}")
        raise PlanFailed("plan", f"{tool.id}: {reason}", first)

    async def _fill(
        self, planned: PlannedCall, tool: Tool, turn: int, attempt: int
    ) -> tuple[dict[str, Any], dict[str, Source]]:
        arguments: dict[str, Any] = {}
        sources: dict[str, Source] = {}
        used: dict[str, set[str]] = {}
        known = {parameter.path: parameter for parameter in parameters(tool)}
        for pattern, source in planned.sources.items():
            if isinstance(source, FromCall):
                value, where = self._take(source, pattern, tool, used, attempt)
            else:
                value, where = await self._say(tool, known[pattern], turn, attempt)
            put(arguments, pattern, value)
            place = place_of(pattern)
            sources |= {leaf: where for leaf, _ in argument_leaves(value, place)}
        return arguments, sources

    def _take(
        self, source: FromCall, pattern: str, tool: Tool, used: dict[str, set[str]], attempt: int
    ) -> tuple[Any, Source]:
        producer = self.steps[source.step]
        taken = used.setdefault(producer.id, set())
        leaf = self._rows.choose(producer.id, producer.result.value, source.field, taken, attempt, self.rng)
        if leaf is None:
            raise PlanFailed("plan", f"{producer.tool.id} returned no {source.field!r} for {tool.id} {pattern!r}")
        taken.add(leaf.place)
        return _fitted(leaf.value, pattern, tool), Source("output", call=producer.id, place=leaf.place)

    async def _say(self, tool: Tool, parameter: Parameter, turn: int, attempt: int) -> tuple[Any, Source]:
        choices = self.book.candidates(tool, parameter, random.Random(self.rng.randrange(2**31)))
        said = self._said.get(parameter.path)
        if attempt == 0 and any(choice.value == said for choice in choices):
            return said, Source("user", turn=turn)
        if choices:
            choice = choices[attempt % len(choices)]
            return choice.value, Source("const") if choice.how == "const" else Source("user", turn=turn)
        place = place_of(parameter.path)
        reply = await self.model.value(ValueAsk(tool, place, parameter.schema, self.rng.randrange(2**31)))
        if reply.value is None:
            raise PlanFailed("plan", f"{tool.id}: parameter {parameter.path!r} has no source")
        return reply.value, Source("user", turn=turn)

    def _spoken_of(self, tool: Tool, sources: dict[str, Source], arguments: dict[str, Any]) -> dict[str, Any]:
        """What the user says for a call, by parameter pattern."""
        places = {parameter.path: place_of(parameter.path) for parameter in parameters(tool)}
        return {
            path: get(arguments, place)
            for path, place in places.items()
            if sources.get(place) is not None and sources[place].kind == "user"
        }

    def _record(
        self,
        planned: PlannedCall,
        tool: Tool,
        arguments: dict[str, Any],
        sources: dict[str, Source],
        result: CallResult,
    ) -> Call:
        after = {source.call for source in sources.values() if source.call is not None}
        after |= {self.steps[step].id for step in planned.after}
        after |= self._state_before(tool)
        return Call(f"call_{len(self.steps) + 1}", tool, arguments, sources, result, frozenset(after))

    def _state_before(self, tool: Tool) -> set[str]:
        """Calls of the same server that cannot change places with this one: either of the two may write."""
        return {
            call.id
            for call in self.steps.values()
            if call.tool.server == tool.server and (self._may_write(call.tool) or self._may_write(tool))
        }

    def _may_write(self, tool: Tool) -> bool:
        return self.graph.fact(tool.id).access != "reads" and tool.annotations.read_only is not True


def _inserted(made: Iterable[int]) -> int:
    """A step number for a call that was not planned: below all that are."""
    return min((*made, 0)) - 1


def _fitted(value: Any, pattern: str, tool: Tool) -> Any:
    """The value in the type that the parameter wants, where that loses nothing (`7` for `"7"`)."""
    wanted = next((p.schema.get("type") for p in parameters(tool) if p.path == pattern), None)
    if wanted == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if wanted == "integer" and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value
