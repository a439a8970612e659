"""Following hints: which tool and which parameter a hint speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.offline.english import gerund, spaced
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.guidance import DEED_WORDS, Correction, Guidance
from toolweave.agent.offline.toolbox import Toolbox
from toolweave.servers.tools import Tool


@dataclass(frozen=True)
class Follower:
    """The hints of a turn, understood over the tools on offer."""

    box: Toolbox
    guidance: Guidance
    made: Sequence[str]
    """Ids of the tools called in this turn."""
    request: str = ""
    _known: dict[str, Tool] = field(default_factory=dict[str, Tool])

    def pointed_at(self) -> Tool | None:
        """The tool that the last unanswered hint describes."""
        waiting = self._open_hints()
        return self.meant(self.guidance.first[waiting[-1]]) if waiting else None

    def _open_hints(self) -> list[int]:
        """Numbers of the hints that no call has followed yet; one that was followed settles those before it."""
        hints = enumerate(zip(self.guidance.first, self.guidance.again, strict=True))
        followed = [at for at, (text, again) in hints if self._times_done(text) > again]
        return list(range(followed[-1] + 1 if followed else 0, len(self.guidance.first)))

    def _times_done(self, text: str) -> int:
        """How often the turn has done what a hint asks for; a vague one asks for any of several tools."""
        fitting = self._vaguely_meant(text) or [self.meant(text)]
        return sum(self.made.count(tool.id) for tool in fitting)

    def meant(self, text: str) -> Tool:
        """The tool that a hint's words describe."""
        if text not in self._known:
            self._known[text] = self._find(text)
        return self._known[text]

    def _find(self, text: str) -> Tool:
        vague = self._vaguely_meant(text)
        exact = [tool for tool in self.box.tools if text.lower() in self._named(tool)]
        if vague:
            wrong = {self._named_exactly(text) for text in self.guidance.ruled_out if text}
            left = [tool for tool in vague if tool.id not in self.made and tool.id not in wrong]
            return next(tool for _, tool in self.box.ranked(self.request) if tool in (left or vague))
        unmade = [tool for tool in exact if tool.id not in self.made]
        return (unmade or exact or [tool for _, tool in self.box.ranked("", text)])[0]

    def _named(self, tool: Tool) -> tuple[str, str]:
        """How hints name what a tool does."""
        phrase = self.box.purposes[tool.id].phrase
        return phrase.lower(), gerund(phrase).lower()

    def _named_exactly(self, text: str) -> str:
        """Id of the tool that does just what a text says; empty for none."""
        return next((tool.id for tool in self.box.tools if text.lower() in self._named(tool)), "")

    def _vaguely_meant(self, text: str) -> list[Tool]:
        """The tools of a hint that only says what is to be done to which kind of thing."""
        for deed, words_of_deed in DEED_WORDS.items():
            if text.startswith(f"{words_of_deed} the "):
                purposes, noun = self.box.purposes, text.removeprefix(f"{words_of_deed} the ")
                kinds = {tool.id: (purposes[tool.id].nouns.deed, purposes[tool.id].noun) for tool in self.box.tools}
                return [tool for tool in self.box.tools if kinds[tool.id] == (deed, noun)]
        return []

    def ruled_out(self) -> list[Tool]:
        """Tools of which an unanswered hint says that they do not serve."""
        wrong = [self.guidance.ruled_out[at] for at in self._open_hints()]
        return [self.meant(text) for text in wrong if text]

    def correction(self, tool: Tool, slot: Slot) -> Correction | None:
        """What the hints say of one parameter of one tool."""
        label = parameter_label(slot.path)
        return next(
            (one for one in self.guidance.corrections if one.label == label and self.meant(one.purpose).id == tool.id),
            None,
        )

    def left_out(self, tool: Tool) -> list[Any]:
        """Values of which hints say that a tool is not to be called with them."""
        found = [one for one in self.guidance.corrections if one.leave_out and self.meant(one.purpose).id == tool.id]
        return [value for one in found for value in one.excluded]


def pointer_label(pointer: str) -> str:
    """An argument as hints call it, by its JSON pointer."""
    return parameter_label(".".join(part for part in pointer.split("/") if part and not part.isdigit()) or "value")


def parameter_label(path: str) -> str:
    """A parameter as hints call it, with what it belongs to: `items item id` for `items[].item_id`."""
    return spaced(" ".join(path.replace("[]", "").split(".")[-2:]))
