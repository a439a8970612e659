"""What each part of the line is worth: the main job with one part taken away or exchanged, on the same servers.

    .venv/bin/python benchmarks/ablations.py [-n 24] [--seeds 1] [--out runs/ablations] [--only NAME] [--mcp mcp.json]

Every arm is a run of its own in a process of its own; its directory stays under `--out`, and an arm that is there
already is not made again. All go through the same executor, teacher and gates, and end with `-n` samples or when four
times as many plans were tried.

- `whole`: everything, three attempts at a step (k = 3).
- `random walk`, `literal rule`: chains drawn by the samplers of `samplers.py` in place of our plans; base turns only,
  and what cannot be made is not planned anew. They draw from the same graph, experiments included.
- `schemas alone`: no experiments, so the graph holds what schemas and descriptions say and nothing else.
- `no advanced tools`: turns are not folded. The user asks for the calls one by one, and the student has no goal but
  the user's words.
- `k = 1 … 4`: attempts at one reasoning step; `k = 3` is `whole`.

Columns, of the kept samples, medians over seeds: kept, planned, and the share; tools that are called; confirmed data
edges that values followed (confirmed by the experiments of `whole`); longest chain, mean and most; calls that take a
value from an earlier one; difficulty; live calls in all for each kept sample, experiments and checks included;
teacher's tokens for each kept sample (`n/a` for the offline teacher, which has none).
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import anyio
from samplers import TURN, Choice, LiteralRule, RandomWalk, Walker

from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.rehearse import NotRehearsed
from toolweave.agent.roles import AdvancedTool, Query, QueryAsk, Step, StepAsk, ToolingAsk
from toolweave.graph.plan import NoSource, PlannedCall, TrajectoryPlan, TurnPlan
from toolweave.graph.planner import Planner
from toolweave.graph.planning.draft import edge_key
from toolweave.graph.relations import relation_of
from toolweave.pipeline import teachers
from toolweave.pipeline.plans.planning import TURNS, CoveragePlanner
from toolweave.pipeline.plans.replanning import Lessons
from toolweave.pipeline.reports.coverage_rows import row_facts
from toolweave.pipeline.running import run
from toolweave.pipeline.running.synthesis import run_job
from toolweave.pipeline.sample import Sample
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.jsonl import read_json, read_lines

MOST_CALLS = 4
"""Most calls of a turn of the random walk; the other samplers end a turn where its target is reached."""
ARMS: dict[str, dict[str, Any]] = {
    "whole": {},
    "literal rule": {"sampler": "literal rule"},
    "random walk": {"sampler": "random walk"},
    "schemas alone": {"probe_calls": 0},
    "no advanced tools": {"unfolded": True},
    "k = 1": {"attempts": 1},
    "k = 2": {"attempts": 2},
    "k = 4": {"attempts": 4},
}
COLUMNS = ("kept", "planned", "yield", "tools", "edges", "depth", "most", "dependent", "difficulty", "calls", "tokens")
Row = dict[str, float | None]


class Unreplanned(Lessons):
    """What was known when an item was planned; a plan that cannot be made is lost."""

    def replan(self, lost: NotRehearsed, tries: int) -> TrajectoryPlan | None:
        """No other plan."""
        return None


class SampledPlanner(CoveragePlanner):
    """Chains drawn call by call; learns nothing but which values work, which belongs to the executor."""

    def __init__(self, planner: Planner, settings: RunSettings, sampler: str) -> None:
        super().__init__(planner, settings.seed, settings.turns)
        self._run_seed, self._turns, self._tools = settings.seed, settings.turns, planner
        self._allowed = frozenset(planner.reachable())
        self._literal = LiteralRule(planner.graph, self._allowed) if sampler == "literal rule" else None

    def plan(self, index: int) -> TrajectoryPlan | NoSource:
        """The item with this number."""
        seed = random.Random(f"{self._run_seed}:{index}").randrange(2**31)
        rng = random.Random(seed)
        walker = Walker(self._tools.graph, self._allowed, self._tools.reach.speakable, rng)
        turns: list[TurnPlan] = []
        for _ in range(min(rng.choices(range(1, len(TURNS) + 1), TURNS)[0], self._turns)):
            calls = tuple(self._calls(walker))
            turn = TurnPlan(calls[-1].tool, calls)
            turns.append(replace(turn, relation=relation_of(turn, turns)))
        plan = TrajectoryPlan(index, seed, tuple(turns))
        self.coverage.plan(plan)
        return plan

    def lessons(self, index: int) -> Lessons:
        """As ever, but without other plans."""
        known = super().lessons(index)
        return Unreplanned(known.drawer, known.memory)

    def _calls(self, walker: Walker) -> list[PlannedCall]:
        choose: Choice = self._literal or RandomWalk()
        calls: list[PlannedCall] = []
        for _ in range(TURN if self._literal else walker.rng.randint(1, MOST_CALLS)):
            tool = choose(walker)
            calls.append(walker.planned(tool))
            walker.steps[calls[-1].step] = tool
            if self._literal and self._literal.left == 0:
                break
        return calls


class Unfolded(OfflineTeacher):
    """The offline teacher without advanced tools."""

    async def tooling(self, ask: ToolingAsk) -> AdvancedTool:
        """The last call's own tool."""
        tool = ask.calls[-1].tool
        return AdvancedTool(name=tool.name[:80], description=(tool.description or tool.name)[:600], output="its result")

    async def query(self, ask: QueryAsk) -> Query:
        """A request that goes through the calls."""
        return await super().query(replace(ask, style=replace(ask.style, distance="explicit")))

    async def step(self, ask: StepAsk) -> Step:
        """A step of a student who is told no goal but the user's own words."""
        said = next(str(message["content"]) for message in reversed(ask.messages) if message["role"] == "user")
        told = ask.advanced and ask.advanced.model_copy(update={"description": said})
        return await super().step(replace(ask, advanced=told))


