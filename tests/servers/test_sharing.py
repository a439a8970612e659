"""Sharing: only what answers alike, and only until it does not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from toolweave.servers.environment import Environment
from toolweave.servers.errors import ServerError
from toolweave.servers.pool import open_pool
from toolweave.servers.sharing import Reading, SharedServers, open_shared_servers
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.warm import open_warm_starts

pytestmark = pytest.mark.anyio

EMPTY: dict[str, Any] = {"kept": [], "searches": [], "notes": ""}
SUM = {"a": 2, "b": 3}
CHANGED = "its answers to the same calls, or the files in its folder, have changed"


def keeping(mark: object = "") -> ServerSpec:
    args = [str(Path(__file__).with_name("keeping.py"))]
    options = ServerOptions(disposable=True)
    return ServerSpec(name="keeping", command="python", args=args, env={"TOOLWEAVE_TEST": str(mark)}, options=options)


@asynccontextmanager
async def sharing(**calls: Mapping[str, Any]) -> AsyncGenerator[SharedServers]:
    """Shares the server, which is believed to read whenever one of these tools is called."""
    async with (
        open_warm_starts(ahead=()) as starts,
        open_pool(starts, most_spares=0) as pool,
        open_shared_servers(pool, {"keeping": Reading(calls)}) as shared,
    ):
        yield shared


async def call(environment: Environment, name: str, /, **arguments: Any) -> Any:
    tool = next(tool for tool in environment.tools if tool.name == name)
    result = await environment.call(tool, arguments)
    assert result.status == "ok", result
    return result.value


async def test_environments_share_one_process_of_a_server_that_keeps_nothing(
    marked_processes: Callable[[str], list[int]], tmp_path: Path
) -> None:
    mark, spec = f"TOOLWEAVE_TEST={tmp_path}", keeping(tmp_path)
    async with sharing(add=SUM) as shared:
        async with shared.open([spec]) as one:
            before = marked_processes(mark)
            async with shared.open([spec]) as other:
                assert (await call(one, "add", a=1, b=1), await call(other, "add", a=1, b=2)) == (2, 3)
                assert (one.tools, one.failures) == (other.tools, {})
                assert marked_processes(mark) == before
        assert shared.doubts == {}
    assert not marked_processes(mark)


async def test_a_server_that_changes_by_being_read_is_not_shared() -> None:
    async with sharing(count={}) as shared, shared.open([keeping()]) as one, shared.open([keeping()]) as other:
        assert [await call(one, "count"), await call(one, "count"), await call(other, "count")] == [1, 2, 1]
        assert shared.doubts == {"keeping": CHANGED}


async def test_a_server_that_differs_from_start_to_start_is_not_shared() -> None:
    async with sharing(who={}) as shared, shared.open([keeping()]) as one, shared.open([keeping()]) as other:
        assert await call(one, "who") != await call(other, "who")
        assert shared.doubts == {"keeping": "two fresh servers answer the same calls in two ways"}


async def test_a_server_whose_known_calls_fail_is_not_shared() -> None:
    async with sharing(nonsense={}) as shared, shared.open([keeping()]) as one, shared.open([keeping()]) as other:
        assert await call(one, "who") != await call(other, "who")
        assert shared.doubts == {"keeping": "not every call that worked before works now"}


async def test_a_server_of_which_no_call_is_known_is_not_shared() -> None:
    async with sharing() as shared, shared.open([keeping()]) as one, shared.open([keeping()]) as other:
        assert await call(one, "who") != await call(other, "who")
        assert shared.doubts == {"keeping": "not every call that worked before works now"}


async def test_a_call_that_is_not_known_to_read_goes_to_a_server_that_nobody_else_has() -> None:
    async with sharing(show={}, add=SUM) as shared:
        async with shared.open([keeping()]) as one, shared.open([keeping()]) as other:
            assert await call(one, "put", text="mine") == "kept as number 1"
            assert await call(one, "show") == {"kept": ["mine"], "searches": [], "notes": "mine\n"}
            assert await call(other, "show") == EMPTY
            assert await call(other, "put", text="other") == "kept as number 1"
        assert shared.doubts == {}


async def test_every_environment_that_had_a_wrongly_shared_server_fails_and_the_next_one_gets_a_fresh_one() -> None:
    async with sharing(show={}, find={"text": ""}) as shared:
        with pytest.raises(ServerError, match=f"^what was shared as stateless is not: keeping: {CHANGED}$"):
            async with shared.open([keeping()]) as bystander:
                with pytest.raises(ServerError, match=f"^what was shared as stateless is not: keeping: {CHANGED}$"):
                    async with shared.open([keeping()]) as culprit:
                        await call(culprit, "find", text="a secret")
                assert (await call(bystander, "show"))["searches"] == ["a secret"]
        async with shared.open([keeping()]) as later:
            assert await call(later, "show") == EMPTY


async def test_a_file_that_appears_in_the_shared_folder_is_a_change() -> None:
    async with sharing(log={"text": "x"}) as shared, shared.open([keeping()]) as one, shared.open([keeping()]) as other:
        assert shared.doubts == {"keeping": CHANGED}
        assert await call(one, "who") != await call(other, "who")


async def test_an_error_in_the_body_is_not_hidden_by_a_wrongly_shared_server() -> None:
    async with sharing(show={}, find={"text": ""}) as shared:
        with pytest.raises(KeyError, match="mine"):
            async with shared.open([keeping()]) as environment:
                await call(environment, "find", text="a secret")
                raise KeyError("mine")


async def test_servers_that_nobody_named_stay_private_and_in_their_order() -> None:
    first = keeping().model_copy(update={"name": "first"})
    specs = [first, keeping()]
    async with sharing(show={}, add=SUM) as shared, shared.open(specs) as one, shared.open(specs) as other:
        assert list(one.servers) == ["first", "keeping"]
        put = next(tool for tool in one.tools if tool.id == "first/put")
        show = next(tool for tool in other.tools if tool.id == "first/show")
        assert (await one.call(put, {"text": "mine"})).ok
        assert (await other.call(show, {})).value == EMPTY
