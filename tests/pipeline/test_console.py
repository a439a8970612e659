"""What is logged of a fault: where it came about, and none of the values that were at hand there."""

from __future__ import annotations

import structlog
from pytest import CaptureFixture

from toolweave.pipeline.console import set_up_logs


def test_a_logged_fault_shows_its_place_and_no_values(capsys: CaptureFixture[str]) -> None:
    set_up_logs(verbose=False)
    try:
        _breaks("-".join(["hush", "hush"]))
    except KeyError:
        structlog.get_logger().exception("it broke", index=3)
    told = capsys.readouterr().err
    assert "in _breaks" in told and "KeyError" in told and "index" in told
    assert "hush-hush" not in told


def _breaks(secret: str) -> None:
    raise KeyError(len(secret))
