"""A small share of `benchmarks/fuzz.py`: whatever a stranger sends, nothing raises that callers are not told of."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"


@pytest.mark.parametrize("kind", ["schema", "listing", "result", "line", "config", "text"])
def test_nothing_that_strangers_send_raises(kind: str) -> None:
    spec = importlib.util.spec_from_file_location("fuzz", SCRIPT)
    assert spec is not None and spec.loader is not None
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    tried, raised = fuzz.fuzz(kind, 60)
    assert (tried >= 60, dict(raised)) == (True, {})
