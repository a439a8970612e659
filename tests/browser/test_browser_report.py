"""The report as one file, opened from disk in a real browser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect


def test_the_report_is_one_file_with_samples_graph_and_figures(page: Page, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    argv = [sys.executable, "-m", "toolweave.pipeline", "report", str(made), "--html", str(out)]
    subprocess.run(argv, check=True, timeout=60)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(out.as_uri())
    expect(page.locator(".row")).to_have_count(6)
    page.locator(".row").first.click()
    page.locator(".leaf").first.hover()
    expect(page.locator("mark.lit")).to_have_count(1)
    expect(page.locator(".labels")).to_have_count(0)
    page.locator('a[data-page="graph"]').click()
    expect(page.locator(".tool")).to_have_count(14)
    page.locator(".tool circle").first.click()
    expect(page.locator(".tool.chosen")).to_have_count(1)
    page.locator('a[data-page="figures"]').click()
    expect(page.locator(".chart").first).to_be_visible()
    assert asked == [out.as_uri()]
