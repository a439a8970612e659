"""The laboratory, the museum and the kitchen: what they offer, how their tools depend on each other, repeatably."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from toolweave.servers.world import Table
from toolweave.servers.worlds import kitchen, laboratory, museum

pytestmark = pytest.mark.anyio

WORLDS = (laboratory, museum, kitchen)


class Visitor:
    """A client that expects each call to work, or each to be refused, and remembers what it saw."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.transcript: list[tuple[str, str]] = []

    async def call(self, tool: str, **arguments: Any) -> Any:
        """The decoded answer of a call that must work."""
        failed, text, value = await self._send(tool, arguments)
        assert not failed, text
        return value

    async def refusal(self, tool: str, **arguments: Any) -> str:
        """The error text of a call that must fail."""
        failed, text, _ = await self._send(tool, arguments)
        assert failed, text
        return text

    async def _send(self, tool: str, arguments: dict[str, Any]) -> tuple[bool, str, Any]:
        reply = await self.client.call_tool(tool, arguments)
        text = "\n".join(block.text for block in reply.content if isinstance(block, TextContent))
        self.transcript.append((tool, text))
        value = reply.structured_content
        if value is not None:
            return reply.is_error, text, value["result"] if list(value) == ["result"] else value
        return reply.is_error, text, json.loads(text) if text[:1] in ("{", "[") else text


@asynccontextmanager
async def visit(world: ModuleType, seed: int = 7) -> AsyncGenerator[Visitor]:
    async with Client(world.build(seed)) as client:
        yield Visitor(client)


def ids(prefix: str, text: str) -> list[str]:
    return re.findall(rf"{prefix}-\d{{5}}", text)


# The stories: each goes through all tools of its world, as a user would who knows only names and dates.


async def measure_a_sample(lab: Visitor) -> None:
    owner = (await lab.call("find_scientist", name="mira holt"))[0]["id"]
    reviewer = next(
        p["id"] for p in await lab.call("find_scientist", name="") if p["role"] != "junior" and p["id"] != owner
    )
    instrument = (await lab.call("list_instruments", kind="chromatograph"))[0]["id"]
    sample = await lab.call("register_sample", label="pine resin, fresh", kind="culture", mass_mg=500, owner_id=owner)
    assert sample["slot_id"] is None
    slot = (await lab.call("list_free_slots", storage="freezer"))["slot_ids"][0]
    await lab.call("store_sample", sample_id=sample["sample_id"], slot_id=slot)
    found = await lab.call("search_samples", text="PINE", stored=True)
    sample_id = found["samples"][0]["sample_id"]
    await lab.call("calibrate_instrument", instrument_id=instrument, technician_id=owner)
    plan = {"sample_id": sample_id, "instrument_id": instrument, "operator_id": owner, "day": "2026-06-01"}
    spare = await lab.call("schedule_run", **plan, start_hour=14, method="residue assay")
    run = await lab.call("schedule_run", **plan)
    await lab.call("cancel_run", run_id=spare["run_id"])
    await lab.call("retrieve_sample", sample_id=sample_id)
    await lab.call("start_run", run_id=run["run_id"])
    result = await lab.call("record_result", run_id=run["run_id"], value=97.5)
    await lab.call("approve_result", result_id=result["result_id"], reviewer_id=reviewer)
    file = await lab.call("get_sample", sample_id=sample_id)
    assert (file["mass_mg"], file["result_ids"]) == (490, [result["result_id"]])


