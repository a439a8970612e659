"""What every bundled world stands on: tables for its state, refusals in its own words, and a stdio entry point.

A world is a plain class that is made from a seed. All its state lies in `Table` attributes, so that a test can
replace a table by a recording one and see what each tool really reads and writes.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

Row = dict[str, Any]


class Table(dict[str, Row]):
    """Rows by id. Ids come from the table's own seeded sequence, so equal calls on equal seeds give equal ids."""

    def __init__(self, prefix: str, noun: str, seed: int) -> None:
        super().__init__()
        self.prefix = prefix
        self.noun = noun
        self._random = random.Random(f"{prefix}:{seed}")

    def find(self, key: str) -> Row:
        """The row with this id.

        Raises:
            ToolError: There is none.
        """
        row = self.get(key)
        if row is None:
            raise ToolError(f"There is no {self.noun} with id {key!r}.")
        return row

    def new_id(self) -> str:
        """An unused id such as `PT-40718`."""
        while (key := f"{self.prefix}-{self._random.randrange(10_000, 99_999)}") in self:
            pass
        return key


def serve(build: Callable[[int], MCPServer]) -> None:
    """Run one world over stdio; `--seed` chooses its starting state."""
    parser = argparse.ArgumentParser(description="A bundled Toolweave world, served over stdio.")
    parser.add_argument("--seed", type=int, default=7)
    build(parser.parse_args().seed).run("stdio")
