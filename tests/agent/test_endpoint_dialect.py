from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from toolweave.agent.endpoint.dialect import Dialect
from toolweave.agent.endpoint.failures import Failure
from toolweave.agent.endpoint.options import EndpointOptions
from toolweave.agent.endpoint.teacher import EndpointTeacher
from toolweave.agent.roles import Value, ValueAsk
from toolweave.servers.errors import TeacherError
from toolweave.servers.tools import Tool

if TYPE_CHECKING:
    from tests.agent.conftest import Pauses, ScriptedEndpoint

    MakeTeacher = Callable[..., EndpointTeacher]

pytestmark = pytest.mark.anyio
ASK = ValueAsk(Tool("shop", "find_shop", "Find a shop."), "/city", {"type": "string"}, 7)
GHENT = Value(value="Ghent")


def formats(endpoint: ScriptedEndpoint) -> list[str]:
    """How each request asked for JSON."""
    return [_format(request.get("response_format")) for request in endpoint.requests]


def _format(response_format: dict[str, Any] | None) -> str:
    if response_format is None:
        return "prompt"
    return "schema_object" if "schema" in response_format else str(response_format["type"])


async def test_a_schema_is_asked_for_first(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        assert await teacher.check() == "json_schema"
    assert endpoint.requests[0]["response_format"]["json_schema"] == {
        "name": "Value",
        "strict": False,
        "schema": {
            "additionalProperties": False,
            "description": "A plausible value; `None` when nothing sensible can be said.",
            "properties": {"value": {}},
            "required": ["value"],
            "type": "object",
        },
    }


@pytest.mark.parametrize(
    ("accepted", "tried"),
    [
        ("schema_object", ["json_schema", "schema_object"]),
        ("json_object", ["json_schema", "schema_object", "json_object"]),
        ("prompt", ["json_schema", "schema_object", "json_object", "prompt"]),
    ],
)
@pytest.mark.parametrize("status", [400, 422, 500])
async def test_what_the_endpoint_rejects_is_never_sent_again(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, pauses: Pauses, accepted: str, tried: list[str], status: int
) -> None:
    for _ in tried[1:]:
        endpoint.fails(status, "body.response_format.type: unexpected value")
    for _ in range(3):
        endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        assert [await teacher.value(ASK) for _ in range(3)] == [GHENT] * 3
        assert teacher.json_mode == accepted
    assert formats(endpoint) == [*tried, accepted, accepted]
    assert pauses.taken == []


async def test_a_bare_400_on_first_use_is_taken_for_a_rejection(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.fails(400, "bad request")
    endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        assert await teacher.value(ASK) == GHENT
    assert formats(endpoint) == ["json_schema", "schema_object"]


async def test_a_bare_500_on_first_use_is_repeated_once_before_a_plainer_request(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.fails(500, "oops")
    endpoint.fails(500, "oops")
    endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        assert await teacher.value(ASK) == GHENT
    assert formats(endpoint) == ["json_schema", "json_schema", "schema_object"]


async def test_a_later_error_of_another_kind_does_not_cost_the_schema(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.says({"value": "Ghent"})
    endpoint.fails(400, "maximum context length is 8192 tokens")
    endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        await teacher.value(ASK)
        with pytest.raises(TeacherError, match="maximum context length"):
            await teacher.value(ASK)
        await teacher.value(ASK)
    assert formats(endpoint) == ["json_schema"] * 3


def test_a_mode_that_was_given_up_too_early_is_taken_up_again() -> None:
    dialect = Dialect(EndpointOptions())
    first = dialect.offer
    assert dialect.step_down(first, Failure("500: oops", 500))
    dialect.confirm(first)
    assert (dialect.offer, dialect.proven) == (first, True)


async def test_nothing_is_learned_from_a_request_that_fails_in_every_mode(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    for _ in range(4):
        endpoint.fails(400, "maximum context length is 8192 tokens")
    endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        with pytest.raises(TeacherError, match="maximum context length"):
            await teacher.value(ASK)
        await teacher.value(ASK)
        assert teacher.json_mode == "json_schema"


@pytest.mark.parametrize("field", ["seed", "temperature"])
async def test_a_field_that_the_endpoint_does_not_know_is_left_out(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher, field: str
) -> None:
    endpoint.fails(422, "Extra inputs are not permitted", param=field)
    endpoint.says({"value": "Ghent"})
    endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        assert [await teacher.value(ASK), await teacher.value(ASK)] == [GHENT, GHENT]
    assert [field in request for request in endpoint.requests] == [True, False, False]
    assert formats(endpoint) == ["json_schema"] * 3


async def test_the_newer_name_of_the_token_limit_is_used_where_the_older_is_rejected(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.fails(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    endpoint.says({"value": "Ghent"})
    async with make_teacher(max_tokens=99) as teacher:
        await teacher.value(ASK)
    assert [(r.get("max_tokens"), r.get("max_completion_tokens")) for r in endpoint.requests] == [
        (99, None),
        (None, 99),
    ]


async def test_a_mode_that_the_user_fixed_is_kept(endpoint: ScriptedEndpoint, make_teacher: MakeTeacher) -> None:
    endpoint.fails(400, "response_format is not supported")
    async with make_teacher(json_mode="json_object") as teacher:
        with pytest.raises(TeacherError, match="response_format is not supported"):
            await teacher.value(ASK)
    assert formats(endpoint) == ["json_object"]


async def test_an_empty_reply_to_a_schema_is_asked_for_without_one(
    endpoint: ScriptedEndpoint, make_teacher: MakeTeacher
) -> None:
    endpoint.says("")
    endpoint.says({"value": "Ghent"})
    endpoint.says({"value": "Ghent"})
    async with make_teacher() as teacher:
        assert [await teacher.value(ASK), await teacher.value(ASK)] == [GHENT, GHENT]
    assert formats(endpoint) == ["json_schema", "prompt", "json_schema"]