async def lend_an_artwork(house: Visitor) -> None:
    artwork = (await house.call("search_artworks", text="heron"))["artworks"][0]["id"]
    partners = (await house.call("find_museum", name="gallery"))["museums"]
    borrower = next(row for row in partners if row["security_class"] == "A")
    file = await house.call("get_artwork", artwork_id=artwork)
    for loan in file["loans"]:
        if loan["status"] == "sent":
            await house.call("receive_loan_back", loan_id=loan["loan_id"])
    if file["insurance"]:
        await house.call("cancel_insurance", policy_number=file["insurance"]["policy_number"])
    policy = (await house.call("insure_artwork", artwork_id=artwork, months=6))["policy"]
    await house.call("cancel_insurance", policy_number=policy["number"])
    await house.call("insure_artwork", artwork_id=artwork)
    await house.call("file_condition_report", artwork_id=artwork, grade="excellent")
    period = {"artwork_id": artwork, "museum_id": borrower["id"], "starts": "2027-03-01", "ends": "2027-05-01"}
    dropped = await house.call("request_loan", **period)
    await house.call("cancel_loan", loan_id=dropped["loan"]["id"])
    loan_id = (await house.call("request_loan", **period))["loan"]["id"]
    await house.call("approve_loan", loan_id=loan_id)
    shows = await house.call("list_exhibitions")
    show = next(
        s for s in shows if s["status"] != "closed" and s["room"]["climate_controlled"] and s["room"]["free_places"]
    )
    await house.call("install_artwork", artwork_id=artwork, exhibition_id=show["id"])
    await house.call("deinstall_artwork", artwork_id=artwork)
    sent = await house.call("dispatch_loan", loan_id=loan_id, courier="Nils Brandt")
    assert sent["to"] == borrower["name"]
    assert (await house.call("receive_loan_back", loan_id=loan_id))["inspection_due"]


async def cater_an_event(kitchen: Visitor) -> None:
    event = ids("EV", await kitchen.call("book_event", client="Vera Lindholm", day="2026-09-12", guests=40))[0]
    assert event in await kitchen.call("list_events", client="lindholm", status="draft")
    recipe = ids("RC", await kitchen.call("find_recipes", text="fennel soup", course="starter"))[0]
    await kitchen.call("add_dish", event_id=event, recipe_id=recipe)
    await kitchen.call("confirm_event", event_id=event)
    for ingredient in ids("IG", await kitchen.call("read_recipe", recipe_id=recipe)):
        supplier = ids("SU", await kitchen.call("compare_suppliers", ingredient_id=ingredient))[0]
        purchase = {"ingredient_id": ingredient, "supplier_id": supplier, "kilograms": 12.5}
        unwanted = ids("PO", await kitchen.call("order_ingredient", **purchase))[0]
        await kitchen.call("cancel_order", order_id=unwanted)
        order = ids("PO", await kitchen.call("order_ingredient", **purchase))[0]
        lot = ids("LT", await kitchen.call("receive_delivery", order_id=order))[0]
        await kitchen.call("hold_lot", lot_id=lot, reason="supplier recall")
        await kitchen.call("release_lot", lot_id=lot)
    held = (
        line.split()[0] for line in (await kitchen.call("find_ingredient", name="")).split("\n") if "cold chain" in line
    )
    for lot in held:
        await kitchen.call("release_lot", lot_id=lot)
    assert "40 portions" in await kitchen.call("schedule_prep", event_id=event, recipe_id=recipe, cook="Marek")


Story = Callable[[Visitor], Awaitable[None]]
STORIES: dict[ModuleType, Story] = {laboratory: measure_a_sample, museum: lend_an_artwork, kitchen: cater_an_event}


@pytest.mark.parametrize("world", WORLDS)
async def test_every_tool_and_every_parameter_is_described(world: ModuleType) -> None:
    async with Client(world.build(7)) as client:
        tools = (await client.list_tools()).tools
    assert 12 <= len(tools) <= 14
    for tool in tools:
        assert tool.description, tool.name
        assert tool.annotations is not None
        assert tool.annotations.open_world_hint is False
        assert (tool.output_schema is not None) == (world is laboratory)
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{tool.name}.{name}"


@pytest.mark.parametrize("seed", [1, 7, 19])
@pytest.mark.parametrize("world", WORLDS)
async def test_a_story_that_starts_from_names_alone_calls_every_tool(world: ModuleType, seed: int) -> None:
    async with visit(world, seed) as visitor:
        await STORIES[world](visitor)
        offered = {tool.name for tool in (await visitor.client.list_tools()).tools}
    assert {name for name, _ in visitor.transcript} == offered


