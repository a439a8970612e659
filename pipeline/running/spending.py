"""What a run has used up, and how much it may use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from toolweave.pipeline.settings import Pace
from toolweave.servers.json_values import as_object


@dataclass(frozen=True, slots=True)
class Spent:
    """What one invocation has used up so far."""

    seconds: float
    calls: int
    """Live calls of tools: experiments, executions and checks."""
    tokens: int | None
    """Of the teacher, prompts and completions; `None` where the endpoint does not say."""
    usd: float | None
    """What the teacher cost; `None` where it cannot be known."""

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self) | {"seconds": round(self.seconds, 1)}


def teacher_spending(facts: dict[str, Any]) -> tuple[int | None, float | None]:
    """Tokens and costs of a teacher, by what the manifest says of it.

    A request of which nothing is known, such as one that timed out, counts as much as the others did on average.
    """
    usage = as_object(facts.get("usage")).values()
    requests, unknown = (sum(int(role[key]) for role in usage) for key in ("requests", "unmetered"))
    known = requests - unknown
    if unknown and not known:
        return None, None
    share = 1 + unknown / known if known else 1.0
    prompt, completion = (
        sum(int(role[key]) for role in usage) * share for key in ("prompt_tokens", "completion_tokens")
    )
    prices = as_object(facts.get("prices"))
    free = not usage
    usd = 0.0 if free else None
    if prices:
        usd = (prompt * prices["prompt"] + completion * prices["completion"]) / 1e6
    return round(prompt + completion), usd


def exhausted(pace: Pace, spent: Spent, kept: int) -> str:
    """Which limit is reached, in words; empty when none is."""
    if pace.preview is not None and kept >= pace.preview:
        return f"--preview {pace.preview}: so many samples were asked for"
    if pace.max_seconds is not None and spent.seconds >= pace.max_seconds:
        return f"--max-seconds {pace.max_seconds:g} is used up"
    if pace.max_calls is not None and spent.calls >= pace.max_calls:
        return f"--max-calls {pace.max_calls} is used up"
    if pace.max_tokens is not None and (spent.tokens is None or spent.tokens >= pace.max_tokens):
        return f"--max-tokens {pace.max_tokens} " + _used(spent.tokens)
    if pace.budget_usd is not None and (spent.usd is None or spent.usd >= pace.budget_usd):
        return f"--budget-usd {pace.budget_usd:g} " + _used(spent.usd)
    return ""


def _used(amount: float | None) -> str:
    return "is used up" if amount is not None else "cannot be kept: the endpoint does not say what a request used"
