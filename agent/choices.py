"""Whether a request says which of several things is meant: a chain that picks a row must be able to know which one.

A value that was taken out of a list is *told* when more of its row's readable words stand in what the user said than of
any other row's; when the user counts to it ("the second tab"); when the conversation has used it before; or when the
first row was taken and the user said that any will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.spoken import written_date
from toolweave.agent.trace import Call
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.fields import Leaf, leaves

_ANY = re.compile(r"\b(?:any|first|whichever|whatever|either|next|earliest|some|one of)\b", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[^\W\d_][-_]?\d{2,}|\d{5,}|[_{}]")
_WORDS = re.compile(r"[^\W\d_][^\d\n]*")
_LONGEST_NAME = 60
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
"""Words that count to an entry of a list."""
_FIRST = "\0first"
"""Marks a row before which nothing else stands: "any" or "the first" means it."""
_INDEX = re.compile(r"/(\d+)(?=/|$|#)")


def untold_choices(calls: Sequence[Call], earlier: Sequence[Call], said: str) -> list[str]:
    """Arguments of `calls` whose row nothing tells, one line each; `said` is all that the user has said so far."""
    by_id = {call.id: call for call in (*earlier, *calls)}
    used = {str(value) for call in earlier for _, value in argument_leaves(call.arguments)}
    problems: list[str] = []
    chosen = {source.call: _chosen_of(calls, source.call) for call in calls for source in call.sources.values()}
    for call in calls:
        for place, source in call.sources.items():
            value = get(call.arguments, place)
            if source.kind == "output" and str(value) not in used:
                producer = by_id[source.call or ""].result.value
                if not is_told(producer, source.place or "", said, chosen[source.call]):
                    problems.append(f"nothing says which one {value!r} is")
        used |= {str(value) for _, value in argument_leaves(call.arguments)}
    return problems


def _chosen_of(calls: Sequence[Call], producer: str | None) -> list[str]:
    """Places of one call's output that any of the calls takes a value from."""
    return [
        source.place
        for call in calls
        for source in call.sources.values()
        if source.call == producer and source.place is not None
    ]


def is_told(output: Any, place: str, said: str, chosen: Sequence[str] = ()) -> bool:
    """Whether the words tell the row of a place from its like; rows that are `chosen` too are no rivals."""
    return all(_is_counted(index, said) or _stands_out(rows, said) for index, rows in _choices(output, place, chosen))


def can_be_told(output: Any, leaf: Leaf, known: Sequence[Leaf]) -> bool:
    """Whether some words could tell the row of a leaf from its like without saying an identifier or the value.

    `known` are all leaves of the output, which take a while to read.
    """
    return all(_tellable(rows, str(leaf.value)) for _, rows in _choices(output, leaf.place, (), known))


def is_wordy(value: Any) -> bool:
    """Whether a value is words that a person would say, such as the name of a sheet or a file, and no identifier."""
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and bool(_WORDS.fullmatch(value))


def _tellable(rows: list[list[str]], value: str) -> bool:
    if len(rows) == 1 or rows[0][:1] == [_FIRST]:
        return True
    sayable = (word for word in rows[0] if word != value and len(word) > 1 and not _IDENTIFIER.search(word))
    own = {word.lower() for word in sayable}
    return all(own - {word.lower() for word in row} for row in rows[1:])


def _stands_out(rows: list[list[str]], said: str) -> bool:
    """Whether the first row, the chosen one, has more of its words said than any other."""
    scores = [sum(_says(said, word) for word in dict.fromkeys(row)) for row in rows]
    return len(rows) == 1 or scores[0] > max(scores[1:]) or (rows[0][:1] == [_FIRST] and bool(_ANY.search(said)))


def _is_counted(index: int, said: str) -> bool:
    """Whether the words count to an entry: "the third slide"; what is quoted does not count."""
    spoken = re.sub(r"\"[^\"]*\"|“[^”]*”", " ", said)
    return (
        index < len(ORDINALS) and re.search(rf"\bthe {ORDINALS[index]} [a-z]{{3,}}", spoken, re.IGNORECASE) is not None
    )


def _choices(
    output: Any, place: str, chosen: Sequence[str], known: Sequence[Leaf] | None = None
) -> Iterator[tuple[int, list[list[str]]]]:
    """For every list on the way to a place: which row is chosen, and the readable words of each row, that one first."""
    plain, _, label = place.partition("#")
    for match in _INDEX.finditer(plain):
        before, index = plain[: match.start()], int(match.group(1))
        siblings: list[Any] = get(output, before)
        rows = [[str(leaf) for _, leaf in argument_leaves(row)] for row in siblings]
        too = {at for at in range(len(rows)) if any(f"{item}/".startswith(f"{before}/{at}/") for item in chosen)}
        yield index, _first_without(rows, index, too)
    if label and isinstance(text := get(output, plain), str):
        yield len(ORDINALS), _lines(text, leaves(output) if known is None else known, place, chosen)


def _lines(text: str, found: Sequence[Leaf], place: str, too: Sequence[str]) -> list[list[str]]:
    """Lines of a text that hold a value of the same kind; the chosen one first."""
    chosen = next((leaf for leaf in found if leaf.place == place), None)
    if chosen is None:
        return [[]]
    values = list(dict.fromkeys(str(leaf.value) for leaf in found if leaf.pattern == chosen.pattern))
    lines = [next((line for line in text.splitlines() if value in line), "") for value in values]
    rows = [re.findall(r"[\w.'-]+", line.replace(value, " ")) for value, line in zip(values, lines, strict=True)]
    taken = {values.index(str(leaf.value)) for leaf in found if leaf.pattern == chosen.pattern and leaf.place in too}
    return _first_without(rows, values.index(str(chosen.value)), taken)


def _first_without(rows: list[list[str]], chosen: int, too: set[int]) -> list[list[str]]:
    """The chosen row, marked when nothing that is not chosen comes before it, then the rows that nobody chose."""
    mark = [_FIRST] if all(at in too for at in range(chosen)) else []
    return [mark + rows[chosen], *(row for at, row in enumerate(rows) if at != chosen and at not in too)]


def _says(said: str, word: str) -> bool:
    if len(word) < 2:
        return False
    return bool(spoken_of(said, (word, *_written(word))))


def _written(word: str) -> list[str]:
    try:
        return [written_date(date.fromisoformat(word[:10]))] if len(word) >= 10 else []
    except ValueError:
        return []
