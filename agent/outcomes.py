"""Whether a call really did what it was asked: servers also report failures inside a successful result.

A reply that does not say so itself is read by its grammar. A tool that did something says what was done; one that did
nothing says what the call should have held: an obligation ("must provide either"), a bound that it breaks ("out of
range"), or that something in it cannot be accepted ("is not supported"). Only the first clause of a reply of one line
counts: what is quoted further down, or read from a document, is no word of the tool about its call.
"""

from __future__ import annotations

import re
from typing import Any

from toolweave.servers.json_values import as_object, is_object
from toolweave.servers.results import CallResult

_ERROR = r"error|failed|failure|exception|traceback|invalid"
_ERROR_WORDS = re.compile(rf"^\W{{0,3}}(?:\w+\s){{0,2}}(?:{_ERROR})\b", re.IGNORECASE)
_FAILED_WORDS = re.compile(rf"^\W{{0,3}}(?:\w+\s){{0,2}}(?:{_ERROR}|unable to|cannot|can't|could not)\b", re.IGNORECASE)
_NOTHING_WORDS = re.compile(
    r"^(?:there (?:is|are|were|was) )?(?:no|none|nothing)\b|^.{0,80}\b(?:not found|does not exist)\b", re.IGNORECASE
)
_ACCEPTED = r"(?:valid|supported|allowed|permitted|recogni[sz]ed|implemented|authori[sz]ed|accepted|configured)"
_OBLIGED = r"must|needs? to|ha(?:s|ve) to|should (?:be|have)|(?:is|are) required|requires? (?:at least|either|exactly)"
_OUT_OF_BOUNDS = (
    r"out[ -]of[ -](?:range|bounds)|(?:is|are) too (?:large|small|big|long|short|many|few|high|low)|exceeds?"
)
_UNACCEPTED = rf"(?:(?:is|are|was|were) )?(?:not (?:an? )?|un|in){_ACCEPTED}"
_COMPLAINT = re.compile(
    rf"^(?:please|missing|unknown|unsupported|unrecogni[sz]ed|unexpected|expected|required|illegal|forbidden|denied|"
    rf"unauthori[sz]ed|no such|not (?:an?|enough|{_ACCEPTED}))\b"
    rf"|^(?:[^.;:!?]{{0,100}}[\s'\"])?(?:{_OBLIGED}|{_OUT_OF_BOUNDS}|{_UNACCEPTED})\b",
    re.IGNORECASE,
)
_LONGEST_COMPLAINT = 300
"""Characters of a reply that says nothing but that something is wrong."""
_ONLY_A_HEADING = re.compile(r"[^\n]{0,80}:")
_FAILED_STATES = frozenset({"error", "failed", "failure"})


def failure(result: CallResult) -> str | None:
    """Why the call counts as failed, in one line; `None` when it succeeded."""
    if not result.ok:
        return f"{result.status}: {_one_line(result.text)}"
    if _says_failed(result.value) or reads_as_failure(result.text) or reads_as_complaint(_sole_text(result)):
        return f"soft error: {_one_line(result.text)}"
    return None


def reads_as_failure(text: str) -> bool:
    """Whether a text opens like an error message."""
    return bool(_FAILED_WORDS.match(text))


def reads_as_complaint(text: str) -> bool:
    """Whether a reply says only what the call should have held, or what in it cannot be accepted."""
    line = text.strip()
    return len(line) <= _LONGEST_COMPLAINT and "\n" not in line and bool(_COMPLAINT.match(line))


def reads_as_error(text: str) -> bool:
    """Whether a text opens with the words of a program that broke; a polite "I cannot" does not."""
    return bool(_ERROR_WORDS.match(text))


def emptiness(result: CallResult) -> str | None:
    """Why a successful call gave nothing to work with; `None` when it gave something."""
    value = result.value
    if value is None or value in ("", [], {}):
        return "empty result"
    if isinstance(value, str) and reads_as_nothing(value):
        return f"nothing found: {_one_line(value)}"
    if is_object(value) and not any(_holds_something(item) for item in value.values()):
        return "empty result"
    return None


def reads_as_nothing(text: str) -> bool:
    """Whether a text says that there is nothing, or is only a heading."""
    return bool(_NOTHING_WORDS.match(text.strip()) or _ONLY_A_HEADING.fullmatch(text.strip()))


def _sole_text(result: CallResult) -> str:
    """The one text that a result consists of, also as the only message of an object; empty where there is more."""
    if isinstance(result.value, str):
        return result.value
    message = as_object(result.value)
    return next((str(text) for text in message.values() if isinstance(text, str)), "") if len(message) == 1 else ""


def _says_failed(value: Any) -> bool:
    facts = as_object(value)
    state = facts.get("status")
    return (
        bool(facts.get("error"))
        or facts.get("success") is False
        or facts.get("ok") is False
        or (isinstance(state, str) and state.lower() in _FAILED_STATES)
    )


def _holds_something(item: Any) -> bool:
    return item is not None and item not in ("", [], {}, 0) and item is not False


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
