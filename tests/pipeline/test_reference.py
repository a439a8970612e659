"""The reference pages say what the types say."""

from __future__ import annotations

from pathlib import Path

from toolweave.pipeline.reports.reference import sample_page, settings_page

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def test_the_sample_format_page_is_up_to_date() -> None:
    assert (DOCS / "sample-format.md").read_text(encoding="utf-8") == sample_page()


def test_the_settings_page_is_up_to_date() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == settings_page()
