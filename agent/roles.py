"""The teacher's roles over one protocol: what each is asked, and what it must reply (FunReason-MT, phases II and III).

The asks are plain data, so a rule-based teacher can read them and a prompt can be rendered from them. The replies cross
a border (a model wrote them) and are validated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from toolweave.agent.messages import Message
from toolweave.graph.plan import Relation
from toolweave.servers.tools import Tool


class Reply(BaseModel):
    """A validated reply; a teacher that adds or misses a key is asked again."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class UserValue:
    """One value that only the user can supply."""

    call: str
    """Id of the call that carries it."""
    tool: Tool
    """The tool whose argument it is."""
    pointer: str
    """JSON pointer into that tool's arguments."""
    schema: dict[str, Any]
    """Schema of the parameter leaf."""
    value: Any
    before: Any = None
    """What the user said before and now wants otherwise; `None` where nothing is changed."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One executed call as the tooling, querying and critiquing roles may see it."""

    id: str
    tool: Tool
    arguments: dict[str, Any]
    text: str
    """The observation as a model reads it."""
    value: Any
    """The observation, decoded."""
    taken: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """JSON pointer into `arguments` → (id of the call whose output gave the value, place in that output)."""


@dataclass(frozen=True, slots=True)
class ToolingAsk:
    """Fold this turn's calls into one composite tool."""

    calls: tuple[Happened, ...]
    inputs: tuple[UserValue, ...]
    seed: int


class AdvancedTool(Reply):
    """The whole turn as one tool: intermediate values have vanished from its signature."""

    name: str = Field(min_length=1, max_length=80)
    description: str = Field(min_length=1, max_length=600)
    inputs: tuple[str, ...] = ()
    """What the user supplies, in plain words."""
    output: str = Field(min_length=1, max_length=300)


@dataclass(frozen=True, slots=True)
class Style:
    """The seeded draw that the paper calls ε; recorded with the sample."""

    persona: str
    register: Literal["plain", "polite", "brisk", "chatty"]
    distance: Literal["explicit", "goal"]
    """`explicit` hints at the steps in everyday words; `goal` only says what is wanted."""
    vagueness: Literal["exact", "loose"] = "exact"
    """`exact` names things again and says what belongs to them; `loose` points back in few words ("it", "that one")."""
    background: Literal["told", "untold"] = "untold"
    """Whether the user also says why they ask, or what goes on around them."""


@dataclass(frozen=True, slots=True)
class QueryAsk:
    """Write what the user says at the start of this turn."""

    advanced: AdvancedTool
    calls: tuple[Happened, ...]
    inputs: tuple[UserValue, ...]
    """Every one of these values must be readable in the text, in human form."""
    carried: tuple[UserValue, ...]
    """Arguments taken from earlier turns: refer to the thing ("that booking"), do not say the value."""
    history: tuple[Message, ...]
    """Messages of the earlier turns; empty on the first."""
    style: Style
    forbidden: tuple[str, ...]
    """Identifiers of tools and parameters, and intermediate values: none may appear in the text."""
    seed: int
    complaints: tuple[str, ...] = ()
    """What was wrong with earlier attempts at this text."""
    unsaid: tuple[UserValue, ...] = ()
    """Values that the user forgets to say; they may not be readable in the text, nor be asked about in it."""
    relation: Relation = "opens"
    """How the turn stands to the earlier ones; with `corrects` an earlier call is made once more with `inputs`."""
    occasion: str = ""
    """What the person calls all of it, such as the heading of a manual; to be told in other words, or not at all."""

    @property
    def corrects(self) -> bool:
        """Whether the user changes their mind."""
        return self.relation == "corrects"


@dataclass(frozen=True, slots=True)
class UserAsk:
    """Say what the user says back, within a turn or right after a refusal; the user knows only what is listed."""

    purpose: Literal["tell", "insist"]
    """`tell`: the assistant asked for `values`, say them. `insist`: the assistant could not do what was asked, for want
    of a tool; it has the tool now, so ask it to go on, without saying the request again."""
    advanced: AdvancedTool
    values: tuple[UserValue, ...]
    """What may be revealed, all of it; empty for `insist`."""
    history: tuple[Message, ...]
    """The conversation so far; its last message is the assistant's."""
    style: Style
    forbidden: tuple[str, ...]
    seed: int
    complaints: tuple[str, ...] = ()


