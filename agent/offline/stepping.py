"""A decision as a step: thoughts with calls, with an answer, with a question, or with a refusal."""

from __future__ import annotations

import random

from toolweave.agent.offline.answering import answer
from toolweave.agent.offline.conversation import Situation
from toolweave.agent.offline.deciding import Decision
from toolweave.agent.offline.guidance import Guidance
from toolweave.agent.offline.objecting import objection
from toolweave.agent.offline.questioning import named, question, refusal, what_is_wanted
from toolweave.agent.offline.reasoning import asking_thoughts, closing_thoughts, refusing_thoughts, thoughts
from toolweave.agent.offline.results import Candidate
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Filled, Way
from toolweave.agent.offline.wording import plain_value
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.roles import ProposedCall, Step


def as_step(
    decision: Decision, box: Toolbox, situation: Situation, guidance: Guidance, goal_text: str, rng: random.Random
) -> Step:
    """What the student thinks and does."""
    if decision.lacking is not None:
        needing, slot = decision.lacking
        reasoning = asking_thoughts(needing, named(needing, slot), box, rng)
        return Step(reasoning=reasoning, answer=question(needing, slot, rng))
    if decision.refuses:
        wanted = what_is_wanted(goal_text)
        return Step(reasoning=refusing_thoughts(rng), answer=refusal(box, wanted, situation.request, rng))
    last = situation.here[-1] if situation.here else None
    tool = box.by_name.get(last.name) if last is not None else decision.goal
    if decision.way is None:
        results = [(seen, box.purpose_of(seen.name)) for seen in (situation.last_step if situation.here else ())]
        return Step(reasoning=closing_thoughts(rng), answer=answer(results, guidance.plain, rng))
    calls = tuple(ProposedCall(name=box.names[way.tool.id], arguments=way.arguments()) for way in decision.calls)
    mended = f"{objection(last, tool, rng)} " if last is not None and last.failed else ""
    return Step(reasoning=mended + thoughts(decision, box, situation, rng), calls=calls)


def as_slip(call: ProposedCall, box: Toolbox, situation: Situation, rng: random.Random) -> Step:
    """The very call, with the thoughts of somebody who takes it for right."""
    tool = box.by_name[call.name]
    filled = [_taken_from(pointer, value, situation) for pointer, value in argument_leaves(call.arguments)]
    decision = Decision(Way(tool, 1.0, filled, frozenset()), tool)
    return Step(reasoning=thoughts(decision, box, situation, rng), calls=(call,))


def _taken_from(pointer: str, value: object, situation: Situation) -> Filled:
    """Where a value seems to come from: the latest result that shows it, else the request."""
    path = pointer.rpartition("/")[2]
    for seen in reversed(situation.calls):
        if not seen.failed and any(plain_value(leaf.value) == plain_value(value) for leaf in seen.leaves):
            return Filled(path, value, "result" if seen.now else "earlier", Candidate(value, seen, 1.0, "only"))
    return Filled(path, value, "request")
