"""What a person reads of texts that became samples: each procedure with its outcome, each step with its tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from toolweave.pipeline.console import out

Line = dict[str, Any]
"""A procedure, as `procedures.jsonl` has it."""


def print_texts(manifest: dict[str, Any], root: Path) -> None:
    """What became of all procedures, why those that were not kept were lost, and where to look."""
    procedures: list[Line] = manifest["procedures"]
    _print_found(procedures)
    outcomes = manifest["outcomes"]
    out.print(f"samples   {outcomes['kept']} kept of {len(procedures)} procedures")
    for name in ("rejected", "failed", "unresolved"):
        if outcomes[name]:
            out.print(f"          {outcomes[name]} {name}")
    for line in procedures:
        if line["outcome"] not in ("kept", None):
            out.print(f"{_place(line)}: {line['outcome']} at {line['stage']}: {line['reason']}")
        elif "cut" in line:
            out.print(f"{_place(line)}: kept without its end: {line['cut']}")
    out.print(f"teacher   {manifest['teacher']['name']}")
    out.print(f"dataset   {root / 'samples.jsonl'}")
    out.print(f"one sample to read: {root / 'sample.md'};  every step with its tool: {root / 'procedures.jsonl'}")


def print_mapped(procedures: Sequence[Line]) -> None:
    """Every step with the tool that it means and what gives its arguments."""
    _print_found(procedures)
    for line in procedures:
        out.print(_place(line))
        for number, step in enumerate(line["steps"], 1):
            meant = step["tool"] or "no tool"
            given = ", ".join(f"{name} = {_given(source)}" for name, source in step["arguments"].items())
            simulated = " (simulated)" if step.get("simulated") else ""
            out.print(f"  {number}. {step['text']}  →  {meant}{simulated}({given})")
            if "problem" in step:
                out.print(f"     {step['problem']}")


def _print_found(procedures: Sequence[Line]) -> None:
    steps = [step for line in procedures for step in line["steps"]]
    files = {line["file"] for line in procedures}
    out.print(f"texts     {len(procedures)} procedures with {len(steps)} steps in {_counted(len(files), 'file')}")
    if not procedures:
        out.print('          procedures are lists of orders, answers that say how, prose with "first" and "then"')
        return
    real = Counter(step["tool"].split("/")[0] for step in steps if step["tool"] and not step.get("simulated"))
    imitated = sorted({step["tool"] for step in steps if step.get("simulated")})
    out.print(f"tools     {sum(real.values())} steps mean tools of {_listed(sorted(real)) or 'no server'}")
    if imitated:
        count = sum(1 for step in steps if step.get("simulated"))
        out.print(f"          {_counted(count, 'step')} got a simulated tool: {_listed(imitated)}")
    unmapped = sum(1 for step in steps if "problem" in step)
    if unmapped:
        out.print(f"          {_counted(unmapped, 'step')} could not become a call")


def _place(line: Line) -> str:
    return f"{line['file']}:{line['lines'][0]} {line['title']!r}"


def _given(source: Line) -> str:
    if source["from"] == "output":
        return f"what step {source['step']} returns"
    return f"{source['value']!r}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
