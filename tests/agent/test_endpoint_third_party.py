"""The endpoint teacher against a server that nobody here wrote: `llama_cpp.server`, with a model of random weights.

Skipped where there is none. It is built from source in 4 to 10 minutes, best in an environment of its own:

    python -m venv /tmp/llama
    /tmp/llama/bin/pip install 'llama-cpp-python[server]' gguf
    LLAMA_PYTHON=/tmp/llama/bin/python .venv/bin/python -m pytest tests/agent/test_endpoint_third_party.py

What the model says is noise. The contract: noise is either held to the shape of a reply by the server, and then used
where it passes our checks, or it is refused; whatever happens is counted.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolweave.agent.endpoint.options import EndpointOptions, Prices
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.messages import user_message
from toolweave.agent.roles import (
    AdvancedTool,
    Critique,
    CritiqueAsk,
    Happened,
    ProposedCall,
    Query,
    QueryAsk,
    Reply,
    Step,
    StepAsk,
    Style,
    ToolingAsk,
    UserAsk,
    UserValue,
    Value,
    ValueAsk,
)
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

PYTHON = os.environ.get("LLAMA_PYTHON", sys.executable)
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        sys.executable == PYTHON and importlib.util.find_spec("llama_cpp") is None,
        reason="llama-cpp-python is not installed; see the top of the file",
    ),
]
FIND = Tool("shop", "find_shop", "Find a shop by city.", {"type": "object", "properties": {"city": {}}})
ADVANCED = AdvancedTool(name="visit", description="Books a visit in a city.", output="a confirmed visit")
STYLE = Style("a florist", "plain", "goal")
CALLS = (Happened("call_1", FIND, {"city": "Ghent"}, "S-1", "S-1"),)
CITY = UserValue("call_1", FIND, "/city", {"type": "string"}, "Ghent")
ASKED = (user_message("Find me a shop."),)
STEP = Step(reasoning="I am done.", answer="Done.")
SLIP = ProposedCall(name="find_shop", arguments={"city": "my town"})
ANY = ValueAsk(FIND, "/city", {}, 3)


def step_ask(text: str, slip: ProposedCall | None = None) -> StepAsk:
    return StepAsk((user_message(text),), (FIND,), {FIND.id: FIND.name}, ADVANCED, (), 3, slip)


ASKS: list[tuple[type[Reply], Callable[[EndpointTeacher], Awaitable[Reply]]]] = [
    (AdvancedTool, lambda t: t.tooling(ToolingAsk(CALLS, (CITY,), 3))),
    (Query, lambda t: t.query(QueryAsk(ADVANCED, CALLS, (CITY,), (), (), STYLE, ("find_shop",), 3))),
    (Query, lambda t: t.user(UserAsk("insist", ADVANCED, (), ASKED, STYLE, (), 3))),
    (Step, lambda t: t.step(step_ask("Find me a shop."))),
    (Critique, lambda t: t.critique(CritiqueAsk("stopped_early", STEP, None, None, CALLS, ASKED, 3))),
    (Value, lambda t: t.value(ANY)),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the tiny model, ready to answer."""
    model = tmp_path_factory.mktemp("llama") / "tiny.gguf"
    subprocess.run([PYTHON, str(Path(__file__).with_name("tiny_model.py")), str(model)], check=True, timeout=60)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [PYTHON, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port), "--n_ctx", "16384"]
    with subprocess.Popen([*command, "--host", "127.0.0.1", "--verbose", "False"]) as server:
        try:
            _wait_for(port, server)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


def teacher_of(url: str, **options: Any) -> EndpointTeacher:
    return EndpointTeacher("tiny", url, options=EndpointOptions(max_tokens=600, max_replies=8, **options))


async def test_the_server_refuses_what_it_does_not_know_and_is_then_held_to_the_schema(url: str) -> None:
    async with teacher_of(url) as teacher:
        assert isinstance(await teacher.value(ANY), Value)
        assert teacher.json_mode == "schema_object"


@pytest.mark.parametrize(("kind", "ask"), ASKS)
async def test_every_role_gets_a_reply_of_its_shape(
    url: str, kind: type[Reply], ask: Callable[[EndpointTeacher], Awaitable[Reply]]
) -> None:
    async with teacher_of(url) as teacher:
        assert type(await ask(teacher)) is kind


async def test_what_has_the_shape_but_not_the_meaning_is_refused(url: str) -> None:
    async with teacher_of(url) as teacher:
        with pytest.raises(TeacherError, match="no usable step reply in 8 attempts"):
            await teacher.step(step_ask("Find me a shop.", SLIP))
        with pytest.raises(TeacherError, match="no usable user reply in 8 attempts"):
            await teacher.user(UserAsk("tell", ADVANCED, (CITY,), ASKED, STYLE, (), 3))


async def test_every_request_and_token_is_counted(url: str) -> None:
    async with teacher_of(url, prices=Prices(1.0, 2.0)) as teacher:
        await teacher.value(ANY)
        usage = teacher.usage()["value"]
    assert usage["requests"] == 1 + (usage["retries"] or 0)
    assert (usage["prompt_tokens"] or 0) > 500
    assert (usage["completion_tokens"] or 0) > 0


async def test_a_conversation_that_is_too_long_fails_and_costs_no_dialect(url: str) -> None:
    async with teacher_of(url) as teacher:
        await teacher.value(ANY)
        with pytest.raises(TeacherError, match="maximum context length is 16384 tokens"):
            await teacher.step(step_ask("word " * 8_000))
        assert teacher.json_mode == "schema_object"
        assert isinstance(await teacher.value(ANY), Value)


async def test_asks_at_the_same_time_are_all_answered(url: str) -> None:
    answered: list[Value] = []

    async def ask(teacher: EndpointTeacher) -> None:
        answered.append(await teacher.value(ANY))

    async with teacher_of(url) as teacher, anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(ask, teacher)
    assert len(answered) == 6
