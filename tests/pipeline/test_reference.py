"""The reference pages say what the types say."""

from __future__ import annotations

from pathlib import Path

from toolweave.pipeline.reports.command_page import command_page
from toolweave.pipeline.reports.reference import sample_page, settings_page

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def test_the_sample_format_page_is_up_to_date() -> None:
    assert (DOCS / "sample-format.md").read_text(encoding="utf-8") == sample_page()


def test_the_settings_page_is_up_to_date() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == settings_page()


def test_the_page_of_the_command_line_is_up_to_date() -> None:
    assert (DOCS / "command-line.md").read_text(encoding="utf-8") == command_page()


def test_every_command_has_an_example() -> None:
    sections = command_page().split("\n## `")[1:]
    assert [section.partition("`")[0] for section in sections if "Example" not in section] == []
