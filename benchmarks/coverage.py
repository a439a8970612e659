"""How many confirmed edges really get covered with equal budgets of live calls: two baselines beside our plans.

    .venv/bin/python benchmarks/coverage.py [--graph RUN/graph.json] [--calls 400] [--seeds 3] [server ...]

All three call real servers through the same executor (same values, same repairs, same failures counted). A *confirmed*
edge is a data edge that experiments have shown; it is covered when a call that worked took a value of its field.

The baselines are those of `samplers.py`. `ours`: plans by coverage, of all kinds of turn, rehearsed. Rehearsal is live:
its calls count against the budget, and what those that worked cover counts, as for the baselines. In brackets: what the
executed plans alone cover, for which the baselines have no counterpart.

Printed: medians over seeds, the ratios, the share of calls that depend on an earlier one, depths of trajectories, and
how many of our executed turns reach their target.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from samplers import Choice, LiteralRule, RandomWalk, Walker

from toolweave.agent.arguments import ValueBook
from toolweave.agent.execute import Executor
from toolweave.agent.fill import PlanFailed, Voice
from toolweave.agent.ground import Way
from toolweave.agent.memory import Attempt
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.probe import ProbeBudget, probe
from toolweave.agent.rehearse import Lost, Rehearsal
from toolweave.agent.trace import Call
from toolweave.graph.fields import leaves
from toolweave.graph.model import Edge, ToolGraph
from toolweave.graph.plan import TrajectoryPlan, TurnPlan
from toolweave.graph.planner import Planner
from toolweave.graph.planning.draft import EdgeKey, edge_key
from toolweave.pipeline.environments import OpenEnvironment, warm_environments
from toolweave.pipeline.making.workshop import Tried
from toolweave.pipeline.plans.history import Traces, lost_and_made
from toolweave.pipeline.plans.planning import CoveragePlanner
from toolweave.pipeline.running.introspect import introspect
from toolweave.pipeline.settings import DEFAULT_KINDS, RunSettings
from toolweave.pipeline.storage.graph_file import graph_from_json
from toolweave.pipeline.storage.store import read_json
from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import Environment
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerSpec
from toolweave.servers.tools import Tool

EPISODE = 24
"""Calls on one environment for the baselines: three turns of eight."""
WAVE = 24
"""Our plans between two looks at what became of them."""


@dataclass
class Lab:
    """What all strategies share."""

    graph: ToolGraph
    specs: dict[str, ServerSpec]
    book: ValueBook
    allowed: frozenset[str]
    open_fresh: OpenEnvironment

    def opened(self, names: Sequence[str]) -> AbstractAsyncContextManager[Environment]:
        """A fresh environment of the servers with these names."""
        return self.open_fresh([self.specs[name] for name in names])

    @property
    def confirmed(self) -> frozenset[EdgeKey]:
        """Data edges that experiments have shown, between tools that may be called."""
        return frozenset(
            edge_key(edge)
            for edge in self.graph.edges
            if edge.kind == "data" and edge.confirmed and {edge.source, edge.target} <= self.allowed
        )


@dataclass
class Ledger:
    """What one strategy did with its budget."""

    budget: int
    calls: int = 0
    worked: int = 0
    edges: set[EdgeKey] = field(default_factory=set[EdgeKey])
    executed: set[EdgeKey] = field(default_factory=set[EdgeKey])
    """Those covered by plans that were executed, where there are plans."""
    tools: set[str] = field(default_factory=set[str])
    turns: Counter[str] = field(default_factory=Counter[str])
    dependent: int = 0
    depths: Counter[int] = field(default_factory=Counter[int])
    failures: list[str] = field(default_factory=list[str])

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self.calls >= self.budget

    def count(self, _: object) -> None:
        """One live call."""
        self.calls += 1

    def see(self, calls: Sequence[Call]) -> None:
        """The calls of one environment that worked."""
        by_id = {call.id: call for call in calls}
        depth: dict[str, int] = {}
        for call in calls:
            self.worked += 1
            self.tools.add(call.tool.id)
            found = [(place, source) for place, source in call.sources.items() if source.call in by_id]
            self.dependent += bool(found)
            depth[call.id] = 1 + max((depth[source.call or ""] for _, source in found), default=0)
            for place, source in found:
                self.executed.add(edge_of(call, place, by_id[source.call or ""], source.place))
        self.edges |= self.executed
        if depth:
            self.depths[max(depth.values())] += 1

    def glimpse(self, calls: Sequence[Call]) -> None:
        """The last of these calls worked; it may be only rehearsal."""
        if self.calls > self.budget:
            return
        by_id = {call.id: call for call in calls}
        for place, source in calls[-1].sources.items():
            if source.call in by_id:
                self.edges.add(edge_of(calls[-1], place, by_id[source.call], source.place))


def edge_of(call: Call, place: str, producer: Call, taken_at: str | None) -> EdgeKey:
    """The edge along which an argument came."""
    field_ = next(leaf.pattern for leaf in leaves(producer.result.value) if leaf.place == taken_at)
    return producer.tool.id, field_, call.tool.id, pattern_of(place)


def pattern_of(place: str) -> str:
    """The parameter pattern of an argument's JSON pointer."""
    text = ""
    for token in place.split("/")[1:]:
        text += "[]" if token.isdigit() else f".{token}" if text else token
    return text


