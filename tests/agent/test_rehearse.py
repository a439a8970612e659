"""Rehearsing plans on a real server: going back, fresh starts, other plans, and what is left when none works."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from toolweave.agent.arguments import ValueBook
from toolweave.agent.fill import Voice
from toolweave.agent.memory import Attempt, Memory
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.rehearse import Lost, NotRehearsed, Rehearsal, Rehearsed, Replan
from toolweave.graph.model import Edge, ToolFacts, ToolGraph
from toolweave.graph.plan import FromCall, PlannedCall, Supplied, TrajectoryPlan, TurnPlan
from toolweave.pipeline.environments import Environments, warm_environments
from toolweave.servers.environment import Environment
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool

pytestmark = pytest.mark.anyio

SERVER = '''
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("rooms", version="1")
rooms = {
    f"R-{number}": {"room": f"R-{number}", "name": f"Room {number}", "state": state}
    for number, state in enumerate(["let", "let", "let", "let", "let", "let", "free"], 1)
}
keys, booked = {"R-7": "K-70", "R-2": "K-20"}, []

@server.tool(structured_output=False)
def list_rooms() -> list[dict[str, str]]:
    """List the rooms."""
    return list(rooms.values())

@server.tool()
def show_room(room: str) -> dict[str, str]:
    """Show a room."""
    return rooms[room] | ({"key": keys[room]} if room in keys else {})

@server.tool()
def let_room(room: str) -> dict[str, str]:
    """Let a room."""
    if rooms[room]["state"] != "free":
        raise ToolError(f"Room {room} is not free.")
    rooms[room]["state"] = "let"
    return {"lease": f"L-{room}"}

@server.tool()
def hand_out(key: str) -> dict[str, str]:
    """Hand out a key."""
    return {"given": key}

@server.tool()
def book_hall(day: str) -> dict[str, str]:
    """Book the hall."""
    if booked:
        raise ToolError("The hall is booked.")
    booked.append(day)
    return {"hall": day}

@server.tool()
def light_hall(hall: str) -> dict[str, str]:
    """Light the hall."""
    if hall != "Sunday":
        raise ToolError(f"There is no light on {hall}.")
    return {"lit": hall}

server.run("stdio")
'''
WRITES = ("let_room", "hand_out", "book_hall")


@dataclass
class Stage:
    """A server that can be started anew, and what happened on it."""

    spec: ServerSpec
    tools: dict[str, Tool] = field(default_factory=dict[str, Tool])
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    starts: int = 0

    async def rehearse(self, *turns: TurnPlan, replan: Replan | None = None, calls: int = 40) -> Rehearsed:
        async with warm_environments() as open_fresh:
            async with open_fresh([self.spec]) as environment:
                self.tools = {tool.id: tool for tool in environment.tools}
            return await self._rehearsal(open_fresh, replan, calls).run(TrajectoryPlan(0, 1, turns))

    def _rehearsal(self, open_fresh: Environments, replan: Replan | None, calls: int) -> Rehearsal:
        def opened(names: Sequence[str]) -> AbstractAsyncContextManager[Environment]:
            assert names == ["s"]
            self.starts += 1
            return open_fresh([self.spec])

        facts = {name: ToolFacts(access="writes" if name[2:] in WRITES else "reads") for name in self.tools}
        edges = (Edge("s/list_rooms", "[].room", "s/show_room", "room", "data", 0.9),)
        voice = Voice(ValueBook({"s": self.spec}, facts, self.tools), OfflineTeacher(), 1)
        graph = ToolGraph(self.tools, edges, facts)
        rehearsal = Rehearsal(opened, graph, voice, Memory(), calls, on_attempt=self.attempts.append)
        rehearsal.replan = replan or rehearsal.replan
        return rehearsal

    def called(self, name: str) -> list[dict[str, Any]]:
        return [attempt.arguments for attempt in self.attempts if attempt.tool == f"s/{name}"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    script = tmp_path / "rooms.py"
    script.write_text(SERVER)
    values = {"day": ["Friday", "Saturday", "Sunday"], "hall": ["Friday"]}
    options = ServerOptions.model_validate({"disposable": True, "values": values})
    return Stage(ServerSpec(name="s", command=sys.executable, args=[str(script)], options=options, folder=tmp_path))


def call(step: int, tool: str, **sources: FromCall | Supplied) -> PlannedCall:
    after = frozenset(source.step for source in sources.values() if isinstance(source, FromCall))
    return PlannedCall(step, f"s/{tool}", dict(sources), "data", after)


def turn(*calls: PlannedCall) -> TurnPlan:
    return TurnPlan(calls[-1].tool, calls)


LISTING = call(0, "list_rooms")
SHOWING = call(1, "show_room", room=FromCall(0, "[].room"))


def made(rehearsed: Rehearsed) -> list[tuple[str, dict[str, Any]]]:
    return [(one.tool.name, one.arguments) for one in rehearsed.trace.calls]


async def test_a_look_up_that_lacks_what_is_needed_is_made_about_another_row(stage: Stage) -> None:
    rehearsed = await stage.rehearse(turn(LISTING, SHOWING, call(2, "hand_out", key=FromCall(1, "key"))))
    assert [name for name, _ in made(rehearsed)] == ["list_rooms", "show_room", "hand_out"]
    assert made(rehearsed)[2][1] in ({"key": "K-70"}, {"key": "K-20"})
    assert len(stage.called("hand_out")) == 1
    assert stage.starts == 1


async def test_the_row_in_which_a_later_call_fails_is_exchanged_where_it_was_chosen(stage: Stage) -> None:
    letting = call(2, "let_room", room=FromCall(0, "[].room"))
    rehearsed = await stage.rehearse(turn(LISTING, SHOWING, letting))
    assert made(rehearsed)[1:] == [("show_room", {"room": "R-7"}), ("let_room", {"room": "R-7"})]


async def test_a_row_unlike_those_that_failed_comes_next(stage: Stage) -> None:
    await stage.rehearse(turn(LISTING, call(1, "let_room", room=FromCall(0, "[].room"))))
    assert len(stage.called("let_room")) <= 3


async def test_what_is_kept_was_made_without_a_call_more_on_a_fresh_environment(stage: Stage) -> None:
    rehearsed = await stage.rehearse(turn(LISTING, call(1, "let_room", room=FromCall(0, "[].room"))))
    last = [(attempt.tool, attempt.reason) for attempt in stage.attempts[-2:]]
    assert last == [("s/list_rooms", None), ("s/let_room", None)]
    assert stage.starts == 2
    assert [one.result.ok for one in rehearsed.trace.calls] == [True, True]


async def test_after_a_change_the_search_goes_on_on_a_fresh_environment(stage: Stage) -> None:
    plan = turn(call(0, "book_hall", day=Supplied()), call(1, "light_hall", hall=FromCall(0, "hall")))
    rehearsed = await stage.rehearse(plan)
    assert made(rehearsed) == [("book_hall", {"day": "Sunday"}), ("light_hall", {"hall": "Sunday"})]
    assert all(attempt.reason is None for attempt in stage.attempts if attempt.tool == "s/book_hall")


async def test_what_the_item_has_done_itself_is_no_reason_to_do_it_to_another_thing(stage: Stage) -> None:
    letting = [call(step, "let_room", room=FromCall(0, "[].room")) for step in (1, 2)]
    with pytest.raises(Lost, match="Room R-7 is not free"):
        await stage.rehearse(turn(LISTING, *letting))
    assert stage.called("let_room").count({"room": "R-7"}) <= 4


async def test_another_plan_goes_on_from_what_worked(stage: Stage) -> None:
    asked: list[tuple[int, int, int]] = []

    def replan(lost: NotRehearsed, tries: int) -> TrajectoryPlan:
        asked.append((lost.turn, lost.step, tries))
        return replace(lost.plan, turns=(turn(LISTING), turn(call(1, "show_room", room=FromCall(0, "[].room")))))

    failing = turn(call(1, "light_hall", hall=Supplied()))
    rehearsed = await stage.rehearse(turn(LISTING), failing, replan=replan)
    assert asked == [(1, 1, 1)]
    assert [name for name, _ in made(rehearsed)] == ["list_rooms", "show_room"]
    assert [str(one) for one in rehearsed.lost] == [
        "s/light_hall: tool_error: Error executing tool light_hall: There is no light on Friday."
    ]


async def test_without_another_plan_the_turns_that_work_are_left(stage: Stage) -> None:
    rehearsed = await stage.rehearse(turn(LISTING), turn(call(1, "light_hall", hall=Supplied())))
    assert made(rehearsed) == [("list_rooms", {})]
    assert [one.turn for one in rehearsed.lost] == [1]
    assert rehearsed.plan.turns == (turn(LISTING),)


async def test_an_item_whose_first_turn_never_works_is_lost_with_the_servers_reason(stage: Stage) -> None:
    with pytest.raises(Lost, match="There is no light on Friday") as lost:
        await stage.rehearse(turn(call(0, "light_hall", hall=Supplied())), replan=lambda one, _: one.plan)
    assert lost.value.stage == "plan"
    assert len(lost.value.lost) > 1


async def test_no_more_calls_are_spent_than_allowed(stage: Stage) -> None:
    with pytest.raises(Lost):
        await stage.rehearse(turn(LISTING, call(1, "let_room", room=FromCall(0, "[].name"))), calls=4)
    assert len(stage.called("let_room")) <= 3


async def test_the_next_entry_of_a_list_is_another_one(stage: Stage) -> None:
    more = call(2, "show_room", room=FromCall(0, "[].room", 1))
    rehearsed = await stage.rehearse(turn(LISTING, SHOWING, more))
    assert made(rehearsed)[1] != made(rehearsed)[2]
