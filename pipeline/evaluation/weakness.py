"""What a model gets wrong, read off the trials of `toolweave eval`: where the next round of data should go.

**Contract.** A trait (a tool that is called, values that are optional, a deep chain) counts as weak when the model
fails most of the trials that have it, and clearly more often than those without it: a model that fails everywhere alike
has no weakness, and gets data as anybody would. Kinds of turn get the more of the shares the more often they fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolweave.graph.focus import Focus
from toolweave.graph.plan import TurnKind
from toolweave.graph.planner import Planner
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.servers.errors import ConfigError

MOSTLY = 0.5
"""Share of failed trials from which a trait can be weak."""
CLEARLY = 0.2
"""How much larger than that of all other trials this share has to be."""
LEAST = 2
"""Trials that must have a trait before anything is said of it."""
DEEP = 4
"""Calls of a chain that feed each other from which it is deep."""
ALWAYS = 0.25
"""Weight that a kind of turn keeps when it never fails; one that always fails has 1 more."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """Traits of the trials that a model fails."""

    tools: tuple[str, ...]
    """Ids, the weakest first."""
    options: bool
    deep: bool
    kinds: dict[TurnKind, float]
    """Share of failed trials with each kind of turn, smoothed."""

    def focus(self, planner: Planner) -> Focus:
        """Where plans should go: weak tools, and all that can be given more than they need where that is weak."""
        tools = frozenset(self.tools) & frozenset(planner.graph.tools)
        return Focus(tools | _with_options(planner) if self.options else tools, self.options, self.deep)

    def shares(self, wanted: Mapping[TurnKind, float]) -> dict[TurnKind, float]:
        """Shares of kinds of turn, moved towards those that fail."""
        weighed: dict[TurnKind, float]
        weighed = {kind: share * (ALWAYS + self.kinds.get(kind, MOSTLY)) for kind, share in wanted.items()}
        return {kind: share / sum(weighed.values()) for kind, share in weighed.items()}


def weakness_of(results: Path) -> Weakness:
    """What the trials of an evaluation say: its folder, or its `trials.jsonl`.

    Raises:
        ConfigError: There are no trials, or they come from a version that did not note what samples call.
        RunError: The file is damaged.
    """
    path = trials_of(results)
    trials = list(read_lines(path)) if path.is_file() else []
    if not trials:
        raise ConfigError(f"--weak {results}: there are no trials; name a folder that `toolweave eval` wrote")
    if "tools" not in trials[0]:
        raise ConfigError(f"--weak {results}: trials of an older version; run `toolweave eval` again")
    kinds: dict[TurnKind, float] = {
        kind: _failed([trial for trial in trials if kind in trial["kinds"]])
        for kind in dict.fromkeys(kind for trial in trials for kind in trial["kinds"])
    }
    return Weakness(
        tuple(_weak_tools(trials)),
        _lift(trials, lambda trial: bool(trial["optional"])) > 0,
        _lift(trials, lambda trial: int(trial["depth"]) >= DEEP) > 0,
        kinds,
    )


def trials_of(results: Path) -> Path:
    """The file with the trials of an evaluation."""
    return results / "trials.jsonl" if results.is_dir() else results


def _weak_tools(trials: list[dict[str, Any]]) -> Iterator[str]:
    """The tool that stands out most, then the one that does so among what it does not explain, and so on."""
    left = trials
    while True:
        lifts = {
            tool: _lift(left, _calls(tool)) for tool in dict.fromkeys(tool for one in left for tool in one["tools"])
        }
        weakest = max(lifts, key=lambda tool: lifts[tool], default="")
        if not lifts.get(weakest):
            return
        yield weakest
        left = [one for one in left if one["passed"] or weakest not in one["tools"]]


def _calls(tool: str) -> Callable[[dict[str, Any]], bool]:
    return lambda trial: tool in trial["tools"]


def _lift(trials: list[dict[str, Any]], has: Callable[[dict[str, Any]], bool]) -> float:
    """How much more often trials with a trait fail than all others; 0 where that says nothing."""
    with_it = [trial for trial in trials if has(trial)]
    without = [trial for trial in trials if not has(trial)]
    lift = _failed(with_it) - _failed(without)
    return lift if len(with_it) >= LEAST and _failed(with_it) >= MOSTLY and lift >= CLEARLY else 0.0


def _failed(trials: list[dict[str, Any]]) -> float:
    """Share of failed trials, as if one more had failed by half."""
    return (sum(not trial["passed"] for trial in trials) + 0.5) / (len(trials) + 1)


def _with_options(planner: Planner) -> frozenset[str]:
    """Tools to which a user could say a value that they could do without."""
    return frozenset(
        tool
        for tool in planner.trusted.costs
        if any(
            not one.required and planner.trusted.said_cost(tool, path) == 0.0
            for path, one in planner.known.parameters(tool).items()
        )
    )
