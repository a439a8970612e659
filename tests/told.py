"""What a command says on stderr, apart from that no sandbox works on this machine."""

from __future__ import annotations


def told(stderr: str) -> list[str]:
    """The lines, without the notice that servers run with all rights of the user."""
    return [line for line in stderr.strip().splitlines() if not line.startswith("toolweave: not in a sandbox")]
