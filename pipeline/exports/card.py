"""The card of a data set: where it comes from, what is in it, its servers, what it was held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolweave.pipeline.exports.format import Row
from toolweave.pipeline.exports.licences import UNKNOWN, licences
from toolweave.pipeline.exports.write import ExportReport
from toolweave.pipeline.storage.store import read_json
from toolweave.servers.json_values import as_object


def card(directory: Path, fmt: str, name: str, report: ExportReport) -> str:
    """A Markdown page, with the front matter that the Hugging Face hub reads, for an export called `name`.

    Raises:
        RunError: The run's files are missing or damaged.
    """
    settings, manifest = read_json(directory / "settings.json"), read_json(directory / "manifest.json")
    coverage = read_json(directory / "coverage.json")
    return "\n".join(
        [
            *_front(report),
            f"# {name}",
            "",
            "Multi-turn tool use, made by Toolweave: every call was made on a real MCP server, and made again on a "
            "fresh one before its sample was kept.",
            "",
            *_section("Contents", _contents(fmt, report, coverage)),
            *_section("Provenance", _provenance(settings, manifest)),
            *_servers(manifest, licences(Path(settings["mcp"]))),
            *_section("Coverage", _coverage(coverage)),
            *_section("Turns by kind", {kind: fact["turns"] for kind, fact in coverage["kinds"].items()}),
            *_decontamination(directory / "contamination.json"),
        ]
    )


def _front(report: ExportReport) -> list[str]:
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
    size = next((word for bound, word in bounds if report.rows < bound), "n>100K")
    tags = ["tool-use", "function-calling", "mcp", "synthetic"]
    return [
        "---",
        "task_categories: [text-generation]",
        f"tags: [{', '.join(tags)}]",
        f"size_categories: [{size}]",
        "---",
    ]


def _contents(fmt: str, report: ExportReport, coverage: Row) -> dict[str, Any]:
    left_out = ", ".join(f"{what} ({times})" for what, times in report.losses.items())
    return {
        "format": fmt,
        "samples": report.samples,
        "lines": report.rows,
        "turns": coverage["shapes"]["turns"],
        "calls": coverage["values"]["calls"],
        **_marks(coverage),
        "left out": left_out or "nothing",
    }


def _marks(coverage: Row) -> dict[str, Any]:
    """Samples that came about in another way than most."""
    found, names = as_object(coverage.get("marks")), {"role_play": "role-played", "refined": "reworded"}
    return {f"samples {names[mark]}": count for mark, count in found.items() if mark in names}


def _provenance(settings: Row, manifest: Row) -> dict[str, Any]:
    outcomes = ", ".join(f"{name} {count}" for name, count in manifest["outcomes"].items())
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    return {
        "teacher": as_object(manifest["teacher"]).get("name", settings["model"]),
        "seed": settings["seed"],
        "planned": f"{manifest['planned']}: {outcomes}",
        "software": versions,
        "digest of mcp.json": settings["mcp_digest"],
    }


def _servers(manifest: Row, known: Mapping[str, str]) -> list[str]:
    rows = [
        [name, facts["version"], facts["tools"], known.get(name, UNKNOWN), facts["digest"][:16]]
        for name, facts in sorted(as_object(manifest["servers"]["versions"]).items())
    ]
    return _table("Servers", ["server", "version", "tools", "licence", "digest"], rows)


def _coverage(coverage: Row) -> dict[str, Any]:
    tools, edges, values = coverage["tools"], coverage["edges"], coverage["values"]
    return {
        "tools called": f"{tools['called']} of {tools['reachable']} reachable",
        "targets": tools["targets"],
        "confirmed edges followed": f"{edges['confirmed']['followed']} of {edges['confirmed']['known']}",
        "calls that depend on an earlier one": f"{values['dependent_share']:.0%}",
        "depth of chains": _counts(coverage["shapes"]["depth"]),
        "calls a turn": _counts(coverage["shapes"]["calls_per_turn"]),
        "where values come from": _counts(values["sources"]),
    }


def _decontamination(path: Path) -> list[str]:
    if not path.exists():
        return ["## Decontamination", "", "Not held against any benchmark (`toolweave decontaminate`).", ""]
    report = read_json(path)
    facts = {
        "held against": ", ".join(f"{file} ({rows} rows)" for file, rows in report["against"]["files"].items()),
        "samples": report["samples"],
        "contaminated": report["contaminated"],
        "noted": report["noted"],
        "rules met": _counts(report["rules"]),
    }
    return _section("Decontamination", facts)


def _section(title: str, facts: Mapping[str, Any]) -> list[str]:
    return _table(title, ["", ""], [[name, value] for name, value in facts.items()])


def _table(title: str, names: list[str], rows: Iterable[list[Any]]) -> list[str]:
    lines = [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows]
    return [f"## {title}", "", f"| {' | '.join(names)} |", "|" + "---|" * len(names), *lines, ""]


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items()) or "none"