@pytest.mark.parametrize("world", WORLDS)
async def test_the_same_calls_on_the_same_seed_give_the_same_bytes(world: ModuleType) -> None:
    transcripts: list[list[tuple[str, str]]] = []
    for seed in (7, 7, 8):
        async with visit(world, seed) as visitor:
            await STORIES[world](visitor)
        transcripts.append(visitor.transcript)
    assert transcripts[0] == transcripts[1]
    assert transcripts[0] != transcripts[2]


@pytest.mark.parametrize("world", WORLDS)
async def test_a_world_served_over_stdio_answers_as_in_memory(world: ModuleType) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", world.__name__, "--seed", "5"], env={"PYTHONHASHSEED": "3"}
    )
    async with visit(world, 5) as here, Client(command, mode="legacy", read_timeout_seconds=20) as client:
        there = Visitor(client)
        for visitor in (here, there):
            await STORIES[world](visitor)
    assert there.transcript == here.transcript


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("world", [laboratory.Laboratory, museum.Museum, kitchen.Kitchen])
def test_main_tables_are_well_filled_on_every_seed(world: Callable[[int], object], seed: int) -> None:
    tables = {name: table for name, table in vars(world(seed)).items() if isinstance(table, Table)}
    assert sum(len(table) >= 20 for table in tables.values()) >= 4


@pytest.mark.parametrize("seed", range(12))
def test_two_suppliers_or_more_sell_every_ingredient(seed: int) -> None:
    world = kitchen.Kitchen(seed)
    for ingredient in world.ingredients:
        assert sum(ingredient in row["prices"] for row in world.suppliers.values()) >= 2


# The laboratory: what enables and disables what.


async def planned_run(lab: Visitor, start_hour: int = 9, label: str = "pine resin") -> dict[str, Any]:
    owner = (await lab.call("find_scientist", name="holt"))[0]["id"]
    sample = await lab.call("register_sample", label=label, kind="polymer", mass_mg=500, owner_id=owner)
    instrument = (await lab.call("list_instruments", kind="load frame", calibrated_on="2026-04-15"))[0]["id"]
    arguments = {"sample_id": sample["sample_id"], "instrument_id": instrument, "operator_id": owner}
    run = await lab.call("schedule_run", **arguments, day="2026-04-15", start_hour=start_hour)
    return {**arguments, "run_id": run["run_id"]}


async def test_calibrating_an_instrument_enables_runs_on_it() -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        instruments = await lab.call("list_instruments")
        late = next(row["id"] for row in instruments if row["calibrated_until"] < "2026-03-16")
        plan = {"sample_id": run["sample_id"], "instrument_id": late, "operator_id": run["operator_id"]}
        assert "does not cover 2026-05-04" in await lab.refusal("schedule_run", **plan, day="2026-05-04")
        await lab.call("calibrate_instrument", instrument_id=late, technician_id=run["operator_id"])
        await lab.call("schedule_run", **plan, day="2026-05-04")


async def test_storing_a_sample_disables_its_run_and_retrieving_it_enables_the_run() -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        slot = (await lab.call("list_free_slots"))["slot_ids"][0]
        await lab.call("store_sample", sample_id=run["sample_id"], slot_id=slot)
        assert "still in storage" in await lab.refusal("start_run", run_id=run["run_id"])
        await lab.call("retrieve_sample", sample_id=run["sample_id"])
        await lab.call("start_run", run_id=run["run_id"])
        assert "inside an instrument" in await lab.refusal("store_sample", sample_id=run["sample_id"], slot_id=slot)


async def test_a_stored_sample_blocks_its_slot_until_it_is_retrieved() -> None:
    async with visit(laboratory) as lab:
        first, second = await planned_run(lab), await planned_run(lab, 11, "oak resin")
        slot = (await lab.call("list_free_slots", storage="freezer"))["slot_ids"][0]
        assert "not in storage" in await lab.refusal("retrieve_sample", sample_id=first["sample_id"])
        await lab.call("store_sample", sample_id=first["sample_id"], slot_id=slot)
        assert "is taken by" in await lab.refusal("store_sample", sample_id=second["sample_id"], slot_id=slot)
        await lab.call("retrieve_sample", sample_id=first["sample_id"])
        await lab.call("store_sample", sample_id=second["sample_id"], slot_id=slot)


