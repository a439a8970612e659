"""Whether words are supported by what has been said and seen: the leak guard and the check of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from toolweave.agent.messages import Message

_SPECIFIC = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.]+"  # e-mail addresses
    r"|\b[A-Za-z]+[-_]?\d[\w-]*\b"  # ids such as PT-40718, ab12
    r"|\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?"  # dates
    r"|\b\d+(?:[.,:]\d+)*\b"  # numbers and times
)
_QUOTED = re.compile(r"[\"“]([^\"“”]{1,200})[\"”]|(?<!\w)'([^']{2,200})'(?!\w)")
_GIVEN_AWAY = re.compile(
    r"\bhints?\b|\bground[- ]truth\b|\btraces?\b|\bgold\b|\bexpected (?:call|answer)\b|\bcritic\b|\bcritique\b"
    r"|\bcomposite\b|\badvanced tool\b|\bplaceholder\b|<[a-z_ ]+>|\{\{|\bprevious attempt\b|\bcorrection\b",
    re.IGNORECASE,
)
_SMALL = frozenset(str(number) for number in range(13))
"""Counting words: a sentence may say "the 2 bookings" without quoting anybody."""


def seen_text(messages: Iterable[Message]) -> str:
    """Everything that user, tools and the assistant's own calls have said, without any reasoning."""
    parts: list[str] = []
    for message in messages:
        parts.append(str(message.get("content") or ""))
        parts.extend(
            json.dumps(call["function"]["arguments"], ensure_ascii=False) for call in message.get("tool_calls") or ()
        )
    return "\n".join(parts)


def unsupported(text: str, seen: str) -> list[str]:
    """Specific things in `text` (ids, numbers, dates, addresses, quotations) that `seen` does not contain."""
    haystack = _flat(seen)
    return [item for item in dict.fromkeys(_specifics(text)) if not _appears(item, haystack)]


def given_away(reasoning: str, advanced_name: str, described: Sequence[str] = ()) -> list[str]:
    """Mentions of things that a student never sees: hints, the trace, the composite tool.

    `described` holds texts that the student does see (tool descriptions and messages): their words may be used.
    """
    allowed = _flat(" ".join(described))
    found = [item.group(0) for item in _GIVEN_AWAY.finditer(reasoning) if _flat(item.group(0)) not in allowed]
    if advanced_name.lower() in reasoning.lower() and advanced_name.lower() not in allowed:
        found.append(advanced_name)
    return found


def _specifics(text: str) -> list[str]:
    quoted = [one or two for one, two in _QUOTED.findall(text)]
    return quoted + [item.group(0) for item in _SPECIFIC.finditer(text) if item.group(0) not in _SMALL]


def _appears(item: str, haystack: str) -> bool:
    flat = _flat(item)
    return flat in haystack or flat.replace(",", "") in haystack or _date_appears(item, haystack)


def _date_appears(item: str, haystack: str) -> bool:
    """Parts of a written date ("4", "2026") are supported by the ISO date that they were read from."""
    return item.isdigit() and bool(re.search(rf"(?<!\d)0*{re.escape(item.lstrip('0') or '0')}(?!\d)", haystack))


def _flat(text: str) -> str:
    return " ".join(text.lower().replace("\\n", " ").replace('\\"', '"').split())
