"""`bfcl`: entries, answers and backends, without the checker; that is run in `test_exports_third_party.py`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from toolweave.pipeline.exports import Options, export
from toolweave.pipeline.exports.backend import Backend, backend, load, shown, tools_of
from toolweave.pipeline.exports.bfcl_calls import as_python
from toolweave.pipeline.exports.bfcl_files import documents_of
from toolweave.pipeline.exports.bfcl_worlds import with_worlds, world_of
from toolweave.pipeline.storage.jsonl import read_lines
from toolweave.servers.config import ServerSpec
from toolweave.servers.errors import RunError

Row = dict[str, Any]
LIBRARY = "toolweave.servers.worlds.library"
WORLD = {"class": "Library", "module": LIBRARY, "seed": 3}


def library(seed: int = 3) -> Backend:
    made = backend("Library", LIBRARY)()
    load(made, seed)
    return made


def made(number: int, tool: str, arguments: Row, observation: str) -> list[Row]:
    function = {"name": tool, "arguments": arguments}
    call = {"id": f"c{number}", "type": "function", "function": function}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": f"c{number}", "name": tool, "content": observation},
    ]


def row(withheld: bool = False, extra: str | None = None) -> Row:
    """Finding titles, then a member who has to be named first; observations are the world's own."""
    world = library()
    member = next(iter(vars(world)["members"].values()))["name"]
    plan = [("search_titles", {"text": "", "limit": 2}), ("find_member", {"name": member})]
    first, second = [
        made(number, tool, args, shown(getattr(world, tool)(**args))) for number, (tool, args) in enumerate(plan)
    ]
    said = {"role": "assistant", "content": "Done."}
    messages = [
        {"role": "user", "content": "Two titles, please."}, *first, said,
        {"role": "user", "content": "Find the member."}, {"role": "assistant", "content": "Who?"},
        {"role": "user", "content": member}, *second, said,
    ]  # fmt: skip
    names = [*(name for name, _ in plan), *([extra] if extra else [])]
    expected = [
        {"id": f"c{at}", "server": "library", "tool": tool, "arguments": args, "fails": False}
        for at, (tool, args) in enumerate(plan)
    ]
    turns: list[Row] = [{"kind": "base", "messages": [0, 3]}]
    if withheld:
        turns += [
            {"kind": "missing_function", "messages": [4, 5], "withheld": ["find_member"]},
            {"kind": "base", "messages": [6, 9]},
        ]
    else:
        turns.append({"kind": "missing_parameter", "messages": [4, 9]})
    return {
        "id": "tw-1",
        "index": 5,
        "tools": [{"type": "function", "function": {"name": name}} for name in names],
        "messages": messages,
        "turns": turns,
        "checker": {"calls": expected},
        "worlds": {"library": WORLD},
    }


def written(folder: Path, *rows: Row, allow: tuple[str, ...] = ()) -> tuple[list[Row], list[Row]]:
    export(lambda: list(rows), "bfcl", folder, Options(allow=frozenset(allow)))
    return tuple(list(read_lines(folder / name)) for name in ("questions.jsonl", "possible_answer/questions.jsonl"))  # type: ignore[return-value]


def test_every_message_of_the_user_is_a_turn_with_its_calls(tmp_path: Path) -> None:
    ((question,), (answer,)) = written(tmp_path / "o", row())
    asked = [[message["content"] for message in messages] for messages in question["question"]]
    member = asked[2][0]
    assert asked[:2] == [["Two titles, please."], ["Find the member."]]
    assert answer == {
        "id": "multi_turn_miss_param_5",
        "ground_truth": [["search_titles(text='', limit=2)"], [], [f"find_member(name={member!r})"]],
    }
    assert question["involved_classes"] == ["Library"]
    assert question["path"] == ["Library.search_titles", "Library.find_member"]
    assert "pay_fine" in question["excluded_function"]


