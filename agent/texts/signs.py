"""Identifiers as servers give them out, in the words of a text: which parameter takes which of them.

What an identifier stands for is learnt from the calls that were tried: the letters of those that a parameter took or
that an output gave. Where no such call is known, the letters are read as an abbreviation: `AP` for an appointment.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.wording import FILES, REMARKS, SEEKING
from toolweave.graph.model import ToolGraph
from toolweave.servers.json_values import as_object

_SIGN = re.compile(
    r"\b(?=[\w-]*\d)(?:[A-Za-z]{1,6}[-_]?\d[\w-]*|\d{3,}-\d[\d-]*)\b(?<!\dth)(?<!\dst)(?<!\dnd)(?<!\drd)"
)
"""An identifier as servers give them out."""


_FILE = re.compile(r"^\S*[./\\]\S*$")
"""What a file goes by, which no plain word is."""
_FOLDERS = frozenset("repo repository folder directory dir".split())
PARTS = frozenset("sheet cell range column row slide table axis delimiter".split())
"""What is in a file, and so is none itself."""
_CELLS = frozenset(("range", "cell"))
_CELL = re.compile(r"\d|:|^[A-Z]{1,3}$")
LIKELY = 0.3
"""Belief in an edge from which a parameter takes what other parameters were seen to take from the same field."""


class SignKinds:
    """What the letters of identifiers stand for, as far as calls have shown it.

    Args:
        graph: Which tool feeds which, with values that flowed.
    """

    def __init__(self, graph: ToolGraph) -> None:
        self._seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        given: dict[tuple[str, str], set[str]] = defaultdict(set)
        for edge in graph.edges:
            examples = {example for evidence in edge.evidence for example in evidence.examples}
            given[edge.source, edge.source_field] |= examples
        for edge in graph.edges:
            if edge.kind == "data" and edge.confidence >= LIKELY:
                for text in sorted(given[edge.source, edge.source_field]):
                    self._note(edge.target, edge.target_param, text)
        for tool, facts in graph.facts.items():
            for call in facts.works:
                for name, value in as_object(json.loads(call)).items():
                    self._note(tool, name, value)

    def _note(self, tool: str, path: str, value: Any) -> None:
        if isinstance(value, str) and is_sign(value) and len(letters := _letters(value)) > 1:
            self._seen[tool.partition("/")[0]][letters].add(_last(path))

    def fit(self, sign: str, server: str, slot: Slot) -> float:
        """How far an identifier is one that a parameter of a server takes, 0..1."""
        letters = _letters(sign)
        known = self._seen.get(server, {}).get(letters)
        if known:
            return float(_last(slot.path) in known)
        return 0.0 if any(letters in other for other in self._seen.values()) else abbreviates(letters, slot)

    def knows(self, sign: str, server: str) -> bool:
        """Whether it is known what an identifier stands for."""
        return bool(self._seen.get(server, {}).get(_letters(sign)))

    def among(self, text: str, server: str, slots: Sequence[Slot]) -> dict[str, str]:
        """The identifiers that a text says, by parameter; the only one that may take any takes one of unknown kind."""
        wanted = [slot for slot in slots if takes_sign(slot) and "string" in slot.kinds]
        found: dict[str, str] = {}
        for sign in signs_in(text):
            rest = [slot for slot in wanted if slot.path not in found]
            best = max(rest, key=lambda slot: self.fit(sign, server, slot), default=None)
            alone = len(wanted) == 1 and not self.knows(sign, server)
            if best is not None and (alone or self.fit(sign, server, best) > 0.0):
                found[best.path] = sign
        return found


def signs_in(text: str) -> tuple[str, ...]:
    """The identifiers that a text says, each once."""
    return tuple(dict.fromkeys(match.group() for match in _SIGN.finditer(text)))


def can_be(value: Any, slot: Slot, named: Collection[str]) -> bool:
    """Whether a text may be an identifier, where one is wanted, or a remark."""
    if not isinstance(value, str):
        return True
    if value in named and set(slot.own) & (REMARKS - SEEKING):
        return False
    if (about := _is_about_files(slot)) is not None and about != bool(_FILE.search(value)):
        return False
    if {*slot.own} & _CELLS and not _CELL.search(value):
        return False
    return not takes_sign(slot) or slot.own[-1:] == ("name",) or is_sign(value)


def _is_about_files(slot: Slot) -> bool | None:
    """Whether a parameter takes names of files; `None` where it may take one among other things."""
    own = {*slot.own}
    if own & FILES and not own & _FOLDERS and not _FOLDERS & {*slot.nouns}:
        return True
    return False if own & PARTS else None


def takes_sign(slot: Slot) -> bool:
    """Whether a parameter takes an identifier that servers give out."""
    return is_identifying(slot.parameter) or (
        "string" in slot.kinds and slot.own[-1:] in (("number",), ("barcode",), ("no",))
    )


def is_sign(text: str) -> bool:
    """Whether a text is an identifier as servers give them out."""
    return bool(_SIGN.fullmatch(text))


def abbreviated(text: str, slot: Slot) -> bool:
    """Whether a text is an identifier whose letters stand for what a parameter identifies."""
    return is_sign(text) and abbreviates(_letters(text), slot) > 0.0


def abbreviates(letters: str, slot: Slot) -> float:
    """How far the letters of an identifier stand for what a parameter identifies: `AP` for an appointment."""
    if len(letters) < len("id"):
        return 0.0
    own = [word for word in slot.own if word not in ("id", "number", "code")]
    return max(
        (1.0 for word in own if stands_for(letters, word)),
        default=max((0.5 for word in slot.nouns if not own and stands_for(letters, word)), default=0.0),
    )


def stands_for(letters: str, word: str) -> bool:
    """Whether letters stand in a word in their order, the first one at its start: `ap` in `appointment`."""
    rest = iter(word)
    return word[:1] == letters[:1] and all(letter in rest for letter in letters)


def _letters(sign: str) -> str:
    return re.match(r"[A-Za-z]*", sign).group().lower()  # type: ignore[union-attr]


def _last(path: str) -> str:
    return path.rpartition(".")[2].removesuffix("[]")