async def test_starting_a_run_enables_its_result_and_disables_its_cancelling() -> None:
    async with visit(laboratory) as lab:
        run_id = (await planned_run(lab))["run_id"]
        assert "not running" in await lab.refusal("record_result", run_id=run_id, value=10)
        await lab.call("start_run", run_id=run_id)
        assert "not scheduled" in await lab.refusal("cancel_run", run_id=run_id)
        assert "no believable reading" in await lab.refusal("record_result", run_id=run_id, value=9999)
        await lab.call("record_result", run_id=run_id, value=10)
        assert "is finished" in await lab.refusal("record_result", run_id=run_id, value=10)


async def test_a_running_instrument_takes_no_second_run_and_no_calibration_until_the_result_is_in() -> None:
    async with visit(laboratory) as lab:
        first, second = await planned_run(lab), await planned_run(lab, 11, "oak resin")
        care = {"instrument_id": first["instrument_id"], "technician_id": first["operator_id"]}
        await lab.call("start_run", run_id=first["run_id"])
        assert "is busy with run" in await lab.refusal("start_run", run_id=second["run_id"])
        assert "is busy with run" in await lab.refusal("calibrate_instrument", **care)
        await lab.call("record_result", run_id=first["run_id"], value=10)
        await lab.call("calibrate_instrument", **care)
        await lab.call("start_run", run_id=second["run_id"])


async def test_cancelling_a_run_disables_its_start_and_frees_the_instrument() -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        run_id = run.pop("run_id")
        assert "is taken from 09:00 to 09:30" in await lab.refusal("schedule_run", **run, day="2026-04-15")
        await lab.call("cancel_run", run_id=run_id)
        await lab.call("schedule_run", **run, day="2026-04-15")
        assert "is cancelled" in await lab.refusal("start_run", run_id=run_id)


async def test_results_are_approved_once_by_a_senior_who_did_not_measure() -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        await lab.call("start_run", run_id=run["run_id"])
        result_id = (await lab.call("record_result", run_id=run["run_id"], value=10))["result_id"]
        people = await lab.call("find_scientist", name="")
        junior = next(row["id"] for row in people if row["role"] == "junior")
        senior = next(row["id"] for row in people if row["role"] == "senior" and row["id"] != run["operator_id"])
        assert "junior scientist" in await lab.refusal("approve_result", result_id=result_id, reviewer_id=junior)
        await lab.call("approve_result", result_id=result_id, reviewer_id=senior)
        assert "already been approved" in await lab.refusal("approve_result", result_id=result_id, reviewer_id=senior)


async def test_the_laboratory_refuses_weekends_wrong_methods_and_warm_storage() -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        del run["run_id"]
        assert "weekend" in await lab.refusal("schedule_run", **run, day="2026-04-18")
        assert "in the past" in await lab.refusal("schedule_run", **run, day="2026-03-02")
        assert "cannot run a phase scan" in await lab.refusal(
            "schedule_run", **run, day="2026-04-20", method="phase scan"
        )
        tissue = (await lab.call("search_samples", kind="tissue", stored=False))["samples"][0]["sample_id"]
        slot = (await lab.call("list_free_slots", storage="freezer"))["slot_ids"][0]
        assert "needs cryo storage" in await lab.refusal("store_sample", sample_id=tissue, slot_id=slot)


# The museum.


async def free_artwork(house: Visitor) -> str:
    """An insured and sound work in the depot that nobody has asked for."""
    keys: list[str] = [row["id"] for row in (await house.call("search_artworks", medium="oil"))["artworks"]]
    for artwork_id in keys:
        file = await house.call("get_artwork", artwork_id=artwork_id)
        if file["whereabouts"] != "on loan" and not file["loans"]:
            if file["exhibition_id"]:
                await house.call("deinstall_artwork", artwork_id=artwork_id)
            if not file["insurance"]:
                await house.call("insure_artwork", artwork_id=artwork_id)
            await house.call("file_condition_report", artwork_id=artwork_id, grade="good")
            return artwork_id
    raise AssertionError("no free artwork")


