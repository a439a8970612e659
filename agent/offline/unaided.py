"""The student on its own: the request says what to do, part by part, and a server's error what was wrong.

It takes no name for an identifier where a tool could give one, looks a thing up rather than take one of another kind,
and never makes a call again that was refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from toolweave.agent.offline.clauses import Clauses
from toolweave.agent.offline.conversation import Seen, Situation
from toolweave.agent.offline.deciding import Decision, Student
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.following import pointer_label
from toolweave.agent.offline.guidance import Correction, Guidance
from toolweave.agent.offline.lexicon import POINTING, VERB_FORMS
from toolweave.agent.offline.supplying import Terms
from toolweave.agent.offline.toolbox import Toolbox, stems
from toolweave.agent.offline.ways import Way
from toolweave.agent.patterns import argument_leaves
from toolweave.graph.vocabulary import LOOKING
from toolweave.servers.tools import Tool

ENOUGH = 0.5
"""Share of the weight of the words of what a tool is for from which a part of a request asks for it."""
CLEARLY = 0.65
"""The same where its deed is not among them."""
_PARTS = re.compile(r",\s|\band\b")
_POINTING = re.compile(rf"\b{POINTING}\b|\b(?:called|named)\b", re.IGNORECASE)


class UnaidedStudent(Student):
    """Decides one step without hints."""

    def __init__(self, box: Toolbox, situation: Situation) -> None:
        super().__init__(box, situation, Guidance(corrections=list(_learned(box, situation))), "", alone=True)
        self.agenda = list(_agenda(box, self.listener.clauses))

    def decide(self) -> Decision:
        """The next step; where something is lacking that a look around might show, that look."""
        decision = super().decide()
        gaps = decision.way.gaps if decision.way is not None else [decision.lacking] if decision.lacking else []
        if not gaps or self.situation.question:
            return decision
        look = self._look_around([slot for _, slot in gaps])
        if look is None:
            return decision if decision.lacking else Decision(None, decision.goal)
        return Decision(look, decision.goal)

    def _look_around(self, lacking: Sequence[Slot]) -> Way | None:
        """A call that only looks, can be made with what is known, and is about what is lacking or spoken of."""
        wanted = set(stems(" ".join(word for slot in lacking for word in slot.own)))
        spoken = set(stems(" ".join(self.listener.clauses.texts)))
        tried = {call.name for call in self.situation.here}
        found: list[tuple[float, Way]] = []
        for tool in self.box.tools:
            purpose = self.box.purposes[tool.id]
            about = set(stems(f"{purpose.object} {purpose.noun} {tool.description}")).difference(stems(purpose.verb))
            worth = 2 * self.box.telling(wanted.intersection(about)) + self.box.telling(spoken.intersection(about))
            if purpose.nouns.deed not in LOOKING or self.box.names[tool.id] in tried or not worth:
                continue
            way = self.supplier.way(tool, Terms(self.listener.taken))
            if not way.before and not way.gaps:
                found.append((worth / math.sqrt(1 + len(about)), way))
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def _goal(self) -> Tool | None:
        """What comes next of what the request asks for; at its end what was done last."""
        left = [tool for tool in self.agenda if tool.id not in self.made]
        if left or self.agenda:
            return (left or self.agenda)[0 if left else -1]
        return super()._goal() if self.situation.insisted or self.situation.here else None

    def _refuses(self) -> bool:
        """Whether no part of the request asks for what a tool does."""
        return not (self.agenda or self.situation.here or self.situation.insisted)

    def _unless_refused(self, decision: Decision) -> Decision:
        """The decision, or the end where just that was refused."""
        assert decision.way is not None
        way = decision.way.ready
        name, arguments = self.box.names[way.tool.id], way.arguments()
        if any(call.failed and (call.name, call.arguments) == (name, arguments) for call in self.situation.here):
            return Decision(None, decision.goal)
        decision.beside = self._beside(decision.way, decision.goal)
        return decision


def _agenda(box: Toolbox, clauses: Clauses) -> Iterator[Tool]:
    """For each part of a request the tool that does what it asks for, where there is one."""
    last = ""
    for part in (part for text in clauses.texts for part in _PARTS.split(_POINTING.sub(" ", text))):
        tool = next((tool for score, tool in box.ranked(part) if score > 0.0 and _asks_for(box, tool, part)), None)
        if tool is not None and tool.id != last:
            last = tool.id
            yield tool


def _asks_for(box: Toolbox, tool: Tool, text: str) -> bool:
    """Whether a text holds most of the words that say what a tool is for."""
    purpose, spoken = box.purposes[tool.id], set(stems(text))
    deed = set(stems(" ".join((purpose.verb, *VERB_FORMS.get(purpose.verb, ())))))
    thing = set(stems(purpose.object))
    said = box.telling(thing & spoken) + box.telling(stems(purpose.verb)) * bool(deed & spoken)
    return said >= (ENOUGH if deed & spoken else CLEARLY) * box.telling(thing.union(stems(purpose.verb)))


def _learned(box: Toolbox, situation: Situation) -> Iterator[Correction]:
    """What this turn's errors say of the values that they name."""
    for call in situation.here:
        if call.failed and call.name in box.by_name:
            yield from _refused(call, box.purposes[box.by_name[call.name].id].phrase)


def _refused(call: Seen, purpose: str) -> Iterator[Correction]:
    for pointer, value in argument_leaves(call.arguments):
        if isinstance(value, str) and value in call.text:
            yield Correction(purpose, pointer_label(pointer), refused=[value])
