"""What one row covers: tools, edges that values really followed, the shapes of its turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from toolweave.agent.replay import ExpectedCall
from toolweave.graph.chains import Link, depths, has_diamond, has_loop
from toolweave.graph.fields import leaves
from toolweave.graph.model import ToolGraph
from toolweave.graph.plan import Relation, TurnKind
from toolweave.graph.planning.chances import EdgeKey
from toolweave.graph.planning.draft import edge_key
from toolweave.pipeline.sample import Sample, Turn, called, tool_messages
from toolweave.servers.decoding import decode_text


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """One turn of a row."""

    kind: TurnKind
    relation: Relation
    target: str
    calls: int
    dependent: int
    """Calls that take a value from an earlier call."""
    width: int
    """Most calls of one step."""
    diamond: bool
    loop: bool


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One row; calls that were meant to fail are not counted."""

    turns: tuple[TurnFacts, ...]
    tools: tuple[str, ...]
    """Tool id of every call, in order."""
    edges: frozenset[EdgeKey]
    depth: int
    sources: Counter[str]
    """Argument leaves by the kind of their source."""
    marks: tuple[str, ...] = ()
    """How it came about, where that was in another way than most: `role_play`, `refined`."""


def row_facts(sample: Sample, graph: ToolGraph) -> RowFacts:
    """What a row covers of a graph."""
    calls = [call for call in sample.checker.calls if not call.fails]
    links = {call.id: link(call) for call in calls}
    feeding = {name: found.producers for name, found in links.items()}
    return RowFacts(
        tuple(_turn(sample, turn, links) for turn in sample.turns),
        tuple(tool_of(call) for call in calls),
        frozenset([*_values(sample, calls), *_state(calls, graph)]),
        max(depths(feeding).values(), default=0),
        Counter(str(item.source.get("kind")) for item in sample.provenance),
        marks_of(sample),
    )


def marks_of(sample: Sample) -> tuple[str, ...]:
    """How a row came about, where that was in another way than most."""
    played = ("role_play",) if sample.mode == "role_play" else ()
    return (*played, "refined") if sample.refined is not None else played


def tool_of(call: ExpectedCall) -> str:
    """Tool id of a call."""
    return f"{call.server}/{call.tool}"


def link(call: ExpectedCall) -> Link:
    """A call as part of a chain."""
    return Link(call.id, tool_of(call), frozenset((origin.call, origin.place) for origin in call.taken.values()))


def _turn(sample: Sample, turn: Turn, links: dict[str, Link]) -> TurnFacts:
    first, last = turn.messages
    messages = sample.messages[first : last + 1]
    chain = [links[name] for name, _, _ in called(messages) if name in links]
    return TurnFacts(
        turn.kind,
        turn.relation,
        turn.target,
        len(chain),
        sum(bool(one.takes) for one in chain),
        max((len(message.get("tool_calls") or ()) for message in messages), default=0),
        has_diamond(chain),
        has_loop(chain),
    )


def _values(sample: Sample, calls: list[ExpectedCall]) -> Iterator[EdgeKey]:
    """Data edges: each value's field in the output that it was taken from."""
    outputs = {name: decode_text(text) for name, text in tool_messages(sample.messages).items()}
    makers = {call.id: tool_of(call) for call in calls}
    patterns: dict[str, dict[str, str]] = {}
    for call in calls:
        for place, origin in call.taken.items():
            if origin.call not in patterns:
                patterns[origin.call] = {leaf.place: leaf.pattern for leaf in leaves(outputs.get(origin.call))}
            field = patterns[origin.call].get(origin.place, pattern_of(origin.place))
            yield makers[origin.call], field, tool_of(call), pattern_of(place)


def _state(calls: list[ExpectedCall], graph: ToolGraph) -> Iterator[EdgeKey]:
    """Enabling edges: the enabling call came before."""
    before: set[str] = set()
    for call in calls:
        for edge in graph.into(tool_of(call), "state"):
            if edge.effect == "enables" and edge.source in before:
                yield edge_key(edge)
        before.add(tool_of(call))


def pattern_of(place: str) -> str:
    """The pattern of a JSON pointer without open objects or prose."""
    text = ""
    for token in place.split("/")[1:]:
        text += "[]" if token.isdigit() else f".{token}" if text else token
    return text
