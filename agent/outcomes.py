"""Whether a call really did what it was asked: servers also report failures inside a successful result."""

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
_ONLY_A_HEADING = re.compile(r"[^\n]{0,80}:")
_FAILED_STATES = frozenset({"error", "failed", "failure"})


def failure(result: CallResult) -> str | None:
    """Why the call counts as failed, in one line; `None` when it succeeded."""
    if not result.ok:
        return f"{result.status}: {_one_line(result.text)}"
    if _says_failed(result.value) or reads_as_failure(result.text):
        return f"soft error: {_one_line(result.text)}"
    return None


def reads_as_failure(text: str) -> bool:
    """Whether a text opens like an error message."""
    return bool(_FAILED_WORDS.match(text))


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
