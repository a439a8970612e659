"""Copies of a sample with its calls in another order: where it matters, and where it does not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

from toolweave.agent.replay import ExpectedCall
from toolweave.pipeline.checking.drafting import Draft
from toolweave.pipeline.sample import Sample, called, tool_messages


def _turns(sample: Sample) -> list[list[ExpectedCall]]:
    """The calls of each turn."""
    calls = {call.id: call for call in sample.checker.calls}
    spans = [sample.messages[turn.messages[0] : turn.messages[1] + 1] for turn in sample.turns]
    return [[calls[call_id] for call_id, _, _ in called(messages)] for messages in spans]


def _giving(call: ExpectedCall) -> set[str]:
    return {origin.call for origin in call.taken.values()}


def _moved(sample: Sample, gives: bool) -> Iterator[Draft]:
    """A call before one that has to come before it, because it gives a value or because of the state it leaves."""
    for number, calls in enumerate(_turns(sample)):
        order = [call.id for call in calls]
        slips = {call.id for call in calls if call.fails}
        for call in calls:
            needed = [name for name in order if name in call.after and (name in _giving(call)) == gives]
            for name in needed if call.id not in slips else ():
                if name not in slips:
                    draft, rest = Draft(sample), [one for one in order if one != call.id]
                    rest.insert(rest.index(name), call.id)
                    draft.reorder(number, rest)
                    yield draft


def broken_order(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """A value is used before it was returned."""
    yield from _moved(sample, gives=True)


def wrong_state(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """A right call before the call that makes way for it."""
    yield from _moved(sample, gives=False)


def other_order(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """Two neighbours that need nothing of each other, exchanged."""
    for number, calls in enumerate(_turns(sample)):
        for one, two in pairwise(calls):
            if one.id not in two.after and not one.fails and not two.fails:
                draft, order = Draft(sample), [call.id for call in calls]
                at = order.index(one.id)
                order[at : at + 2] = [two.id, one.id]
                draft.reorder(number, order)
                yield draft


def one_by_one(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """Calls of one step, made one after the other."""
    for number, (turn, calls) in enumerate(zip(sample.turns, _turns(sample), strict=True)):
        first, last = turn.messages
        if any(len(message.get("tool_calls") or ()) > 1 for message in sample.messages[first:last]):
            draft = Draft(sample)
            draft.reorder(number, [call.id for call in calls])
            yield draft


def extra_read(sample: Sample, _: random.Random) -> Iterator[Draft]:
    """A look that changes nothing, once more."""
    names, shown = {call_id: name for call_id, name, _ in called(sample.messages)}, tool_messages(sample.messages)
    for number, calls in enumerate(_turns(sample)):
        for call in calls:
            if names[call.id] in sample.checker.reads and not call.fails:
                draft = Draft(sample)
                draft.add(number, names[call.id], dict(call.arguments), shown[call.id])
                yield draft


ORDER_MUTANTS: dict[str, Callable[[Sample, random.Random], Iterator[Draft]]] = {
    "broken_order": broken_order,
    "wrong_state": wrong_state,
}
HARMLESS: dict[str, Callable[[Sample, random.Random], Iterator[Draft]]] = {
    "other_order": other_order,
    "one_by_one": one_by_one,
    "extra_read": extra_read,
}
"""These have to pass."""
