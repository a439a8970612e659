"""A sample: one row of the dataset, with its checker and the source of every argument."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from toolweave.agent.replay import ExpectedCall, Origin
from toolweave.graph.plan import Relation, TurnKind
from toolweave.servers.json_values import digest

FORMAT: Literal["toolweave/1"] = "toolweave/1"
Mode = Literal["backwards", "role_play"]
"""How a conversation came about."""
BACKWARDS: Mode = "backwards"


class Row(BaseModel):
    """What all parts of a row share: unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Composite(Row):
    """The advanced tool that a turn amounts to: its request was written from it, its calls carry it out."""

    name: str
    description: str
    inputs: tuple[str, ...] = ()
    """What only the user knows, in plain words; whatever a call can find has vanished."""
    output: str
    """What the user has at the end."""


class Turn(Row):
    """One user turn."""

    kind: TurnKind
    messages: tuple[int, int]
    """Indices of its first and last message, both included."""
    target: str
    """The tool that the turn had to reach, as `server/tool`; with `irrelevant` the one that nobody offers."""
    relation: Relation = "opens"
    """How the turn stands to the earlier ones."""
    withheld: tuple[str, ...] = ()
    """Names of the row's tools that are not on offer in this turn."""
    masked: tuple[int, ...] = ()
    """Indices of assistant messages that a model must not learn: calls that fail."""
    advanced: Composite | None = None
    """The advanced tool that its calls, or the calls that are wished for, add up to."""


class Provenance(Row):
    """Where one argument leaf came from."""

    call: str
    """Id of the call that carries the argument."""
    argument: str
    """JSON pointer into the call's arguments."""
    source: dict[str, Any]
    """`kind` is `user` (with `turn` and `text`, the wording in that turn's message), `output` (with `call` and `place`,
    a JSON pointer into that call's output, and with the `rule` `format` where the value stands there in another JSON
    type), `default`, `const`, `enum` (the only value that the schema lists), or `derived`: what the user's words
    (`turn`, `text`) make of an earlier argument (`call`, `argument`) by a `rule`, which is `date arithmetic`, `sum` or
    `multiple`."""


class StateRead(Row):
    """A read of the final state through a server's own reading tool, and what the calls made it show."""

    server: str
    tool: str
    arguments: dict[str, Any]
    taken: dict[str, Origin] = {}
    """JSON pointer into `arguments` → the output of a call that the value is taken from."""
    holds: dict[str, Any] = {}
    """Place of the answer → what has to stand there; only what the calls changed, and nothing that is volatile."""
    gone: tuple[str, ...] = ()
    """Places that were there before the calls and may not be there after them."""
    fails: bool = False
    """Whether the server has to refuse it, because the thing is not there any more."""


class FileState(Row):
    """A file of a server's workspace that the calls made, changed or removed."""

    server: str
    path: str
    """Relative to the workspace."""
    sha256: str | None = None
    """Digest of its content; `None` where that may differ from run to run, or the file has to be absent."""
    absent: bool = False


class Fact(Row):
    """Something that the closing words of a turn tell: a value that came back, a number, a name, or a negation."""

    turn: int
    text: str
    """As it is told."""
    call: str | None = None
    """Id of the call whose output it is; `None` where it is a part of a value, or somebody else's words."""
    place: str | None = None
    """JSON pointer into that output."""


class Checker(Row):
    """What a machine needs to check the sample on fresh environments."""

    version: Literal[1] = 1
    calls: tuple[ExpectedCall, ...]
    reads: tuple[str, ...] = ()
    """Names of the offered tools that were seen to read only: one call more of them changes nothing."""
    state: tuple[StateRead, ...] = ()
    """Reads of the final state, in the order in which they are to be made, after all calls."""
    files: tuple[FileState, ...] = ()
    """Files of the workspaces that the calls changed."""
    unasserted: str = ""
    """Why nothing is said of the final state, where nothing is."""
    told: tuple[Fact, ...] = ()
    """What the answers tell, in order; an answer that tells other values is not the one that was checked."""


class ServerRecord(Row):
    """A server that the sample was made with."""

    name: str
    version: str
    digest: str
    """SHA-256 over the digests of its tools."""
    simulated: bool = False
    """Whether it only imitates what its tools say."""


