"""The index of what tools give: from kinds of things and names to the fields that may hold them.

Looking up a parameter touches a bounded number of fields, however many tools there are: at most `NEAREST` of its own
server per key and `MOST` in all, the likeliest producers first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolweave.graph.slots import Slot
from toolweave.graph.vocabulary import IS_A

NEAREST = 20
"""Fields kept per key and server."""
ELSEWHERE = 8
"""Fields kept per key over all servers."""
MOST = 24
"""Fields looked at for one parameter."""
SURE_ENOUGH = 0.3
"""How surely a field must belong to a thing to be found under it."""


class ProducerIndex:
    """Fields by the names and kinds of thing that they may hold."""

    def __init__(self, fields: Sequence[Slot], server_of: Sequence[str]) -> None:
        self.fields = fields
        self.server_of = server_of
        self.local: dict[tuple[str, str], list[int]] = {}
        self.everywhere: dict[str, list[int]] = {}
        for number in sorted(range(len(fields)), key=lambda number: -fields[number].lasting):
            self._add(number, server_of[fields[number].tool])

    def _add(self, number: int, server: str) -> None:
        for key in _field_keys(self.fields[number]):
            near = self.local.setdefault((server, key), [])
            if len(near) < NEAREST:
                near.append(number)
            if server:
                far = self.everywhere.setdefault(key, [])
                if len(far) < ELSEWHERE:
                    far.append(number)

    def candidates(self, parameter: Slot) -> list[Slot]:
        """The fields that may feed a parameter, each once, in a fixed order."""
        server = self.server_of[parameter.tool]
        found: dict[int, None] = {}
        for key in _parameter_keys(parameter):
            found.update(dict.fromkeys(self.local.get((server, key), ())))
            if parameter.kind not in ("identifier", "secret") or key.startswith("="):
                found.update(dict.fromkeys(self.everywhere.get(key, ())))
            if len(found) >= MOST:
                break
        return [self.fields[number] for number in found]


def _name_key(slot: Slot) -> str:
    return "=" + " ".join(sorted(slot.own))


def _field_keys(produced: Slot) -> Iterator[str]:
    if produced.own:
        yield _name_key(produced)
    if produced.things:
        yield produced.things[-1]
    if not produced.things or produced.guessed:
        for word, weight in produced.around.items():
            if weight >= SURE_ENOUGH and word not in produced.things:
                yield word


def _parameter_keys(parameter: Slot) -> Iterator[str]:
    if parameter.own:
        yield _name_key(parameter)
    if parameter.kind == "text":
        return
    if parameter.things:
        yield parameter.things[-1]
        if parameter.things[-1] in IS_A:
            yield IS_A[parameter.things[-1]]
    else:
        yield from (word for word, weight in parameter.around.items() if weight >= 0.5)