async def loan_plan(house: Visitor, artwork_id: str) -> dict[str, Any]:
    museums = (await house.call("find_museum", name=""))["museums"]
    borrower = next(row["id"] for row in museums if row["security_class"] == "A")
    return {"artwork_id": artwork_id, "museum_id": borrower, "starts": "2026-10-05", "ends": "2027-01-15"}


async def requested_loan(house: Visitor, artwork_id: str) -> str:
    loan = await house.call("request_loan", **await loan_plan(house, artwork_id))
    return str(loan["loan"]["id"])


async def open_show(house: Visitor) -> str:
    shows = await house.call("list_exhibitions", status="open")
    return next(str(row["id"]) for row in shows if row["room"]["free_places"] > 0)


async def test_a_condition_report_enables_or_disables_loan_requests() -> None:
    async with visit(museum) as house:
        artwork = await free_artwork(house)
        plan = await loan_plan(house, artwork)
        await house.call("file_condition_report", artwork_id=artwork, grade="poor")
        assert "poor condition" in await house.refusal("request_loan", **plan)
        await house.call("file_condition_report", artwork_id=artwork, grade="good")
        await house.call("request_loan", **plan)


async def test_insurance_enables_approval_and_its_end_disables_it() -> None:
    async with visit(museum) as house:
        artwork = await free_artwork(house)
        loan_id = await requested_loan(house, artwork)
        file = await house.call("get_artwork", artwork_id=artwork)
        number = file["insurance"]["policy_number"]
        assert "already insured" in await house.refusal("insure_artwork", artwork_id=artwork)
        await house.call("cancel_insurance", policy_number=number)
        assert "already been cancelled" in await house.refusal("cancel_insurance", policy_number=number)
        assert "is not insured" in await house.refusal("approve_loan", loan_id=loan_id)
        low = await house.call("insure_artwork", artwork_id=artwork, amount_eur=file["value_eur"] - 1)
        assert "insured for less" in await house.refusal("approve_loan", loan_id=loan_id)
        await house.call("cancel_insurance", policy_number=low["policy"]["number"])
        await house.call("insure_artwork", artwork_id=artwork)
        await house.call("approve_loan", loan_id=loan_id)


async def test_hanging_a_work_disables_sending_it_and_taking_it_down_enables_that() -> None:
    async with visit(museum) as house:
        artwork = await free_artwork(house)
        loan_id = await requested_loan(house, artwork)
        assert "is requested, not approved" in await house.refusal("dispatch_loan", loan_id=loan_id, courier="Nils")
        await house.call("approve_loan", loan_id=loan_id)
        show = await open_show(house)
        await house.call("install_artwork", artwork_id=artwork, exhibition_id=show)
        assert "already hangs" in await house.refusal("install_artwork", artwork_id=artwork, exhibition_id=show)
        assert "still hangs" in await house.refusal("dispatch_loan", loan_id=loan_id, courier="Nils")
        await house.call("deinstall_artwork", artwork_id=artwork)
        assert "does not hang" in await house.refusal("deinstall_artwork", artwork_id=artwork)
        await house.call("dispatch_loan", loan_id=loan_id, courier="Nils")


async def test_a_work_that_was_sent_out_cannot_be_hung_inspected_uninsured_or_cancelled_until_it_is_back() -> None:
    async with visit(museum) as house:
        artwork = await free_artwork(house)
        loan_id = await requested_loan(house, artwork)
        file = await house.call("get_artwork", artwork_id=artwork)
        show = await open_show(house)
        blocked: list[tuple[str, dict[str, Any]]] = [
            ("install_artwork", {"artwork_id": artwork, "exhibition_id": show}),
            ("file_condition_report", {"artwork_id": artwork, "grade": "good"}),
            ("cancel_insurance", {"policy_number": file["insurance"]["policy_number"]}),
        ]
        await house.call("approve_loan", loan_id=loan_id)
        assert "not sent" in await house.refusal("receive_loan_back", loan_id=loan_id)
        await house.call("dispatch_loan", loan_id=loan_id, courier="Nils")
        for tool, arguments in blocked:
            assert f"away on loan {loan_id}" in await house.refusal(tool, **arguments)
        assert "is sent" in await house.refusal("cancel_loan", loan_id=loan_id)
        await house.call("receive_loan_back", loan_id=loan_id)
        assert "no valid condition report" in await house.refusal("request_loan", **await loan_plan(house, artwork))
        for tool, arguments in blocked:
            await house.call(tool, **arguments)
        await house.call("request_loan", **await loan_plan(house, artwork))