@dataclass(frozen=True)
class Straight:
    """Ground for the baselines, which never go back: every call is live, and what was done is done."""

    environment: Environment
    graph: ToolGraph
    ledger: Ledger
    way: Way = field(default_factory=Way)

    async def call(self, tool: Tool, arguments: dict[str, Any], ahead: int = 1) -> CallResult:
        """One live call."""
        self.ledger.count(None)
        return await self.environment.call(tool, arguments)

    def keep(self, tool: Tool, arguments: dict[str, Any], result: CallResult) -> None:
        """Nothing is kept to go back to."""

    def may_write(self, tool: Tool) -> bool:
        """Whether a call may change something."""
        return self.graph.fact(tool.id).access != "reads" and tool.annotations.read_only is not True

    def back_to(self, way: Way) -> None:
        """What was done is done."""

    def overlook(self, way: Way) -> None:
        """What was done is done."""


async def walk(lab: Lab, choose: Choice, ledger: Ledger, rng: random.Random) -> None:
    """Spend the budget call by call, on fresh environments of all servers."""
    while not ledger.spent:
        async with lab.open_fresh(list(lab.specs.values())) as environment:
            ground = Straight(environment, lab.graph, ledger)
            executor = Executor(ground, lab.graph, Voice(lab.book, OfflineTeacher(), rng.randrange(2**31)))
            walker = Walker(lab.graph, lab.allowed, lab.book.speakable, rng)
            for _ in range(EPISODE):
                if ledger.spent:
                    break
                call = walker.planned(choose(walker))
                before = len(executor.steps)
                with suppress(PlanFailed):
                    await executor.run_turn(TurnPlan(call.tool, (call,)), 0)
                for step, made in list(executor.steps.items())[before:]:
                    walker.steps[step] = made.tool.id
            ledger.see(list(executor.steps.values()))


async def follow_plans(lab: Lab, ledger: Ledger, seed: int) -> None:
    """Spend the budget on our plans, wave by wave."""
    planner = Planner(lab.graph, lab.book.speakable, lab.allowed, lab.book.variety)
    coverage = CoveragePlanner(planner, seed, 3, DEFAULT_KINDS)
    index = 0
    while not ledger.spent:
        wave: dict[int, TrajectoryPlan] = {}
        for number in range(index, index + WAVE):
            plan = coverage.plan(number)
            if isinstance(plan, TrajectoryPlan):
                wave[number] = plan
        left = {number: await follow(lab, coverage, plan, ledger) for number, plan in wave.items() if not ledger.spent}
        outcomes = {number: "kept" if lost_and_made(traces.tried)[1] else "failed" for number, traces in left.items()}
        coverage.learn({number: wave[number] for number in left}, outcomes, None, left)
        index += WAVE


async def follow(lab: Lab, coverage: CoveragePlanner, plan: TrajectoryPlan, ledger: Ledger) -> Traces:
    """Rehearse and execute one plan; every live call counts, edges only where the budget has not been exceeded."""
    traces, lessons = Traces(), coverage.lessons(plan.index)

    def count(attempt: Attempt) -> None:
        ledger.count(attempt)
        traces.attempts.append(attempt)

    voice = Voice(lab.book, OfflineTeacher(), random.Random(plan.seed).randrange(2**31))
    calls = RunSettings(mcp=Path("mcp.json")).rehearsal_calls
    rehearsal = Rehearsal(
        lab.opened, lab.graph, voice, lessons.memory, calls, lessons.replan, lessons.shorten,
        on_attempt=count, on_made=ledger.glimpse,
    )  # fmt: skip
    ledger.turns["planned items"] += 1
    try:
        made = await rehearsal.run(plan)
    except Lost as error:
        traces.tried += [Tried(one.plan, one.turn, one.step, str(one)) for one in error.lost]
        ledger.failures.append(f"{plan.index}: {error}")
        return traces
    traces.tried += [Tried(one.plan, one.turn, one.step, str(one)) for one in made.lost]
    traces.tried.append(Tried(made.plan))
    ledger.turns["rehearsed items"] += 1
    ledger.turns["executed"] += len(made.plan.turns)
    ledger.turns["reached"] += sum(
        trace.target.id == turn.target for trace, turn in zip(made.trace.turns, made.plan.turns, strict=True)
    )
    if ledger.calls <= ledger.budget:
        ledger.see(made.trace.calls)
    return traces


