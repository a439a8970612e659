"""Which tools may be called at all. Hints of a server are the word of an untrusted party: missing ones are not safe."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from toolweave.servers.scanner import suspicion_of
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool

_SILENT = "may change something and does not say otherwise"
_CAUGHT = "says that it only reads, and was seen to change something"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ENDING = frozenset("delete remove destroy drop purge wipe erase truncate uninstall revoke kill".split())
"""First words of tools that no reading begins with."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a tool may be called, and why."""

    allowed: bool
    reason: str


def decide(spec: ServerSpec, tool: Tool, *, seen_to_change: bool = False) -> Decision:
    """The policy, in this order: the user's lists, a disposable server, the tool's own hints, our workspace.

    Args:
        spec: The server.
        tool: The tool.
        seen_to_change: Whether a call of it was seen to change something, whatever it says of itself.
    """
    options = spec.options
    if _matches(tool.name, options.deny):
        return Decision(False, f"{tool.id} is on the server's 'deny' list")
    suspicion = suspicion_of(tool)
    if suspicion is not None and not _matches(tool.name, options.trust):
        how = f'to call it all the same, put "trust": ["{tool.name}"] in the "toolweave" block of {spec.name!r}'
        return Decision(False, f"{tool.id} is not to be trusted, {suspicion}; {how}")
    if options.allow:
        listed = _matches(tool.name, options.allow)
        return Decision(listed, f"{tool.id} is {'' if listed else 'not '}on the server's 'allow' list")
    if options.disposable:
        return Decision(True, f"server {spec.name!r} is disposable")
    if danger := _danger(tool):
        return Decision(False, f"{tool.id} is annotated {danger}; {_how_to_allow(spec, tool)}")
    belied = _CAUGHT if seen_to_change else belied_by_name(tool)
    if tool.annotations.read_only is True and not belied:
        return Decision(True, f"{tool.id} is annotated read-only")
    if spec.uses_workspace:
        return Decision(True, f"server {spec.name!r} works in a fresh workspace of ours")
    return Decision(False, f"{tool.id} {belied or _SILENT}; {_how_to_allow(spec, tool)}")


def belied_by_name(tool: Tool) -> str:
    """What is wrong with a tool that says that it only reads and is called after what it ends; empty where nothing is.

    A hint and a name that contradict each other decide nothing, so the tool counts as one that changes something.
    """
    first = next(iter(_WORD.findall(tool.name)), "").lower()
    lies = tool.annotations.read_only is True and first in _ENDING
    return f"says that it only reads, and its name begins with {first!r}" if lies else ""


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _danger(tool: Tool) -> str | None:
    hints = tool.annotations
    if hints.destructive is True:
        return "destructive"
    return "open-world" if hints.open_world is True else None


def _how_to_allow(spec: ServerSpec, tool: Tool) -> str:
    return (
        f'to call it, put "disposable": true (nothing of value hangs on {spec.name!r}) '
        f'or name all tools that may be called in "allow", with "{tool.name}" among them, in its "toolweave" block'
    )
