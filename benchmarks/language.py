"""Counts what can be counted of the teacher's language in the kept samples of runs: the bars of queries and reasoning.

    .venv/bin/python benchmarks/language.py runs/demo [DIR ...] [--show]

Nothing here shares code with the teacher or the gates: rows are read as a stranger would read them. A *request* opens a
turn; what the user says back within a turn is a *reply*. Exit code 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from toolweave.agent.patterns import get
from toolweave.pipeline.sample import Provenance, Sample
from toolweave.pipeline.storage.store import read_lines
from toolweave.servers.json_values import as_list, as_object

_MONTHS = "january february march april may june july august september october november december".split()
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_WORDS = {word: number for number, word in enumerate((*_UNITS.split(), "eighteen", "nineteen"))}
_TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_QUOTED = re.compile(r"\"([^\"]*)\"|“([^”]*)”|(?<!\w)'([^']+)'(?!\w)|\u2018([^\u2019]+)\u2019")
_DATE = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({'|'.join(_MONTHS)}) (\d{{4}})\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_NUMBER = re.compile(r"(?<![\w.,-])-?\d[\d,]*(?:\.\d+)?(?![\w]*_)")
_TOKEN = re.compile(r"(?<![\w/])[^\s\"“”,;!?()]*[\d/@_.:=*+-][^\s\"“”,;!?()]*")
_NAME = re.compile(r"\b[A-Z][\w'\u2019-]*(?: (?:of |the |and |de |von |van )?[A-Z][\w'\u2019-]*)*")
_CODE = re.compile(r"\b[a-z][a-z0-9]*_[a-z0-9_]+\b|\b(?!p[A-Z]\b|[a-zµ]?[A-Z][a-z]?\b|[a-z]W[hp]\b)[a-z]+[A-Z]\w*\b")
"""Words in the style of code, signs of units such as kN, pH or kWh left out."""
_SPECIFIC = re.compile(r"[\w.+-]+@[\w.-]+\w|\b[A-Za-z]{1,4}-?\d{3,}\w*\b|\b\d{4}-\d{2}-\d{2}\b|\b\d+(?:[.:,]\d+)*\b")
_YES = re.compile(r"\b(?:yes|do|please|include|with|only|on|true|also)\b", re.IGNORECASE)
_NO = re.compile(r"\b(?:no|don't|do not|not|without|skip|leave|off|false|never|exclude)\b", re.IGNORECASE)
_LITTLE = 13
"""Numbers below it are counting words; anybody may say them."""


def heard(text: str, schema: dict[str, Any], name: str) -> Iterator[Any]:
    """Every value of a parameter's type that somebody could take out of these words, without knowing the right one."""
    kinds = {schema.get("type")} if isinstance(schema.get("type"), str) else set(as_list(schema.get("type")))
    kinds |= {as_object(one).get("type") for one in as_list(schema.get("anyOf")) + as_list(schema.get("oneOf"))}
    kinds -= {None, "null"}
    if not kinds or kinds & {"integer", "number"}:
        yield from numbers(text)
    if "boolean" in kinds:
        yield from answers(text, schema, name)
    if not kinds or "string" in kinds:
        yield from texts(text, schema)


def numbers(text: str) -> Iterator[float]:
    """Numbers in digits and in words, `twenty-five` included."""
    for found in _NUMBER.findall(text):
        yield float(found.replace(",", "").rstrip("."))
    parts = re.findall(r"[a-z]+", text.lower())
    for word, following in pairwise([*parts, ""]):
        if word in _WORDS:
            yield float(_WORDS[word])
        elif word in _TENS:
            yield float(_TENS[word] + (_WORDS.get(following, 0) if _WORDS.get(following, 10) < 10 else 0))


def answers(text: str, schema: dict[str, Any], name: str) -> Iterator[bool]:
    """Yes or no of the sentences that speak of a setting."""
    about = set(_stems(f"{_plain(name)} {schema.get('description') or ''}"))
    for sentence in re.split(r"(?<=[.!?;])\s+", text):
        if about & set(_stems(sentence)):
            said_no, said_yes = _NO.search(sentence), _YES.search(sentence)
            order = re.match(r"(?:and )?(do|don't) ", sentence, re.IGNORECASE)
            if order:
                yield order.group(1).lower() == "do"
            elif said_no or said_yes:
                yield not said_no or (bool(said_yes) and sentence.rstrip(".!?; ").lower().endswith("yes"))


