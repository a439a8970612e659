"""How fluid the viewer is with ten thousand samples, and what its server takes.

    python benchmarks/viewer.py runs/demo [--samples 10000] [--keep DIR]

Copies of a real run's items, each with its own index and id, become a big run (about 35 KB for every sample of the
default servers). Then `toolweave view` is started on it and a headless Chromium measures, in milliseconds:

    early rows     from the navigation to the first rows of the list, while the server has only begun to read the run
    first paint    the browser's first contentful paint once everything has been read; `first rows` of the list then
    filter         from the choice of a filter, or a search, to the next frame with the new list: of five tries the
                   median and the best, of the slowest filter
    jump           from a jump to the middle of the list to the next frame
    zoom           a frame while the graph is zoomed: median and 95th percentile

`load` is the system's load before: with others at work on the same cores, only the best tries say much. Bars: first
paint under 1,000, filter under 200, the server's peak RSS under 300 MB. The exit code is 1 when one is not met.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import copyfile, which
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Page, ViewportSize, sync_playwright

FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update".split()
BARS = {"first paint": 1000, "filter": 200, "rss_mb": 300}
TRIES = 5
SIZE: ViewportSize = {"width": 1440, "height": 900}
TO_FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - began), 0)))"


CHOICES = {"kind": "parallel", "server": "library", "depth": "3", "gate": "needed retries", "label": "no label"}
FILTERED = [
    f"const node = document.querySelector('select[data-filter={name}]'); node.value = '{value}';"
    "node.dispatchEvent(new Event('change'));"
    for name, value in (*CHOICES.items(), *dict.fromkeys(CHOICES, "").items())
]
SEARCHED = [
    f"const node = document.querySelector('input.search'); node.value = '{words}';"
    "node.dispatchEvent(new Event('input'));"
    for words in ("w", "workbook", "workbook sheet", "zzz", "")
]
ALL_READ = "!document.querySelector('.count').textContent.includes('reading')"


def main() -> int:
    """Build, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        big = given.keep or Path(folder)
        if not (big / "samples.jsonl").exists():
            build(given.run, big, given.samples)
        found = measure(big)
    print(json.dumps(found, indent=2))
    return int(any(found[name] > bar for name, bar in BARS.items()))


def build(run: Path, big: Path, samples: int) -> None:
    """A run of so many samples, with events, drafts and lost items in proportion."""
    big.mkdir(parents=True, exist_ok=True)
    for name in ("settings.json", "manifest.json", "graph.json", "status.json"):
        copyfile(run / name, big / name)
    lines = {name: items(run / f"{name}.jsonl") for name in ("samples", "rejected", "revisions", "events")}
    kept = len(lines["samples"])
    planned = kept + len(lines["rejected"])
    for name, found in lines.items():
        with (big / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for copy in range(-(-samples // kept)):
                for line in found:
                    if name == "samples" and copy * kept + found.index(line) >= samples:
                        break
                    file.write(json.dumps(altered(line, copy, planned), ensure_ascii=False) + "\n")


def items(path: Path) -> list[dict[str, Any]]:
    """The lines of a file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def altered(line: dict[str, Any], copy: int, planned: int) -> dict[str, Any]:
    """A line as that of another item."""
    changes = {"index": line["index"] + copy * planned} if "index" in line else {}
    return line | changes | ({"id": f"{line['id']}-{copy}"} if "id" in line else {})


def measure(big: Path) -> dict[str, Any]:
    """All figures."""
    load, megabytes = os.getloadavg()[0], (big / "samples.jsonl").stat().st_size / 1e6
    with sync_playwright() as playwright, viewer(big) as (address, process):
        browser = playwright.chromium.launch(executable_path=which("chromium") or which("chromium-browser"), args=FLAGS)
        began, early = time.monotonic(), browser.new_page(viewport=SIZE, bypass_csp=True)
        found: dict[str, Any] = {"load": round(load, 1), "size_mb": round(megabytes)}
        found["early rows"] = rows_after(early, address)
        early.wait_for_function(ALL_READ, timeout=400_000)
        found["all read s"] = round(time.monotonic() - began, 1)
        early.close()
        page = browser.new_page(viewport=SIZE, bypass_csp=True)
        found["first rows"] = rows_after(page, address)
        found["first paint"] = round(
            page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        )
        page.wait_for_function(ALL_READ, timeout=60_000)
        page.wait_for_timeout(1000)
        found |= lists(page) | graph(page, address)
        page.goto(f"{address}/#/figures")
        page.wait_for_selector(".chart", timeout=120_000)
        found["rss_mb"] = peak(process)
        browser.close()
    return found


@contextmanager
def viewer(root: Path) -> Generator[tuple[str, int]]:
    """Address and process of a viewer."""
    argv = [sys.executable, "-m", "toolweave.pipeline", "view", str(root), "--port", "0"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found is not None
        try:
            yield found[0], process.pid
        finally:
            process.terminate()


def peak(process: int) -> int:
    """The most memory that a process has had, in MB."""
    text = Path(f"/proc/{process}/status").read_text("ascii")
    return int(re.findall(r"VmHWM:\s+(\d+)", text)[0]) // 1024


def rows_after(page: Page, address: str) -> int:
    """Milliseconds from the navigation to the first rows."""
    page.goto(address)
    page.wait_for_selector(".row")
    return round(page.evaluate("performance.now()"))


def lists(page: Page) -> dict[str, Any]:
    """Filters, searches, and a jump."""
    tries = [[*map(partial(took, page), FILTERED), *map(partial(took, page), SEARCHED)] for _ in range(TRIES)]
    each = list(zip(*tries, strict=True))
    jump = "document.querySelector('.list').scrollTop = 1000 * Math.ceil(300 * Math.random());"
    return {
        "filter": round(max(median(times) for times in each)),
        "filter best": round(max(min(times) for times in each)),
        "jump": round(median(took(page, jump) for _ in range(TRIES))),
    }


def took(page: Page, deed: str) -> float:
    """Milliseconds from a deed to the next frame that shows it."""
    milliseconds: float = page.evaluate(f"() => {{ const began = performance.now(); {deed} return {TO_FRAME}; }}")
    return milliseconds


def graph(page: Page, address: str) -> dict[str, Any]:
    """Frames while the graph is zoomed."""
    page.goto(f"{address}/#/graph")
    page.wait_for_selector(".tool")
    frames: list[float] = page.evaluate(
        """async () => {
          const frame = document.querySelector(".drawing"), found = [];
          let last = await new Promise(requestAnimationFrame);
          for (let at = 0; at < 60; at++) {
            const event = { deltaY: at < 30 ? -40 : 40, clientX: 500 + at, clientY: 400, cancelable: true };
            frame.dispatchEvent(new WheelEvent("wheel", event));
            const now = await new Promise(requestAnimationFrame);
            found.push(now - last);
            last = now;
          }
          return found;
        }"""
    )
    cuts = quantiles(frames, n=20)
    return {"zoom": [round(cuts[9], 1), round(cuts[18], 1)]}


if __name__ == "__main__":
    sys.exit(main())
