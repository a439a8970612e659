"""How likely a producer's field is what feeds a parameter: a logistic over features that a person can read.

The weights were set by hand from what each feature means and are the same for all tools. How they are calibrated was
measured on 19 tool sets that played no part in setting them (16 public servers without output schemas, 3 in REST style;
542 listed pairs, judged by reading): of the pairs listed at 0.2 to 0.3 32% were true flows, at 0.3 to 0.4 44%, 0.4 to
0.5 60%, 0.5 to 0.7 71%, 0.7 to 0.9 86%, above 95%. So 0.5 means somewhat better than every second pair. On sets whose
truth holds only the flows that some tasks used, the shares are lower.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from toolweave.graph.match import strength, types_clash
from toolweave.graph.nouns import ToolNouns
from toolweave.graph.reading import ECHO_NEEDED, ToolReading
from toolweave.graph.slots import ANY, Kind, Slot
from toolweave.graph.vocabulary import LOOKING, NAMES, Deed
from toolweave.servers.tools import Tool

START = -4.4
"""Logit of a pair that has nothing in common."""
MEANING = 6.2
"""Added for a perfect agreement of attribute and thing, in proportion to the agreement."""
KINDS: dict[Kind, float] = {
    "identifier": 0.4,
    "secret": 1.2,
    "name": -0.1,
    "value": -0.3,
    "quantity": -0.6,
    "choice": -1.2,
    "time": -1.3,
    "text": -1.9,
    "control": -4.0,
    "flag": -3.0,
}
"""By the sort of the parameter: identifiers flow, what people choose or write hardly does."""
WRONG_TYPE = -1.6
"""The declared types have nothing in common."""
OTHER_SERVER = -1.6
"""Producer and consumer are on different servers."""
OTHER_SERVER_ID = -3.2
"""The same for identifiers, which mean something to their own service only."""
REQUIRED = 0.2
"""Every call carries the parameter."""
KNOWN_TO_USER = -2.2
"""The parameter stands beside a password: the user gives both."""
OWN_NAME = -0.6
"""The parameter is a user's name or address, which people know of themselves."""
PRIMARY = 0.5
"""The producer finds or shows the kind of thing whose identifier is wanted."""
AFFINITY = 1.3
"""Added for tools whose names speak of the same things, in proportion."""
AFFINITY_OF_WORDS = 2.2
"""The same for values that are no identifiers: a city flows between tools of one trade only."""
USUAL_AFFINITY = 0.3
"""Affinity that counts neither for nor against; tools of one server have at least this."""
CRITERION = -1.0
"""The parameter narrows a search by a value that people choose."""
CHOSEN = -5.0
"""The parameter is the name of what the consumer brings into being: people choose that."""
BACKWARDS = -0.9
"""The producer acts on what the consumer finds or shows."""
MENTIONED = 2.6
"""The parameter's description names the producer."""
MENTIONED_START = START + 2.0
"""Logit from which a mention starts at the least, when nothing else agrees."""
HINTED = 0.9
"""The consumer's description names the producer."""
MOST_FROM_CONTEXT = 1.8
"""What everything but the agreement and the priors can add at the most."""


class Confidence:
    """Scores pairs of one set of tools."""

    def __init__(self, tools: Sequence[Tool], readings: Sequence[ToolReading]) -> None:
        self.servers = [tool.server for tool in tools]
        self.readings = readings
        self.vectors = _name_vectors([reading.nouns for reading in readings])

    def logit(self, parameter: Slot, produced: Slot, least: float = -math.inf) -> tuple[float, float]:
        """Logit of a pair and the agreement of meaning in it; a pair that cannot reach `least` gets minus infinity."""
        agreement = strength(parameter, produced)
        logit = START + MEANING * agreement + KINDS[parameter.kind] + produced.lasting
        if logit + MOST_FROM_CONTEXT < least:
            return -math.inf, agreement
        if produced.attribute == ANY and parameter.own in self.readings[produced.tool].looks_up_by:
            logit += ECHO_NEEDED
        if types_clash(parameter, produced):
            logit += WRONG_TYPE
        if parameter.required:
            logit += REQUIRED
        identifies = parameter.kind in ("identifier", "secret")
        same_server = self.servers[parameter.tool] == self.servers[produced.tool]
        if not same_server:
            logit += OTHER_SERVER_ID if identifies else OTHER_SERVER
        if parameter.kind == "secret":
            return logit, agreement
        near = _cosine(self.vectors[parameter.tool], self.vectors[produced.tool])
        if same_server and near < USUAL_AFFINITY and self.servers[parameter.tool]:
            near = USUAL_AFFINITY
        deed = self.readings[produced.tool].nouns.deed
        if self._names_new(parameter):
            logit += CHOSEN
        if identifies:
            logit += AFFINITY * (near - USUAL_AFFINITY)
            return logit + (PRIMARY if self._is_primary(parameter, produced, deed) else 0.0), agreement
        return logit + AFFINITY_OF_WORDS * (near - USUAL_AFFINITY) + self._of_word(parameter, deed), agreement

    def _names_new(self, parameter: Slot) -> bool:
        """Whether the parameter is what a thing is to be called that the consumer makes."""
        nouns = self.readings[parameter.tool].nouns
        if nouns.deed != "make" or parameter.attribute not in NAMES or not nouns.head:
            return False
        if parameter.things:
            return parameter.things[-1] == nouns.head
        return max(parameter.around, key=lambda word: parameter.around[word], default="") in ("", nouns.head)

    def _is_primary(self, parameter: Slot, produced: Slot, deed: Deed) -> bool:
        """Whether the producer finds or shows the kind of thing whose `id` is wanted."""
        if parameter.attribute != "id" or deed not in LOOKING:
            return False
        return parameter.things[-1:] == (self.readings[produced.tool].nouns.head,)

    def _of_word(self, parameter: Slot, deed: Deed) -> float:
        """What the deeds of both tools add for a value that is no identifier."""
        taker = self.readings[parameter.tool]
        logit = 0.0
        if parameter.kind == "name" and taker.takes_password:
            logit += KNOWN_TO_USER
        if parameter.attribute in ("name", "email", "phone") and parameter.things in ((), ("user",)):
            logit += OWN_NAME
        if taker.nouns.deed == "seek":
            logit += CRITERION
        if deed in ("make", "act", "change", "end") and taker.nouns.deed in LOOKING:
            logit += BACKWARDS
        return logit


def sigmoid(logit: float) -> float:
    """The probability of a logit."""
    return 1.0 / (1.0 + math.exp(-logit))


def _name_vectors(nouns: Sequence[ToolNouns]) -> list[dict[str, float]]:
    """For each tool the words that say what it is about, rare ones heavier, scaled to length 1."""
    spoken = [tuple(dict.fromkeys((*one.name_words, *one.subject[:3]))) for one in nouns]
    count = Counter(word for found in spoken for word in found)
    return [_scaled({word: math.log(1.0 + len(nouns) / count[word]) for word in found}) for found in spoken]


def _scaled(weights: dict[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def _cosine(first: dict[str, float], second: dict[str, float]) -> float:
    total = 0.0
    for word, weight in first.items():
        if word in second:
            total += weight * second[word]
    return total
