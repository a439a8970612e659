"""The entries of a result: which words tell one from its like, and what the facts among them are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from toolweave.agent.offline.lexicon import UNITS
from toolweave.agent.offline.saying import spoken_date
from toolweave.agent.offline.wording import parameter_text, plain_value
from toolweave.agent.patterns import argument_leaves, get
from toolweave.agent.roles import Happened
from toolweave.agent.whole_words import spoken_of
from toolweave.graph.fields import Leaf, leaves
from toolweave.graph.words import words
from toolweave.servers.json_values import as_object

TELLING = ("name", "title", "label", "subject", "heading", "summary", "date", "day", "time", "kind", "type", "city")
_LONGEST = 48
MOST_FACTS = 24
"""Facts of an entry that are looked at, those of its inner objects included."""
ANY = "any"
"""Told of an entry that is the first and that nothing else sets apart."""
_LOOSE_END = re.compile(r"\s(?:on|at|in|of|for|to|from|by|with|is|was|and|or|the|a)$")
TABLE = 3
"""Cells from which a line is one of a table."""
SIGN = 2
"""Letters of a heading that is a sign, such as pH."""


def telling_apart(
    producer: Happened, value: Any, banned: Sequence[str], least: int = 1, place: str = ""
) -> tuple[str, ...]:
    """Words of the chosen entry that no other entry has; empty when there is only one entry.

    `least` is how many facts to tell where there are as many; `place` is where the value stands, where that is known.
    """
    every = leaves(producer.value)
    alike = [leaf for leaf in every if plain_value(leaf.value) == plain_value(value)]
    chosen = next((leaf for leaf in alike if leaf.place == place), next(iter(alike), None))
    if chosen is None:
        return ()
    rivals = [
        leaf for leaf in every if leaf.pattern == chosen.pattern and plain_value(leaf.value) != plain_value(value)
    ]
    if not rivals:
        return ()
    own = entry_texts(producer.value, producer.text, chosen)
    others = [[text.lower() for text in entry_texts(producer.value, producer.text, leaf)] for leaf in rivals]
    usable = [text for text in own if _readable(text) and not spoken_of(text, [*banned, str(value)])][:7]
    for size in range(min(least, max(1, len(usable))), 4):
        for chosen_texts in combinations(usable, size):
            if not any(all(text.lower() in other for text in chosen_texts) for other in others):
                return tuple(spoken_date(text) or text for text in chosen_texts)
    if any(leaf.pattern == chosen.pattern for leaf in every[: every.index(chosen)]):
        return tuple(spoken_date(text) or text for text in usable[:3])
    return (ANY,)


def facts_of(producer: Happened, value: Any, place: str, telling: Sequence[str]) -> tuple[str, ...]:
    """What an entry calls the facts that tell it from its like; empty where it has no names for them."""
    row = as_object(_row(producer.value, place)) if "#" not in place else _columns(producer.text, str(value))
    names = {spoken_date(str(item)) or str(item): str(key) for key, item in reversed(row.items())}
    said = [_spoken_name(names[text]) if text in names else "" for text in telling]
    plain = all(text.replace(" ", "").isalpha() and not _LOOSE_END.search(f" {text}") for text in said)
    return tuple(said) if plain else ()


def _spoken_name(name: str) -> str:
    """What a person calls a fact: the sign of a unit is no name of its own."""
    (unit,) = UNITS.get(name.lower(), ("",))
    if unit and (len(name) <= SIGN or name.lower() not in unit):
        return f"number of {unit}"
    return name if len(name) <= SIGN else parameter_text(name, "")


def _columns(text: str, value: str) -> dict[str, str]:
    """Heading of a table's column → the cell below it, in the line that holds a value; empty where it is no table."""
    before = text.partition(value)[0].rpartition("\n")[0]
    line = next((line for line in text.splitlines() if value in line), "")
    cells = _cells(line)
    heads = (found for line in before.splitlines() if len(found := _cells(line)) == len(cells))
    head = next(heads, list[str]()) if len(cells) >= TABLE else []
    named = head and not any(letter.isdigit() for letter in head[cells.index(value)] if value in cells)
    return dict(zip(head, cells, strict=True)) if named else {}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"\s{2,}|\s*\|\s*|\t", line)]


def entry_texts(value: Any, text: str, leaf: Leaf) -> list[str]:
    """Texts of the entry that a value lies in, the most telling first."""
    if "#" in leaf.place:
        return _of_line(text, str(leaf.value))
    row = as_object(_row(value, leaf.place))
    found = [(place.rpartition("/")[2], item) for place, item in argument_leaves(row)[:MOST_FACTS]]
    texts = [(key, item) for key, item in found if isinstance(item, str)]
    texts += [(key, str(item)) for key, item in found if isinstance(item, (int, float)) and not isinstance(item, bool)]
    texts.sort(key=lambda pair: next((at for at, word in enumerate(TELLING) if word in words(pair[0])), len(TELLING)))
    return list(dict.fromkeys(item for _, item in texts))


def _row(value: Any, place: str) -> Any:
    """The object or list that a place lies in; `None` where there is none."""
    try:
        return get(value, place.rpartition("/")[0])
    except KeyError:
        return None


def _of_line(text: str, value: str) -> list[str]:
    """Readable pieces of the line that holds a value: cells of a table, or names, dates and quotations, then words."""
    line = next((line for line in text.splitlines() if value in line), "")
    cells = _cells(line)
    if len(cells) >= TABLE:
        return [cell for cell in cells if cell and value not in cell]
    found = re.findall(
        r"[\"“]([^\"”]{3,60})[\"”]|(?<![\w-])([A-Z][a-z]+(?: [a-z]+){0,2}(?: [A-Z][a-z]+)*)(?![\w-])"
        r"|(\d{4}-\d{2}-\d{2})|(?<![\w-])([a-z]{4,}(?: [a-z]{4,})?)(?![\w-])",
        line,
    )
    told = [_LOOSE_END.sub("", piece) for pieces in found for piece in pieces]
    return [piece for piece in told if len(piece) > 3 and value not in piece]


def _readable(text: str) -> bool:
    if spoken_date(text) is not None or re.fullmatch(r"\d{1,2}:\d{2}", text):
        return True
    if re.fullmatch(r"\d{1,4}(?:\.\d{1,2})?", text):
        return True
    many = r"\d{4,}" if " " in text else r"\d{3,}"
    return 2 < len(text) <= _LONGEST and text[0].isalpha() and not re.search(rf"{many}|[_{{}}@/\n\"“”]", text)
