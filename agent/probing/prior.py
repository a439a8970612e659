"""What a tool says of itself before it is tried: whether it looks like reading. Hints, not knowledge."""

from __future__ import annotations

from toolweave.graph.nouns import tool_nouns
from toolweave.servers.tools import Tool


def looks_reading(tool: Tool) -> bool:
    """Whether annotations, else the verb of the name, promise that nothing changes."""
    if tool.annotations.read_only is not None:
        return tool.annotations.read_only
    if tool.annotations.destructive:
        return False
    return tool_nouns(tool).deed in ("seek", "read")


def harm(tool: Tool) -> int:
    """How much a call is likely to spoil for later ones: 0 for reading, most for ending and destroying."""
    if looks_reading(tool):
        return 0
    deed = tool_nouns(tool).deed
    if deed == "end":
        return 4
    if tool.annotations.destructive:
        return 3
    return 1 if deed == "make" else 2
