"""What a tool says of itself before it is tried: whether it looks like reading. Hints, not knowledge."""

from __future__ import annotations

from toolweave.graph.vocabulary import DEEDS, LOOKING, VERBS_AT_END, Deed
from toolweave.graph.words import words
from toolweave.servers.tools import Tool


def looks_reading(tool: Tool) -> bool:
    """Whether annotations, else the verbs of name and description, promise that nothing changes."""
    if tool.annotations.read_only is not None:
        return tool.annotations.read_only
    return not tool.annotations.destructive and deed(tool) in LOOKING


def harm(tool: Tool) -> int:
    """How much a call is likely to spoil for later ones: 0 for reading, most for ending and destroying."""
    if looks_reading(tool):
        return 0
    what = deed(tool)
    if what == "end":
        return 4
    if tool.annotations.destructive:
        return 3
    return 1 if what == "make" else 2


def deed(tool: Tool) -> Deed:
    """What the first verb found says: at the start of the name, at its end, at the start of the description."""
    name = words(tool.name)
    said = words(tool.description[:60])
    last = [word for word in name[-1:] if word in VERBS_AT_END]
    for word in (*name[:1], *last, *said[:1]):
        if word in DEEDS:
            return DEEDS[word]
    return "act"
