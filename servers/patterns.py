"""Regular expressions of strangers: which ones could keep us busy for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from toolweave.servers.json_values import as_object, is_list, is_object

_LONGEST = 2000
_MOST_LOOPS = 8
"""Unbounded repetitions in a row that a short text survives."""
_MANY = 50
"""Repetitions from which on a bounded one is as bad as an unbounded one."""
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[:=!]|\(\?<[=!]|\(\?P?<\w+>|[*+?]\??|\{\d*,?\d*\}\??|.", re.DOTALL
)
_QUANTIFIER = re.compile(r"[*+?]\??|\{\d*,?\d*\}\??")
_PRINTABLE = "".join(map(chr, range(32, 127)))
_NOTHING: frozenset[str] = frozenset()


def risky_pattern(schema: Any) -> str | None:
    """The first regular expression of a JSON Schema that may take time exponential in the length of a value."""
    return next((pattern for pattern in _patterns(schema) if _is_risky(pattern)), None)


def _patterns(schema: Any) -> Iterator[str]:
    if is_list(schema):
        for item in schema:
            yield from _patterns(item)
    elif is_object(schema):
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            yield pattern
        yield from as_object(schema.get("patternProperties"))
        for item in schema.values():
            yield from _patterns(item)


@dataclass(slots=True)
class _Group:
    """What is known of a group that is not closed yet."""

    firsts: list[frozenset[str]] = field(default_factory=lambda: [_NOTHING])
    """For each alternative, the characters that it must begin with; none where it may begin with anything."""
    begun: bool = False
    loops: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    """The characters of each repeated thing."""

    @property
    def ambiguous(self) -> bool:
        """Whether a text of many of this may be read in more than one way, as far as can be seen."""
        seen = _NOTHING.union(*self.loops)
        if not self.loops and len(self.firsts) == 1:
            return False
        for first in self.firsts:
            if not first or first & seen:
                return True
            seen |= first
        return False


@lru_cache(maxsize=4096)
def _is_risky(pattern: str) -> bool:
    """By the text alone: a repetition of something that repeats and is not told apart, or very many repetitions."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):  # applied nowhere then
        return False
    tokens = _TOKEN.findall(pattern)
    groups, loops = [_Group()], 0
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        repeats = _is_unbounded(following)
        loops += repeats
        if token.startswith("("):
            groups.append(_Group())
        elif token == "|":
            groups[-1].firsts.append(_NOTHING)
            groups[-1].begun = False
        elif token == ")" and len(groups) > 1:
            inner = groups.pop()
            if repeats and inner.ambiguous:
                return True
            groups[-1].loops += [*inner.loops, *(inner.firsts if repeats else ())]
            groups[-1].begun = True
        elif not _QUANTIFIER.fullmatch(token):
            _note(groups[-1], token, following, repeats)
    return len(pattern) > _LONGEST or loops > _MOST_LOOPS


def _note(group: _Group, token: str, following: str, repeats: bool) -> None:
    characters = _characters(token)
    if not group.begun and token not in "^$":
        group.begun = True
        group.firsts[-1] = _NOTHING if _QUANTIFIER.fullmatch(following) else characters
    if repeats:
        group.loops.append(characters)


def _is_unbounded(token: str) -> bool:
    bounds = re.match(r"\{(\d*)(,?)(\d*)\}", token)
    if not bounds:
        return token[:1] in ("*", "+")
    return int(bounds[3] or (_MANY if bounds[2] else bounds[1] or 0)) >= _MANY


@lru_cache(maxsize=1024)
def _characters(token: str) -> frozenset[str]:
    """The printable characters that one piece of a pattern fits."""
    try:
        return frozenset(character for character in _PRINTABLE if re.fullmatch(token, character))
    except re.error:  # half of something
        return frozenset(_PRINTABLE)
