"""How many explicit steps of runbooks become the right call: the right tool, every argument from the right place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.from_text.conftest import worlds_file
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.texts.resolving import Mapped
from toolweave.agent.texts.values import Given
from toolweave.pipeline.environments import warm_environments
from toolweave.pipeline.from_text.ground import TextGroundwork
from toolweave.pipeline.from_text.reading import Reader
from toolweave.pipeline.settings import RunSettings
from toolweave.pipeline.storage.identity import identity_of
from toolweave.pipeline.storage.store import Store

HERE = Path(__file__).parent
WORLDS = ("clinic", "greenhouse", "kitchen", "laboratory", "library", "museum")
SETS = ("first", "second", "third", "fourth", "fifth")
BY_LINE = ("sixth", "seventh", "eighth")
"""Texts of which only the line of each call is known, by writers who had not seen the rules."""
ELSEWHERE = ("release_branch.md", "nursery.txt")
"""Texts about servers that are not among the bundled worlds."""
Read = dict[tuple[str, str], tuple[Mapped, ...]]
"""File and title of a procedure → its steps."""


async def read(texts: list[Path], folder: Path) -> Read:
    settings = RunSettings(mcp=worlds_file(folder, *WORLDS), seed=1)
    own = settings.model_copy(update={"mcp": folder / "run" / "mcp.json"})
    with Store.create(folder / "run", identity_of(settings)) as store:
        async with warm_environments() as open_fresh:
            reader = Reader(OfflineTeacher(), store, 1, simulate=True)
            procedures = await reader.procedures(texts)
            laid = await TextGroundwork(own, settings.mcp, reader, store, open_fresh).lay(procedures, lambda: None)
    found: Read = {}
    for one in laid.aligned:
        key = Path(one.procedure.file).name, one.procedure.title
        found[key] = (*found.get(key, ()), *one.mapped)
    return found


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Read:
    texts = [path for name in (*SETS, *BY_LINE) for path in sorted((HERE / name).iterdir())]
    folder = tmp_path_factory.mktemp("bar")
    return anyio.run(read, [path for path in texts if path.name not in ELSEWHERE], folder)


def expected(name: str) -> dict[str, list[dict[str, Any]]]:
    """File → its procedures with (tool, arguments) of every step; `step 2` is what the second one returns."""
    truth: dict[str, list[dict[str, Any]]] = json.loads((HERE / f"{name}_truth.json").read_text())
    return {file: found for file, found in truth.items() if file not in ELSEWHERE}


def wrong_steps(name: str, mapped: Read) -> tuple[list[str], int]:
    """The explicit steps that became something else, and how many there are."""
    wrong, steps = list[str](), 0
    for file, procedures in expected(name).items():
        for procedure in procedures:
            found = mapped.get((file, procedure["title"]), ())
            for number, (tool, arguments) in enumerate(procedure["steps"]):
                steps += 1
                one = found[number] if number < len(found) else None
                if one is None or one.tool is None or one.tool.id != tool or not same(arguments, one):
                    wrong.append(f"{file} {procedure['title']} {number + 1}: {one and one.tool and one.tool.id}")
    return wrong, steps


def same(arguments: dict[str, Any], mapped: Mapped) -> bool:
    if arguments.keys() != mapped.sources.keys():
        return False
    told = {
        name: source.value if isinstance(source, Given) else f"step {source.step + 1}"
        for name, source in mapped.sources.items()
    }
    return all(told[name] in str(value).split("|") or told[name] == value for name, value in arguments.items())


def test_most_explicit_steps_of_five_runbooks_become_the_right_call(mapped: Read) -> None:
    wrong, steps = wrong_steps("first", mapped)
    assert steps >= 25
    assert len(wrong) <= 0.2 * steps, wrong


@pytest.mark.parametrize(("name", "lost"), [("second", 0.0), ("third", 0.15), ("fourth", 0.1), ("fifth", 0.25)])
def test_so_do_those_of_runbooks_that_were_written_afterwards(name: str, lost: float, mapped: Read) -> None:
    wrong, steps = wrong_steps(name, mapped)
    assert steps >= 18
    assert len(wrong) <= lost * steps, wrong


@pytest.mark.parametrize(("name", "many", "lost"), [("sixth", 34, 0.1), ("seventh", 123, 0.1), ("eighth", 37, 0.2)])
def test_so_do_explicit_steps_by_writers_who_had_not_seen_the_rules(
    name: str, many: int, lost: float, mapped: Read
) -> None:
    truth: dict[str, list[tuple[int, str, dict[str, Any]]]] = json.loads((HERE / f"{name}_truth.json").read_text())
    steps = [(of_file(file, mapped), file, *step) for file, told in truth.items() for step in told]
    wrong = [
        f"{file} {line}: {tool}"
        for found, file, line, tool, given in steps
        if not any(is_call(one, line, tool, given) for one in found)
    ]
    assert len(steps) == many
    assert len(wrong) <= lost * len(steps), wrong


def of_file(name: str, mapped: Read) -> list[Mapped]:
    return [one for (file, _), steps in mapped.items() if file == name for one in steps]


def is_call(one: Mapped, line: int, tool: str, arguments: dict[str, Any]) -> bool:
    """Whether a step of a line is a call with these arguments; `$result` is anything that a call returns."""
    told = {path: source.value if isinstance(source, Given) else "$result" for path, source in one.sources.items()}
    first, last = one.step.lines
    return first <= line <= last and one.tool is not None and one.tool.id == tool and told == arguments


def is_by_line(file: str) -> bool:
    return any((HERE / name / file).exists() for name in BY_LINE)


def test_no_procedure_is_found_where_there_is_none(mapped: Read) -> None:
    known = {(file, one["title"]) for name in SETS for file, ones in expected(name).items() for one in ones}
    assert {(file, title) for file, title in mapped if not is_by_line(file)} == known
