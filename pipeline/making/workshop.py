"""What all items of a run share, and what one item leaves behind on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from toolweave.agent.memory import Attempt
from toolweave.agent.reason import Revision
from toolweave.graph.plan import TrajectoryPlan

if TYPE_CHECKING:
    from toolweave.agent.arguments import ValueBook
    from toolweave.agent.roles import Model
    from toolweave.agent.trace import Trace
    from toolweave.graph.model import ToolGraph
    from toolweave.pipeline.checking.recording import Recording
    from toolweave.pipeline.contamination import Screen
    from toolweave.pipeline.environments import OpenEnvironment
    from toolweave.pipeline.gates.judging import Panel
    from toolweave.pipeline.gates.static import Gate
    from toolweave.pipeline.plans.replanning import Lessons
    from toolweave.pipeline.settings import RunSettings
    from toolweave.servers.config import ServerSpec

Outcome = Literal["rejected", "failed", "unresolved"]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A planned item that was not kept."""

    outcome: Outcome
    stage: str
    reason: str
    twin: str = ""
    """The kept sample that it is too much like, where that is why."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A plan that was rehearsed."""

    plan: TrajectoryPlan
    turn: int | None = None
    """The turn that could not be made; `None` when a way through all of them was found."""
    step: int | None = None
    """Its call that did not work."""
    reason: str | None = None
    """Why not."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that was tried in role play."""

    attempt: int
    failure: str | None = None
    """In a word: what a checker says, a gate, or a stage; `None` when it was kept."""
    reason: str = ""
    right: int = 0
    """Turns that went right, from the beginning, and could stand alone."""


@dataclass
class Log:
    """What happened on the way, for the run's events and revisions."""

    attempts: list[Attempt] = field(default_factory=list[Attempt])
    tried: list[Tried] = field(default_factory=list[Tried])
    revisions: list[tuple[int, Revision]] = field(default_factory=list[tuple[int, Revision]])
    talks: list[Talk] = field(default_factory=list[Talk])
    cut: str | None = None
    """Why later turns were left out, where they were."""
    recording: Recording | None = None
    """What the servers answered, of a sample that is kept."""


@dataclass(frozen=True)
class Workshop:
    """What all items of a run share."""

    settings: RunSettings
    graph: ToolGraph
    specs: Mapping[str, ServerSpec]
    book: ValueBook
    model: Model
    callable_tools: frozenset[str]
    open_fresh: OpenEnvironment
    """For all checks: nothing is shared."""
    open_live: OpenEnvironment
    """For first executions: what experiments have shown to keep no state is shared."""
    screen: Screen | None = None
    """Benchmark rows that no sample may share anything with."""
    gates: Mapping[str, Gate] = field(default_factory=dict[str, "Gate"])
    """Gates that other packages bring along, by name."""
    panel: Panel | None = None
    """The judge with its rubric, where there is one."""
    as_written: bool = False
    """Whether plans are carried out as they stand: no call that helps another one may be put before it."""
    occasion: str = ""
    """What the user calls the item at hand, where that is known: the heading of a manual."""
    lessons: Lessons | None = None
    """What was known when the item was planned; `None`: nothing, and no item is planned anew."""

    def specs_of(self, trace: Trace) -> list[ServerSpec]:
        """The servers that a trace calls, in the order of their first call."""
        return [self.specs[name] for name in dict.fromkeys(call.tool.server for call in trace.calls)]


def revision_line(index: int, turn: int, revision: Revision) -> dict[str, Any]:
    """A draft with its critique, as `revisions.jsonl` keeps it."""
    return {
        "index": index,
        "turn": turn,
        "attempt": revision.attempt,
        "mistake": revision.mistake,
        "hint": revision.hint,
        "messages": revision.messages,
        "draft": revision.draft.model_dump(mode="json"),
    }
