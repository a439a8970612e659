"""Snapshots: what reading tools return in one situation, to see what a call changes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolweave.agent.observations import differing, places
from toolweave.agent.patterns import put
from toolweave.agent.probing.explore import Explorer
from toolweave.agent.probing.filling import fitted
from toolweave.agent.probing.session import Observation, Session
from toolweave.agent.probing.things import Thing, Things
from toolweave.agent.probing.trials import Situation
from toolweave.graph.learning.values import look
from toolweave.servers.tools import Tool

MOST_READS = 2
MOST_LISTS = 1
"""Reading calls about nothing in particular, beside others."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading call and what it returned."""

    tool: Tool
    arguments: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Several readings in one situation."""

    situation: Situation
    readings: tuple[Reading, ...]

    async def again(self, situation: Situation, session: Session) -> Snapshot:
        """The same calls, made again."""
        return Snapshot(situation, await _read([(one.tool, one.arguments) for one in self.readings], session))

    def differing(self, other: Snapshot) -> set[str]:
        """Ids of tools that returned something else."""
        pairs = zip(self.readings, other.readings, strict=True)
        return {one.tool.id for one, two in pairs if really_differ(one.text, two.text)}


def really_differ(one: str, other: str) -> bool:
    """Whether two outputs differ in more than moments of time."""
    changed = differing(one, other)
    if changed is None:
        return True
    now = places(other)
    return any(look(now[place])[0] != "date" for place in changed)


async def take_snapshot(
    explorer: Explorer, known: Things, things: Sequence[Thing], situation: Situation, session: Session
) -> Snapshot:
    """Read what there is to read about some things, and the lists that need nothing."""
    calls: list[tuple[Tool, dict[str, Any]]] = []
    for tool in explorer.tools:
        if explorer.reads(tool) and explorer.worked[tool.id]:
            arguments = _about(explorer, known, tool, things)
            if arguments is not None:
                calls.append((tool, arguments))
    calls.sort(key=lambda call: not explorer.filler.naming(call[0]))
    about = [call for call in calls if explorer.filler.naming(call[0])]
    calls = about + [call for call in calls if call not in about][: MOST_LISTS if about else MOST_READS]
    return Snapshot(situation, await _read(calls[:MOST_READS], session))


async def read_about(explorer: Explorer, known: Things, things: Sequence[Thing], session: Session) -> list[Observation]:
    """Call the reading tools that take one of some things."""
    if not things:
        return []
    tools = [tool for tool in explorer.tools if _is_about_something(explorer, tool)]
    calls = [(tool, _about(explorer, known, tool, things)) for tool in tools]
    return [await session.call(tool, given) for tool, given in calls[:MOST_READS] if given is not None]


def _is_about_something(explorer: Explorer, tool: Tool) -> bool:
    return explorer.reads(tool) and bool(explorer.worked[tool.id]) and bool(explorer.filler.naming(tool))


def _about(explorer: Explorer, known: Things, tool: Tool, things: Sequence[Thing]) -> dict[str, Any] | None:
    """Arguments that worked, with the walk's things in them; `None` for a tool that is about none of them."""
    arguments = copy.deepcopy(explorer.worked[tool.id][0].arguments)
    for parameter in explorer.filler.naming(tool):
        link = explorer.filler.links[tool.id, parameter.path]
        fitting = [known.values[thing] for thing in things if known.fits(link, thing)]
        if not fitting:
            return None
        put(arguments, parameter.path, fitted(fitting[0], parameter))
    return arguments


async def _read(calls: Sequence[tuple[Tool, dict[str, Any]]], session: Session) -> tuple[Reading, ...]:
    return tuple([Reading(tool, given, (await session.call(tool, given)).result.text) for tool, given in calls])
