"""The student's thoughts on where the arguments of a call come from."""

from __future__ import annotations

import random
from collections.abc import Sequence

from toolweave.agent.offline.conversation import Situation
from toolweave.agent.offline.english import capitalised, joined, spaced
from toolweave.agent.offline.forms import pick, wordings
from toolweave.agent.offline.lexicon import UNITS
from toolweave.agent.offline.purpose import purpose_of
from toolweave.agent.offline.results import entry_named
from toolweave.agent.offline.ways import Filled, Way
from toolweave.agent.offline.wording import parameter_text
from toolweave.graph.schema import parameters
from toolweave.graph.words import singular
from toolweave.servers.json_values import is_list, is_object
from toolweave.servers.tools import Tool

LONGEST_SHOWN = 60
"""Characters of a value that are still repeated."""
_SIGNS = {
    "id": "ID",
    "uuid": "ID",
    "key": "key",
    "code": "code",
    "number": "number",
    "no": "number",
    "ref": "reference",
}
"""Last words of parameters that name a thing by a sign, as they are spoken of."""
_WAYS = wordings("thoughts")
_KNOWN = _WAYS["known"]
_CHANGED = _WAYS["changed"]
_WORKED_WITH = _WAYS["worked with"]
_TOLD_BY = _WAYS["told by"]
_SHOWN = _WAYS["shown"]
_SAID = _WAYS["said"]
_SAID_ALONE = _WAYS["said alone"]


def thing(path: str, tool: Tool) -> str:
    """What a parameter stands for, with its article: `the ID of the member`."""
    said = spaced(path.replace("[]", "").rpartition(".")[2])
    if said in ("id", "key", "code", "number"):
        noun = purpose_of(tool).noun
        return f"the {said} of the {noun}" if noun else f"the {said}"
    *whose, last = said.split()
    if whose and last in _SIGNS:
        return f"the {_SIGNS[last]} of the {' '.join(whose)}"
    return f"the {said}"


def sources(ready: Way, situation: Situation, rng: random.Random) -> list[str]:
    """Where the arguments come from: one sentence on results, one on the request."""
    plain = [item for item in ready.filled if not is_list(item.value) and not is_object(item.value)]
    shown = [item for item in plain if item.source in ("result", "earlier")]
    shown.sort(key=lambda item: item.candidate is None or item.candidate.why != "changed")
    said = [item for item in ready.filled if item.source == "request" and not isinstance(item.value, bool)]
    parts = [_from_result(shown[0], ready, situation, rng)] if shown else []
    return [*parts, _from_request(said, ready.tool, rng)] if said else parts


def _from_result(item: Filled, ready: Way, situation: Situation, rng: random.Random) -> str:
    assert item.candidate is not None
    why, now = item.candidate.why, item.candidate.call.now
    what = thing(item.path, ready.tool)
    parts = {"what": what, "What": capitalised(what), "value": item.value, "when": "just now" if now else "earlier"}
    if why == "changed":
        return pick(rng, _CHANGED, **{**parts, "value": item.candidate.value})
    if why == "used":
        return pick(rng, (*_KNOWN, *(_WORKED_WITH if isinstance(item.value, str) else ())), **parts)
    told = entry_named(item.candidate, situation) if why == "matches" else ""
    if told:
        return pick(rng, _TOLD_BY, told=told, age="" if now else "earlier ", **parts)
    base = pick(rng, _SHOWN, **parts)
    if why == "matches":
        return f"{base}; that entry fits the request."
    return f"{base}; it is the first that fits." if why == "first" and rng.random() < 0.5 else f"{base}."


def _from_request(said: Sequence[Filled], tool: Tool, rng: random.Random) -> str:
    named = [(_called(item.path, tool), _short(item.value)) for item in said[:3]]
    names = joined([what for what, _ in named])
    many = len(named) > 1 or singular(names.split()[-1]) != names.split()[-1]
    return pick(
        rng,
        _SAID if len(named) > 1 else _SAID_ALONE,
        texts=joined([f"{shown} for the {what}" for what, shown in named]),
        pairs=joined([f"the {what}, {shown}" for what, shown in named]),
        names=names,
        values=joined([shown for _, shown in named]),
        are="are" if many else "is",
    )


def _called(path: str, tool: Tool) -> str:
    """What a person calls a parameter: from its description where its name says little."""
    found = next((one for one in parameters(tool) if one.path in (path, f"{path}[]")), None)
    said = spaced(path.replace("[]", "").rpartition(".")[2])
    unit = said.split()[-1:] and said.split()[-1] in UNITS
    return said if unit else parameter_text(path, found.description if found is not None else "")


def _short(value: object) -> str:
    text = joined([str(item) for item in value]) if is_list(value) else str(value)
    if len(text) > LONGEST_SHOWN:
        return "the given text"
    return f'"{text}"' if len(text.split()) > 3 and '"' not in text and not is_list(value) else text
