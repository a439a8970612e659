"""The parts of a request, each with the tools that it speaks of: what is said for one is not meant for another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolweave.agent.offline.lexicon import VERB_FORMS
from toolweave.agent.offline.mentions import Mention
from toolweave.agent.offline.toolbox import Toolbox, stems
from toolweave.servers.tools import Tool

NEAR = 0.75
"""Share of the best tool's fit from which another tool may be meant as well."""
_GAP = re.compile(
    r"(?<=[.?!])\s+|(?:,\s*)?\b(?:and )?(?:then|after that|finally|before that|beforehand|also|as well)\b,?\s*",
    re.IGNORECASE,
)


class Clauses:
    """One request in parts."""

    def __init__(self, box: Toolbox, request: str, mentions: Sequence[Mention]) -> None:
        self._spans = _spans(request, mentions)
        self.texts = [_without(request, span, mentions) for span in self._spans]
        """The parts without their values."""
        self._tools = [_spoken_of(box, text) for text in self.texts]

    def elsewhere(self, mention: Mention, tool: Tool) -> bool:
        """Whether a value stands in a part that speaks of other tools, while another part speaks of this one."""
        at = self._at(mention.start)
        if at is None or not self._tools[at] or tool.id in self._tools[at]:
            return False
        return any(tool.id in found for found in self._tools)

    def speak_of(self, tool: Tool) -> bool:
        """Whether some part speaks of a tool first of all."""
        return any(found[:1] == [tool.id] for found in self._tools)

    def speaks_of(self, position: int, tool: Tool) -> bool:
        """Whether the part at a position speaks of a tool, or no other part does."""
        at = self._at(position)
        return at is None or tool.id in self._tools[at] or not any(tool.id in found for found in self._tools)

    def _at(self, position: int) -> int | None:
        """Number of the part that a position lies in."""
        return next((at for at, (start, end) in enumerate(self._spans) if start <= position < end), None)


def _spans(request: str, mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """Where the parts begin and end; values are not cut."""
    cuts = [
        match.end()
        for match in _GAP.finditer(request)
        if not any(item.start < match.end() <= item.end for item in mentions)
    ]
    starts = [0, *cuts]
    return list(zip(starts, [*cuts, len(request)], strict=True))


def _without(request: str, span: tuple[int, int], mentions: Sequence[Mention]) -> str:
    """The words of a part without its values."""
    start, end = span
    text = request[start:end]
    for item in reversed(mentions):
        if start <= item.start and item.end <= end:
            text = f"{text[: item.start - start]} {text[item.end - start :]}"
    return text


def _spoken_of(box: Toolbox, text: str) -> list[str]:
    """Ids of the tools that a text speaks of, the best first; of none where it holds no deed, as in "The title is"."""
    spoken = set(stems(text))
    ranked = [(score, tool.id) for score, tool in box.ranked(text) if score > 0.0]
    near = [tool for score, tool in ranked if score >= NEAR * ranked[0][0]]
    verbs = {box.purposes[tool].verb for tool in near}
    deeds = [form for verb in verbs for form in (verb, *VERB_FORMS.get(verb, ()))]
    return near if spoken & set(stems(" ".join(deeds))) else []
