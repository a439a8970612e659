"""Looks for what does not belong into the texts of a server: words to a model, hidden or disguised text, credentials.

A scanner of words finds what is common, not what is clever. What it says of a description keeps a tool from being
called (see `policy.py`); what it says of an answer is for whoever keeps it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from toolweave.servers.json_values import is_list, is_object
from toolweave.servers.tools import Tool

Kind = Literal["steering", "hidden", "terminal", "markup", "credential"]
_LOOKED_AT = 100_000
"""Characters of a text; what comes after them is not looked at."""

_OBJECT = r"(?:(?:all|any|every|the|your|my|of|these|those)\s+){0,4}"
_WORDS = r"(?:instruct|direct|prompt|rule|guideline|polic|messag|command|context|constraint)\w*"
_STEERING = re.compile(
    rf"""
      \b(?:ignor|disregard|forget|overrid|bypass|supersed)\w*\s+{_OBJECT}
        (?:(?:previous|prior|above|earlier|preceding|existing|system|safety|original)\s+){{1,2}}{_WORDS}
    | \b(?:previous|prior|above|earlier)\s+{_WORDS}\s+(?:are|is)\s+(?:void|obsolete|no\ longer|cancell?ed|revoked)
    | \b(?:do\ not|don'?t|never|without)\s+(?:ever\s+)?(?:tell|mention|inform|reveal|notif|alert)\w*\s+
        (?:\w+\s+){{0,5}}?(?:the\s+)?(?:user|human|anyone)\b
    | \b(?:new|updated|real|actual|hidden|secret)\s+(?:system\s+)?(?:instructions|prompt|directive)s?\s*:
    | \b(?:reveal|print|repeat|output|leak|send|forward)\s+(?:me\s+)?(?:your|the)\s+(?:whole\s+|full\s+)?system\s+prompt
    | \byou\s+are\s+(?:now|no\ longer)\s+(?:an?|the|in|bound|under)\b
    | \b(?:secretly|covertly|silently)\s+(?:\w+\s+)?(?:call|send|read|copy|upload|forward|include|invoke|run|use)
    | \b(?:exfiltrat\w+|jailbreak\w*)\b
    | \b(?:send|post|upload|forward|copy|transmit|leak)\w*\s+(?:\w+\s+){{0,4}}?(?:user|conversation|chat|history|files?
        |credentials?|secrets?|passwords?|keys?|tokens?|contents?)\w*('s)?\s+(?:\w+\s+){{0,4}}?(?:to|at)\s+(?:https?://|\S+@\S)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ROLES = re.compile(
    r"<\|[a-z_]{2,20}\|>|\[/?INST\]|<</?SYS>>|</?(?:system|assistant|important|instructions?|tool_call|think)\b[^>]{0,50}>"
    r"|^[ \t]{0,8}#{0,4}[ \t]{0,8}(?:system|assistant)(?: prompt| message)?[ \t]?:",
    re.IGNORECASE | re.MULTILINE,
)
_HIDDEN = re.compile(
    r"[\u00ad\u180e\u200b\u2060-\u2064\u202a-\u202e\u2066-\u206f\ufeff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_TERMINAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MARKUP = re.compile(
    r"<!--|<(?:script|iframe|object|embed|style|svg|img)\b|!\[[^\]]{0,200}\]\(\s*https?:", re.IGNORECASE
)
_CREDENTIAL = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{36})"
    r"|\bxox[abeoprs]-[\w-]{10,}"
    r"|\bsk-[\w-]{20,}|\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}"
    r"|\bAIza[\w-]{35}|\bhf_[A-Za-z0-9]{30,}|\bya29\.[\w-]{20,}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"
    r"|\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:[^\s/@]{3,64}@[\w.-]"
)
# fmt: off
_CHECKS: tuple[tuple[Kind, re.Pattern[str], tuple[str, ...]], ...] = (
    ("steering", _STEERING, (
        "ignor", "disregard", "forget", "overrid", "bypass", "supersed", "void", "obsolete", "longer", "cancel",
        "revoked", "tell", "mention", "inform", "reveal", "notif", "alert", "prompt", "instructions", "directive",
        "you are", "secretly", "covertly", "silently", "exfiltrat", "jailbreak", "://", "@",
    )),
    ("steering", _ROLES, ("<", "[", ":")),
    ("hidden", _HIDDEN, ()),
    ("terminal", _TERMINAL, ()),
    ("markup", _MARKUP, ("<", "![")),
    ("credential", _CREDENTIAL, ("-----begin", "akia", "asia", "gh", "glpat", "npm_", "xox", "k-", "k_", "aiza", "hf_",
                                 "ya29", "eyj", "://")),
)
# fmt: on
"""Each with texts of which one must be there in lower case for it to fit: most texts hold none of most."""
_SAYS: dict[Kind, str] = {
    "steering": "it speaks to the model",
    "hidden": "it holds characters that nobody sees",
    "terminal": "it holds control characters",
    "markup": "it holds mark-up that hides or loads something",
    "credential": "it holds what looks like a credential",
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One thing that does not belong into a text."""

    kind: Kind
    place: int
    """Index of its first character."""
    excerpt: str
    """What was found, readable, shortened; empty for a credential."""

    def __str__(self) -> str:
        return f"{_SAYS[self.kind]}: {self.excerpt}" if self.excerpt else _SAYS[self.kind]


def scan(text: str) -> tuple[Suspicion, ...]:
    """The first of each kind of thing that does not belong into a text."""
    found: dict[Kind, Suspicion] = {}
    text = text[:_LOOKED_AT]
    lower = text.lower()
    for kind, pattern, hints in _CHECKS:
        if kind in found or (hints and not any(hint in lower for hint in hints)):
            continue
        if match := pattern.search(text):
            excerpt = "" if kind == "credential" else ascii(" ".join(match[0].split()))[:80]
            found[kind] = Suspicion(kind, match.start(), excerpt)
    return tuple(found.values())


@lru_cache(maxsize=4096)
def suspicion_of(tool: Tool) -> Suspicion | None:
    """What in the name, the description or the schemas of a tool does not belong there."""
    texts = (
        tool.name,
        tool.description,
        tool.annotations.title or "",
        *_texts([tool.input_schema, tool.output_schema]),
    )
    return next((suspicion for text in texts for suspicion in scan(text)), None)


def printable(text: str) -> str:
    """The text without what a terminal would act upon or nobody would see; line breaks become spaces."""
    return _HIDDEN.sub("", _TERMINAL.sub("", " ".join(text.split())))


def _texts(value: Any) -> Iterator[str]:
    """All texts of a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif is_list(value):
        for item in value:
            yield from _texts(item)
    elif is_object(value):
        for name, item in value.items():
            yield name
            yield from _texts(item)