def texts(text: str, schema: dict[str, Any]) -> Iterator[str]:
    """Options that are named, dates and times as a schema wants them, quotations, names and technical words."""
    flat = " ".join(text.lower().replace("-", " ").split())
    for option in as_list(schema.get("enum")):
        if isinstance(option, str) and re.search(rf"(?<!\w){re.escape(_plain(option))}(?!\w)", flat):
            yield option
    for day, month, year in _DATE.findall(text):
        iso = f"{year}-{_MONTHS.index(month.lower()) + 1:02}-{int(day):02}"
        yield iso
        yield from (f"{iso}T{int(hour):02}:{minute}:00" for hour, minute in _CLOCK.findall(text))
    for hour, minute in _CLOCK.findall(text):
        yield f"{int(hour):02}:{minute}"
        yield f"{hour}:{minute}"
    for groups in _QUOTED.findall(text):
        yield from (one for one in groups if one)
    for found in (*_TOKEN.findall(text), *_NUMBER.findall(text)):
        yield found.rstrip(".:-")
        yield found.removesuffix("'s").removesuffix("\u2019s")
    yield from _names(text)


def _names(text: str) -> Iterator[str]:
    """Names with capitals, whole and without the words at their ends: `Ask Vera Lindholm` holds `Vera Lindholm`."""
    for found in _NAME.findall(text):
        words = re.sub(r"['\u2019]s$", "", found).split()
        for first in range(len(words)):
            for last in range(first + 1, len(words) + 1):
                yield " ".join(words[first:last])


def _plain(identifier: str) -> str:
    """An identifier as words in lower case."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", identifier)
    return " ".join(re.split(r"[_\s-]+", apart.lower()))


def _stems(text: str) -> list[str]:
    return [word[:5] for word in re.findall(r"[a-z]{3,}", text.lower())]


def same(one: Any, other: Any) -> bool:
    """Whether a value that was heard is the right one; capitals do not matter in texts."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return abs(one - other) < 1e-9
    return str(one).strip().lower() == str(other).strip().lower()


@dataclass
class Row:
    """One kept sample, read by a stranger."""

    sample: Sample
    schemas: dict[str, dict[str, Any]] = field(init=False)
    calls: dict[str, tuple[int, str, dict[str, Any]]] = field(init=False)
    """Call id → index of its message, tool, arguments."""

    def __post_init__(self) -> None:
        functions = [as_object(tool["function"]) for tool in self.sample.tools]
        self.schemas = {str(one["name"]): as_object(one.get("parameters")) for one in functions}
        self.calls = {
            str(call["id"]): (at, str(call["function"]["name"]), as_object(call["function"]["arguments"]))
            for at, message in enumerate(self.sample.messages)
            for call in as_list(message.get("tool_calls"))
        }

    def spoken(self, upto: int) -> str:
        """All that the user has said before a message."""
        return "\n".join(str(m["content"]) for m in self.sample.messages[:upto] if m["role"] == "user")

    def requests(self) -> Iterator[tuple[int, str]]:
        """Number and text of the turns' requests; that something which was missing is there now is none."""
        for number, turn in enumerate(self.sample.turns):
            if number == 0 or self.sample.turns[number - 1].kind != "missing_function":
                yield number, str(self.sample.messages[turn.messages[0]]["content"])

    def value(self, item: Provenance) -> Any:
        """The argument leaf that a record of origin speaks of."""
        return get(self.calls[item.call][2], item.argument)

    def leaf_schema(self, item: Provenance) -> dict[str, Any]:
        """The schema of that leaf, references followed."""
        root = self.schemas[self.calls[item.call][1]]
        found = root
        for part in item.argument.split("/")[1:]:
            found = _opened(found, root)
            found = as_object(found.get("items") if part.isdigit() else as_object(found.get("properties")).get(part))
        return _opened(found, root)

    def without_own(self, text: str) -> str:
        """A text without the values that the user supplies."""
        values = {str(self.value(item)) for item in self.sample.provenance if item.source["kind"] == "user"}
        said = {str(item.source.get("text")) for item in self.sample.provenance if item.source["kind"] == "user"}
        for value in sorted(values | said, key=lambda one: (-len(one), one)):
            if len(value) > 1:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " … ", text)
        return text

    def masked(self, text: str) -> str:
        """A text with its values taken out: quotations, dates, numbers, names, and what arguments carry."""
        text = self.without_own(text)
        text = _NUMBER.sub("…", _DATE.sub("…", _QUOTED.sub("…", text)))
        return " ".join(re.sub(r"(?<=[a-z,] )[A-Z][\w'\u2019-]*(?: [A-Z][\w'\u2019-]*)*", "…", text).split())


