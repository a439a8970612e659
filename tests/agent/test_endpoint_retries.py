from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
import pytest

from toolweave.agent.endpoint.options import EndpointOptions, Prices
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.roles import Value, ValueAsk
from toolweave.servers.errors import ConfigError, EndpointUnusable, TeacherError
from toolweave.servers.tools import Tool

if TYPE_CHECKING:
    from tests.agent.conftest import Pauses, ScriptedEndpoint

    MakeTeacher = Callable[..., EndpointTeacher]

pytestmark = pytest.mark.anyio
ASK = ValueAsk(Tool("shop", "find_shop", "Find a shop by city."), "/city", {"type": "string"}, 7)


async def ask(teacher: EndpointTeacher) -> Value:
    with anyio.fail_after(15):
        async with teacher:
            return await teacher.value(ASK)


async def test_a_good_reply_is_returned_and_counted(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.says({"value": "Ghent"})
    teacher = make_teacher(prices=Prices(1.0, 2.0))
    assert await ask(teacher) == Value(value="Ghent")
    assert teacher.usage()["value"] == {
        "requests": 1,
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "retries": 0,
        "failures": 0,
        "unmetered": 0,
        "cost": 0.00002,
    }
    assert teacher.usage()["query"]["requests"] == 0


async def test_cost_is_unknown_without_prices_and_without_reported_tokens(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.sends('{"choices": [{"message": {"content": "{\\"value\\": \\"Ghent\\"}"}}]}')
    teacher = make_teacher(prices=Prices(1.0, 2.0))
    await ask(teacher)
    assert (teacher.usage()["value"]["cost"], teacher.usage()["value"]["unmetered"]) == (None, 1)
    assert make_teacher().usage()["value"]["cost"] is None


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_a_busy_or_broken_endpoint_is_asked_again_after_growing_pauses(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses, status: int
) -> None:
    for _ in range(3):
        endpoint.fails(status)
    endpoint.says({"value": "Ghent"})
    teacher = make_teacher(json_mode="prompt")
    assert await ask(teacher) == Value(value="Ghent")
    assert [low <= pause <= 2 * low for low, pause in zip((0.25, 0.5, 1.0), pauses.taken, strict=True)] == [True] * 3
    assert (teacher.usage()["value"]["requests"], teacher.usage()["value"]["retries"]) == (4, 3)


async def test_pauses_are_drawn_by_seed(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses) -> None:
    for _ in range(2):
        endpoint.fails(503)
        endpoint.says({"value": "Ghent"})
        await ask(make_teacher(seed=5))
    assert pauses.taken[0] == pauses.taken[1]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Date": "Fri, 20 Nov 2026 10:00:00 GMT", "Retry-After": "Fri, 20 Nov 2026 10:00:09 GMT"}, 9.0),
        ({"Retry-After": "Fri, 15 Jan 2027 08:00:05 GMT"}, 5.0),
    ],
)
async def test_the_pause_that_the_endpoint_names_is_kept(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses, headers: dict[str, str], pause: float
) -> None:
    endpoint.fails(429, "slow down", headers)
    endpoint.says({"value": "Ghent"})
    await ask(make_teacher())
    assert pauses.taken == [pause]


@pytest.mark.parametrize("header", ["soon", "-5", "inf", "nan", ""])
async def test_a_senseless_retry_after_is_ignored(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses, header: str
) -> None:
    endpoint.fails(429, "slow down", {"Retry-After": header})
    endpoint.says({"value": "Ghent"})
    await ask(make_teacher())
    assert 0.25 <= pauses.taken[0] <= 0.5


async def test_all_requests_wait_when_one_was_told_to(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses
) -> None:
    endpoint.fails(429, "slow down", {"Retry-After": "30"})
    for _ in range(3):
        endpoint.says({"value": "Ghent"})
    async with make_teacher(max_in_flight=1) as teacher, anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(teacher.value, ASK)
    assert pauses.taken == [30.0]


