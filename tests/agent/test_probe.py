from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from toolweave.agent.probe import ProbeBudget, ProbeReport, probe
from toolweave.graph.model import Edge
from toolweave.servers.decoding import decode
from toolweave.servers.introspect import read_tool
from toolweave.servers.results import CallResult
from toolweave.servers.spec import ServerOptions, ServerSpec
from toolweave.servers.tools import Tool
from toolweave.servers.worlds import kitchen

pytestmark = pytest.mark.anyio


@dataclass
class InProcess:
    """One server in this process, called as an environment is."""

    client: Client
    tools: tuple[Tool, ...]
    calls: list[str] = field(default_factory=list[str])

    async def call(self, tool: Tool, arguments: dict[str, Any]) -> CallResult:
        result = await self.client.call_tool(tool.name, arguments)
        decoded = decode(result.model_dump(mode="json", by_alias=True, exclude_none=True), tool.output_schema)
        return CallResult(decoded.status, decoded.text, decoded.value, 0.0)


@asynccontextmanager
async def in_process(build: Callable[[], MCPServer]) -> AsyncGenerator[InProcess]:
    async with Client(build()) as client:
        listed = (await client.list_tools()).tools
        tools = [read_tool("s", tool.model_dump(mode="json", by_alias=True, exclude_none=True)) for tool in listed]
        yield InProcess(client, tuple(tools))


async def probed(build: Callable[[], MCPServer], calls: int = 40, options: ServerOptions | None = None) -> ProbeReport:
    spec = ServerSpec(name="s", options=options or ServerOptions(disposable=True))
    async with in_process(build) as environment:
        tools = environment.tools

    def fresh(_: Sequence[ServerSpec]) -> Any:
        return in_process(build)

    return await probe([spec], tools, ProbeBudget.full(calls, 60.0), seed=5, open=fresh)


def data(report: ProbeReport) -> set[tuple[str, str, str]]:
    edges = [edge for edge in report.graph.edges if edge.kind == "data"]
    return {(edge.source[2:], edge.target[2:], edge.target_param) for edge in edges}


def state(report: ProbeReport) -> set[tuple[str, str, str | None]]:
    edges = [edge for edge in report.graph.edges if edge.kind == "state" and edge.effect != "affects"]
    return {(edge.source[2:], edge.target[2:], edge.effect) for edge in edges}


class Depot:
    """Parcels with plain numbers for ids, which coincide with shelf numbers and counts; prose and JSON in text."""

    def __init__(self) -> None:
        self.parcels = {number: {"shelf": number % 3 + 1, "sealed": False, "out": False} for number in range(1, 9)}

    def list_parcels(self, urgent: bool = False) -> str:
        """List all parcels of the depot."""
        rows = [{"parcel_id": number, "shelf": row["shelf"]} for number, row in self.parcels.items()]
        return json.dumps({"count": len(rows), "parcels": rows, "urgent": urgent})

    def show_parcel(self, parcel_id: int) -> str:
        """Show one parcel."""
        row = self._find(parcel_id)
        return f"Parcel {parcel_id}: shelf {row['shelf']}, {'sealed' if row['sealed'] else 'open'}."

    def receive_parcel(self, weight: int) -> str:
        """Receive a new parcel."""
        number = max(self.parcels) + 1
        self.parcels[number] = {"shelf": weight % 3 + 1, "sealed": False, "out": False}
        return json.dumps({"parcel_id": number, "weight": weight})

    def seal_parcel(self, parcel_id: int) -> str:
        """Seal a parcel."""
        row = self._find(parcel_id)
        if row["sealed"]:
            raise ToolError("It is sealed already.")
        row["sealed"] = True
        return "Sealed."

    def unseal_parcel(self, parcel_id: int) -> str:
        """Break the seal of a parcel."""
        row = self._find(parcel_id)
        if not row["sealed"]:
            raise ToolError("It has no seal.")
        row["sealed"] = False
        return "The seal is broken."

    def weigh(self, grams: int) -> str:
        """Convert a weight."""
        return json.dumps({"kilograms": grams / 1000})

    def _find(self, number: int) -> dict[str, Any]:
        if number not in self.parcels:
            raise ToolError(f"No parcel has the number {number}.")
        return self.parcels[number]