def _opened(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A schema behind a reference or an optional union."""
    while True:
        options = [as_object(one) for one in as_list(schema.get("anyOf"))]
        real = [one for one in options if one.get("type") != "null"]
        if isinstance(schema.get("$ref"), str):
            schema = as_object(as_object(root.get("$defs")).get(str(schema["$ref"]).rpartition("/")[2]))
        elif len(real) == 1:
            schema = {key: value for key, value in schema.items() if key != "anyOf"} | real[0]
        else:
            return schema


def identifiers(row: Row) -> Iterator[str]:
    """Requests and replies that name a tool or a parameter, or hold a word in the style of code."""
    for turn in row.sample.turns:
        first, last = turn.messages
        used = {name for at, name, _ in row.calls.values() if first <= at <= last}
        words = {*row.schemas, turn.target.partition("/")[2]}
        words |= {name for tool in used for name in as_object(row.schemas[tool].get("properties"))}
        for message in row.sample.messages[first : last + 1]:
            text = row.masked(str(message["content"])) if message["role"] == "user" else ""
            yield from (word for word in sorted(words) if _stands(word, text))
            yield from _CODE.findall(text)


def intermediate(row: Row) -> Iterator[str]:
    """Values that a tool had to find and that the user says all the same."""
    own = [row.value(item) for item in row.sample.provenance if item.source["kind"] == "user"]
    for item in row.sample.provenance:
        value = row.value(item)
        if item.source["kind"] == "output" and not any(same(value, one) for one in own):
            small = isinstance(value, (bool, int)) and value < _LITTLE
            if not small and _stands(str(value), row.without_own(row.spoken(row.calls[item.call][0]))):
                yield f"{item.call} {item.argument}: {value}"


def unheard(row: Row) -> Iterator[tuple[Provenance, Any]]:
    """What the user supplies and the extractor does not find in the user's words."""
    for item in row.sample.provenance:
        if item.source["kind"] == "user":
            value, words = row.value(item), row.spoken(row.calls[item.call][0])
            name = next(part for part in reversed(item.argument.split("/")) if not part.isdigit())
            if value is not None and not any(same(value, one) for one in heard(words, row.leaf_schema(item), name)):
                yield item, value


def unseen(row: Row) -> Iterator[str]:
    """Specific things in thoughts and answers that were not there before."""
    shown = " ".join(str(as_object(tool["function"]).get("description")) for tool in row.sample.tools)
    for message in row.sample.messages:
        if message["role"] == "assistant":
            made = " ".join(str(call["function"]["arguments"]) for call in as_list(message.get("tool_calls")))
            known = _flat(f"{shown} {' '.join(row.schemas)} {made}")
            for text in (str(message.get("reasoning_content") or ""), str(message.get("content") or "")):
                things = [*_SPECIFIC.findall(text), *(one for found in _QUOTED.findall(text) for one in found if one)]
                yield from (one for one in things if not _was_seen(one, known))
            shown += f" {made}"
        shown += f" {message.get('content') or ''}"


def _was_seen(thing: str, known: str) -> bool:
    plain = _flat(thing)
    if plain.isdigit() and int(plain) < _LITTLE:
        return True
    bare = plain.lstrip("0") or "0"
    return plain in known or re.search(rf"(?<!\d)0*{re.escape(bare)}(?!\d)", known) is not None


def _flat(text: str) -> str:
    return " ".join(text.lower().replace("\\n", " ").replace("\\", "").replace(",", "").split())


def _stands(word: str, text: str) -> bool:
    return bool(word) and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE) is not None


