"""The student's thoughts before a step: what is known, what is missing, which tool gives it and why."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolweave.agent.offline.clauses import Clauses
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.deciding import Decision
from toolweave.agent.offline.english import gerund, joined
from toolweave.agent.offline.forms import pick, wordings
from toolweave.agent.offline.lexicon import COUNTING
from toolweave.agent.offline.purpose import Purpose, purpose_of
from toolweave.agent.offline.sourcing import sources, thing
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.agent.offline.ways import Way
from toolweave.servers.tools import Tool

_WAYS = wordings("thoughts")
_AGAIN = _WAYS["again"]
_WISHES = _WAYS["wishes"]
_ALSO_WISHED = _WAYS["also wished"]
_BEFORE = _WAYS["before"]
_FIRST = _WAYS["first"]
_BESIDE_THE_GOAL = _WAYS["beside the goal"]
_TO_BEGIN = _WAYS["to begin"]
_NEEDS = _WAYS["needs"]
_LACKS = _WAYS["lacks"]
_CALLS_FIRST = _WAYS["calls first"]
_CALLS = _WAYS["calls"]
_EACH = _WAYS["each"]
_TOGETHER = _WAYS["together"]
_BESIDE = _WAYS["beside"]
_ASKED = _WAYS["asked"]
_UNKNOWN = _WAYS["unknown"]
_REFUSING = _WAYS["refusing"]
_CLOSING = _WAYS["closing"]
_CLOSING_ALL = _WAYS["closing all"]
_FOUND = _WAYS["found"]
_HAVING = _WAYS["having"]


def thoughts(decision: Decision, box: Toolbox, situation: Situation, rng: random.Random) -> str:
    """One to five sentences that lead to the calls of a decision."""
    way = decision.way
    assert way is not None
    told = not situation.here or decision.redirected or rng.random() < 0.25
    parts = [pick(rng, _AGAIN)] if situation.insisted and not situation.here else []
    parts += [_wish(decision, box, way, situation, rng)] if told else []
    parts += [_gap(way, box, rng)] if way.first is not None else []
    parts += sources(way.ready, situation, rng)
    name, phrase = box.names[way.ready.tool.id], purpose_of(way.ready.tool).phrase
    parts.append(pick(rng, _CALLS_FIRST if way.first is not None else _CALLS, name=name, phrase=phrase))
    parts += _beside(decision, box, rng)
    return " ".join(part for part in parts if part)


def _wish(decision: Decision, box: Toolbox, way: Way, situation: Situation, rng: random.Random) -> str:
    """What the request comes down to; what comes before it, where something does."""
    if decision.goal is None:
        return ""
    phrase, tool = box.purposes[decision.goal.id].phrase, way.ready.tool
    if not decision.redirected or tool.id == decision.goal.id:
        return pick(rng, _WISHES, phrase=phrase, doing=gerund(phrase))
    if Clauses(box, situation.request, situation.mentions).speak_of(tool):
        ways = _ALSO_WISHED
    elif box.leads_to(tool, decision.goal):
        ways = _FIRST if situation.here else _BEFORE
    else:
        ways = _BESIDE_THE_GOAL if situation.here else _TO_BEGIN
    return pick(rng, ways, phrase=phrase, before=box.purposes[tool.id].phrase)


def _gap(way: Way, box: Toolbox, rng: random.Random) -> str:
    """What the next tool on the way still lacks."""
    step = way
    while step.first is not None and step.first.first is not None:
        step = step.first
    what, name = thing(step.wanted, step.tool), box.names[step.tool.id]
    needs = pick(rng, _NEEDS, name=name, what=what, phrase=purpose_of(step.tool).phrase)
    return pick(rng, _LACKS, needs=needs)


def _beside(decision: Decision, box: Toolbox, rng: random.Random) -> list[str]:
    """Why further calls can be made in the same step."""
    if not decision.beside:
        return []
    others = [way for way in decision.beside if way.tool.id != decision.calls[0].tool.id]
    if others:
        also = joined(list(dict.fromkeys(box.names[way.tool.id] for way in others)))
        return [pick(rng, _BESIDE, name=also)]
    shown = _apart(decision)
    return [pick(rng, (*_EACH, *_TOGETHER) if shown else _TOGETHER, shown=shown)]


def _apart(decision: Decision) -> str:
    """The values that tell the calls of a step from each other; empty where they are long or not plain."""
    first = {item.path: item.value for item in decision.calls[0].filled}
    differing = [path for path in first if any(_given(way, path) != first[path] for way in decision.beside)]
    if len(differing) != 1:
        return ""
    values = [_given(way, differing[0]) for way in decision.calls]
    return joined([str(value) for value in values]) if all(_is_short(value) for value in values) else ""


def _given(way: Way, path: str) -> object:
    return next((item.value for item in way.filled if item.path == path), None)


def _is_short(value: object) -> bool:
    return isinstance(value, (str, int, float)) and len(str(value).split()) <= 3 and '"' not in str(value)


def asking_thoughts(tool: Tool, missing: str, box: Toolbox, rng: random.Random) -> str:
    """Before a question: what is wanted, and what only the user can tell."""
    phrase, name = box.purposes[tool.id].phrase, box.names[tool.id]
    start = pick(rng, _ASKED, phrase=phrase, doing=gerund(phrase))
    rest = pick(rng, _UNKNOWN, name=name, what=missing)
    return f"{start if name not in rest or rng.random() < 0.6 else ''} {rest}".strip()


def refusing_thoughts(rng: random.Random) -> str:
    """Before a refusal."""
    return pick(rng, _REFUSING)


def closing_thoughts(purpose: Purpose | None, made: Sequence[Seen], rng: random.Random) -> str:
    """Before the answer: what the turn's calls have come to."""
    names = list(dict.fromkeys(seen.name for seen in made if not seen.failed))
    if not names:
        return "There is nothing that I could do about it, and I say so."
    ways = [*_CLOSING, *(_CLOSING_ALL if len(names) > 1 else ())]
    if purpose is not None and purpose.shows:
        ways += _FOUND if purpose.noun else _FOUND[:1]
    elif purpose is not None and purpose.report:
        ways += _HAVING
    deed, noun = (purpose.report, purpose.noun) if purpose is not None else ("", "")
    many = "Both" if len(made) == 2 else f"All {COUNTING[min(len(made), len(COUNTING) - 1)]}"
    return pick(rng, ways, name=names[-1], first=names[0], many=many, deed=deed, noun=noun)