def test_a_tool_that_comes_later_is_added_at_a_turn_without_words(tmp_path: Path) -> None:
    ((question,), _) = written(tmp_path / "o", row(withheld=True))
    assert question["id"] == "multi_turn_miss_func_5"
    assert question["missed_function"] == {"2": ["find_member"]}
    assert question["question"][2] == []


def test_servers_that_are_no_bundled_world_are_refused_by_name(tmp_path: Path) -> None:
    foreign = row()
    foreign["worlds"] = {}
    with pytest.raises(RunError, match="--allow-loss server-library"):
        written(tmp_path / "o", foreign)
    assert written(tmp_path / "o", foreign, row(), allow=("server-library",))[1][0]["id"] == "multi_turn_miss_param_5"


def test_a_row_whose_observations_the_backend_does_not_give_is_refused(tmp_path: Path) -> None:
    other = row() | {"worlds": {"library": WORLD | {"seed": 4}}}
    with pytest.raises(RunError, match="backend-differs"):
        written(tmp_path / "o", other)


def test_tools_that_no_backend_has_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="tool-offers"):
        written(tmp_path / "o", row(extra="fly_to_the_moon"))


def test_no_text_in_a_call_reads_as_another_call(tmp_path: Path) -> None:
    told = as_python(("find_member", {"name": "see pay_fine(1)", "tags": [{"a(": True}, None, 1.5]}))
    assert told.count("(") == 1
    assert eval(told, {"find_member": dict[str, Any]}) == {  # noqa: S307
        "name": "see pay_fine(1)",
        "tags": [{"a(": True}, None, 1.5],
    }


def test_backends_of_one_seed_are_equal_until_one_of_them_is_changed() -> None:
    one, other = library(), library()
    tables = [name for name in vars(one) if not name.startswith("_")]
    assert tables
    assert all(vars(one)[name] == vars(other)[name] for name in tables)
    backend_call(one)
    assert [name for name in tables if vars(one)[name] != vars(other)[name]] == ["members"]


def backend_call(made: Backend) -> None:
    made.register_member(name=f"Nobody {random.Random(1).random()}")  # type: ignore[attr-defined] # pyright: ignore


def test_documents_name_every_tool_in_types_of_the_checker() -> None:
    documents = documents_of(LIBRARY)
    assert {one["name"] for one in documents} == tools_of(LIBRARY)
    text = json.dumps(documents)
    assert not any(word in text for word in ("anyOf", "$ref", '"type": "object"', '"type": "number"', "null"))


def test_the_written_backends_name_the_worlds_of_the_entries(tmp_path: Path) -> None:
    written(tmp_path / "o", row())
    source = (tmp_path / "o" / "backends.py").read_text()
    compile(source, "backends.py", "exec")
    assert "Library = backend('Library', 'toolweave.servers.worlds.library')" in source


def test_a_server_is_a_world_when_it_runs_one_and_nothing_else() -> None:
    def spec(*args: str) -> ServerSpec:
        return ServerSpec(name="my library", command="python", args=["-m", *args])

    assert world_of(spec(LIBRARY, "--seed", "3")) == {"class": "My_library", "module": LIBRARY, "seed": 3}
    assert world_of(spec(LIBRARY, "--verbose")) is None
    assert world_of(spec("somebody.else")) is None


def test_rows_of_a_run_get_the_worlds_of_its_servers(tmp_path: Path) -> None:
    servers = {"mine": {"command": "python", "args": ["-m", LIBRARY]}, "other": {"command": "cat"}}
    (tmp_path / "mcp.json").write_text(json.dumps({"mcpServers": servers}))
    (tmp_path / "settings.json").write_text(json.dumps({"mcp": str(tmp_path / "mcp.json")}))
    (tmp_path / "samples.jsonl").write_text("{}\n")
    assert list(with_worlds(tmp_path)) == [{"worlds": {"mine": {"class": "Mine", "module": LIBRARY, "seed": 7}}}]
