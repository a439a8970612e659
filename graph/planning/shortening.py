"""What is left of a plan of which one call cannot be made: the turns before it, and what its own turn had come to.

**Contract.** Only calls are left that were wanted for themselves or that a wanted one needs: nobody asks for a look-up
of which nothing comes. A turn stays only while one of its calls uses what another one found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolweave.graph.plan import FromCall, PlannedCall, TrajectoryPlan, TurnKind, TurnPlan, ValueSource
from toolweave.graph.planning.draft import depends, producers


def shortened(plan: TrajectoryPlan, turn: int, step: int) -> TrajectoryPlan:
    """The plan up to a call that cannot be made.

    Args:
        plan: As it was rehearsed.
        turn: The turn that could not be made.
        step: Its call that did not work.
    """
    turns, lost = plan.turns[:turn], plan.turns[turn]
    calls = wanted([call for call in lost.calls if call.step < step])
    if any(map(depends, calls)):
        turns = (*turns, _begun(lost, calls, plan))
    return replace(plan, turns=turns)


def wanted(calls: Sequence[PlannedCall]) -> list[PlannedCall]:
    """Those calls of a chain that broke off which were wanted for themselves, and what these need."""
    left: list[PlannedCall] = []
    needed: set[int] = set()
    for call in reversed(calls):
        if call.purpose == "target" or call.step in needed:
            left.insert(0, call)
            needed |= call.after | producers(call)
    return left


def renumbered(calls: Sequence[PlannedCall], first: int) -> list[PlannedCall]:
    """The calls of a turn numbered from `first` on, whatever was left out between them."""
    steps = {call.step: first + number for number, call in enumerate(calls)}

    def moved(source: ValueSource) -> ValueSource:
        return replace(source, step=steps.get(source.step, source.step)) if isinstance(source, FromCall) else source

    return [
        replace(
            call,
            step=steps[call.step],
            sources={path: moved(source) for path, source in call.sources.items()},
            after=frozenset(steps.get(step, step) for step in call.after),
        )
        for call in calls
    ]


def _begun(lost: TurnPlan, calls: Sequence[PlannedCall], plan: TrajectoryPlan) -> TurnPlan:
    """The beginning of a turn; of its kind where what makes it of that kind is in it."""
    steps = {call.step for call in calls}
    turn = replace(lost, target=calls[-1].tool, calls=tuple(calls))
    held = lost.kind == "missing_function"
    told = lost.withheld is not None and lost.withheld.step not in steps
    slipped = lost.slip is not None and lost.slip.step not in steps
    if not (held or told or slipped):
        return turn
    plain: TurnKind = "long_context" if any(one.kind == "long_context" for one in plan.turns) else "base"
    return replace(turn, kind=plain, withheld=None, slip=None)
