"""What a checker asserts of the final state, held against what was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolweave.agent.compare import equal_values
from toolweave.pipeline.checking.candidate import FinalState
from toolweave.pipeline.sample import Checker, FileState, StateRead

ABSENT = object()


def state_problem(checker: Checker, state: FinalState | None) -> str | None:
    """Why the final state is not the asserted one; `None` when it is, or when nothing is asserted."""
    if not checker.state and not checker.files:
        return None
    if state is None or len(state.reads) != len(checker.state):
        return "the final state was not read"
    for read, seen in zip(checker.state, state.reads, strict=True):
        if problem := read_problem(read, seen):
            return f"{read.server}/{read.tool}: {problem}"
    return next((problem for one in checker.files if (problem := _file_problem(one, state))), None)


def read_problem(read: StateRead, seen: Mapping[str, Any] | None) -> str | None:
    """Why an answer (place → value) is not the asserted one; `None` stands for a server that refused."""
    if seen is None:
        return None if read.fails else "the server refuses it"
    if read.fails:
        return "the server answers, and should have nothing to answer with"
    for place, value in read.holds.items():
        if not equal_values(seen.get(place, ABSENT), value):
            return f"{place or 'the answer'} is not {value!r}"
    return next((f"{place} is still there" for place in read.gone if place in seen), None)


def _file_problem(one: FileState, state: FinalState) -> str | None:
    if (one.server, one.path) not in state.files:
        return f"the file {one.path} was not looked for"
    digest = state.files[one.server, one.path]
    if (digest is None) != one.absent:
        return f"the file {one.path} is {'absent' if digest is None else 'still there'}"
    same = one.absent or one.sha256 is None or digest == one.sha256
    return None if same else f"the file {one.path} has another content"