def make(arm: str, args: argparse.Namespace) -> None:
    """Run one arm, here; what it exchanges is exchanged for this process."""
    changes = dict(ARMS[arm])
    sampler, unfolded = changes.pop("sampler", None), changes.pop("unfolded", False)
    if sampler:
        sampled: Callable[[Planner, RunSettings], CoveragePlanner]
        sampled = lambda planner, settings: SampledPlanner(planner, settings, sampler)  # noqa: E731
        setattr(run, "coverage_planner", sampled)  # noqa: B010
    if unfolded:
        setattr(teachers, "OfflineTeacher", Unfolded)  # noqa: B010
    settings = RunSettings(mcp=args.mcp.absolute(), samples=args.n, seed=args.seed, **changes)
    anyio.run(run_job, settings, folder_of(args.out, arm, args.seed))


def folder_of(out: Path, arm: str, seed: int) -> Path:
    """Where an arm's run is."""
    return out / f"{arm.replace(' ', '-').replace('=', '')}-{seed}"


def is_made(folder: Path) -> bool:
    """Whether a run is there and was not broken off."""
    path = folder / "manifest.json"
    return path.exists() and read_json(path)["state"] == "finished"


def measure(folder: Path, reference: Path) -> Row:
    """Figures of one run; edges are looked up in the graph of another one."""
    manifest, spent = read_json(folder / "manifest.json"), read_json(folder / "status.json")["spent"]
    graph = graph_from_json(read_json(reference / "graph.json"))
    confirmed = {edge_key(edge) for edge in graph.edges if edge.kind == "data" and edge.confirmed}
    samples = [Sample.model_validate(line) for line in read_lines(folder / "samples.jsonl")]
    rows = [row_facts(sample, graph) for sample in samples]
    kept = len(samples)
    if not kept:
        return dict.fromkeys(COLUMNS) | {"kept": 0.0, "planned": manifest["planned"], "yield": 0.0}
    calls = sum(sample.quality.calls for sample in samples)
    return {
        "kept": kept,
        "planned": manifest["planned"],
        "yield": kept / manifest["planned"],
        "tools": len({tool for row in rows for tool in row.tools}),
        "edges": len(set[Any]().union(*(row.edges for row in rows)) & confirmed),
        "depth": mean(sample.quality.depth for sample in samples),
        "most": max(sample.quality.depth for sample in samples),
        "dependent": sum(sample.quality.dependent_calls for sample in samples) / calls,
        "difficulty": mean(sample.quality.difficulty for sample in samples),
        "calls": spent["calls"] / kept,
        "tokens": spent["tokens"] / kept if "usage" in manifest["teacher"] and spent["tokens"] is not None else None,
    }


def table(found: dict[str, list[Row]]) -> str:
    """All arms, side by side, as Markdown."""
    heads = ("arm", "kept", "planned", "yield", "tools", "confirmed edges", "depth", "most", "dependent calls",
             "difficulty", "live calls a sample", "tokens a sample")  # fmt: skip
    forms = (
        "{:.0f}",
        "{:.0f}",
        "{:.0%}",
        "{:.0f}",
        "{:.0f}",
        "{:.1f}",
        "{:.0f}",
        "{:.0%}",
        "{:.2f}",
        "{:.0f}",
        "{:.0f}",
    )
    lines = [" | ".join(heads), " | ".join(["---"] * len(heads))]
    for arm, rows in found.items():
        cells = [arm if arm != "whole" else "whole (k = 3)"]
        for name, form in zip(COLUMNS, forms, strict=True):
            values = [value for row in rows if (value := row[name]) is not None]
            cells.append(form.format(median(values)) if values else "n/a")
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


def main() -> None:
    """Read the command line, make what is missing, print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    options.add_argument("--out", type=Path, default=Path("runs/ablations"))
    options.add_argument("-n", type=int, default=24, help="samples to keep")
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--only", choices=ARMS, action="append", help="this arm only; repeatable")
    options.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    options.add_argument("--seed", type=int, default=1, help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.arm:
        make(args.arm, args)
        return
    arms = args.only or list(ARMS)
    for arm, seed in ((arm, seed) for seed in range(1, args.seeds + 1) for arm in dict.fromkeys(["whole", *arms])):
        if is_made(folder_of(args.out, arm, seed)):
            continue
        shutil.rmtree(folder_of(args.out, arm, seed), ignore_errors=True)
        shared = ("--mcp", str(args.mcp), "--out", str(args.out), "-n", str(args.n))
        subprocess.run([sys.executable, __file__, *shared, "--arm", arm, "--seed", str(seed)], check=True)
        print(f"{arm}, seed {seed}: {measure(folder_of(args.out, arm, seed), folder_of(args.out, 'whole', seed))}")
    seeds = range(1, args.seeds + 1)
    found = {
        arm: [measure(folder_of(args.out, arm, seed), folder_of(args.out, "whole", seed)) for seed in seeds]
        for arm in arms
    }
    print(table(found))


if __name__ == "__main__":
    main()
