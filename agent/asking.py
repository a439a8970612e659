"""Judges of words that are no answer: does a question ask for the one value that is missing, does a refusal refuse.

Shared by no teacher, so that it can judge them; what it cannot see in the words it rejects.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from toolweave.agent.outcomes import reads_as_error
from toolweave.agent.spoken import moment, reads_as
from toolweave.agent.trace import Call
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.nouns import tool_nouns
from toolweave.graph.schema import Parameter, parameters
from toolweave.graph.vocabulary import LOOKING
from toolweave.graph.words import words
from toolweave.servers.tools import Tool

_UNABLE = re.compile(
    r"\b(?:can(?:no|['\u2019])?t|unable|not able|not possible|impossible|no (?:tool|way|means|option)"
    r"|none of (?:the|my)|nothing (?:here|on offer)|not (?:available|something i)|beyond what|lack"
    r"|(?:don|doesn|isn|aren|won)['\u2019]t (?:have|offer|cover|include|able|possible|available|be able)"
    r"|do not have|does not (?:cover|include|offer)|out of (?:my )?reach)\b",
    re.IGNORECASE,
)
_ASSISTANT = re.compile(
    r"\bhow (?:can|may) I (?:help|assist)|\banything else (?:I can|you need)|\bas an? (?:AI|assistant)\b"
    r"|\bI(?:['\u2019]ve| have) (?:just )?(?:booked|found|looked|checked|done|called|created|updated|sent|added)\b"
    r"|\b(?:let me|I(?:['\u2019]ll| will)) (?:check|look (?:it|that|this) up|call|search|find out|see what)\b",
    re.IGNORECASE,
)
_LEAVING = re.compile(
    r"\bnever ?mind\b|\bforget (?:it|about it|that)\b|\b(?:good)?bye\b|\bthat(?:['\u2019]s| is) all\b|\bno longer need"
    r"|\b(?:don['\u2019]t|do not) bother\b|\bcall it off\b|\bnot (?:needed )?any ?more\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.?!]*[.?!]")
_ASIDE = frozenset(
    "a an the of to in on for by with and or is are be this that it its which what who when where how string number"
    " value text optional required one must should may can if as at from use used given name id identifier"
    " parameter".split()
)
_WHEN = frozenset("date day time when start end until deadline month year".split())


def question_problem(text: str, tool: Tool, pointer: str) -> str | None:
    """Why a text does not ask for one missing argument and only that; `None` when it does."""
    questions = [item.strip() for item in _SENTENCE.findall(text) if item.strip().endswith("?")]
    if not questions:
        return "it asks nothing"
    if len(questions) > 2:
        return "it asks for more than one thing"
    if reads_as_error(text):
        return "it reads like an error"
    asked, wanted = set(words(" ".join(questions))), asked_words(tool, pointer)
    others = {word for one in parameters(tool) for word in words(one.path)} - _named(pointer) - _ASIDE
    if asked & (wanted - others - {tool_nouns(tool).head}):
        return None
    return None if asked & wanted and not asked & others else "it does not ask for what is missing"


def asked_words(tool: Tool, pointer: str) -> set[str]:
    """Words of which a question for an argument must hold one: of its name, its description, else of its tool."""
    parameter = parameter_at(tool, pointer)
    described = parameter.description if parameter is not None else ""
    found = _named(pointer) | set(words(described))
    found |= _WHEN if found & _WHEN else set()
    telling = found - _ASIDE
    return (telling or found) | {tool_nouns(tool).head} - {""}


def _named(pointer: str) -> set[str]:
    """Words of the name of what a JSON pointer leads to."""
    return set(words(next((part for part in reversed(pointer.split("/")) if part and not part.isdigit()), "")))


def refusal_problem(text: str) -> str | None:
    """Why a text does not say that something cannot be done; `None` when it does."""
    if reads_as_error(text):
        return "it reads like an error"
    return None if _UNABLE.search(text) else "it does not say that it cannot be done"


def user_slip(text: str) -> str | None:
    """Why a reply is none of a user's: it plays the assistant, gives up, or asks back; `None` when it is one."""
    if _ASSISTANT.search(text):
        return "it speaks as the assistant"
    if _LEAVING.search(text):
        return "it gives up"
    return None


def unasked(calls: Sequence[Call], said: str) -> list[str]:
    """Names of tools that act although no word of the user speaks of it; `said` is all that the user has said.

    Looking something up needs no wish, nor does what a later call takes a value from, nor the last call.
    """
    used = {source.call for call in calls for source in call.sources.values()}
    heard = set(words(said))
    acting = [call.tool for call in calls[:-1] if call.id not in used and tool_nouns(call.tool).deed not in LOOKING]
    return [tool.name for tool in acting if not heard & _spoken_of(tool)]


def _spoken_of(tool: Tool) -> set[str]:
    """Content words of a tool's name and of the first sentence of its description."""
    first = re.split(r"[.\n(]", tool.description, maxsplit=1)[0]
    return (set(words(tool.name)) | set(words(first))) - _ASIDE


def audible(text: str, value: Any) -> bool:
    """Whether a reader could take a value out of a text; flags and nothing at all never count."""
    if isinstance(value, bool) or value is None or value in ("", [], {}):
        return False
    shown = bool(spoken_of(text, [str(value)]))
    spoken = not isinstance(value, str) or moment(value) is not None
    return shown or (spoken and reads_as(text, value))


def parameter_at(tool: Tool, pointer: str) -> Parameter | None:
    """The parameter leaf at a JSON pointer into a tool's arguments; `None` when the schema says nothing of it."""
    path = re.sub(r"/\d+(?=/|$)", "[]", pointer).removeprefix("/").replace("/", ".").replace(".[]", "[]")
    return next((one for one in parameters(tool) if one.path in (path, path.removesuffix("[]"))), None)
