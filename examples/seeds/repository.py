"""Seeds a git repository `orchard` in the current folder: two branches, a tag, and work that is not committed yet.

`mcp.json` runs it before its git server starts. The author comes from the environment and every commit has its own
fixed date, so commits have the same hashes every time.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path("orchard")
FIRST: Mapping[str, str] = {
    "README.md": "# Orchard handbook\n\nHow we look after the trees on the south slope.\n",
    "trees.csv": "row,variety,planted\n1,Cox,2009\n2,Bramley,2011\n3,Discovery,2014\n",
}
PRUNING: Mapping[str, str] = {"pruning.md": "# Pruning\n\n- Cox: late winter\n- Bramley: late winter\n"}
GRAFTING: Mapping[str, str] = {"grafting.md": "# Grafting\n\nCut scions in January and keep them cool.\n"}
HARVEST: Mapping[str, str] = {"harvest.md": "# Harvest\n\nDiscovery ripens first, in August.\n"}
UNSTAGED: Mapping[str, str] = {
    "trees.csv": "row,variety,planted\n1,Cox,2009\n2,Bramley,2011\n3,Discovery,2014\n4,Egremont,2026\n",
    "harvest.md": "# Harvest\n\nDiscovery ripens first, in August. Cox follows in October.\n",
}
UNTRACKED: Mapping[str, str] = {"bees.md": "# Bees\n\nThree hives stand beside row 2.\n"}


def main() -> None:
    """Create the repository; fails when there is one already."""
    REPOSITORY.mkdir()
    _git("init", "--quiet", "--initial-branch=main")
    _commit(FIRST, "Start the handbook", "2026-01-12T08:00:00+00:00")
    _commit(PRUNING, "Describe pruning", "2026-01-19T16:20:00+00:00")
    _git("tag", "season-1")
    _git("checkout", "--quiet", "-b", "grafting")
    _commit(GRAFTING, "Describe grafting", "2026-02-02T10:45:00+00:00")
    _git("checkout", "--quiet", "main")
    _commit(HARVEST, "Describe the harvest", "2026-02-09T13:05:00+00:00")
    _write(UNSTAGED)
    _write(UNTRACKED)


def _commit(files: Mapping[str, str], message: str, date: str) -> None:
    _write(files)
    _git("add", "--all")
    os.environ.update(GIT_AUTHOR_DATE=date, GIT_COMMITTER_DATE=date)
    _git("commit", "--quiet", "--message", message)


def _write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (REPOSITORY / name).write_text(text, "utf-8")


def _git(*args: str) -> None:
    subprocess.run(["git", "-C", str(REPOSITORY), *args], check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