async def test_a_promised_work_is_free_again_when_the_loan_is_cancelled() -> None:
    async with visit(museum) as house:
        artwork = await free_artwork(house)
        plan = await loan_plan(house, artwork)
        loan_id = await requested_loan(house, artwork)
        assert f"under loan {loan_id}" in await house.refusal("request_loan", **plan)
        await house.call("cancel_loan", loan_id=loan_id)
        assert "is cancelled" in await house.refusal("approve_loan", loan_id=loan_id)
        assert "year" in await house.refusal("request_loan", **{**plan, "ends": "2029-01-01"})
        await house.call("request_loan", **plan)


async def test_full_rooms_closed_exhibitions_and_dry_rooms_take_no_work() -> None:
    async with visit(museum) as house:
        shows = await house.call("list_exhibitions")
        depot = [row["id"] for row in (await house.call("search_artworks", whereabouts="depot"))["artworks"]]
        closed = next(row["id"] for row in shows if row["status"] == "closed")
        assert "closed on" in await house.refusal("install_artwork", artwork_id=depot[0], exhibition_id=closed)
        cloth = (await house.call("search_artworks", medium="textile", whereabouts="depot"))["artworks"][0]["id"]
        dry = next(s["id"] for s in shows if s["status"] == "open" and not s["room"]["climate_controlled"])
        assert "no climate control" in await house.refusal("install_artwork", artwork_id=cloth, exhibition_id=dry)
        show = next(s for s in shows if s["status"] == "open" and s["room"]["climate_controlled"])
        free = show["room"]["free_places"]
        for artwork in depot[:free]:
            await house.call("install_artwork", artwork_id=artwork, exhibition_id=show["id"])
        full = {"artwork_id": depot[free], "exhibition_id": show["id"]}
        assert "places in the" in await house.refusal("install_artwork", **full)
        await house.call("deinstall_artwork", artwork_id=depot[0])
        await house.call("install_artwork", **full)


# The kitchen.


async def planned_event(kitchen: Visitor, guests: int = 10) -> dict[str, str]:
    """A draft event with one dish for which nothing is on hold."""
    event = ids("EV", await kitchen.call("book_event", client="Vera Lindholm", day="2026-09-12", guests=guests))[0]
    recipe = ids("RC", await kitchen.call("find_recipes", text="fennel soup"))[0]
    for line in (await kitchen.call("find_ingredient", name="")).split("\n"):
        if "cold chain" in line:
            await kitchen.call("release_lot", lot_id=line.split()[0])
    await kitchen.call("add_dish", event_id=event, recipe_id=recipe)
    return {"event_id": event, "recipe_id": recipe}


async def test_a_dish_enables_confirming_and_confirming_closes_the_menu_and_enables_the_preparation() -> None:
    async with visit(kitchen) as cooks:
        empty = ids("EV", await cooks.call("book_event", client="Ash School", day="2026-10-01", guests=20))[0]
        torte = ids("RC", await cooks.call("find_recipes", text="torte"))[0]
        assert "no dish" in await cooks.refusal("confirm_event", event_id=empty)
        await cooks.call("add_dish", event_id=empty, recipe_id=torte)
        assert "on the menu" in await cooks.refusal("add_dish", event_id=empty, recipe_id=torte)
        plan = await planned_event(cooks)
        assert "before it is confirmed" in await cooks.refusal("schedule_prep", **plan, cook="Marek")
        await cooks.call("confirm_event", event_id=plan["event_id"])
        assert "is settled" in await cooks.refusal("add_dish", event_id=plan["event_id"], recipe_id=torte)
        assert "confirmed already" in await cooks.refusal("confirm_event", event_id=plan["event_id"])
        assert "not on the menu" in await cooks.refusal(
            "schedule_prep", event_id=plan["event_id"], recipe_id=torte, cook="Marek"
        )
        await cooks.call("schedule_prep", **plan, cook="Marek")
        assert "already prepared" in await cooks.refusal("schedule_prep", **plan, cook="Marek")