def depot() -> MCPServer:
    world, server = Depot(), MCPServer("depot", log_level="ERROR")
    for tool in (
        world.list_parcels,
        world.show_parcel,
        world.receive_parcel,
        world.seal_parcel,
        world.unseal_parcel,
        world.weigh,
    ):
        server.add_tool(tool, structured_output=False)
    return server  # fmt: skip


async def test_plain_numbers_are_linked_by_what_they_do_and_not_by_coincidence() -> None:
    report = await probed(depot)
    takers = ("show_parcel", "seal_parcel", "unseal_parcel")
    expected = {(source, taker, "parcel_id") for source in ("list_parcels", "receive_parcel") for taker in takers}
    assert data(report) == expected


async def test_what_enables_and_disables_what_is_found_by_trying() -> None:
    report = await probed(depot)
    assert state(report) == {("seal_parcel", "unseal_parcel", "enables"), ("unseal_parcel", "seal_parcel", "enables")}


async def test_reading_and_writing_are_told_apart_without_any_hint() -> None:
    report = await probed(depot)
    access = {name[2:]: fact.access for name, fact in report.graph.facts.items()}
    assert access == {
        "list_parcels": "reads",
        "show_parcel": "reads",
        "weigh": "reads",
        "receive_parcel": "writes",
        "seal_parcel": "writes",
        "unseal_parcel": "writes",
    }


async def test_the_probe_is_the_same_every_time() -> None:
    first, second = [await probed(depot, calls=12) for _ in range(2)]
    assert first.graph.edges == second.graph.edges
    assert [call.arguments for call in first.observations["s"]] == [call.arguments for call in second.observations["s"]]


async def test_the_budget_is_kept() -> None:
    report = await probed(depot, calls=3)
    assert report.calls == sum(len(calls) for calls in report.observations.values()) <= 18


async def test_tools_that_policy_denies_are_never_called_and_keep_their_guessed_edges() -> None:
    report = await probed(depot, options=ServerOptions(disposable=True, deny=["seal_parcel"]))
    assert all(call.tool.name != "seal_parcel" for call in report.observations["s"])
    into = [edge for edge in report.graph.edges if edge.target == "s/seal_parcel" and edge.kind == "data"]
    assert all(item.kind in ("declared", "matched") for edge in into for item in edge.evidence)


async def test_a_confirmed_edge_says_what_flowed_and_how_often() -> None:
    report = await probed(depot)
    edge = next(
        edge for edge in report.graph.edges if edge.source == "s/list_parcels" and edge.target == "s/show_parcel"
    )
    assert edge.source_field == "parcels[].parcel_id"
    assert edge.confirmed
    assert edge.evidence[-1].trials > 0
    assert edge.evidence[-1].examples


def shops() -> MCPServer:
    """Names as keys, an open search, and a report in prose."""
    server = MCPServer("shops", log_level="ERROR")
    stock = {"Harbour": 4, "Old Mill": 7, "Station": 2}

    def list_shops() -> str:
        """List the shops."""
        return "name\tstaff\n" + "\n".join(f"{name}\t{staff}" for name, staff in stock.items())

    def shop_report(shop_name: str) -> str:
        """Report on one shop, by its exact name."""
        if shop_name not in stock:
            raise ToolError(f"Unknown shop: {shop_name}")
        return f"{shop_name} has {stock[shop_name]} people."

    def search_news(text: str) -> str:
        """Search the news for any text."""
        return json.dumps({"query": text, "articles": [{"headline": f"All about {text}"}]})

    for tool in (list_shops, shop_report, search_news):
        server.add_tool(tool, structured_output=False)
    return server


async def test_names_that_are_keys_are_linked_and_free_text_is_not() -> None:
    assert data(await probed(shops)) == {("list_shops", "shop_report", "shop_name")}


async def test_a_server_that_does_not_start_is_named_and_keeps_its_guessed_edges() -> None:
    spec = ServerSpec(name="s", command="/nonexistent/server", options=ServerOptions(disposable=True))
    tools = [
        Tool("s", "find_part"),
        Tool("s", "get_part", input_schema={"properties": {"part_id": {"type": "string"}}}),
    ]
    report = await probe([spec], tools, ProbeBudget.modest(4))
    assert report.calls == 0
    assert list(report.unprobed) == ["s"]


def strongest(edges: Sequence[Edge], target: str) -> list[tuple[str, str]]:
    return [
        (edge.source[2:], edge.source_field) for edge in edges if edge.target == f"s/{target}" and edge.kind == "data"
    ]


