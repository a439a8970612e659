"""Every command in the documentation: those of the guides are run, all others name commands and flags that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from toolweave.pipeline.cli import app, load_command

ROOT = Path(__file__).parents[1]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(<!-- not run: .*? -->\n)?```(\w+)(?: (\S+))?\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"^\$ (?:\S*/)?toolweave (.*?)\s*(?:#.*)?$", re.MULTILINE)


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of every `toolweave` in a console block."""
    for found in COMMAND.finditer(text):
        for line in found[1].split("&& toolweave"):
            yield shlex.split(line)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_the_commands_of_a_guide_work_in_their_order(
    guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    ran = 0
    for not_run, language, name, text in BLOCK.findall(guide.read_text(encoding="utf-8")):
        if name:
            (tmp_path / name).write_text(text, encoding="utf-8")
        if language == "console" and not not_run:
            for arguments in commands(text):
                done = CliRunner().invoke(app, arguments)
                assert done.exit_code == 0, (arguments, done.output)
                ran += 1
        ran += bool(not_run)  # the reason stands on the page
    assert ran


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_on_a_page_exists_with_its_flags(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    for _, _, name, content in BLOCK.findall(text):
        if name:
            (tmp_path / name).write_text(content, encoding="utf-8")
    for name in re.findall(r"--settings (\S+\.toml)", text):
        (tmp_path / name).touch()
    for arguments in commands(text):
        parse(arguments)


def parse(arguments: list[str]) -> None:
    """Parse a command line without running anything; what does not exist raises."""
    command: Any = load_command(arguments[0])
    rest = arguments[1:]
    if hasattr(command, "commands") and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(arguments[0], rest).close()


def test_a_command_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(KeyError):
        parse(["no-such-command"])
    with pytest.raises(Exception, match="--no-such-flag"):
        parse(["doctor", "--no-such-flag"])
