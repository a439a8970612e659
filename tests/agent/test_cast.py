"""Roles given to other models: each is asked for what it plays, and the samples say so."""

from __future__ import annotations

import pytest

from toolweave.agent.cast import ROLES, Cast
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.roles import Model, Value, ValueAsk
from toolweave.pipeline.settings import read_roles
from toolweave.pipeline.teachers import open_teacher
from toolweave.servers.errors import ConfigError
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio

ASK = ValueAsk(Tool("s", "find"), "/name", {"type": "string"}, 1)


class Namer(OfflineTeacher):
    @property
    def name(self) -> str:
        return "namer"

    async def value(self, ask: ValueAsk) -> Value:
        return Value(value="Ada Voss")


async def test_a_role_is_played_by_whoever_was_given_it_and_all_others_by_the_lead() -> None:
    cast = Cast(OfflineTeacher(), {"value": Namer()})
    assert (await cast.value(ASK)).value == "Ada Voss"
    other = Cast(Namer(), {"value": OfflineTeacher()})
    assert (await other.value(ASK)) == await OfflineTeacher().value(ASK)
    assert (await Cast(Namer(), {"query": OfflineTeacher()}).value(ASK)).value == "Ada Voss"
    assert (cast.name, other.name) == ("offline (value: namer)", "namer (value: offline)")


def test_every_role_of_a_model_can_be_given_away() -> None:
    assert set(ROLES) == {name for name in vars(Model) if not name.startswith("_")} - {"name"}


async def test_who_plays_what_stands_in_the_manifest() -> None:
    async with open_teacher("offline", None, roles={"query": "offline"}) as teacher:
        assert teacher.facts() == {"name": "offline", "roles": {"query": "offline"}}
    async with open_teacher("offline", None) as teacher:
        assert teacher.facts() == {"name": "offline"} and teacher.model.name == "offline"


@pytest.mark.parametrize("text", ["query", "quary=x", "query="])
def test_a_role_that_is_none_is_refused_in_one_line(text: str) -> None:
    assert read_roles(["query=big", "step=small"]) == {"query": "big", "step": "small"}
    with pytest.raises(ConfigError, match="roles are tooling, query"):
        read_roles([text])
