"""A simulated server keeps its word: the same id is the same thing, what was made is found, what was deleted is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.schemas import first_problem
from toolweave.servers.simulated.things import Refusal
from toolweave.servers.simulated.world import SimulatedWorld
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

TEXT = {"type": "string"}
ANIMAL = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "name": TEXT, "weight": {"type": "number", "minimum": 1}},
    "required": ["id", "name", "weight"],
    "additionalProperties": False,
}


def tool(called: str, output: dict[str, Any] | None = None, optional: str = "", **properties: Any) -> Tool:
    required = [key for key in properties if key not in optional.split()]
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return Tool("", called, input_schema=schema, output_schema=output)


TASKS = (
    tool("list_projects"),
    tool("create_project", title=TEXT),
    tool("list_tasks", project_id=TEXT, status={"enum": ["open", "done"]}, limit={"type": "integer"},
         optional="project_id status limit"),
    tool("create_task", project_id=TEXT, title=TEXT, priority={"enum": ["low", "high"]}, optional="priority"),
    tool("get_task", task_id=TEXT),
    tool("update_task", task_id=TEXT, title=TEXT, optional="title"),
    tool("complete_task", task_id=TEXT),
    tool("delete_task", task_id=TEXT),
    tool("search_tasks", query=TEXT),
)  # fmt: skip
LOOKUPS = (tool("get_forecast", city=TEXT), tool("get_stock_info", ticker=TEXT), tool("search_papers", query=TEXT))
ZOO = (
    tool("list_animals", {"type": "object", "properties": {"animals": {"type": "array", "items": ANIMAL}}}),
    tool("get_animal", ANIMAL, animalId={"type": "integer"}),
    tool("create_animal", {"type": "object", "properties": {"animal": ANIMAL}, "required": ["animal"]}, name=TEXT),
)


@pytest.fixture
def world() -> SimulatedWorld:
    return SimulatedWorld(TASKS, 7)


def first_project(world: SimulatedWorld) -> str:
    return str(world.answer("list_projects", {})["projects"][0]["id"])


def test_what_was_made_is_found_by_get_list_and_search(world: SimulatedWorld) -> None:
    made = world.answer("create_task", {"project_id": first_project(world), "title": "Mend the gate"})
    assert world.answer("get_task", {"task_id": made["id"]}) == made
    assert made in world.answer("list_tasks", {})["tasks"]
    assert made in world.answer("list_tasks", {"project_id": made["project_id"]})["tasks"]
    assert world.answer("search_tasks", {"query": "mend gate"})["tasks"] == [made]


def test_a_change_shows_and_nothing_else_changes(world: SimulatedWorld) -> None:
    before = world.answer("list_tasks", {})["tasks"]
    changed = world.answer("update_task", {"task_id": before[0]["id"], "title": "Paint the door"})
    assert changed == {**before[0], "title": "Paint the door"}
    assert world.answer("list_tasks", {})["tasks"] == [changed, *before[1:]]
    assert world.answer("complete_task", {"task_id": before[1]["id"]})["status"] == "completed"
    assert world.answer("get_task", {"task_id": before[1]["id"]})["status"] == "completed"


def test_what_was_deleted_cannot_be_found_and_cannot_be_deleted_again(world: SimulatedWorld) -> None:
    task = world.answer("list_tasks", {})["tasks"][0]
    world.answer("delete_task", {"task_id": task["id"]})
    assert task not in world.answer("list_tasks", {})["tasks"]
    for name in ("get_task", "delete_task", "complete_task"):
        with pytest.raises(Refusal, match="no task"):
            world.answer(name, {"task_id": task["id"]})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_task", {"task_id": "TA-1"}),
        ("update_task", {"task_id": "TA-1", "title": "x"}),
        ("create_task", {"project_id": "PR-1", "title": "x"}),
        ("list_tasks", {"project_id": "PR-1"}),
        ("get_task", {}),
        ("get_task", {"task_id": 4}),
        ("no_such_tool", {}),
    ],
)
def test_ids_that_nobody_handed_out_and_wrong_arguments_are_refused(
    world: SimulatedWorld, name: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(Refusal):
        world.answer(name, arguments)


def test_references_name_things_that_are_there(world: SimulatedWorld) -> None:
    projects = {row["id"] for row in world.answer("list_projects", {})["projects"]}
    assert {row["project_id"] for row in world.answer("list_tasks", {})["tasks"]} <= projects


def test_filters_and_pages_narrow_a_list(world: SimulatedWorld) -> None:
    tasks = world.answer("list_tasks", {})["tasks"]
    done = world.answer("list_tasks", {"status": "done"})["tasks"]
    assert done == [row for row in tasks if row["status"] == "done"]
    assert world.answer("list_tasks", {"limit": 2}) == {"tasks": tasks[:2], "total": len(tasks)}


def test_equal_seeds_and_calls_give_equal_answers_and_other_seeds_other_things() -> None:
    def story(seed: int) -> list[Any]:
        world = SimulatedWorld(TASKS, seed)
        made = world.answer("create_task", {"project_id": first_project(world), "title": "Mend"})
        return [made, world.answer("list_tasks", {})]

    assert story(3) == story(3)
    assert story(3) != story(4)


def test_where_nothing_is_listed_any_key_has_a_thing_and_always_the_same() -> None:
    one, other = SimulatedWorld(LOOKUPS, 1), SimulatedWorld(LOOKUPS, 1)
    other.answer("get_stock_info", {"ticker": "AB"})
    assert one.answer("get_stock_info", {"ticker": "XY"}) == other.answer("get_stock_info", {"ticker": "XY"})
    assert one.answer("get_stock_info", {"ticker": "XY"}) != one.answer("get_stock_info", {"ticker": "AB"})
    assert one.answer("get_forecast", {"city": "Ghent"}) == other.answer("get_forecast", {"city": "Ghent"})
    assert one.answer("get_forecast", {"city": "Ghent"})["city"] == "Ghent"


def test_a_search_among_what_nobody_lists_brings_to_light_what_stays() -> None:
    world = SimulatedWorld((*LOOKUPS, tool("get_paper", paper_id=TEXT)), 1)
    papers = world.answer("search_papers", {"query": "moss"})["papers"]
    assert papers and all("moss" in paper["name"] for paper in papers)
    assert [world.answer("get_paper", {"paper_id": paper["id"]}) for paper in papers] == papers
    assert world.answer("search_papers", {"query": "moss"})["papers"] == papers


def test_outputs_fit_their_schemas_and_stay_the_same_thing() -> None:
    world = SimulatedWorld(ZOO, 7)
    made = world.answer("create_animal", {"name": "Bruno"})
    listed = world.answer("list_animals", {})
    assert first_problem(ZOO[0].output_schema or {}, listed) is None
    assert first_problem(ZOO[2].output_schema or {}, made) is None
    assert made["animal"]["name"] == "Bruno"
    assert made["animal"] in listed["animals"]
    for animal in listed["animals"]:
        assert world.answer("get_animal", {"animalId": animal["id"]}) == animal


async def call(environment: Environment, name: str, **arguments: Any) -> Any:
    found = next(tool for tool in environment.tools if tool.name == name)
    return await environment.call(found, arguments)


@pytest.mark.anyio
async def test_over_stdio_it_lists_the_tools_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    listed = [{"name": item.name, "description": "", "inputSchema": item.input_schema} for item in TASKS]
    (tmp_path / "tools.json").write_text(json.dumps({"tools": [*listed, {"name": "broken", "inputSchema": 3}]}))
    args = ["-m", "toolweave.servers.simulated", "--tools", str(tmp_path / "tools.json")]
    spec = ServerSpec(name="sim", command="python", args=args, options=ServerOptions(disposable=True))
    async with open_environment([spec]) as environment:
        info = environment.servers["sim"]
        assert [item.name for item in info.tools] == [item.name for item in TASKS]
        assert info.simulated
        failed = await call(environment, "get_task", task_id="TA-1")
        assert (failed.status, failed.text) == ("tool_error", "There is no task with task_id 'TA-1'.")
        assert (await call(environment, "list_projects")).value["total"] == 5


def test_a_file_without_tools_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tools.json").write_text("{}")
    command = [sys.executable, "-m", "toolweave.servers.simulated", "--tools", str(tmp_path / "tools.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "no tools in it" in done.stderr
