"""Finds what users say in a benchmark row whose layout nobody told us."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from toolweave.pipeline.contamination.shapes import SCHEMA_KEYS
from toolweave.servers.json_values import is_list, is_object

_KEYS = frozenset(
    """question questions query queries user_query prompt prompts instruction instructions request requests user_request
    task goal intent input inputs utterance utterances problem user user_message message messages conversation
    conversations dialog dialogue dialogs chat turns text scenario user_scenario""".split()
)
_SPEAKERS = ("role", "from", "speaker")
_USERS = frozenset(("user", "human", "customer"))
_SAID = ("content", "value", "text", "utterance", "message")


def questions(row: dict[str, Any], fields: Sequence[str]) -> list[str]:
    """The user's texts in a row, in order, each once: from the named fields, else from where such files keep them."""
    found = fields_read(row, fields) or _by_key(row)
    return list(dict.fromkeys(found))


def fields_read(row: dict[str, Any], fields: Sequence[str]) -> list[str]:
    """The texts under dotted field names; a list on the way stands for each of its items."""
    return [text for field in fields for value in _at(row, field.split(".")) for text in _texts(value)]


def is_message(value: dict[str, Any]) -> bool:
    """Whether an object is a message of a chat: somebody says something."""
    return _speaker(value) is not None and any(key in value for key in _SAID)


def _speaker(value: dict[str, Any]) -> str | None:
    return next((value[key] for key in _SPEAKERS if isinstance(value.get(key), str)), None)


def _at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    if is_list(value):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif is_object(value) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _by_key(row: dict[str, Any]) -> list[str]:
    """Texts under the usual names; deeper objects are searched only where their parents have none."""
    found = [text for key, value in row.items() if key.casefold() in _KEYS for text in _texts(value)]
    if found:
        return found
    inner = [value for key, value in row.items() if is_object(value) and key not in SCHEMA_KEYS]
    return [text for value in inner for text in _by_key(value)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value
    elif is_list(value):
        for item in value:
            yield from _texts(item)
    elif is_object(value):
        yield from _of_object(value)


def _of_object(value: dict[str, Any]) -> Iterator[str]:
    """A chat message if it has a speaker, and then only a user's; else every text in it."""
    speaker = _speaker(value)
    if speaker is None:
        for item in value.values():
            yield from _texts(item)
    elif speaker.casefold() in _USERS:
        yield from _texts(next((value[key] for key in _SAID if key in value), None))