async def test_a_world_of_prose_is_understood_within_its_budget() -> None:
    report = await probed(lambda: kitchen.build(7))
    assert report.calls <= 40 * 14
    assert all(edge.confirmed for edge in report.graph.edges if edge.kind == "data")
    assert set(strongest(report.graph.edges, "add_dish")) >= {("find_recipes", "#item"), ("book_event", "#event")}
    assert {("add_dish", "confirm_event", "enables"), ("confirm_event", "add_dish", "disables")} <= state(report)
    assert ("hold_lot", "release_lot", "enables") in state(report)


class Garage:
    """Cars that one tool lets out and another takes back under the name of the outing, unless the driver is barred."""

    def __init__(self) -> None:
        self.cars = {f"CAR-{number}": "in" for number in range(41, 47)}
        self.drivers = {f"DR-{number}": False for number in (7, 8, 9)}
        self.trips: dict[str, str] = {}

    def list_cars(self) -> str:
        """List the cars."""
        return json.dumps({"cars": [{"car_id": car} for car in self.cars]})

    def list_drivers(self) -> str:
        """List the drivers."""
        return json.dumps({"drivers": [{"driver_id": driver} for driver in self.drivers]})

    def start_trip(self, car_id: str, driver_id: str) -> str:
        """Let a driver take a car."""
        if car_id not in self.cars or driver_id not in self.drivers:
            raise ToolError(f"There is no {car_id if car_id not in self.cars else driver_id}.")
        if self.drivers[driver_id]:
            raise ToolError(f"Driver {driver_id} is barred.")
        if self.cars[car_id] == "out":
            raise ToolError(f"Car {car_id} is out.")
        self.cars[car_id] = "out"
        trip = f"TRIP-{len(self.trips) + 31}"
        self.trips[trip] = car_id
        return json.dumps({"trip_id": trip})

    def end_trip(self, trip_id: str) -> str:
        """Take the car of a trip back."""
        if trip_id not in self.trips:
            raise ToolError(f"There is no trip {trip_id}.")
        if not self.trips[trip_id]:
            raise ToolError("That trip has ended.")
        self.cars[self.trips[trip_id]], self.trips[trip_id] = "in", ""
        return "Ended."

    def bar_driver(self, driver_id: str) -> str:
        """Bar a driver."""
        if driver_id not in self.drivers:
            raise ToolError(f"There is no driver {driver_id}.")
        self.drivers[driver_id] = True
        return "Barred."


def garage() -> MCPServer:
    world, server = Garage(), MCPServer("garage", log_level="ERROR")
    for tool in (world.list_cars, world.list_drivers, world.start_trip, world.end_trip, world.bar_driver):
        server.add_tool(tool, structured_output=False)
    return server


async def test_a_call_that_is_refused_the_second_time_shows_what_makes_it_possible_again() -> None:
    found = state(await probed(garage))
    assert found == {("end_trip", "start_trip", "enables"), ("bar_driver", "start_trip", "disables")}


class Vault:
    """Boxes that cannot be weighed while a seal, which has a name of its own, is on them."""

    def __init__(self) -> None:
        self.boxes: dict[str, str] = {f"BX-{number}": "" for number in range(51, 55)}
        self.seals: dict[str, str] = {}

    def list_boxes(self) -> str:
        """List the boxes."""
        return json.dumps({"boxes": [{"box_id": box} for box in self.boxes]})

    def put_seal(self, box_id: str) -> str:
        """Put a seal on a box."""
        self._refuse_sealed(box_id)
        seal = f"SEAL-{len(self.seals) + 71}"
        self.boxes[box_id], self.seals[seal] = seal, box_id
        return json.dumps({"seal_id": seal})

    def break_seal(self, seal_id: str) -> str:
        """Break a seal."""
        if not self.seals.get(seal_id):
            raise ToolError(f"There is no whole seal {seal_id}.")
        self.boxes[self.seals[seal_id]], self.seals[seal_id] = "", ""
        return "Broken."

    def move_box(self, box_id: str, shelf: int) -> str:
        """Move a box to another shelf."""
        self._refuse_sealed(box_id)
        return f"Moved to {shelf}."

    def _refuse_sealed(self, box_id: str) -> None:
        if box_id not in self.boxes:
            raise ToolError(f"There is no box {box_id}.")
        if self.boxes[box_id]:
            raise ToolError(f"Box {box_id} is under {self.boxes[box_id]}.")