async def test_a_held_lot_disables_the_preparation_and_its_release_enables_it() -> None:
    async with visit(kitchen) as cooks:
        plan = await planned_event(cooks)
        await cooks.call("confirm_event", event_id=plan["event_id"])
        lot = ids("LT", await cooks.call("find_ingredient", name="fennel"))[0]
        assert "not on hold" in await cooks.refusal("release_lot", lot_id=lot)
        await cooks.call("hold_lot", lot_id=lot, reason="recall")
        assert "on hold already: recall" in await cooks.refusal("hold_lot", lot_id=lot, reason="mould")
        assert f"lot {lot} is on hold" in await cooks.refusal("schedule_prep", **plan, cook="Marek")
        await cooks.call("release_lot", lot_id=lot)
        await cooks.call("schedule_prep", **plan, cook="Marek")


async def test_deliveries_enable_a_preparation_for_which_stock_was_short() -> None:
    async with visit(kitchen) as cooks:
        plan = await planned_event(cooks, guests=300)
        await cooks.call("confirm_event", event_id=plan["event_id"])
        assert "There is too little" in await cooks.refusal("schedule_prep", **plan, cook="Marek")
        for ingredient in ids("IG", await cooks.call("read_recipe", recipe_id=plan["recipe_id"])):
            supplier = ids("SU", await cooks.call("compare_suppliers", ingredient_id=ingredient))[0]
            purchase = {"ingredient_id": ingredient, "supplier_id": supplier, "kilograms": 60}
            order = ids("PO", await cooks.call("order_ingredient", **purchase))[0]
            await cooks.call("receive_delivery", order_id=order)
        await cooks.call("schedule_prep", **plan, cook="Marek")


async def test_an_order_is_either_delivered_or_cancelled() -> None:
    async with visit(kitchen) as cooks:
        ingredient = ids("IG", await cooks.call("find_ingredient", name="shallots"))[0]
        suppliers = ids("SU", await cooks.call("compare_suppliers", ingredient_id=ingredient))
        purchase = {"ingredient_id": ingredient, "supplier_id": suppliers[0], "kilograms": 20}
        first, second = [ids("PO", await cooks.call("order_ingredient", **purchase))[0] for _ in range(2)]
        await cooks.call("cancel_order", order_id=first)
        assert "has been cancelled" in await cooks.refusal("receive_delivery", order_id=first)
        await cooks.call("receive_delivery", order_id=second)
        assert "has been received" in await cooks.refusal("cancel_order", order_id=second)
        assert "no less than" in await cooks.refusal("order_ingredient", **{**purchase, "kilograms": 0.5})


async def test_the_kitchen_refuses_suppliers_without_the_goods_late_bookings_and_too_many_guests() -> None:
    async with visit(kitchen) as cooks:
        fennel, cream = [ids("IG", await cooks.call("find_ingredient", name=name))[0] for name in ("fennel", "cream")]
        sellers = ids("SU", await cooks.call("compare_suppliers", ingredient_id=fennel))
        others = ids("SU", await cooks.call("compare_suppliers", ingredient_id=cream))
        stranger = next(key for key in others if key not in sellers)
        purchase = {"ingredient_id": fennel, "supplier_id": stranger, "kilograms": 20}
        assert "does not sell fennel" in await cooks.refusal("order_ingredient", **purchase)
        assert "too late" in await cooks.refusal("book_event", client="Ida", day="2026-05-11", guests=20)
        await cooks.call("book_event", client="Ida", day="2026-11-11", guests=300)
        assert "400 guests a day" in await cooks.refusal("book_event", client="Ole", day="2026-11-11", guests=101)
