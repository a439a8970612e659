"""A run as one file for a browser: the viewer itself, with its data inside and nothing to ask for.

The file asks for nothing from anywhere: its policy lets only its own script and style run, by their digests.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from toolweave.pipeline.reports.html_bundle import bundled
from toolweave.pipeline.reports.html_choice import chosen
from toolweave.pipeline.viewer.app import ASSETS
from toolweave.pipeline.viewer.details import lost_details, sample_details
from toolweave.pipeline.viewer.figures import Figures, state_of
from toolweave.pipeline.viewer.index import RunIndex
from toolweave.pipeline.viewer.picture import picture_of
from toolweave.servers.errors import RunError

SHEETS = ("style.css", "item.css", "pages.css", "narrow.css")
"""Style sheets in their order, as `index.html` names them."""
SAMPLES = 10
MOST_LOST = 20
"""Items that were not kept, of those that are shown; the last ones."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Toolweave</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<noscript>This page needs JavaScript.</noscript>
<script type="application/json" id="data">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def write_html(root: Path, out: Path) -> dict[str, Any]:
    """Write the report of a run; gives its path, and how many samples it shows.

    Raises:
        RunError: There is no run, it is damaged, or the file cannot be written.
    """
    if not (root / "samples.jsonl").exists():
        raise RunError(f"{root} holds no run: give a directory that `toolweave run --out` made")
    data = report_data(root)
    script, style = bundled(ASSETS, "main.js"), "".join((ASSETS / name).read_text("utf-8") for name in SHEETS)
    policy = f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:"
    text = json.dumps(data).replace("<", "\\u003c")
    try:
        out.write_text(_PAGE.format(policy=policy, style=style, data=text, script=script), "utf-8")
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror or error}") from error
    return {"html": str(out), "samples": len(data["details"])}


def report_data(root: Path) -> dict[str, Any]:
    """What the page would ask the server for.

    Raises:
        RunError: The run is damaged.
    """
    index = RunIndex(root)
    while index.advance():
        pass
    rows = chosen([row for row in map(json.loads, index.samples) if index.labels.get(row["id"]) != "drop"], SAMPLES)
    lost = [json.loads(row) for row in index.rejected[-MOST_LOST:]]
    totals = {"samples": len(index.samples), "rejected": len(index.rejected)}
    facts = {
        "generation": 0,
        "complete": True,
        "unreadable": index.unreadable,
        "totals": totals,
        "labels": index.labels,
    }
    return {
        "changes": {**facts, "samples": rows, "rejected": lost, "state": state_of(root)},
        "details": {row["id"]: _details(index, row) for row in rows},
        "lost": {row["id"]: _lost(index, row) for row in lost},
        "graph": picture_of(root),
        "figures": Figures(index).as_json(most=len(index.samples)),
    }


def _details(index: RunIndex, row: dict[str, Any]) -> dict[str, Any]:
    return sample_details(index.sample(row["id"]) or {}, index.revisions(row["index"]))


def _lost(index: RunIndex, row: dict[str, Any]) -> dict[str, Any]:
    number = int(row["index"])
    return lost_details(index.lost(number) or {}, index.revisions(number), index.events(number))


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
