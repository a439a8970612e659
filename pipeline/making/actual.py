"""What really happened in an episode, as the conversation and the trace that a sample is assembled from.

Calls that the plan expects take their sources from it, under the names that they have here. A call that a server
refused takes each value from what the user had said by then, from an output, or from the schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from toolweave.agent.messages import Message
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.roles import AdvancedTool, Query
from toolweave.agent.schemas import property_schema
from toolweave.agent.trace import Call, Source, Trace, TurnTrace
from toolweave.graph.fields import leaves
from toolweave.graph.plan import TurnKind
from toolweave.pipeline.checking.matching import Matching
from toolweave.pipeline.gates.kinds import REFUSED
from toolweave.pipeline.gym.episode import Episode
from toolweave.pipeline.making.conversation import Conversation, SpokenTurn
from toolweave.pipeline.sample import Turn, called
from toolweave.servers.tools import Tool


class Unsourced(Exception):
    """A value in a call of which nothing says where it comes from."""


@dataclass(frozen=True)
class Actual:
    """An episode that the plan's checker has passed.

    Args:
        episode: The episode, at its end.
        matching: Which of its calls are those that were expected.
        plan: The executed plan behind the sample.
        offered: The tools, and what each is called.
        heard: What the user said, each with the number of the turn in which.
        attempts: How many episodes it took.
    """

    episode: Episode
    matching: Matching
    plan: Trace
    offered: Conversation
    heard: Sequence[tuple[int, Query]]
    attempts: int

    def conversation(self) -> tuple[Conversation, Trace]:
        """The conversation and its trace.

        Raises:
            Unsourced: A refused call has a value that comes from nowhere.
        """
        turns = [self._turn(number, turn) for number, turn in enumerate(self.episode.sample.turns)]
        said = {
            (self._ids.get(item.call, item.call), item.pointer): (number, item.text)
            for number, query in self.heard
            for item in query.said
        }
        told = Conversation(
            self.offered.tools, self.offered.names, list(map(self._renamed, self._messages)), turns, said
        )
        return told, Trace(tuple(TurnTrace(turn.calls, turn.kind, turn.relation) for turn in turns))

    @cached_property
    def _messages(self) -> list[Message]:
        return self.episode.messages

    @cached_property
    def _new(self) -> dict[str, str]:
        """Id of a call in the episode → its id in the sample."""
        return {made: f"call_{number}" for number, (made, _, _) in enumerate(called(tuple(self._messages)), 1)}

    @cached_property
    def _ids(self) -> dict[str, str]:
        """Id of an expected call → its id in the sample."""
        return {expected: self._new[made.id] for expected, made in self.matching.found.items()}

    def _renamed(self, message: Message) -> Message:
        if "tool_call_id" in message:
            return message | {"tool_call_id": self._new[message["tool_call_id"]]}
        made = [call | {"id": self._new[call["id"]]} for call in message.get("tool_calls") or ()]
        return message | {"tool_calls": made} if made else message

    def _turn(self, number: int, planned: Turn) -> SpokenTurn:
        ends = [*self.episode.starts[1:], len(self._messages)]
        first, last = self.episode.starts[number], ends[number] - 1
        here = self._messages[first : last + 1]
        calls = tuple(self._call(made) for made, _, _ in called(tuple(here)))
        failing = {call.id for call in calls if call.fails}
        masked = tuple(
            first + at
            for at, message in enumerate(here)
            if failing & {self._new[call["id"]] for call in message.get("tool_calls") or ()}
        )
        withheld = frozenset(tool for tool, name in self.offered.names.items() if name in planned.withheld)
        assert planned.advanced is not None
        return SpokenTurn(
            self._kind(planned.kind, here, bool(failing)),
            planned.relation,
            next(tool for tool in self._tools if tool.id == planned.target),
            calls,
            (first, last),
            self.attempts,
            AdvancedTool(**planned.advanced.model_dump()),
            withheld,
            masked,
        )

    @property
    def _tools(self) -> Iterator[Tool]:
        for turn in self.plan.turns:
            yield turn.target
            yield from (call.tool for call in turn.calls)

    @staticmethod
    def _kind(planned: TurnKind, messages: Sequence[Message], fails: bool) -> TurnKind:
        """What became of a turn; whether it is parallel or long is seen when it is assembled."""
        if planned in REFUSED:
            return planned
        if fails:
            return "error_recovery"
        asks = sum(1 for message in messages if message["role"] == "user") > 1
        return "missing_parameter" if asks else "base"

    def _call(self, made: str) -> Call:
        name, arguments = next((name, given) for call, name, given in called(tuple(self._messages)) if call == made)
        tool = next(tool for tool in self.offered.tools if self.offered.names[tool.id] == name)
        planned = self._planned.get(made)
        sources = {
            place: self._source(made, tool, place, value, planned) for place, value in argument_leaves(arguments)
        }
        after = {self._ids[item] for item in planned.after if item in self._ids} if planned is not None else set[str]()
        after |= {source.call for source in sources.values() if source.call is not None}
        result = self.episode.results[made]
        return Call(self._new[made], tool, arguments, sources, result, frozenset(after), fails=planned is None)

    @cached_property
    def _planned(self) -> Mapping[str, Call]:
        """Id of a call in the episode → the planned call that it is."""
        by_id = {call.id: call for call in self.plan.calls}
        return {made.id: by_id[expected] for expected, made in self.matching.found.items()}

    def _source(self, made: str, tool: Tool, place: str, value: Any, planned: Call | None) -> Source:
        known = planned.sources.get(place) if planned is not None else None
        if known is None:
            return self._found(made, tool, place, value)
        return replace(
            known,
            call=self._ids[known.call] if known.call is not None else None,
            said_for=self._renamed_argument(known.said_for),
            instead_of=self._renamed_argument(known.instead_of),
        )

    def _renamed_argument(self, argument: tuple[str, str] | None) -> tuple[str, str] | None:
        return None if argument is None else (self._ids[argument[0]], argument[1])

    def _found(self, made: str, tool: Tool, place: str, value: Any) -> Source:
        """Where a value comes from that no plan knows."""
        at = next(at for at, message in enumerate(self._messages) if _makes(message, made))
        for said_for, said in self._said_before(at):
            if str(said) == str(value):
                return Source("user", said_for=said_for)
        for earlier in (message for message in self._messages[:at] if message["role"] == "tool"):
            result = self.episode.results[earlier["tool_call_id"]]
            if earlier["tool_call_id"] in self._planned and not isinstance(value, bool):
                for leaf in leaves(result.value):
                    if str(leaf.value) == str(value):
                        return Source("output", call=self._new[earlier["tool_call_id"]], place=leaf.place)
        schema = property_schema(tool.input_schema, place)
        for kind in ("default", "const"):
            if kind in schema and schema[kind] == value:
                return Source(kind)
        raise Unsourced(f"{tool.id} {place}: nothing says {value!r}")

    def _said_before(self, at: int) -> Iterator[tuple[tuple[str, str], Any]]:
        """(call, pointer) and value of all that the user has said before a message."""
        spoken = sum(1 for message in self._messages[:at] if message["role"] == "user")
        by_id = {call.id: call for call in self.plan.calls}
        for _, query in self.heard[:spoken]:
            for item in query.said:
                if item.call in by_id:
                    yield (
                        (self._ids.get(item.call, item.call), item.pointer),
                        get(by_id[item.call].arguments, item.pointer),
                    )


def _makes(message: Message, call_id: str) -> bool:
    return any(call["id"] == call_id for call in message.get("tool_calls") or ())