def vault() -> MCPServer:
    world, server = Vault(), MCPServer("vault", log_level="ERROR")
    for tool in (world.list_boxes, world.put_seal, world.break_seal, world.move_box):
        server.add_tool(tool, structured_output=False)
    return server


async def test_a_refusal_that_names_a_thing_leads_to_the_call_that_ends_it() -> None:
    assert state(await probed(vault)) == {
        ("put_seal", "move_box", "disables"),
        ("break_seal", "move_box", "enables"),
        ("break_seal", "put_seal", "enables"),
    }


class Rides:
    """A REST-like service with bare numbers for ids, whose errors say nothing: the SDK hides what is no `ToolError`."""

    def __init__(self) -> None:
        self.cars = {418: "free", 437: "free", 455: "free"}
        self.drivers = {12: True, 47: False, 88: True}
        self.rides: dict[int, list[Any]] = {}

    def list_cars(self) -> str:
        """List the cars."""
        return json.dumps([{"id": number, "state": state} for number, state in self.cars.items()])

    def list_drivers(self) -> str:
        """List the drivers."""
        return json.dumps([{"id": number} for number in self.drivers])

    def verify_driver(self, driver_id: int) -> str:
        """Verify a driver."""
        if self.drivers[driver_id]:
            raise ValueError("verified already")
        self.drivers[driver_id] = True
        return json.dumps({"verified": True})

    def book_car(self, car_id: int, driver_id: int) -> str:
        """Book a car for a driver."""
        if self.cars[car_id] != "free" or not self.drivers[driver_id]:
            raise ValueError("not possible")
        self.cars[car_id] = "booked"
        self.rides[7001 + 11 * len(self.rides)] = [car_id, "booked"]
        return json.dumps({"ride": {"id": list(self.rides)[-1]}})

    def start_ride(self, ride_id: int) -> str:
        """Start a ride."""
        if self.rides[ride_id][1] != "booked":
            raise ValueError("not booked")
        self.rides[ride_id][1] = "running"
        return json.dumps({"started": True})

    def end_ride(self, ride_id: int) -> str:
        """End a ride."""
        car, state = self.rides[ride_id]
        if state != "running":
            raise ValueError("not running")
        self.rides[ride_id][1], self.cars[car] = "ended", "free"
        return json.dumps({"ended": True})


def rides() -> MCPServer:
    server, service = MCPServer("rides"), Rides()
    for deed in (service.list_cars, service.list_drivers, service.verify_driver, service.book_car):
        server.add_tool(deed, structured_output=False)
    server.add_tool(service.start_ride, structured_output=False)
    server.add_tool(service.end_ride, structured_output=False)
    return server


async def test_a_server_whose_errors_say_nothing_is_understood_by_what_works() -> None:
    report = await probed(rides)
    assert data(report) >= {
        ("list_drivers", "verify_driver", "driver_id"),
        ("list_drivers", "book_car", "driver_id"),
        ("list_cars", "book_car", "car_id"),
        ("book_car", "start_ride", "ride_id"),
        ("book_car", "end_ride", "ride_id"),
    }
    assert ("start_ride", "end_ride", "enables") in state(report)
    assert all(report.graph.fact(tool.id).works for tool in report.graph.tools.values())


class Shop:
    """A shop that shows its products only to those who search for a part of their names."""

    def __init__(self) -> None:
        self.stock = {"PR-11": "maple bench", "PR-22": "oak table"}
        self.orders: dict[str, str] = {}

    def find_product(self, name: str) -> dict[str, list[dict[str, str]]]:
        """Find products by a part of their name."""
        found = [{"product_id": key, "name": text} for key, text in self.stock.items() if name.lower() in text]
        return {"products": found}

    def order_product(self, product_id: str) -> dict[str, str]:
        """Order a product."""
        if product_id not in self.stock:
            raise ToolError(f"there is no product {product_id}")
        self.orders[f"OR-{71 + len(self.orders)}"] = product_id
        return {"order_id": list(self.orders)[-1]}


def shop() -> MCPServer:
    world, server = Shop(), MCPServer("s", version="1")
    for tool in (world.find_product, world.order_product):
        server.add_tool(tool)
    return server


async def test_a_search_that_finds_nothing_for_a_guess_is_asked_for_a_part_that_most_texts_have() -> None:
    report = await probed(shop, calls=10)
    assert ("find_product", "order_product", "product_id") in data(report)
    assert report.graph.fact("s/order_product").works
