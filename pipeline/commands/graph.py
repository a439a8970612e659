"""`toolweave graph`: which tool feeds which."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from toolweave.agent.probe import ProbeBudget, ProbeReport, probe
from toolweave.graph.build import build_graph
from toolweave.graph.edges_file import edges_json, tools_from_json
from toolweave.graph.model import ToolGraph
from toolweave.graph.schema import schema_notes
from toolweave.pipeline import console
from toolweave.pipeline.commands.options import JsonOption, McpOption, SeedOption, VerboseOption
from toolweave.pipeline.commands.show import show
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.running.introspect import introspect
from toolweave.servers.config import load_mcp_config
from toolweave.servers.errors import ConfigError, ToolweaveError
from toolweave.servers.tools import Tool

app = typer.Typer(
    help="Which tool feeds which, with the evidence.\n\nExample: toolweave graph show runs/first kitchen/add_dish",
    no_args_is_help=True,
    add_completion=False,
)
app.command("show")(show)
OutOption = Annotated[Path, typer.Option("--out", help="The edges file to write.")]


@app.command()
def build(
    tools: Annotated[Path, typer.Option("--tools", help='{"tools": […]} or a tools/list result; .gz is accepted.')],
    out: OutOption,
    as_json: JsonOption = False,
) -> None:
    """Build the graph from schemas alone: offline, nothing is called.

    Example: toolweave graph build --tools tools.json --out edges.json

    Exit codes: 0 written, 1 it cannot be written, 2 bad input.
    """
    try:
        found, skipped = tools_from_json(_read(tools))
        if not found:
            raise ConfigError(f"{tools}: no usable tool in it ({'; '.join(skipped[:3]) or 'the list is empty'})")
        for reason in (*(f"skipped {reason}" for reason in skipped), *_notes(found)):
            console.err.print(reason)
        graph = build_graph(found)
        _write(out, graph)
    except ToolweaveError as error:
        console.fail(error)
    _tell(graph, out, {"skipped": len(skipped)}, as_json)


@app.command("probe")
def probe_command(
    mcp: McpOption,
    out: OutOption,
    max_calls: Annotated[int, typer.Option(min=1, help="Most live calls per tool, on average.")] = 40,
    max_seconds: Annotated[float, typer.Option(min=1, help="Stop after this long.")] = 900.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Build the graph, then raise and kill edges by live experiments on fresh environments.

    Example: toolweave graph probe --mcp mcp.json --out edges.json

    Exit codes: 0 written, 1 no server starts, or it cannot be written, 2 bad input.
    """
    console.set_up_logs(verbose)
    with console.counting("live calls", None, as_json) as count:
        report = console.execute(_probe, mcp, ProbeBudget.full(max_calls, max_seconds), seed, count)
    try:
        _write(out, report.graph)
    except ToolweaveError as error:
        console.fail(error)
    _tell(report.graph, out, {"calls": report.calls}, as_json)


async def _probe(mcp: Path, budget: ProbeBudget, seed: int, on_call: Callable[[], None]) -> ProbeReport:
    config = load_mcp_config(mcp)
    async with warm_environments() as open_fresh:
        seen = await introspect(config.servers, open_fresh)
        for name, reason in seen.failures.items():
            console.err.print(f"{name} did not start: {reason}")
        for tool, reason in seen.refused.items():
            console.err.print(f"{tool} is not called: {reason}")
        specs = [spec for spec in config.servers if spec.name in seen.versions]
        return await probe(specs, seen.tools, budget, seed, open=open_fresh, on_call=on_call)


def _notes(tools: list[Tool]) -> list[str]:
    """What was left out of the tools' schemas, a line each."""
    return [f"{tool.id}: {note}" for tool in tools for note in schema_notes(tool)]


def _read(path: Path) -> Any:
    try:
        data = path.read_bytes()
        return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError, RecursionError) as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error


def _write(path: Path, graph: ToolGraph) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(edges_json(graph), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error


def _tell(graph: ToolGraph, out: Path, facts: dict[str, Any], as_json: bool) -> None:
    counts = {kind: sum(edge.kind == kind for edge in graph.edges) for kind in ("data", "state")}
    if as_json:
        console.print_json({"tools": len(graph.tools), "edges": counts, "out": str(out), **facts})
        return
    extra = "".join(f", {count} {name}" for name, count in facts.items() if count)
    console.out.print(
        f"{len(graph.tools)} tools, {counts['data']} data edges, {counts['state']} state edges{extra}: {out}"
    )