@dataclass
class Findings:
    """Everything that was counted."""

    rows: list[Row]
    lost: Counter[str]
    """Stage → planned items that were not kept."""

    def bars(self) -> Iterator[tuple[str, str, bool]]:
        """Name, figure and whether the bar is met."""
        rows, requests = self.rows, [row.masked(text) for row in self.rows for _, text in row.requests()]
        for name, found in (
            ("messages with an identifier", [one for row in rows for one in identifiers(row)]),
            ("intermediate values said", [one for row in rows for one in intermediate(row)]),
            ("unseen values in thoughts or answers", [one for row in rows for one in unseen(row)]),
        ):
            yield name, str(len(found)), not found
        given = sum(item.source["kind"] == "user" for row in rows for item in row.sample.provenance)
        missed = sum(1 for row in rows for _ in unheard(row))
        yield "user's arguments recovered", f"{given - missed} of {given}", not missed
        once = len(set(requests)) / len(requests)
        yield "requests unique without values", f"{once:.1%} of {len(requests)}", once >= 0.9
        for world, share, many in sorted(self._distinct(), key=lambda one: one[1]):
            yield f"distinct-2 of {world}", f"{share:.2f} ({many} requests)", share >= 0.35
        opening, times = Counter(" ".join(text.lower().split()[:3]) for text in requests).most_common(1)[0]
        yield "most common opening", f"{times / len(requests):.1%} “{opening}”", times / len(requests) <= 0.08
        executed = len(rows) + sum(count for stage, count in self.lost.items() if stage not in ("plan", "server"))
        lost = sum(self.lost[stage] for stage in ("teacher", "network", "query", "reasoning"))
        yield "lost at the teacher", f"{lost} of {executed} executed ({lost / executed:.1%})", lost < 0.08 * executed

    def _control(self) -> tuple[int, int]:
        """How many values that were said elsewhere, for the same parameter, the extractor claims to hear in a row."""
        said: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
        items = [(row, one) for row in self.rows for one in row.sample.provenance if one.source["kind"] == "user"]
        for row, item in items:
            said[row.calls[item.call][1], item.argument].append(row.value(item))
        claimed = tried = 0
        for row, item in items:
            words, name = row.spoken(row.calls[item.call][0]), item.argument.rpartition("/")[2]
            own = [row.value(one) for one in row.sample.provenance if one.source["kind"] == "user"]
            other = [one for one in said[row.calls[item.call][1], item.argument] if not any(same(one, v) for v in own)]
            if other:
                tried += 1
                claimed += any(same(other[0], one) for one in heard(words, row.leaf_schema(item), name))
        return claimed, tried

    def _distinct(self, word: str = r"[\w'\u2019]+|…") -> Iterator[tuple[str, float, int]]:
        """For every server that some turn is about: share of distinct pairs of words over its requests.

        By default words are bare, which is the hardest way to count: `coast.pptx` is a pair of its own.
        """
        worlds: defaultdict[str, list[str]] = defaultdict(list)
        for row in self.rows:
            for number, text in row.requests():
                worlds[row.sample.turns[number].target.partition("/")[0]].append(text)
        for world, found in worlds.items():
            pairs = [pair for text in found for pair in pairwise(re.findall(word, text.lower()))]
            yield world, len(set(pairs)) / max(1, len(pairs)), len(found)

    def facts(self) -> Iterator[tuple[str, str]]:
        """Figures without a bar."""
        claimed, tried = self._control()
        yield "control: values not said, yet recovered", f"{claimed} of {tried}"
        for world, share, many in sorted(self._distinct(r"\S+"), key=lambda one: one[1]):
            yield f"distinct-2 of {world}, split at spaces", f"{share:.2f} ({many} requests)"
        passed = Counter(row.sample.quality.attempts for row in self.rows)
        for k in sorted(passed):
            share = sum(count for attempts, count in passed.items() if attempts <= k) / len(self.rows)
            yield f"samples that pass with k = {k}", f"{share:.1%}"
        roles = {"user": "content", "assistant": "content", "assistant's thoughts": "reasoning_content"}
        for role, key in roles.items():
            words = list(self._words(role.partition("'")[0], key))
            yield f"words of the {role}", f"{len(set(words))} different of {len(words)}"
        for axis in sorted({axis for row in self.rows for axis in row.sample.style}):
            drawn = Counter(row.sample.style.get(axis, "-") for row in self.rows)
            yield f"style: {axis}", ", ".join(f"{value} {count}" for value, count in sorted(drawn.items()))

    def _words(self, role: str, key: str) -> Iterator[str]:
        for row in self.rows:
            for message in row.sample.messages:
                if message["role"] == role and message.get(key):
                    yield from re.findall(r"[a-z'\u2019]+", row.masked(str(message[key])).lower())


def read(directories: Sequence[Path]) -> Findings:
    """The kept samples of runs, and what became of the rest."""
    rows = [Row(Sample.model_validate(line)) for one in directories for line in read_lines(one / "samples.jsonl")]
    lost = Counter(str(line["stage"]) for one in directories for line in read_lines(one / "rejected.jsonl"))
    return Findings(rows, lost)


def show(rows: Iterable[Row]) -> None:
    """Each thing that breaks a bar, with the sample that it stands in."""
    for row in rows:
        strays = [f"unheard: {item.call} {item.argument} {value!r}" for item, value in unheard(row)]
        strays += [f"identifier: {word}" for word in identifiers(row)]
        strays += [f"intermediate: {word}" for word in intermediate(row)]
        strays += [f"unseen: {word}" for word in unseen(row)]
        for stray in strays:
            print(f"{row.sample.id}  {stray}")


def main() -> int:
    """Print every figure; the exit code says whether all bars are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, help="directories of runs")
    parser.add_argument("--show", action="store_true", help="also print what breaks a bar")
    given = parser.parse_args()
    found = read(given.runs)
    if not found.rows:
        print("no samples")
        return 1
    print(f"{len(found.rows)} samples")
    met = True
    for name, figure, good in found.bars():
        met = met and good
        print(f"{'ok ' if good else 'NO '} {name:<42} {figure}")
    for name, figure in found.facts():
        print(f"    {name:<42} {figure}")
    if given.show:
        show(found.rows)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
