"""Third-party servers, those of the default `mcp.json` and others, started as users start them."""

from __future__ import annotations

import fnmatch
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from toolweave.servers.config import load_mcp_config
from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerSpec

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "examples" / "seeds"


def others(path: str = "mcp.json") -> list[ServerSpec]:
    """The servers that are not our own worlds."""
    specs = load_mcp_config(ROOT / path).servers
    return [spec for spec in specs if not any(arg.startswith("toolweave.") for arg in spec.args)]


def installed(spec: ServerSpec) -> ServerSpec:
    """The server, or a skip with the reason."""
    beside = Path(sys.executable).parent / spec.command
    path = (spec.folder / spec.command).resolve()
    there = path.exists() if "/" in spec.command else beside.exists() or shutil.which(spec.command)
    if not there:
        pytest.skip(f"{spec.command} is not installed: `make servers unseen` does it")
    return spec


def named(name: str) -> ServerSpec:
    return installed(next(spec for spec in others() if spec.name == name))


async def call(environment: Environment, name: str, **arguments: object) -> CallResult:
    tool = next(tool for tool in environment.tools if tool.name == name)
    return await environment.call(tool, arguments)


@pytest.mark.parametrize("spec", [*others(), *others("examples/unseen.mcp.json")], ids=lambda spec: spec.name)
async def test_a_third_party_server_starts_and_has_every_tool_that_mcp_json_speaks_of(spec: ServerSpec) -> None:
    async with open_environment([installed(spec)]) as environment:
        assert environment.failures == {}
        parameters = {tool.name: set(tool.input_schema.get("properties", {})) for tool in environment.tools}
    known = {parameter for names in parameters.values() for parameter in names}
    known |= {f"{tool}.{parameter}" for tool, names in parameters.items() for parameter in names}
    denied = [pattern for pattern in spec.options.deny if fnmatch.filter(parameters, pattern) == []]
    assert (set(spec.options.values) - known, denied) == (set(), [])


async def test_the_git_server_makes_the_same_commit_in_two_environments() -> None:
    logs: list[str] = []
    for _ in range(2):
        async with open_environment([named("git")]) as environment:
            await call(environment, "git_add", repo_path="orchard", files=["bees.md"])
            await call(environment, "git_commit", repo_path="orchard", message="Note the bees")
            logs.append((await call(environment, "git_log", repo_path="orchard")).text)
    assert ("Note the bees" in logs[0], logs[0]) == (True, logs[1])


async def test_a_table_made_through_the_database_server_can_be_filled_and_read() -> None:
    async with open_environment([named("sqlite")]) as environment:
        await call(environment, "create_table", query="CREATE TABLE filters (colour TEXT)")
        await call(environment, "write_query", query="INSERT INTO filters VALUES ('blue')")
        assert (await call(environment, "read_query", query="SELECT * FROM filters")).value == [{"colour": "blue"}]


def test_the_seeded_repository_is_the_same_every_time(tmp_path: Path) -> None:
    author = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b.example", "GIT_COMMITTER_NAME": "A"}
    env = {**author, "GIT_COMMITTER_EMAIL": "a@b.example", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin"}
    heads: list[str] = []
    for name in ("one", "two"):
        (place := tmp_path / name).mkdir()
        subprocess.run([sys.executable, SEEDS / "repository.py"], cwd=place, env=env, check=True, timeout=30)
        asked: list[str | Path] = ["git", "-C", place / "orchard", "rev-parse", "main", "grafting", "season-1"]
        heads.append(subprocess.run(asked, env=env, check=True, capture_output=True, text=True, timeout=30).stdout)
    assert (len(heads[0].split()), heads[0]) == (3, heads[1])


def test_the_seeded_database_holds_what_the_known_queries_ask_for(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SEEDS / "database.py"], cwd=tmp_path, check=True, timeout=30)
    queries = next(spec for spec in others() if spec.name == "sqlite").options.values["read_query.query"]
    with sqlite3.connect(tmp_path / "observatory.db") as database:
        answers = [database.execute(query).fetchall() for query in queries]
    database.close()
    assert [bool(rows) for rows in answers] == [True] * len(queries)
