"""Slips: a call of a turn made wrongly first, so that the server's own error is there to be read (`error_recovery`).

A slip is put into a finished trace unmade: nothing says yet what the server answers. The trace has to be made again
on a fresh environment, where the slip must really fail and everything after it must still work.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from toolweave.agent.fill import PlanFailed
from toolweave.agent.patterns import argument_leaves, get, place_of, put_at
from toolweave.agent.schemas import schema_errors
from toolweave.agent.trace import Call, Source, Trace, TurnTrace
from toolweave.servers.results import CallResult

NOT_MADE = CallResult("broken", "", None, 0.0)
"""The observation of a call that was never made."""


def slipped(trace: Trace, turn: int, call: str, pattern: str | None) -> Iterator[Trace]:
    """The trace with one call of a turn first made wrongly: as planned, then in the other ways that there are.

    `call` is the id of the planned one; `pattern` its wrong parameter, `None` when it is made too early.
    """
    planned = _by_id(trace)[call]
    ways: list[Callable[[], Trace]] = [
        partial(too_early, trace, turn, planned)
        if pattern is None
        else partial(with_wrong_value, trace, turn, planned, place_of(pattern))
    ]
    for one in reversed(trace.turns[turn].calls):
        taken = [place for place, source in one.sources.items() if source.kind == "output"]
        ways += [partial(with_wrong_value, trace, turn, one, place) for place in taken]
        ways.append(partial(too_early, trace, turn, one))
    seen: list[Trace] = []
    for way in ways:
        try:
            found = way()
        except PlanFailed:
            continue
        if found not in seen:
            seen.append(found)
            yield found


def with_wrong_value(trace: Trace, turn: int, call: Call, place: str) -> Trace:
    """The trace with `call` first made with the user's words for a thing instead of what a look-up returned for it.

    Raises:
        PlanFailed: The user has no words for it, or the wrong call could not come before the look-up.
    """
    source = call.sources.get(place)
    if source is None or source.call is None:
        raise PlanFailed("plan", f"slip: no call gives {call.tool.id} its {place!r}")
    arguments, sources = _with_words(call, place, _by_id(trace)[source.call])
    before = {item.call for at, item in call.sources.items() if at != place and item.call is not None}
    return _inserted(trace, turn, call, arguments, sources, before, source.call)


def too_early(trace: Trace, turn: int, call: Call) -> Trace:
    """The trace with `call` first made before what enables it.

    Raises:
        PlanFailed: Nothing in the turn enables it, or it needs what the enabling call returns.
    """
    feeding = _feeding(trace, call)
    enabling = [item for item in trace.turns[turn].calls if item.id in call.after and item.id not in feeding]
    if not enabling:
        raise PlanFailed("plan", f"slip: nothing has to be done before {call.tool.id}")
    before = set(call.producers)
    return _inserted(trace, turn, call, call.arguments, _said_before(call), before, enabling[0].id)


def _with_words(call: Call, place: str, producer: Call) -> tuple[dict[str, Any], dict[str, Source]]:
    for leaf, source in producer.sources.items():
        words = get(producer.arguments, leaf)
        if source.kind != "user" or not isinstance(words, str):
            continue
        arguments = copy.deepcopy(call.arguments)
        put_at(arguments, place, words)
        if words != get(call.arguments, place) and not schema_errors(call.tool.input_schema, arguments):
            said_for = source.said_for or (producer.id, leaf)
            return arguments, _said_before(call) | {place: Source("user", turn=source.turn, said_for=said_for)}
    raise PlanFailed("plan", f"slip: the user has no words for what {call.tool.id} is about")


def _said_before(call: Call) -> dict[str, Source]:
    """The call's sources; what the user says for it is said once, for the right call."""
    return {
        leaf: source
        if source.kind != "user"
        else Source("user", turn=source.turn, said_for=source.said_for or (call.id, leaf))
        for leaf, source in call.sources.items()
    }


def _inserted(
    trace: Trace,
    turn: int,
    call: Call,
    arguments: dict[str, Any],
    sources: dict[str, Source],
    before: set[str],
    latest: str,
) -> Trace:
    """The trace with a failing call before `latest` or the right call, whichever comes first, and after `before`."""
    calls = trace.turns[turn].calls
    ids = [item.id for item in calls]
    at = min((ids.index(item) for item in (latest, call.id) if item in ids), default=0)
    if any(item in ids[at:] for item in before):
        raise PlanFailed("plan", f"slip: {call.tool.id} needs what comes later")
    slip_id = f"call_{len(trace.calls) + 1}"
    slip = Call(slip_id, call.tool, arguments, sources, NOT_MADE, frozenset(ids[:at]) | frozenset(before), fails=True)
    following = tuple(replace(item, after=item.after | {slip_id}) for item in calls[at:])
    changed = replace(trace.turns[turn], calls=(*calls[:at], slip, *following))
    return renumbered(Trace((*trace.turns[:turn], changed, *trace.turns[turn + 1 :])))


def renumbered(trace: Trace) -> Trace:
    """The same trace with call ids in the order of the calls."""
    names = {call.id: f"call_{number}" for number, call in enumerate(trace.calls, 1)}
    return Trace(tuple(_renamed(turn, names) for turn in trace.turns))


def _renamed(turn: TurnTrace, names: dict[str, str]) -> TurnTrace:
    calls = tuple(
        replace(
            call,
            id=names[call.id],
            sources={leaf: _source(source, names) for leaf, source in call.sources.items()},
            after=frozenset(names[item] for item in call.after),
        )
        for call in turn.calls
    )
    return replace(turn, calls=calls, withheld=tuple((names[call], leaf) for call, leaf in turn.withheld))


def _source(source: Source, names: dict[str, str]) -> Source:
    said_for = (names[source.said_for[0]], source.said_for[1]) if source.said_for else None
    instead_of = (names[source.instead_of[0]], source.instead_of[1]) if source.instead_of else None
    return replace(source, call=names[source.call] if source.call else None, said_for=said_for, instead_of=instead_of)


def _by_id(trace: Trace) -> dict[str, Call]:
    return {call.id: call for call in trace.calls}


def _feeding(trace: Trace, call: Call) -> set[str]:
    """Ids of all calls whose values reach `call`, directly or through others."""
    by_id, found = _by_id(trace), set[str]()
    queue = call.producers
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += by_id[name].producers
    return found


def leaves_of(call: Call, pattern: str) -> list[str]:
    """Pointers of the argument leaves that belong to a parameter pattern."""
    place = place_of(pattern)
    return [leaf for leaf, _ in argument_leaves(call.arguments) if leaf == place or leaf.startswith(f"{place}/")]
