"""Reading a server's objection: what it comes down to, in the student's own words."""

from __future__ import annotations

import random
import re

from toolweave.agent.offline.conversation import Seen
from toolweave.agent.offline.forms import pick, wordings
from toolweave.agent.offline.sourcing import thing
from toolweave.agent.patterns import argument_leaves
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

_UNKNOWN = re.compile(
    r"not found|no such|unknown|does(?: not|n't) (?:exist|know)|not (?:known|recogni[sz]ed|registered|a valid)|"
    r"there is no\b|\bno \w+ (?:with|called|named|has|for|is)\b|cannot find|could not find|can't find|no match",
    re.IGNORECASE,
)
_EARLY = re.compile(
    r"\bfirst\b|\bbefore\b|not yet|\bmust\b|has to\b|needs? to\b|\bonly (?:when|if|after|once)\b|already|"
    r"is not \w+(?:ed|en|ing)\b|\bstill\b|no (?:open|active|current)\b|requires?\b",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"invalid|format|expected|malformed|should (?:be|match)|not a valid|pattern|validation", re.IGNORECASE
)
_LONGEST = 60
_WAYS = wordings("thoughts")
_NOT_KNOWN = _WAYS["not known"]
_TOO_EARLY = _WAYS["too early"]
_REFUSED = _WAYS["refused"]


def objection(failed: Seen, tool: Tool | None, rng: random.Random) -> str:
    """One or two sentences on why a call did not work."""
    blamed = _blamed(failed)
    if blamed is not None and tool is not None and (_UNKNOWN.search(failed.text) or _FORM.search(failed.text)):
        path, value = blamed
        return pick(rng, _NOT_KNOWN, value=value, what=thing(path, tool))
    return pick(rng, _TOO_EARLY if _EARLY.search(failed.text) else _REFUSED)


def _blamed(failed: Seen) -> tuple[str, str] | None:
    """The argument that an error speaks of, with its value; the only text among the arguments where it names none."""
    texts = [
        (pointer, value)
        for pointer, value in argument_leaves(failed.arguments)
        if isinstance(value, str) and 0 < len(value) <= _LONGEST and not re.search(r"[\"“”'\n]", value)
    ]
    named = [(pointer, value) for pointer, value in texts if value.lower() in failed.text.lower()]
    named.sort(key=lambda pair: not set(words(pair[0].rpartition("/")[2])) & set(words(failed.text)))
    chosen = named[:1] or (texts if len(texts) == 1 else [])
    return (chosen[0][0].rpartition("/")[2], chosen[0][1]) if chosen else None
