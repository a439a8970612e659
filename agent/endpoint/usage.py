"""What each role has cost: requests, tokens, repetitions."""

from __future__ import annotations

from dataclasses import dataclass

from toolweave.agent.endpoint.options import Prices


@dataclass(slots=True)
class RoleUsage:
    """Counts of one role; tokens are those that the endpoint reported."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    retries: int = 0
    """Requests that repeated one which got no completion, or a completion which could not be used."""
    failures: int = 0
    """Asks that were given up."""
    unmetered: int = 0
    """Requests that may have been charged but reported no tokens; above zero, cost is unknown."""

    def meter(self, prompt_tokens: int | None, completion_tokens: int | None) -> None:
        """Count what one completion used; `None` when the endpoint did not say."""
        self.prompt_tokens += prompt_tokens or 0
        self.completion_tokens += completion_tokens or 0
        self.unmetered += prompt_tokens is None or completion_tokens is None

    def cost(self, prices: Prices | None) -> float | None:
        """In the currency of the prices; `None` when it cannot be known."""
        if prices is None or self.unmetered:
            return None
        return (self.prompt_tokens * prices.prompt + self.completion_tokens * prices.completion) / 1_000_000

    def as_json(self, prices: Prices | None) -> dict[str, int | float | None]:
        """All counts, and the cost."""
        return {
            "requests": self.requests,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "retries": self.retries,
            "failures": self.failures,
            "unmetered": self.unmetered,
            "cost": self.cost(prices),
        }
