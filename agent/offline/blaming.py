"""What is wrong with the arguments of a call: every fault of it with where to look, and no right value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolweave.agent.compare import differing, equal_values
from toolweave.agent.offline.conversation import Seen, Situation, read_situation
from toolweave.agent.offline.fitting import Slot, value_of
from toolweave.agent.offline.following import pointer_label
from toolweave.agent.offline.guidance import ANOTHER_ENTRY, ENTRY, FAULTS, ORDINALS, SPOKEN, UNDER
from toolweave.agent.offline.results import field_label
from toolweave.agent.offline.wording import plain_value
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.roles import CritiqueAsk, Happened
from toolweave.graph.fields import Leaf
from toolweave.graph.schema import Parameter
from toolweave.servers.tools import Tool

MOST_FAULTS = 4
MANY_HINTS = 2
"""Earlier hints of the turn from which a further one says where to look."""


def faults_of(ask: CritiqueAsk, tool: Tool, pointer: str | None = None) -> list[str]:
    """The faults of the criticised call, that of `pointer` first; one for each parameter.

    Without a pointer, the call is compared with the one that is due.
    """
    given = _proposed(ask, tool)
    expected = ask.expected[0] if pointer is None else _meant(ask, tool, given)
    places = [*([] if pointer is None else [pointer]), *(differing(expected.arguments, given) if expected else ())]
    labels = {pointer_label(place): place for place in reversed(places)}
    order = list(dict.fromkeys(map(pointer_label, places)))[:MOST_FAULTS]
    plain, situation = len(order) > 1 or len(ask.earlier) >= MANY_HINTS, read_situation(ask.messages)
    return [_Fault(ask, situation, expected, labels[label], given, plain).told() for label in order]


def _proposed(ask: CritiqueAsk, tool: Tool) -> dict[str, Any]:
    """The arguments of the faulty call."""
    calls = [call for call in ask.step.calls if call.name.endswith(tool.name)] or list(ask.step.calls)
    right = [call.arguments for call in ask.expected if call.tool.id == tool.id]
    wrong = [call.arguments for call in calls if not any(equal_values(call.arguments, one) for one in right)]
    given = wrong or [call.arguments for call in calls]
    return given[0] if given else {}


def _meant(ask: CritiqueAsk, tool: Tool, given: dict[str, Any]) -> Happened | None:
    """The call that comes nearest to the faulty one."""
    calls = [call for call in ask.expected if call.tool.id == tool.id]
    return min(calls, key=lambda call: len(differing(call.arguments, given)), default=None)


@dataclass
class _Fault:
    """One wrong argument."""

    ask: CritiqueAsk
    situation: Situation
    expected: Happened | None
    pointer: str
    arguments: dict[str, Any]
    plain: bool

    def __post_init__(self) -> None:
        self.label = pointer_label(self.pointer)
        self.given = _at(self.arguments, self.pointer)
        self.wanted = _at(self.expected.arguments, self.pointer) if self.expected is not None else None
        self.taken = self.expected.taken.get(self.pointer) if self.expected is not None else None
        self.plain = self.plain or any(f"the {self.label} " in hint.lower() for hint in self.ask.earlier)

    def told(self) -> str:
        """The fault in words; more concrete where much is wrong, or the parameter was criticised before."""
        if self.wanted is None:
            return FAULTS["unasked"].format(label=self.label)
        if self._is_from_result and (shown := self._shown()) is not None:
            return self._of_result(*shown)
        place = self._spoken_as()
        if place is None and (call := self._made_before()) is not None:
            return FAULTS["before"].format(label=self.label, ordinal=_ordinal(call.number))
        text = FAULTS["missing" if self.given is None else "other"].format(label=self.label)
        return text + SPOKEN.format(ordinal=_ordinal(place)) if self.plain and place is not None else text

    @property
    def _is_from_result(self) -> bool:
        return self.taken is not None or (self.ask.mistake == "wrong_source" and self.ask.pointer == self.pointer)

    def _shown(self) -> tuple[Seen, Leaf] | None:
        """The result that the right value comes from, else the latest that shows it; with the place there."""
        ids = [str(message.get("tool_call_id")) for message in self.ask.messages if message["role"] == "tool"]
        producer, place = self.taken or ("", "")
        calls = list(reversed(self.situation.calls))
        calls.sort(key=lambda call: ids[call.number] != producer)
        for call in calls:
            alike = [leaf for leaf in call.leaves if plain_value(leaf.value) == plain_value(self.wanted)]
            if alike:
                return call, next((leaf for leaf in alike if leaf.place == place), alike[0])
        return None

    def _of_result(self, call: Seen, leaf: Leaf) -> str:
        text = FAULTS["source"].format(label=self.label, ordinal=_ordinal(call.number))
        there = [one for one in call.leaves if self.given is not None and same(one.value, self.given)]
        field = field_label(leaf.pattern)
        if field and not any(one.pattern == leaf.pattern for one in there):
            text += UNDER.format(field=field)
        entries = list(dict.fromkeys(one.value for one in call.leaves if one.pattern == leaf.pattern))
        if self.plain and 1 < len(entries) <= len(ORDINALS):
            return text + ENTRY.format(ordinal=_ordinal(entries.index(leaf.value)))
        return text + (ANOTHER_ENTRY if there else "")

    def _spoken_as(self) -> int | None:
        """Which of the request's values it is."""
        slot = Slot(Parameter("value", {}, True, ""), ())
        texts = [value_of(mention, slot) for mention in self.situation.mentions]
        return next((at for at, text in enumerate(texts) if same(text, self.wanted)), None)

    def _made_before(self) -> Seen | None:
        """The latest call that was made with the value."""
        for call in reversed(self.situation.calls):
            if any(same(value, self.wanted) for _, value in argument_leaves(call.arguments)):
                return call
        return None


def same(one: Any, other: Any) -> bool:
    """Whether two values read alike."""
    return plain_value(one) == plain_value(other) or _as_number(one) == _as_number(other) is not None


def _as_number(value: Any) -> float | None:
    try:
        return float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        return None


def _ordinal(number: int) -> str:
    return ORDINALS[min(number, len(ORDINALS) - 1)]


def _at(arguments: dict[str, Any], pointer: str) -> Any:
    try:
        return get(arguments, pointer)
    except KeyError:
        return None
