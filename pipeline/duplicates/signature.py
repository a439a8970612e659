"""What a sample asks for and does, as sets that can be compared: no ids of samples or calls, no style, no answers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from toolweave.agent.patterns import argument_leaves
from toolweave.pipeline.contamination.words import content_words, grams, words
from toolweave.pipeline.sample import Sample, Turn, called
from toolweave.servers.json_values import canonical

SHINGLE = 3
"""Words in a row that are compared as one."""

Features = frozenset[int]
"""64-bit digests, the same in every process."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A sample as far as twins are alike."""

    group: int
    """Digest of the kinds of its turns, what each had to reach and which tools it called; twins agree in it."""
    request: Features
    """What users say, with values masked: runs of three words."""
    calls: Features
    """Which arguments each tool is given, and which entry of which output feeds which argument."""
    values: Features
    """The values that no output gave."""
    unmet: Features
    """Content words of requests that end with a refusal: what was wanted shows nowhere else."""


@dataclass(frozen=True, slots=True)
class _Call:
    tool: str
    arguments: dict[str, Any]
    taken: Mapping[str, tuple[str, str]]
    """JSON pointer of an argument → (tool, place) of the output that it came from."""
    said: Mapping[str, str]
    """JSON pointer of an argument → the user's wording."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A turn: what its user says and what is called."""

    turn: Turn
    text: str
    calls: tuple[_Call, ...]


def signature(sample: Sample) -> Signature:
    """The signature of a sample."""
    turns = list(_turns(sample))
    return Signature(
        group=_digest([[spoken.turn.kind, spoken.turn.target, *_tools(spoken)] for spoken in turns]),
        request=_features(run for number, spoken in enumerate(turns) for run in _request(number, spoken)),
        calls=_features(text for spoken in turns for call in spoken.calls for text in _skeleton(call)),
        values=_features(text for spoken in turns for text in _values(spoken)),
        unmet=_features(word for spoken in turns for word in _unmet(spoken)),
    )


def _turns(sample: Sample) -> Iterator[_Spoken]:
    tools = {name: tool for name, tool, _ in called(sample.messages)}
    taken: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for item in sample.provenance:
        if item.source["kind"] == "output":
            producer = tools.get(str(item.source["call"]), "")
            taken[item.call][item.argument] = (producer, str(item.source["place"]))
        elif item.source["kind"] in ("user", "derived"):
            said[item.call][item.argument] = str(item.source["text"])
    for turn in sample.turns:
        messages = sample.messages[turn.messages[0] : turn.messages[1] + 1]
        text = "\n".join(str(message["content"]) for message in messages if message["role"] == "user")
        calls = [_Call(tool, arguments, taken[name], said[name]) for name, tool, arguments in called(messages)]
        yield _Spoken(turn, text, tuple(calls))


def _tools(spoken: _Spoken) -> list[str]:
    """Sorted: independent calls may come in either order."""
    return sorted(call.tool for call in spoken.calls)


def _request(number: int, spoken: _Spoken) -> Iterator[str]:
    said = words(_masked(spoken))
    for _, run in grams(said, min(SHINGLE, max(1, len(said)))):
        yield f"{number} {run}"


def _masked(spoken: _Spoken) -> str:
    """What the user says with every value replaced by the name of what it is; longer values first."""
    kinds: dict[str, str] = {}
    for call in spoken.calls:
        for place, text in call.said.items():
            kinds.setdefault(text, f" {place.rpartition('/')[2]} ")
    if not kinds:
        return spoken.text
    wanted = "|".join(re.escape(text) for text in sorted(kinds, key=lambda text: (-len(text), text)))
    return re.sub(wanted, lambda found: kinds[found.group()], spoken.text)


def _skeleton(call: _Call) -> Iterator[str]:
    yield call.tool
    for name in sorted(call.arguments):
        yield f"{call.tool} {name}"
    for place, (producer, source) in sorted(call.taken.items()):
        yield f"{call.tool} {place} < {producer} {source}"


def _values(spoken: _Spoken) -> Iterator[str]:
    for call in spoken.calls:
        for place, value in argument_leaves(call.arguments):
            if place not in call.taken:
                yield f"{call.tool} {place} {_folded(value)}"


def _unmet(spoken: _Spoken) -> list[str]:
    """With `missing_function` the next turn makes the calls after all."""
    met = spoken.calls or spoken.turn.kind == "missing_function"
    return [] if met else sorted(set(content_words(spoken.text)))


def _folded(value: Any) -> str:
    """A value as users see it: case and spaces at the ends do not count, nor does 2 against 2.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value.casefold().strip() if isinstance(value, str) else canonical(value)


def _features(texts: Iterable[str]) -> Features:
    """Digests of texts; the second of two equal ones is another feature."""
    times: Counter[str] = Counter()
    found: set[int] = set()
    for text in texts:
        times[text] += 1
        found.add(_digest([text, times[text]]))
    return frozenset(found)


def _digest(value: Any) -> int:
    return int.from_bytes(blake2b(canonical(value).encode("utf-8", "surrogatepass"), digest_size=8).digest())