class Quality(Row):
    """Figures computed from the sample itself."""

    turns: int
    calls: int
    depth: int
    """Length of the longest chain of calls that feed each other."""
    dependent_calls: int
    """Calls that take at least one value from an earlier call."""
    tools_offered: int
    attempts: int
    """The most attempts that a reasoning step needed (k)."""
    width: int = 0
    """Most calls made in one step."""
    dependency_share: float = 0.0
    """Share of the calls that take a value from an earlier call."""
    distractors: int = 0
    """Tools on offer that are never called."""
    provenance: dict[str, int] = {}
    """Kind of source → argument leaves that come from it."""
    kinds: tuple[TurnKind, ...] = ()
    """Kinds of its turns, each once."""
    tokens: int = 0
    """Tools and messages as JSON, in tokens, taken as four characters each."""
    difficulty: float = 0.0
    """From 0 to 1, built from depth, calls, turns, distractors, width, kinds and attempts."""
    mutants: int = 0
    """Spoilt copies of the sample that its checker was tried on."""
    survivors: tuple[str, ...] = ()
    """Kinds of spoilt copies that the checker could not tell from the sample."""
    judged: dict[str, str] = {}
    """Criterion of the judge's rubric → `yes`, `no` or `unsure`; empty where no judge was asked."""


class TextStep(Row):
    """What a text says, in its own words, and where."""

    text: str
    lines: tuple[int, int]
    """First and last line of the file, from 1."""


class TextSource(Row):
    """The passage of a manual that a sample was made from."""

    file: str
    lines: tuple[int, int]
    title: str
    """What the passage says it is for."""
    steps: dict[str, TextStep]
    """Id of a call → the step that it carries out."""


class Refined(Row):
    """A row whose words a second model has edited; calls and observations are those of the original."""

    by: str
    """Model id, or `offline`."""
    original: str
    """Id of the row as it was; its words are in `revisions.jsonl`."""
    messages: tuple[int, ...]
    """Indices of the messages that read otherwise now."""


class Sample(Row):
    """One line of `samples.jsonl`."""

    format: Literal["toolweave/1"] = FORMAT
    id: str
    tools: tuple[dict[str, Any], ...]
    """OpenAI function tools, as offered."""
    messages: tuple[dict[str, Any], ...]
    """OpenAI chat shape; `arguments` is an object, reasoning stands in `reasoning_content`."""
    turns: tuple[Turn, ...]
    provenance: tuple[Provenance, ...]
    checker: Checker
    servers: tuple[ServerRecord, ...]
    teacher: str
    """Model id, or `offline` for the embedded rule-based teacher."""
    seed: int
    index: int = Field(ge=0)
    """Number of the planned item in its run."""
    style: dict[str, str] = {}
    """The seeded draw of persona, register, vagueness, background and distance from the calls."""
    mode: Mode = Field(default=BACKWARDS, exclude_if=lambda mode: mode == BACKWARDS)
    """`role_play`: a simulated user and an assistant without hints have spoken freely. Left out: the requests were
    written backwards from calls that had been made, and the thoughts led to these."""
    text: TextSource | None = Field(default=None, exclude_if=lambda text: text is None)
    """The passage that it was made from; left out where it was made from no text."""
    refined: Refined | None = Field(default=None, exclude_if=lambda refined: refined is None)
    """Who reworded it afterwards; left out where nobody has."""
    quality: Quality
    notes: dict[str, dict[str, Any]] = Field(default={}, exclude_if=lambda notes: not notes)
    """What stages of other packages have noted, by their names; left out where there is nothing."""


def sample_id(tools: tuple[dict[str, Any], ...], messages: tuple[dict[str, Any], ...], seed: int) -> str:
    """Id from what does not change when the run is made again: tools, seed, requests, and which tools are called.

    Observations and arguments are left out: a clock or an id that a server makes up would change it. So is the order of
    the calls: some may be made in another one.
    """
    requests = [message["content"] for message in messages if message["role"] == "user"]
    parts = [list(tools), seed, requests, sorted(name for _, name, _ in called(messages))]
    return "tw-" + digest(parts)[:16]


def tool_messages(messages: tuple[dict[str, Any], ...]) -> dict[str, str]:
    """Call id → the observation that the conversation shows."""
    return {str(message["tool_call_id"]): str(message["content"]) for message in messages if message["role"] == "tool"}


def called(messages: tuple[dict[str, Any], ...]) -> list[tuple[str, str, dict[str, Any]]]:
    """(call id, offered tool name, arguments) of every call in the conversation, in order."""
    return [
        (str(call["id"]), str(call["function"]["name"]), call["function"]["arguments"])
        for message in messages
        for call in message.get("tool_calls") or ()
    ]
