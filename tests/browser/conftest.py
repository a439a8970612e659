"""A small real run, the viewer that shows it, and a headless Chromium that looks at it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
NAMES = ("chromium", "chromium-browser", "google-chrome")
LOST = {
    "index": 6,
    "outcome": "rejected",
    "stage": "replay",
    "reason": "the calls showed something else: <b>card</b> active",
    "target": "library/place_hold",
    "seed": 5,
}
PATIENCE = 30_000
"""Milliseconds that a test waits for something to be seen."""
expect.set_options(timeout=PATIENCE)
Viewing = Callable[[Path], str]


def chromium() -> str:
    """The browser to drive; without one there is nothing to test, and on CI that is a failure."""
    fetched = sorted((ROOT / ".servers" / "browser").glob("chromium*/chrome*/*headless*shell"))
    found = next(filter(None, map(shutil.which, NAMES)), None) or next(map(str, fetched), None)
    if found is None:
        missing = "there is no Chromium: `apt-get install chromium`, or `python setup/install.py browser`"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return found


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory with six samples of a bundled world, and one item that was not kept; not to be changed."""
    folder = tmp_path_factory.mktemp("viewer")
    world = {"command": "python", "args": ["-m", "toolweave.servers.worlds.library"]}
    values = {"find_member.name": ["lindgren"], "search_titles.text": ["orchard"]}
    server = {**world, "toolweave": {"disposable": True, "values": values}}
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": {"library": server}}))
    argv = ["run", "--mcp", str(folder / "mcp.json"), "--out", str(folder / "run"), "-n", "6", "--probe-calls", "1"]
    subprocess.run([sys.executable, "-m", "toolweave.pipeline", *argv, "--seed", "3"], check=True, timeout=180)
    add(folder / "run", "rejected", LOST | {"index": 1000})
    return folder / "run"


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> Path:
    """A run directory of one's own."""
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture(scope="session")
def looked_at(made: Path) -> Iterator[str]:
    """Address of a viewer of the run that nobody changes."""
    with viewing(made) as address:
        yield address


@pytest.fixture
def view() -> Iterator[Viewing]:
    """Starts viewers that end with the test."""
    with viewers() as start:
        yield start


@contextmanager
def viewers() -> Generator[Viewing]:
    opened: list[Any] = []

    def start(root: Path) -> str:
        one = viewing(root)
        opened.append(one)
        return one.__enter__()

    try:
        yield start
    finally:
        for one in opened:
            one.__exit__(None, None, None)


@contextmanager
def viewing(root: Path) -> Generator[str]:
    argv = [sys.executable, "-m", "toolweave.pipeline", "view", str(root), "--port", "0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        try:
            assert found is not None, line
            yield found[0]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module, and gone after them: its event loop is in the way of other tests."""
    executable = chromium()
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def errors() -> list[str]:
    """What the browser complained about; a test ends well only when there is nothing."""
    return []


@pytest.fixture
def page(browser: Browser, errors: list[str], view: Viewing) -> Iterator[Page]:
    """A page 1440 pixels wide; it is closed before the viewers that it looks at."""
    with opened(browser, errors) as found:
        yield found
    assert errors == []


@contextmanager
def opened(browser: Browser, errors: list[str], width: int = 1440, scheme: str = "light") -> Generator[Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("console", hear)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()


def rows(root: Path, name: str = "samples") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / f"{name}.jsonl").read_text("utf-8").splitlines()]


def add(root: Path, name: str, row: dict[str, Any]) -> None:
    with (root / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
