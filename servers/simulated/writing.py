"""What the rules leave open in things and in answers, and what is taken from whoever writes it in their place.

Contract: the rules decide what exists, its keys and references, and what calls have said and changed; only the rest can
be written. What is asked depends on the thing that it is about and on the call that brought it up, never on what has
become of it since, so that one reply on record serves for ever. A value that does not fit its schema is not taken: the
rules' own stays.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from toolweave.servers.json_values import canonical, is_list
from toolweave.servers.schemas import first_problem

_LONGEST = 4_000
"""Characters of one written value, as JSON."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Places to be filled."""

    what: str
    """What is to be written, in a few words."""
    facts: dict[str, Any]
    """What is decided, and what is known of the tools; strangers' words."""
    open: dict[str, dict[str, Any]]
    """JSON pointer into the draft → the schema of what goes there."""
    seed: int
    draft: Any = field(compare=False)
    """As the rules have it; whoever writes does not see it."""
    schema: dict[str, Any] = field(default_factory=dict[str, Any])
    """Of the whole."""


class Writer(Protocol):
    """Somebody who writes better than the rules."""

    def write(self, ask: Ask) -> Mapping[str, Any]:
        """Place → value; always the same for the same ask. What is missing stays as the rules have it."""
        ...


def problems(ask: Ask, values: Mapping[str, Any]) -> dict[str, str]:
    """Place → why what was written for it cannot be taken, `""` for the whole; empty when all is well."""
    found = {place: problem for place in ask.open if (problem := _problem(ask, place, values)) is not None}
    whole = first_problem(ask.schema, _put_in(ask.draft, {place: values[place] for place in ask.open.keys() - found}))
    return found if whole is None else {**found, "": whole}


def fitting(ask: Ask, values: Mapping[str, Any]) -> dict[str, Any]:
    """What can be taken of what was written."""
    wrong = problems(ask, values)
    return {} if "" in wrong else {place: values[place] for place in ask.open if place not in wrong}


def filled(ask: Ask, writer: Writer) -> Any:
    """The draft with what was written, as far as it can be taken."""
    return _put_in(ask.draft, fitting(ask, writer.write(ask)))


def place_of(*parts: str | int) -> str:
    """The JSON pointer along these keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _problem(ask: Ask, place: str, values: Mapping[str, Any]) -> str | None:
    if place not in values:
        return "it is missing"
    if len(canonical(values[place])) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    return first_problem(ask.open[place], values[place])


def _put_in(draft: Any, values: Mapping[str, Any]) -> Any:
    whole = [copy.deepcopy(draft)]
    for place, value in values.items():
        target: Any = whole
        parts = ["0", *(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])]
        for part in parts[:-1]:
            target = target[int(part) if is_list(target) else part]
        target[int(parts[-1]) if is_list(target) else parts[-1]] = value
    return whole[0]
