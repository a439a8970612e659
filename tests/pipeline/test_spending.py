"""Budgets: what counts as used, and what ends a run."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from toolweave.pipeline.running.estimate import estimated
from toolweave.pipeline.running.spending import Spent, exhausted, teacher_spending
from toolweave.pipeline.settings import Pace

PRICES = {"prompt": 2.0, "completion": 10.0}


def usage(requests: int = 10, prompt: int = 1_000, completion: int = 100, unmetered: int = 0) -> dict[str, Any]:
    return {
        "requests": requests, "prompt_tokens": prompt, "completion_tokens": completion,
        "retries": 0, "failures": 0, "unmetered": unmetered, "cost": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"name": "offline"}, (0, 0.0)),
        ({"usage": {"step": usage(), "query": usage()}}, (2_200, None)),
        ({"usage": {"step": usage(), "query": usage()}, "prices": PRICES}, (2_200, 0.006)),
        ({"usage": {"step": usage(unmetered=5)}, "prices": PRICES}, (2_200, 0.006)),
        ({"usage": {"step": usage(0, 0, 0)}, "prices": PRICES}, (0, 0.0)),
        ({"usage": {"step": usage(3, 0, 0, unmetered=3)}, "prices": PRICES}, (None, None)),
    ],
)
def test_tokens_and_costs_of_a_teacher(facts: dict[str, Any], expected: tuple[int | None, float | None]) -> None:
    assert teacher_spending(facts) == expected


@pytest.mark.parametrize(
    ("limit", "spent", "word"),
    [
        ({"max_seconds": 5.0}, Spent(5.0, 0, 0, 0.0), "--max-seconds 5"),
        ({"max_calls": 9}, Spent(0.0, 9, 0, 0.0), "--max-calls 9"),
        ({"max_tokens": 9}, Spent(0.0, 0, 9, 0.0), "--max-tokens 9 is used up"),
        ({"max_tokens": 9}, Spent(0.0, 0, None, 0.0), "--max-tokens 9 cannot be kept"),
        ({"budget_usd": 0.5, "price_in": 1, "price_out": 1}, Spent(0.0, 0, 0, 0.5), "--budget-usd 0.5 is used up"),
        ({"budget_usd": 0.5, "price_in": 1, "price_out": 1}, Spent(0.0, 0, 0, None), "--budget-usd 0.5 cannot be kept"),
        ({"preview": 3}, Spent(0.0, 0, 0, 0.0), "--preview 3"),
    ],
)
def test_a_limit_that_is_reached_or_cannot_be_kept_ends_the_run(limit: dict[str, Any], spent: Spent, word: str) -> None:
    assert exhausted(Pace(**limit), spent, kept=3).startswith(word)
    assert Pace(**limit).limited


def test_within_its_limits_a_run_goes_on() -> None:
    pace = Pace(max_calls=9, max_seconds=9, max_tokens=9, budget_usd=9, price_in=1, price_out=1, preview=9)
    assert exhausted(pace, Spent(8.0, 8, 8, 8.0), kept=8) == ""
    assert not Pace(concurrency=64).limited


@pytest.mark.parametrize("limits", [{"budget_usd": 1.0}, {"price_in": 1.0}, {"max_seconds": 0}])
def test_a_budget_that_could_not_be_kept_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Pace(**limits)


def test_an_estimate_counts_what_happens_once_only_once() -> None:
    whole = estimated(Spent(10.0, 100, 0, 0.0), Spent(16.0, 130, 600, 0.03), kept=3, wanted=100)
    assert whole == {"samples": 100, "seconds": 210, "calls": 1_100, "tokens": 20_000, "usd": 1.0}
    assert estimated(Spent(10.0, 100, None, None), Spent(16.0, 130, None, None), 0, 100)["seconds"] is None