class Said(Reply):
    """How one user value is worded in the query."""

    pointer: str
    """As in the ask."""
    call: str
    """Id of the call, as in the ask."""
    text: str = Field(min_length=1)
    """The exact substring of the query that says the value."""


class Query(Reply):
    """What the user says."""

    text: str = Field(min_length=1, max_length=4000)
    said: tuple[Said, ...] = ()


class ProposedCall(Reply):
    """A call that the reasoner wants to make."""

    name: str
    """Offered tool name."""
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StepAsk:
    """Decide the next step of the conversation."""

    messages: tuple[Message, ...]
    """The conversation so far, with real observations; the last user message opened this turn."""
    tools: tuple[Tool, ...]
    """The tools on offer."""
    names: dict[str, str]
    """Tool id → offered name."""
    advanced: AdvancedTool | None
    """The equivalence hint of the paper's Prompt(1); never to be mentioned. `None` where nobody helps."""
    hints: tuple[str, ...]
    """The critic's hints on this turn so far; never to be mentioned."""
    seed: int
    slip: ProposedCall | None = None
    """When set, the step makes exactly this call, which its server will refuse: write the thoughts of an assistant who
    takes it for right."""


class Step(Reply):
    """Reasoning, then either calls or words to the user."""

    reasoning: str = Field(min_length=1, max_length=4000)
    calls: tuple[ProposedCall, ...] = ()
    answer: str | None = None
    """What the user is told: the outcome; or a question for a value that only the user knows; or that no tool on offer
    can do what is asked."""


Mistake = Literal[
    "wrong_tool",
    "missing_prerequisite",
    "wrong_value",
    "wrong_source",
    "wrong_order",
    "extra_call",
    "stopped_early",
    "unsupported_answer",
    "leak",
    "not_together",
    "did_not_ask",
    "did_not_refuse",
]
"""`not_together`: a call is right, but another one that needs nothing of it belongs into the same step. `did_not_ask`:
a value that only the user knows is missing and was not asked for, or something else was. `did_not_refuse`: no tool on
offer can do it, and the step does not say so."""


@dataclass(frozen=True, slots=True)
class CritiqueAsk:
    """Turn a finding into a hint; the finding was made by comparing with the trace, not by the teacher."""

    mistake: Mistake
    step: Step
    tool: Tool | None
    """The tool of the faulty call, where there is one; with `not_together` the tool of the call that is left out."""
    pointer: str | None
    """The faulty argument, where there is one; with `did_not_ask` the argument whose value is missing."""
    expected: tuple[Happened, ...]
    """The calls that would have been right; their values must not appear in the hint."""
    messages: tuple[Message, ...]
    seed: int
    earlier: tuple[str, ...] = ()
    """Hints that this turn has earned before; a further one may be more concrete."""


class Critique(Reply):
    """A hint for the next attempt."""

    hint: str = Field(min_length=1, max_length=600)


@dataclass(frozen=True, slots=True)
class ValueAsk:
    """Invent a plausible value for a parameter that no tool, schema or setting supplies."""

    tool: Tool
    pointer: str
    schema: dict[str, Any]
    seed: int


class Value(Reply):
    """A plausible value; `None` when nothing sensible can be said."""

    value: Any = None


class Model(Protocol):
    """The teacher behind the roles.

    Every method may raise `TeacherError`; it never returns a reply that failed validation.
    """

    @property
    def name(self) -> str:
        """What `samples.jsonl` records as the teacher, such as `offline` or a model id."""
        ...

    async def tooling(self, ask: ToolingAsk) -> AdvancedTool:
        """A_T: fold a turn into an advanced tool."""
        ...

    async def query(self, ask: QueryAsk) -> Query:
        """A_Q: write the user's request."""
        ...

    async def user(self, ask: UserAsk) -> Query:
        """The simulated user: tell what was asked for, or insist after a refusal."""
        ...

    async def step(self, ask: StepAsk) -> Step:
        """A_R: decide the next step."""
        ...

    async def critique(self, ask: CritiqueAsk) -> Critique:
        """A_C: word a hint."""
        ...

    async def value(self, ask: ValueAsk) -> Value:
        """Invent a value that a user would know."""
        ...