async def prepare(args: argparse.Namespace, open_fresh: OpenEnvironment) -> Lab:
    """Servers, graph and values."""
    config = load_mcp_config(args.mcp)
    specs = [spec for spec in config.servers if not args.servers or spec.name in args.servers]
    seen = await introspect(specs, open_fresh)
    if args.graph:
        graph = graph_from_json(read_json(args.graph))
    else:
        graph = (await probe(specs, seen.tools, ProbeBudget.modest(6), 1, open=open_fresh)).graph
    names = {spec.name for spec in specs}
    tools = {name: tool for name, tool in graph.tools.items() if tool.server in names}
    edges: list[Edge] = [edge for edge in graph.edges if edge.source in tools and edge.target in tools]
    graph = ToolGraph(tools, tuple(edges), graph.facts)
    by_name = {spec.name: spec for spec in specs}
    return Lab(graph, by_name, ValueBook(by_name, graph.facts, graph.tools), seen.allowed, open_fresh)


async def measure(args: argparse.Namespace) -> None:
    """Run every strategy with every seed and print what came of it."""
    async with warm_environments() as open_fresh:
        lab = await prepare(args, open_fresh)
        print(f"{len(lab.allowed)} callable tools, {len(lab.confirmed)} confirmed data edges, {args.calls} calls each")
        rows: dict[str, list[Ledger]] = {"random walk": [], "literal rule": [], "ours": []}
        for seed in range(args.seeds):
            for name in rows:
                ledger = Ledger(args.calls)
                rng = random.Random(f"{name}:{seed}")
                if name == "ours":
                    await follow_plans(lab, ledger, seed)
                else:
                    await walk(
                        lab, RandomWalk() if name == "random walk" else LiteralRule(lab.graph, lab.allowed), ledger, rng
                    )
                rows[name].append(ledger)
                for failure in ledger.failures if args.verbose else ():
                    print(f"    {failure}")
                print(f"  seed {seed} {name:12} {describe(ledger, lab)}", flush=True)
    conclude(rows, lab)


def describe(ledger: Ledger, lab: Lab) -> str:
    """One line of figures."""
    covered, executed = len(ledger.edges & lab.confirmed), len(ledger.executed & lab.confirmed)
    share = ledger.dependent / max(ledger.worked, 1)
    return (
        f"edges {covered:3} ({executed})  tools {len(ledger.tools):3}  worked {ledger.worked}/{ledger.calls}  "
        f"dependent {share:.2f}  depths {dict(sorted(ledger.depths.items()))}  {dict(ledger.turns) or ''}"
    )


def conclude(rows: dict[str, list[Ledger]], lab: Lab) -> None:
    """Medians and ratios."""
    medians = {name: median(len(ledger.edges & lab.confirmed) for ledger in found) for name, found in rows.items()}
    for name, value in medians.items():
        print(f"{name:12} {value:5} confirmed edges (median)")
    turns = sum((ledger.turns for ledger in rows["ours"]), Counter[str]())
    print(
        f"ours: {turns['reached']} of {turns['executed']} executed turns reached their target; "
        f"a way was found for {turns['rehearsed items']} of {turns['planned items']} items"
    )
    for name in ("random walk", "literal rule"):
        print(f"ours / {name}: {medians['ours'] / max(medians[name], 1):.2f}")


def main() -> None:
    """Read the command line and measure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--mcp", type=Path, default=Path("mcp.json"))
    options.add_argument("--graph", type=Path)
    options.add_argument("--calls", type=int, default=400)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--verbose", action="store_true")
    options.add_argument("servers", nargs="*")
    args = options.parse_args()
    anyio.run(measure, args)


if __name__ == "__main__":
    main()
