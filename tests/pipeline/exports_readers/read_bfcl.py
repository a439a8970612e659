"""Runs bfcl-eval's own multi-turn checker over a `bfcl` export: on its answers, and on answers with one call spoilt.

Prints, as JSON, for `gold`, `dropped`, `changed` and `idle` all trials: `[entry, what was done, accepted]`.
"""

from __future__ import annotations

import ast
import copy
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Turns = list[list[str]]


def main(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    importlib.import_module("backends").register()
    found: dict[str, list[Any]] = {"gold": [], "dropped": [], "changed": [], "idle": []}
    questions = _lines(folder / "questions.jsonl")
    answers = _lines(folder / "possible_answer" / "questions.jsonl")
    for number, (entry, answer) in enumerate(zip(questions, answers, strict=True)):
        assert entry["id"] == answer["id"]
        truth: Turns = answer["ground_truth"]
        for trial, (kind, what, tried) in enumerate(_tried(truth)):
            found[kind].append([entry["id"], what, _accepts(entry, truth, tried, f"m{number}_{trial}")])
    sys.stdout.write(json.dumps(found))


def _tried(truth: Turns) -> Iterator[tuple[str, str, Turns]]:
    yield "gold", "", truth
    if any(truth):
        yield "idle", "", [[] for _ in truth]
    for turn, calls in enumerate(truth):
        for at, call in enumerate(calls):
            yield "dropped", call, _with(truth, turn, at, [])
            for changed in _changed(call):
                yield "changed", changed, _with(truth, turn, at, [changed])


def _with(truth: Turns, turn: int, at: int, calls: list[str]) -> Turns:
    spoilt = copy.deepcopy(truth)
    spoilt[turn][at : at + 1] = calls
    return spoilt


def _changed(call: str) -> Iterator[str]:
    """The call with one argument changed, or left out."""
    count = len(_parsed(call).keywords)
    for at in range(count):
        tree = _parsed(call)
        tree.keywords[at].value = ast.Constant(_another(ast.literal_eval(tree.keywords[at].value)))
        yield ast.unparse(tree)


def _another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else "Qx-00000"


def _parsed(text: str) -> ast.Call:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    return call


def _accepts(entry: Row, truth: Turns, tried: Turns, name: str) -> bool:
    checker = importlib.import_module("bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker")
    steps = [[[call] for call in calls] for calls in tried]
    category = entry["id"].rsplit("_", 1)[0]
    verdict = checker.multi_turn_checker(steps, truth, entry, category, name)
    unasked = checker.multi_turn_irrelevance_checker(steps, truth)
    return bool(verdict["valid"] and unasked["valid"])


def _lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
