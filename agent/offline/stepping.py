"""A decision as a step: thoughts with calls, with an answer, with a question, or with a refusal."""

from __future__ import annotations

import random
from dataclasses import replace

from toolweave.agent.offline.answering import answer
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.deciding import Decision
from toolweave.agent.offline.english import past
from toolweave.agent.offline.guidance import Guidance
from toolweave.agent.offline.objecting import objection
from toolweave.agent.offline.purpose import Purpose
from toolweave.agent.offline.questioning import named, question, refusal, what_is_wanted
from toolweave.agent.offline.reasoning import asking_thoughts, closing_thoughts, refusing_thoughts, thoughts
from toolweave.agent.offline.results import Candidate
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Filled, Way
from toolweave.agent.offline.wording import plain_value
from toolweave.agent.patterns import argument_leaves
from toolweave.agent.roles import ProposedCall, Step
from toolweave.graph.words import words


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
        results = [(seen, _told_of(seen, box, situation)) for seen in (situation.last_step if situation.here else ())]
        earlier = [seen for seen in situation.here if not seen.failed and seen not in situation.last_step]
        before = [purpose for seen in earlier if (purpose := _told_of(seen, box, situation)) is not None]
        reasoning = closing_thoughts(results[-1][1] if results else None, situation.here, rng)
        return Step(reasoning=reasoning, answer=answer(results, before, guidance.plain, rng))
    calls = tuple(ProposedCall(name=box.names[way.tool.id], arguments=way.arguments()) for way in decision.calls)
    mended = f"{objection(last, tool, rng)} " if last is not None and last.failed else ""
    return Step(reasoning=mended + thoughts(decision, box, situation, rng), calls=calls)


def _told_of(seen: Seen, box: Toolbox, situation: Situation) -> Purpose | None:
    """What a call was for; without its deed where those words would speak of another tool, which was not called."""
    purpose, made = box.purpose_of(seen.name), {call.name for call in situation.calls}
    deeds = [words(tool.name) for name, tool in box.by_name.items() if name not in made]
    said = f" {purpose.report} {purpose.done} " if purpose is not None else ""
    mistaken = any(len(deed) > 1 and past(deed[0]) in said and deed[-1] in words(said) for deed in deeds)
    return replace(purpose, object="", noun="") if purpose is not None and mistaken else purpose


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
