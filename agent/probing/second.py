"""A second look at parameters that a user could fill: do they, all the same, take what other tools return?

Two signs make one worth a call: a value that worked was seen in another tool's output, or names and types match. The
same call with a never-seen value then tells a name of something from free text, and with a part of the value, a name
from a search.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from toolweave.agent.argument_values import is_identifying, json_kinds
from toolweave.agent.patterns import argument_leaves, get, place_of, put_at
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import fitted, types_fit
from toolweave.agent.probing.session import Observation, Session, differ
from toolweave.graph.fields import Scalar
from toolweave.graph.learning.links import Link
from toolweave.graph.learning.values import distinctive, look, never_seen
from toolweave.graph.schema import Parameter, parameters
from toolweave.servers.tools import Tool

WORTH_A_CALL = 0.3
"""Confidence of a matched edge from which its parameter is tried."""


class SecondLook:
    """Tries the parameters that exploring took for the user's business or left out."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.filler = explorer.filler

    async def look(self, session: Session) -> None:
        """Try each such parameter of each tool that worked, reading tools first.

        Raises:
            OutOfBudget: No call is left.
            ServerLost: The server died.
        """
        for tool in self.explorer.tools:
            if not self.explorer.worked[tool.id]:
                continue
            for parameter in parameters(tool):
                if parameter.required and not self.filler.names_a_thing(tool, parameter.path):
                    await self._said(tool, parameter, session)
                elif not parameter.required and self.explorer.reads(tool):
                    await self._optional(tool, parameter, session)
        for link in list(self.filler.links.values()):
            await self._unconfirmed(link, session)

    async def _unconfirmed(self, link: Link, session: Session) -> None:
        """Take a value from every field that names match and of which its values do not say whether they fit."""
        name = (link.tool.id, link.parameter.path)
        if not link.accepted or link.takes_anything or not self.filler.names_a_thing(link.tool, link.parameter.path):
            return
        for edge in self.filler.edges.get(name, ()):
            place = self.filler.pools.fields.get((edge.source, edge.source_field))
            if edge.confidence < WORTH_A_CALL or place is None or not place.values or link.fed_by(place) is not None:
                continue
            value = list(place.values.values())[-1]
            filled = self.filler.fill(link.tool, prefer=_just(link, value), guess=False)
            if filled is not None and types_fit(value, link.parameter):
                filled.sources[link.parameter.path] = place
                await self.explorer.attempt(link.tool, filled, session)

    async def _said(self, tool: Tool, parameter: Parameter, session: Session) -> None:
        link = self.filler.links[tool.id, parameter.path]
        seen = self.explorer.worked[tool.id][-1]
        value = _value(seen, parameter)
        if value is None or not _free(parameter, value) or not self._suspicious(link, value):
            return
        control = await self._with(seen, link, never_seen(value, self.explorer.rng), session)
        link.controls += 1
        if control.outcome == "ok" and not differ(seen, control):
            link.takes_anything = True
            return
        if not self.explorer.reads(tool):
            if any(control.mentions(item) for _, item in argument_leaves(control.arguments) if item != value):
                link.accept(value)
            return
        real = await self._with(seen, link, value, session)
        if differ(real, control):
            link.accept(value)
            await self._in_part(real, link, value, session)

    async def _optional(self, tool: Tool, parameter: Parameter, session: Session) -> None:
        link = self.filler.links[tool.id, parameter.path]
        naming = self.filler.names_a_thing(tool, parameter.path) and is_identifying(parameter)
        if not naming or not _kind_is_free(parameter) or not self.filler.sources_of(tool, parameter.path):
            return
        filled = self.filler.fill(tool, also=[parameter], guess=False)
        if filled is None or link.accepted:
            return
        await self.explorer.attempt(tool, filled, session)

    def _suspicious(self, link: Link, value: Scalar) -> bool:
        name = (link.tool.id, link.parameter.path)
        if any(edge.confidence >= WORTH_A_CALL for edge in self.filler.edges.get(name, ())):
            return True
        return any(place.tool != link.tool.id for place in self.filler.pools.holders(str(value)))

    async def _in_part(self, real: Observation, link: Link, value: Scalar, session: Session) -> None:
        """Whether the first part of a word or text does as well as the whole."""
        if distinctive(value) or not isinstance(value, str) or len(value) < 4:
            return
        part = await self._with(real, link, value[: len(value) // 2 + 1].strip(), session)
        link.takes_parts = part.outcome == "ok" and not differ(real, part)

    async def _with(self, seen: Observation, link: Link, value: Scalar, session: Session) -> Observation:
        arguments = copy.deepcopy(seen.arguments)
        put_at(arguments, place_of(link.parameter.path), fitted(value, link.parameter))
        return await session.call(seen.tool, arguments)


def _just(link: Link, value: Scalar) -> Callable[[Link], Sequence[Scalar]]:
    return lambda one: [value] if one is link else []


def _value(seen: Observation, parameter: Parameter) -> Scalar:
    try:
        value = get(seen.arguments, place_of(parameter.path))
    except KeyError:
        return None
    return value if isinstance(value, (str, int)) else None


def _free(parameter: Parameter, value: Scalar) -> bool:
    return _kind_is_free(parameter) and look(value)[0] not in ("date", "number", "flag", "nothing")


def _kind_is_free(parameter: Parameter) -> bool:
    kinds = json_kinds(parameter.schema)
    return (not kinds or bool(kinds & {"string", "integer"})) and "enum" not in parameter.schema
