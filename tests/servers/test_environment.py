"""Environments over servers that behave, and over servers that do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.servers.environment import Environment, open_environment
from toolweave.servers.errors import ServerError
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio

MakeSpec = Callable[..., ServerSpec]
FindTool = Callable[[Environment, str], Tool]


def outcome(result: CallResult) -> tuple[str, str, Any]:
    return (result.status, result.text, result.value)


async def test_a_server_is_listed_called_and_closed(misbehaving: MakeSpec, find_tool: FindTool) -> None:
    async with open_environment([misbehaving()]) as environment:
        info = environment.servers["odd"]
        assert (info.software, info.version, info.protocol) == ("misbehaving", "1", "2025-06-18")
        result = await environment.call(find_tool(environment, "echo"), {"text": "ä", "none": None})
        assert outcome(result) == ("ok", '{"text": "\\u00e4", "none": null}', {"text": "ä", "none": None})
        assert result.seconds >= 0


async def test_equal_servers_on_two_environments_have_equal_digests(misbehaving: MakeSpec) -> None:
    digests: list[str] = []
    for _ in range(2):
        async with open_environment([misbehaving()]) as environment:
            digests.append(environment.servers["odd"].digest)
    assert digests[0] == digests[1]


@pytest.mark.parametrize("mode", ["noise", "banner", "sloppy_greeting", "modern_only", "chatty_stderr"])
async def test_a_sloppy_server_is_usable(mode: str, misbehaving: MakeSpec, find_tool: FindTool) -> None:
    async with open_environment([misbehaving(mode)]) as environment:
        assert environment.failures == {}
        result = await environment.call(find_tool(environment, "echo"), {"text": "hello"})
        assert result.value == {"text": "hello"}


async def test_a_server_that_fails_to_start_is_named_and_the_rest_goes_on(misbehaving: MakeSpec) -> None:
    specs = [
        misbehaving(),
        misbehaving("dies_at_start", "dying"),
        misbehaving("hangs_at_start", "hanging", start_timeout=0.4),
        ServerSpec(name="missing", command="no-such-command"),
        ServerSpec(name="astray", command="python", cwd="/no/such/folder"),
    ]
    async with open_environment(specs) as environment:
        assert list(environment.servers) == ["odd"]
        assert list(environment.failures) == ["dying", "hanging", "missing", "astray"]
        assert environment.failures["dying"] == (
            "it ended with code 1 before it was ready; last words on stderr: a setting is missing | the door is locked"
        )
        assert environment.failures["hanging"] == "it did not answer within 0.4 seconds"
        assert environment.failures["missing"].startswith("the command 'no-such-command' was not found in ")
        assert "/no/such/folder" in environment.failures["astray"]
        gone = Tool(server="dying", name="echo")
        assert (await environment.call(gone, {})).status == "lost"


async def test_one_failing_server_fails_all_when_strict(misbehaving: MakeSpec) -> None:
    with pytest.raises(ServerError, match='server "dying": it ended with code 1'):
        async with open_environment([misbehaving(), misbehaving("dies_at_start", "dying")], strict=True):
            raise AssertionError("must not open")


async def test_an_error_in_the_body_leaves_as_it_is(misbehaving: MakeSpec) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with open_environment([misbehaving()]):
            raise KeyError("mine")


async def test_all_pages_of_the_listing_are_walked(misbehaving: MakeSpec) -> None:
    async with open_environment([misbehaving("paged")]) as environment:
        assert [tool.name for tool in environment.tools] == [f"page_{n}_{x}" for n in range(5) for x in "ab"]


@pytest.mark.parametrize("mode", ["looping_cursor", "endless_cursor"])
async def test_a_listing_that_never_ends_is_a_failure(mode: str, misbehaving: MakeSpec) -> None:
    async with open_environment([misbehaving(mode)]) as environment:
        assert environment.failures["odd"].startswith("its list of tools never ends")


async def test_malformed_tools_are_skipped_with_a_reason(misbehaving: MakeSpec) -> None:
    async with open_environment([misbehaving("malformed_tools")]) as environment:
        info = environment.servers["odd"]
        assert [tool.name for tool in info.tools] == ["echo", "empty_schema", "odd_hints", "broken_output"]
        assert info.skipped == {
            "tool 2": "it is not an object",
            "no_schema": "its inputSchema is not an object",
            "wrong_type": "its inputSchema has the type 'array', not 'object'",
            "broken_schema": "its inputSchema cannot be used: 'strin' is not valid under any of the given schemas",
            "background": "it can only be run as a background task",
            "echo": "a second tool has this name; the first one is used",
            "deep": "its inputSchema cannot be used: it is nested too deeply",
            "bottomless": "it is nested too deeply",
        }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bad_bytes", ("ok", "caf\ufffd ?", "caf\ufffd ?")),
        ("batch", ("ok", "from a batch", "from a batch")),
        ("late_line", ("ok", "done", "done")),
        ("nan", ("ok", "see", {"a": None, "b": [None, 1]})),
        ("no_content", ("broken", '{"something":"else"}', {"something": "else"})),
        ("rpc_error", ("tool_error", "Unknown colour.", "Unknown colour.")),
        ("breaks_schema", ("broken", "three", {"count": "three"})),
        ("keeps_schema_in_text", ("ok", '{"count": 3}', {"count": 3})),
    ],
)
async def test_odd_replies_become_results(
    name: str, expected: tuple[str, str, Any], misbehaving: MakeSpec, find_tool: FindTool
) -> None:
    async with open_environment([misbehaving()]) as environment:
        assert outcome(await environment.call(find_tool(environment, name), {})) == expected
        assert (await environment.call(find_tool(environment, "echo"), {})).ok


async def test_blocks_that_are_not_text_become_placeholders(misbehaving: MakeSpec, find_tool: FindTool) -> None:
    async with open_environment([misbehaving()]) as environment:
        result = await environment.call(find_tool(environment, "odd_blocks"), {})
    assert result.text == "[image image/png]\n[resource_link file:///x]\ninside\n[from_the_future]"


async def test_a_large_reply_is_read_and_a_huge_one_costs_only_its_call(
    misbehaving: MakeSpec, find_tool: FindTool
) -> None:
    async with open_environment([misbehaving()]) as environment:
        large = await environment.call(find_tool(environment, "large"), {})
        huge = await environment.call(find_tool(environment, "too_large"), {})
        after = await environment.call(find_tool(environment, "echo"), {"text": "still here"})
    assert (large.status, len(large.text)) == ("ok", 8 << 20)
    assert outcome(huge)[:2] == ("broken", f"the reply is larger than {16 << 20} bytes")
    assert after.value == {"text": "still here"}


async def test_a_server_that_dies_in_mid_call_loses_every_call_but_not_the_run(
    misbehaving: MakeSpec, find_tool: FindTool
) -> None:
    async with open_environment([misbehaving(), misbehaving(name="other")]) as environment:
        lost = await environment.call(find_tool(environment, "die"), {})
        later = await environment.call(find_tool(environment, "echo"), {})
        other = next(tool for tool in environment.servers["other"].tools if tool.name == "echo")
        assert (lost.status, later.status) == ("lost", "lost")
        assert (await environment.call(other, {})).ok


async def test_a_dead_server_is_noticed_while_a_grandchild_holds_its_stdout(
    misbehaving: MakeSpec, find_tool: FindTool, marked_processes: Callable[[str], list[int]], tmp_path: Path
) -> None:
    mark = f"TOOLWEAVE_TEST={tmp_path}"
    spec = misbehaving("grandchild_holds_stdout", env={"TOOLWEAVE_TEST": str(tmp_path)}, call_timeout=20)
    with anyio.fail_after(8):
        async with open_environment([spec]) as environment:
            assert (await environment.call(find_tool(environment, "die"), {})).status == "lost"
            assert len(marked_processes(mark)) == 1
    assert marked_processes(mark) == []


@pytest.mark.parametrize("mode", ["ignores_sigterm", "stubborn_grandchild"])
async def test_closing_leaves_no_process(
    mode: str, misbehaving: MakeSpec, marked_processes: Callable[[str], list[int]], tmp_path: Path
) -> None:
    async with open_environment([misbehaving(mode, env={"TOOLWEAVE_TEST": str(tmp_path)})]):
        assert marked_processes(f"TOOLWEAVE_TEST={tmp_path}")
    assert marked_processes(f"TOOLWEAVE_TEST={tmp_path}") == []


async def test_a_cancelled_environment_leaves_no_process(
    misbehaving: MakeSpec, marked_processes: Callable[[str], list[int]], tmp_path: Path
) -> None:
    with anyio.move_on_after(0.5) as scope:
        async with open_environment([misbehaving(env={"TOOLWEAVE_TEST": str(tmp_path)})]):
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert marked_processes(f"TOOLWEAVE_TEST={tmp_path}") == []


async def test_a_server_that_does_not_answer_or_read_blocks_nobody_for_long(
    misbehaving: MakeSpec, find_tool: FindTool
) -> None:
    async with open_environment([misbehaving(call_timeout=0.2)]) as environment:
        silent = await environment.call(find_tool(environment, "sleep"), {})
        with anyio.fail_after(8):
            deaf = await environment.call(find_tool(environment, "echo"), {"text": "x" * (1 << 20)})
    assert outcome(silent)[:2] == ("timeout", "The server 'odd' gave no answer within 0.2 seconds.")
    assert deaf.status == "timeout"


@pytest.mark.parametrize("depth", [150, 400, 50_000])
async def test_a_deep_reply_is_read_or_broken_at_once(depth: int, misbehaving: MakeSpec, find_tool: FindTool) -> None:
    async with open_environment([misbehaving()]) as environment:
        result = await environment.call(find_tool(environment, "deep"), {"depth": depth})
        assert result.status == ("ok" if depth < 200 else "broken")
        assert (await environment.call(find_tool(environment, "not_json"), {})).status == "broken"


async def test_calls_run_at_the_same_time(misbehaving: MakeSpec, find_tool: FindTool) -> None:
    seen: list[Any] = []
    async with open_environment([misbehaving()]) as environment, anyio.create_task_group() as tasks:

        async def call(number: int) -> None:
            seen.append((await environment.call(find_tool(environment, "echo"), {"n": number})).value["n"])

        for number in range(50):
            tasks.start_soon(call, number)
    assert sorted(seen) == list(range(50))


async def test_a_tool_that_policy_forbids_is_not_called(misbehaving: MakeSpec, find_tool: FindTool) -> None:
    async with open_environment([misbehaving(deny=["d*"])]) as environment:
        assert (await environment.call(find_tool(environment, "die"), {})).status == "refused"
        assert (await environment.call(find_tool(environment, "echo"), {})).ok
        assert (await environment.call(Tool(server="odd", name="invented"), {})).status == "refused"


async def test_the_workspace_has_one_stable_name_on_both_ways(misbehaving: MakeSpec, find_tool: FindTool) -> None:
    async with open_environment([misbehaving()]) as environment:
        where = find_tool(environment, "where")
        result = await environment.call(where, {"text": "/workspace/a.txt", "deep": [{"url": "file:///workspace/b"}]})
        given = {"text": "/workspace/a.txt", "deep": [{"url": "file:///workspace/b"}]}
        assert outcome(result) == ("ok", "In /workspace.", {"cwd": "/workspace", "given": given, "/workspace": 1})


async def test_a_kept_workspace_holds_what_servers_wrote(tmp_path: Path) -> None:
    write = "import sys,pathlib; pathlib.Path('made.txt').write_text(sys.argv[1])"
    options = ServerOptions(prepare=[["python", "-I", "-S", "-c", write, "${WORKSPACE}"]])
    spec = ServerSpec(name="a/b", command="python", args=["-c", ""], options=options)
    async with open_environment([spec], keep_workspace=tmp_path):
        pass
    assert (tmp_path / "a_b" / "made.txt").read_text() == str(tmp_path / "a_b")


async def test_a_failing_preparation_is_a_failure_of_that_server(misbehaving: MakeSpec) -> None:
    step = ["python", "-c", "import sys; sys.exit('no seed')"]
    async with open_environment([misbehaving(prepare=[step])]) as environment:
        assert environment.failures["odd"].endswith("failed with code 1: no seed")


async def test_servers_get_a_small_environment_and_their_own_variables(
    misbehaving: MakeSpec, find_tool: FindTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "x")
    spec = misbehaving(env={"PORT": "8080", "DATA": "${WORKSPACE}/data"})
    async with open_environment([spec]) as environment:
        seen = json.loads((await environment.call(find_tool(environment, "env"), {})).text)
    assert "SECRET_OF_THE_USER" not in seen
    assert (seen["PORT"], seen["DATA"]) == ("8080", "/workspace/data")


async def test_a_secret_that_a_tool_echoes_is_covered(misbehaving: MakeSpec, find_tool: FindTool) -> None:
    spec = misbehaving(env={"API_TOKEN": "Bearer abcdefgh", "PLACE": "abcdefghi"})
    async with open_environment([spec]) as environment:
        result = await environment.call(find_tool(environment, "env"), {})
    assert (result.value["API_TOKEN"], result.value["PLACE"]) == ("[secret]", "[secret]")