async def test_a_pause_beyond_the_deadline_is_not_waited_for(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses
) -> None:
    endpoint.fails(429, "come back tomorrow", {"Retry-After": "86400"})
    with pytest.raises(TeacherError, match=r"not ready within 600 s \(429: come back tomorrow\)"):
        await ask(make_teacher())
    assert pauses.taken == []


async def test_attempts_are_bounded(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    for _ in range(9):
        endpoint.fails(503)
    teacher = make_teacher(max_attempts=4)
    with pytest.raises(TeacherError, match="keeps failing"):
        await ask(teacher)
    assert len(endpoint.requests) == 4
    assert teacher.usage()["value"]["failures"] == 1


async def test_a_slow_reply_is_given_up_and_asked_for_again(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.hangs()
    endpoint.says({"value": "Ghent"})
    teacher = make_teacher(timeout=0.3)
    assert await ask(teacher) == Value(value="Ghent")
    assert teacher.usage()["value"]["unmetered"] == 1


async def test_an_endpoint_that_is_not_there_is_named(pauses: Pauses) -> None:
    teacher = EndpointTeacher(
        "small", "http://127.0.0.1:9/v1", None, EndpointOptions(max_attempts=3), None, pauses.clock()
    )
    with pytest.raises(TeacherError, match=r"no reply from small at http://127\.0\.0\.1:9/v1: is it running"):
        await ask(teacher)
    assert len(pauses.taken) == 2


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "OPENAI_API_KEY"), (402, "credit"), (403, "rights"), (404, "--model and --base-url")]
)
async def test_a_refusal_that_will_not_change_ends_at_once_and_says_what_to_do(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses, status: int, advice: str
) -> None:
    endpoint.fails(status, "no\nway")
    with pytest.raises(EndpointUnusable, match=advice) as caught:
        await ask(make_teacher())
    assert "\n" not in str(caught.value)
    assert (len(endpoint.requests), pauses.taken) == (1, [])


async def test_an_empty_account_is_not_a_busy_endpoint(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.fails(429, "You exceeded your quota", code="insufficient_quota")
    with pytest.raises(EndpointUnusable, match="no credit left"):
        await ask(make_teacher())


async def test_the_key_is_sent_but_never_told(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.fails(401, "Incorrect key: secret-4711")
    teacher = make_teacher(api_key="secret-4711")
    with pytest.raises(TeacherError) as caught:
        await ask(teacher)
    assert endpoint.headers[0]["authorization"] == "Bearer secret-4711"
    assert "secret-4711" not in f"{caught.value!r} {teacher!r} {teacher.usage()}"


async def test_no_key_is_sent_where_there_is_none(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.says({"value": "Ghent"})
    await ask(make_teacher())
    assert "authorization" not in endpoint.headers[0]


async def test_url_and_key_come_from_the_environment(
    endpoint: ScriptedEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", endpoint.url)
    monkeypatch.setenv("OPENAI_API_KEY", " from-the-shell\n")
    endpoint.says({"value": "Ghent"})
    await ask(EndpointTeacher("small"))
    assert endpoint.headers[0]["authorization"] == "Bearer from-the-shell"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host/v1", "http://", "http://host:port/v1", "http://[::1/v1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--base-url"):
        EndpointTeacher("small", url)


def test_openai_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        EndpointTeacher("small")


@pytest.mark.parametrize("options", [{"max_attempts": 0}, {"timeout": 0}, {"max_replies": 0}])
def test_limits_that_allow_nothing_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        EndpointOptions(**options)  # type: ignore[arg-type]


async def test_requests_in_flight_are_limited(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.hangs()
    endpoint.hangs()
    async with make_teacher(max_in_flight=2, max_attempts=1) as teacher:
        with anyio.move_on_after(0.3):
            async with anyio.create_task_group() as group:
                for _ in range(5):
                    group.start_soon(teacher.value, ASK)
    assert len(endpoint.requests) == 2
