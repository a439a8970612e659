"""What a whole run would take, by what a few samples of it took."""

from __future__ import annotations

from typing import Any

from toolweave.pipeline.running.spending import Spent


def estimated(begun: Spent, now: Spent, kept: int, wanted: int) -> dict[str, Any]:
    """Seconds, calls, tokens and costs of all wanted samples.

    Args:
        begun: What was used up when the first sample was begun: servers started, first experiments made.
        now: What is used up now.
        kept: Samples that were kept in between.
        wanted: Samples of the whole run.
    """
    if not kept:
        return {"samples": wanted, "seconds": None, "calls": None, "tokens": None, "usd": None}
    share = wanted / kept

    def whole(before: float | None, after: float | None) -> float | None:
        return None if before is None or after is None else before + (after - before) * share

    seconds, calls = whole(begun.seconds, now.seconds), whole(begun.calls, now.calls)
    tokens, usd = whole(begun.tokens, now.tokens), whole(begun.usd, now.usd)
    return {
        "samples": wanted,
        "seconds": round(seconds or 0),
        "calls": round(calls or 0),
        "tokens": None if tokens is None else round(tokens),
        "usd": None if usd is None else round(usd, 4),
    }
