"""The clinic, the library and the greenhouse: what they offer, how their tools depend on each other, repeatably."""

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
from toolweave.servers.worlds import clinic, greenhouse, library

pytestmark = pytest.mark.anyio

WORLDS = (clinic, library, greenhouse)
CLASSES: list[Callable[[int], object]] = [clinic.Clinic, library.Library, greenhouse.Greenhouse]


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


# The clinic.


async def free_slot(practice: Visitor, species: str, day: str = "2026-02-11") -> str:
    times = await practice.call("find_free_times", day=day, species=species)
    return str(times["slots"][0]["slot_id"])


async def solvent_patients(practice: Visitor, species: str = "dog") -> list[dict[str, Any]]:
    """Records of animals without allergies whose owners owe nothing."""
    records: list[dict[str, Any]] = []
    for owner in await practice.call("find_owner", name=""):
        if not owner["unpaid_invoice_numbers"]:
            records += [await practice.call("get_animal_record", animal_id=key) for key in owner["animal_ids"]]
    return [record for record in records if record["species"] == species and not record["allergies"]]


async def open_visit(practice: Visitor) -> str:
    animal = (await solvent_patients(practice))[0]["animal_id"]
    booked = await practice.call("book_appointment", animal_id=animal, slot_id=await free_slot(practice, "dog"))
    visit_row = await practice.call("check_in_animal", appointment_id=booked["appointment_id"], weight_kg=14.5)
    return str(visit_row["visit_id"])


async def treat_an_animal(practice: Visitor) -> None:
    owner = (await practice.call("find_owner", name="mira HOLT"))[0]
    for number in owner["unpaid_invoice_numbers"]:
        await practice.call("record_payment", invoice_number=number)
    hit = (await practice.call("search_animals", owner_id=owner["id"]))["animals"][0]
    record = await practice.call("get_animal_record", animal_id=hit["animal_id"])
    assert record["owner"] == {"id": owner["id"], "name": "Mira Holt"}
    booking = {"animal_id": record["animal_id"], "slot_id": await free_slot(practice, record["species"])}
    unwanted = await practice.call("book_appointment", **booking)
    await practice.call("cancel_appointment", appointment_id=unwanted["appointment_id"])
    wanted = await practice.call("book_appointment", **booking, reason="limping")
    visit_id = (await practice.call("check_in_animal", appointment_id=wanted["appointment_id"]))["visit_id"]
    await practice.call("record_treatment", visit_id=visit_id)
    medicines = await practice.call("search_medicines", species=record["species"])
    medicine = next(row for row in medicines if row["substance"] not in record["allergies"])
    written = await practice.call("prescribe_medicine", visit_id=visit_id, medicine_id=medicine["id"], days=2)
    await practice.call("cancel_prescription", prescription_id=written["prescription_id"])
    wrong = await practice.call("issue_invoice", visit_id=visit_id)
    await practice.call("void_invoice", invoice_number=wrong["number"])
    right = await practice.call("issue_invoice", visit_id=visit_id, discount_percent=10)
    assert right["total_eur"] == 34.2
    paid = await practice.call("record_payment", invoice_number=right["number"], amount_eur=30, method="cash")
    assert paid["balance_eur"] == 4.2


# The library.


async def borrower(desk: Visitor, name: str = "Linus Aberg") -> str:
    """A new member whose card is active."""
    member = (await desk.call("register_member", name=name))["member"]["id"]
    await desk.call("activate_card", member_id=member)
    return str(member)


async def shelved(desk: Visitor, how_many: int = 1) -> list[tuple[str, str]]:
    """Titles that nobody waits for, each with the barcode of a copy on the shelf."""
    found: list[tuple[str, str]] = []
    for title in (await desk.call("search_titles", limit=40))["titles"]:
        listed = await desk.call("list_copies", title_id=title["id"], on_shelf_only=True)
        if listed["copies"] and not listed["waiting_holds"]:
            found.append((title["id"], listed["copies"][0]["barcode"]))
    return found[:how_many]


async def indebted(desk: Visitor) -> tuple[str, list[str]]:
    """A member whose card is active and who owes more than 10 euros, and the fines."""
    for member in (await desk.call("find_member", name=""))["members"]:
        account = await desk.call("get_member_account", member_id=member["id"])
        if account["owes_eur"] > 10 and account["card"] == "active" and len(account["loans"]) < 4:
            return member["id"], [fine["fine_id"] for fine in account["fines"]]
    raise AssertionError("nobody owes enough")


async def lend_a_book(desk: Visitor) -> None:
    member = await borrower(desk)
    await desk.call("suspend_card", member_id=member, reason="card lost")
    await desk.call("activate_card", member_id=member)
    title, barcode = (await shelved(desk))[0]
    hold = (await desk.call("place_hold", member_id=member, title_id=title))["hold"]["id"]
    await desk.call("cancel_hold", hold_id=hold)
    loan = (await desk.call("check_out_copy", member_id=member, barcode=barcode))["loan"]
    assert (await desk.call("renew_loan", loan_id=loan["id"], weeks=2))["due_on"] == "2026-05-25"
    account = await desk.call("get_member_account", member_id=member)
    assert [row["barcode"] for row in account["loans"]] == [barcode]
    returned = await desk.call("return_copy", barcode=barcode)
    assert (returned["closed_loan_id"], returned["fine"]) == (loan["id"], None)
    debtor, fines = await indebted(desk)
    paid = await desk.call("pay_fine", fine_id=fines[0], amount_eur=1)
    left = await desk.call("waive_fine", fine_id=fines[0], reason="our mistake")
    assert left["member_owes_eur"] == round(paid["member_owes_eur"] - paid["open_eur"], 2)
    assert (await desk.call("get_member_account", member_id=debtor))["owes_eur"] == left["member_owes_eur"]


# The greenhouse.


async def close_all_valves(garden: Visitor) -> None:
    for valve, is_open in (await valves(garden)).items():
        if is_open:
            await garden.call("close_valve", valve_id=valve)


async def valves(garden: Visitor) -> dict[str, bool]:
    """All valves, and whether each is open."""
    plots = ids("PL", await garden.call("list_plots"))
    texts = [await garden.call("describe_plot", plot_id=plot) for plot in plots]
    return {ids("VL", text)[0]: "which is open" in text for text in texts}


async def leased_plot(garden: Visitor) -> tuple[str, str, str]:
    """A plot that was just leased to someone without one, its lease and its closed valve."""
    cards = (await garden.call("find_gardener", name="")).split("\n\n")
    gardener = next(ids("GD", card)[0] for card in cards if "Leases" not in card)
    plot = ids("PL", await garden.call("list_plots", free_only=True))[0]
    lease = ids("LE", await garden.call("lease_plot", gardener_id=gardener, plot_id=plot))[0]
    text = await garden.call("describe_plot", plot_id=plot)
    valve = ids("VL", text)[0]
    if "is open" in text:
        await garden.call("close_valve", valve_id=valve)
    return plot, lease, valve


async def acidity(garden: Visitor, plot: str) -> float:
    """The pH of a plot's soil."""
    found = re.search(r"has pH ([\d.]+)\.", await garden.call("describe_plot", plot_id=plot))
    assert found is not None
    return float(found[1])


async def suited_crop(garden: Visitor, plot: str) -> str:
    """A crop that takes the plot's soil as it is."""
    ph = await acidity(garden, plot)
    for line in (await garden.call("search_crops")).splitlines()[1:]:
        low, high = re.findall(r"pH ([\d.]+) to ([\d.]+)", line)[0]
        if float(low) <= ph <= float(high):
            return ids("CR", line)[0]
    raise AssertionError("no crop takes this soil")


async def sown(garden: Visitor) -> tuple[str, str, str, str]:
    """A plot, its lease, its closed valve and a fresh planting on it."""
    plot, lease, valve = await leased_plot(garden)
    crop = await suited_crop(garden, plot)
    planting = ids("PT", await garden.call("sow_crop", plot_id=plot, crop_id=crop, square_metres=4))[0]
    return plot, lease, valve, planting


async def share_a_harvest(garden: Visitor) -> None:
    await close_all_valves(garden)
    plot, lease, valve = await leased_plot(garden)
    await garden.call("amend_soil", plot_id=plot)
    crop = await suited_crop(garden, plot)
    planting = ids("PT", await garden.call("sow_crop", plot_id=plot, crop_id=crop, square_metres=4))[0]
    await garden.call("open_valve", valve_id=valve)
    await garden.call("water_planting", planting_id=planting)
    await garden.call("close_valve", valve_id=valve)
    harvest = ids("HV", await garden.call("harvest_planting", planting_id=planting))[0]
    friend = ids("GD", await garden.call("find_gardener", name="sunil"))[0]
    share = {"gardener_id": friend, "harvest_id": harvest, "kilograms": 0.1}
    reserved = ids("SH", await garden.call("reserve_share", **share))[0]
    assert reserved in await garden.call("find_gardener", name="sunil")
    await garden.call("release_share", share_id=reserved)
    await garden.call("end_lease", lease_id=lease)


Story = Callable[[Visitor], Awaitable[None]]
STORIES: dict[ModuleType, Story] = {clinic: treat_an_animal, library: lend_a_book, greenhouse: share_a_harvest}


@pytest.mark.parametrize("world", WORLDS)
async def test_every_tool_and_every_parameter_is_described(world: ModuleType) -> None:
    async with Client(world.build(7)) as client:
        tools = (await client.list_tools()).tools
    assert 12 <= len(tools) <= 14
    for tool in tools:
        assert tool.description, tool.name
        assert tool.annotations is not None
        assert tool.annotations.open_world_hint is False
        assert (tool.output_schema is not None) == (world is clinic)
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
@pytest.mark.parametrize("world", CLASSES)
def test_main_tables_are_well_filled_on_every_seed(world: Callable[[int], object], seed: int) -> None:
    tables = {name: table for name, table in vars(world(seed)).items() if isinstance(table, Table)}
    assert sum(len(table) >= 20 for table in tables.values()) >= 4


@pytest.mark.parametrize("world", WORLDS)
async def test_every_example_of_a_search_word_finds_something(world: ModuleType) -> None:
    async with visit(world, 3) as visitor:
        for tool in (await visitor.client.list_tools()).tools:
            for name, schema in tool.input_schema["properties"].items():
                if name in ("name", "text", "vet_name") and tool.name.startswith(("find", "search")):
                    fixed = {"day": "2026-02-10"} if "day" in tool.input_schema["properties"] else {}
                    for example in schema["examples"]:
                        answer = json.dumps(await visitor.call(tool.name, **{name: example}, **fixed))
                        assert re.search(r"[A-Z]{2}-\d{5}", answer), f"{tool.name}.{name}: {example}"


# The clinic: what enables and disables what.


async def test_a_consultation_time_is_taken_by_booking_and_freed_by_cancelling() -> None:
    async with visit(clinic) as practice:
        first, second = (await solvent_patients(practice))[:2]
        slot = await free_slot(practice, "dog")
        booked = await practice.call("book_appointment", animal_id=first["animal_id"], slot_id=slot)
        other = {"animal_id": second["animal_id"], "slot_id": slot}
        assert "is taken" in await practice.refusal("book_appointment", **other)
        await practice.call("cancel_appointment", appointment_id=booked["appointment_id"])
        await practice.call("book_appointment", **other)
        assert "is cancelled" in await practice.refusal("check_in_animal", appointment_id=booked["appointment_id"])


async def test_paying_a_debt_enables_booking() -> None:
    async with visit(clinic) as practice:
        owners = await practice.call("find_owner", name="")
        debtor = next(row for row in owners if row["owed_eur"] > 100)
        record = await practice.call("get_animal_record", animal_id=debtor["animal_ids"][0])
        booking = {"animal_id": record["animal_id"], "slot_id": await free_slot(practice, record["species"])}
        assert "gets no new appointment" in await practice.refusal("book_appointment", **booking)
        for number in debtor["unpaid_invoice_numbers"]:
            await practice.call("record_payment", invoice_number=number, method="bank transfer")
            assert "paid in full" in await practice.refusal("record_payment", invoice_number=number)
        await practice.call("book_appointment", **booking)


async def test_checking_in_disables_cancelling_the_appointment() -> None:
    async with visit(clinic) as practice:
        animal = (await solvent_patients(practice))[0]["animal_id"]
        booked = await practice.call("book_appointment", animal_id=animal, slot_id=await free_slot(practice, "dog"))
        key = {"appointment_id": booked["appointment_id"]}
        assert "weigh" in await practice.refusal("check_in_animal", **key, weight_kg=110)
        await practice.call("check_in_animal", **key)
        assert "is checked in" in await practice.refusal("cancel_appointment", **key)
        assert "is checked in" in await practice.refusal("check_in_animal", **key)


async def test_an_examination_enables_x_rays_prescriptions_and_the_invoice() -> None:
    async with visit(clinic) as practice:
        visit_id = await open_visit(practice)
        medicine = (await practice.call("search_medicines", text="gabapentin"))[0]["id"]
        dose = {"visit_id": visit_id, "medicine_id": medicine}
        imaging = {"visit_id": visit_id, "procedure": "x-ray"}
        assert "nothing to bill" in await practice.refusal("issue_invoice", visit_id=visit_id)
        assert "has not been examined" in await practice.refusal("record_treatment", **imaging)
        assert "has not been examined" in await practice.refusal("prescribe_medicine", **dose)
        await practice.call("record_treatment", visit_id=visit_id)
        await practice.call("record_treatment", **imaging)
        assert "already been recorded" in await practice.refusal("record_treatment", **imaging)
        await practice.call("prescribe_medicine", **dose)
        await practice.call("issue_invoice", visit_id=visit_id)


async def test_an_invoice_disables_treatment_and_voiding_it_enables_treatment_until_something_is_paid() -> None:
    async with visit(clinic) as practice:
        visit_id = await open_visit(practice)
        await practice.call("record_treatment", visit_id=visit_id)
        medicine = (await practice.call("search_medicines", text="doxiban"))[0]["id"]
        dose = {"visit_id": visit_id, "medicine_id": medicine}
        written = (await practice.call("prescribe_medicine", **dose, days=2))["prescription_id"]
        number = (await practice.call("issue_invoice", visit_id=visit_id))["number"]
        nails = {"visit_id": visit_id, "procedure": "nail clipping"}
        blocked: list[tuple[str, dict[str, Any]]] = [
            ("record_treatment", nails),
            ("prescribe_medicine", dose),
            ("cancel_prescription", {"prescription_id": written}),
            ("issue_invoice", {"visit_id": visit_id}),
        ]
        for tool, arguments in blocked:
            assert "is closed" in await practice.refusal(tool, **arguments)
        await practice.call("void_invoice", invoice_number=number)
        assert "is void" in await practice.refusal("record_payment", invoice_number=number)
        await practice.call("record_treatment", **nails)
        again = (await practice.call("issue_invoice", visit_id=visit_id))["number"]
        await practice.call("record_payment", invoice_number=again, amount_eur=5)
        assert "have been paid" in await practice.refusal("void_invoice", invoice_number=again)


async def test_a_prescription_blocks_a_second_one_of_the_same_medicine_until_it_is_cancelled() -> None:
    async with visit(clinic) as practice:
        visit_id = await open_visit(practice)
        await practice.call("record_treatment", visit_id=visit_id)
        medicine = (await practice.call("search_medicines", text="doxiban"))[0]
        dose = {"visit_id": visit_id, "medicine_id": medicine["id"], "days": 7}
        written = await practice.call("prescribe_medicine", **dose)
        assert (written["tablets_a_day"], written["tablets"], written["amount_eur"]) == (2, 14, 11.2)
        assert "already been prescribed" in await practice.refusal("prescribe_medicine", **dose)
        key = {"prescription_id": written["prescription_id"]}
        await practice.call("cancel_prescription", **key)
        assert "already been cancelled" in await practice.refusal("cancel_prescription", **key)
        assert (await practice.call("search_medicines", text="doxiban"))[0]["stock"] == medicine["stock"]
        await practice.call("prescribe_medicine", **dose)


async def test_the_clinic_refuses_weekends_unsuited_medicines_and_overpayment() -> None:
    async with visit(clinic) as practice:
        assert "closed at the weekend" in await practice.refusal("find_free_times", day="2026-02-14")
        assert "diary is open" in await practice.refusal("find_free_times", day="2026-05-14")
        visit_id = await open_visit(practice)
        await practice.call("record_treatment", visit_id=visit_id)
        cats_only = (await practice.call("search_medicines", text="thyrobal", in_stock_only=False))[0]["id"]
        wrong = {"visit_id": visit_id, "medicine_id": cats_only}
        assert "must not be given to a dog" in await practice.refusal("prescribe_medicine", **wrong)
        number = (await practice.call("issue_invoice", visit_id=visit_id))["number"]
        assert "left to pay" in await practice.refusal("record_payment", invoice_number=number, amount_eur=500)


# The library: what enables and disables what.


async def test_a_card_must_be_active_to_borrow_reserve_and_renew() -> None:
    async with visit(library) as desk:
        member = (await desk.call("register_member", name="Petra Valdez"))["member"]["id"]
        (_, barcode), (other, _) = await shelved(desk, 2)
        lending = {"member_id": member, "barcode": barcode}
        reserving = {"member_id": member, "title_id": other}
        assert "is inactive" in await desk.refusal("check_out_copy", **lending)
        assert "is inactive" in await desk.refusal("suspend_card", member_id=member, reason="moved away")
        await desk.call("activate_card", member_id=member)
        loan = (await desk.call("check_out_copy", **lending))["loan"]["id"]
        await desk.call("suspend_card", member_id=member, reason="moved away")
        assert "suspended (moved away)" in await desk.refusal("place_hold", **reserving)
        assert "suspended (moved away)" in await desk.refusal("renew_loan", loan_id=loan)
        await desk.call("activate_card", member_id=member)
        assert "active already" in await desk.refusal("activate_card", member_id=member)
        await desk.call("renew_loan", loan_id=loan)
        await desk.call("place_hold", **reserving)


@pytest.mark.parametrize(("tool", "extra"), [("pay_fine", {}), ("waive_fine", {"reason": "our mistake"})])
async def test_paying_or_waiving_fines_enables_lending(tool: str, extra: dict[str, Any]) -> None:
    async with visit(library) as desk:
        member, fines = await indebted(desk)
        lending = {"member_id": member, "barcode": (await shelved(desk))[0][1]}
        assert "EUR in fines" in await desk.refusal("check_out_copy", **lending)
        for fine in fines:
            await desk.call(tool, fine_id=fine, **extra)
            assert "has already been" in await desk.refusal("pay_fine", fine_id=fine)
            assert "has already been" in await desk.refusal("waive_fine", fine_id=fine, reason="twice")
        await desk.call("check_out_copy", **lending)


async def test_a_copy_is_lent_to_one_member_until_it_is_returned() -> None:
    async with visit(library) as desk:
        first, second = await borrower(desk), await borrower(desk, "Petra Valdez")
        barcode = (await shelved(desk))[0][1]
        assert "is not on loan" in await desk.refusal("return_copy", barcode=barcode)
        loan = (await desk.call("check_out_copy", member_id=first, barcode=barcode))["loan"]["id"]
        assert "is on loan" in await desk.refusal("check_out_copy", member_id=second, barcode=barcode)
        await desk.call("return_copy", barcode=barcode)
        assert "is closed" in await desk.refusal("renew_loan", loan_id=loan)
        await desk.call("check_out_copy", member_id=second, barcode=barcode)


async def test_a_hold_disables_renewal_and_lending_to_others_and_cancelling_it_enables_both() -> None:
    async with visit(library) as desk:
        first, second = await borrower(desk), await borrower(desk, "Petra Valdez")
        (title, barcode), (lent_title, lent) = await shelved(desk, 2)
        loan = (await desk.call("check_out_copy", member_id=first, barcode=lent))["loan"]["id"]
        holds = [
            (await desk.call("place_hold", member_id=second, title_id=wanted))["hold"]["id"]
            for wanted in (title, lent_title)
        ]
        assert "waiting for" in await desk.refusal("place_hold", member_id=second, title_id=title)
        assert "at home" in await desk.refusal("place_hold", member_id=first, title_id=lent_title)
        assert "is reserved" in await desk.refusal("renew_loan", loan_id=loan)
        assert "is reserved" in await desk.refusal("check_out_copy", member_id=first, barcode=barcode)
        for hold in holds:
            await desk.call("cancel_hold", hold_id=hold)
            assert "is cancelled" in await desk.refusal("cancel_hold", hold_id=hold)
        await desk.call("renew_loan", loan_id=loan)
        await desk.call("check_out_copy", member_id=first, barcode=barcode)


async def test_a_hold_is_collected_by_borrowing_the_title() -> None:
    async with visit(library) as desk:
        member = await borrower(desk)
        title, barcode = (await shelved(desk))[0]
        hold = (await desk.call("place_hold", member_id=member, title_id=title))["hold"]["id"]
        await desk.call("check_out_copy", member_id=member, barcode=barcode)
        assert "is collected" in await desk.refusal("cancel_hold", hold_id=hold)


async def test_at_most_four_copies_and_two_renewals_and_a_return_makes_room() -> None:
    async with visit(library) as desk:
        member = await borrower(desk)
        barcodes = [barcode for _, barcode in await shelved(desk, 5)]
        loans = [
            (await desk.call("check_out_copy", member_id=member, barcode=code))["loan"]["id"] for code in barcodes[:4]
        ]
        assert "is the limit" in await desk.refusal("check_out_copy", member_id=member, barcode=barcodes[4])
        await desk.call("return_copy", barcode=barcodes[0])
        await desk.call("check_out_copy", member_id=member, barcode=barcodes[4])
        for _ in range(2):
            await desk.call("renew_loan", loan_id=loans[1], weeks=1)
        assert "2 times" in await desk.refusal("renew_loan", loan_id=loans[1])


async def test_a_late_return_is_fined_by_the_day() -> None:
    async with visit(library) as desk:
        for member in (await desk.call("find_member", name=""))["members"]:
            account = await desk.call("get_member_account", member_id=member["id"])
            for loan in account["loans"]:
                fine = (await desk.call("return_copy", barcode=loan["barcode"]))["fine"]
                assert (fine is not None) == (loan["due_on"] < "2026-04-20")
                if fine is not None:
                    late = int(fine["reason"].split()[1])
                    assert fine["amount_eur"] == min(late * 0.25, 15)


# The greenhouse: what enables and disables what.


async def test_an_open_valve_enables_watering_and_disables_work_on_the_soil() -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        plot, _, valve, planting = await sown(garden)
        assert f"valve {valve} is closed" in await garden.refusal("water_planting", planting_id=planting)
        await garden.call("amend_soil", plot_id=plot)
        await garden.call("open_valve", valve_id=valve)
        assert "is open already" in await garden.refusal("open_valve", valve_id=valve)
        assert "wash the compost out" in await garden.refusal("amend_soil", plot_id=plot)
        await garden.call("water_planting", planting_id=planting)
        assert "is moist" in await garden.refusal("water_planting", planting_id=planting)
        await garden.call("close_valve", valve_id=valve)
        assert "is closed already" in await garden.refusal("close_valve", valve_id=valve)
        await garden.call("amend_soil", plot_id=plot)


async def test_only_four_valves_are_open_at_once_and_closing_one_enables_another() -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        first, *others, last = list(await valves(garden))[:5]
        for valve in (first, *others):
            await garden.call("open_valve", valve_id=valve)
        assert "pressure is too low" in await garden.refusal("open_valve", valve_id=last)
        await garden.call("close_valve", valve_id=first)
        await garden.call("open_valve", valve_id=last)


async def test_watering_enables_the_harvest_and_the_harvest_enables_the_end_of_the_lease() -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        plot, lease, valve, planting = await sown(garden)
        assert "is wilted" in await garden.refusal("harvest_planting", planting_id=planting)
        assert f"still grow on plot {plot}: {planting}" in await garden.refusal("end_lease", lease_id=lease)
        await garden.call("open_valve", valve_id=valve)
        await garden.call("water_planting", planting_id=planting)
        assert "grow on" in await garden.call("harvest_planting", planting_id=planting, keep_growing=True)
        assert "is wilted" in await garden.refusal("harvest_planting", planting_id=planting)
        await garden.call("water_planting", planting_id=planting)
        assert "is bare" in await garden.call("harvest_planting", planting_id=planting)
        assert "has been cleared" in await garden.refusal("water_planting", planting_id=planting)
        await garden.call("end_lease", lease_id=lease)
        assert "already ended" in await garden.refusal("end_lease", lease_id=lease)


async def test_a_lease_enables_sowing_and_its_end_disables_sowing_and_frees_the_plot() -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        plot = ids("PL", await garden.call("list_plots", free_only=True))[0]
        sowing = {"plot_id": plot, "crop_id": await suited_crop(garden, plot)}
        assert "is not leased" in await garden.refusal("sow_crop", **sowing)
        leased, lease, _ = await leased_plot(garden)
        assert leased == plot
        friend = ids("GD", await garden.call("find_gardener", name="sunil"))[0]
        assert "is leased already" in await garden.refusal("lease_plot", gardener_id=friend, plot_id=plot)
        await garden.call("end_lease", lease_id=lease)
        assert "is not leased" in await garden.refusal("sow_crop", **sowing)
        assert plot in await garden.call("list_plots", free_only=True)
        await leased_plot(garden)
        await garden.call("sow_crop", **sowing)


async def test_a_gardener_holds_two_plots_at_most() -> None:
    async with visit(greenhouse) as garden:
        cards = (await garden.call("find_gardener", name="")).split("\n\n")
        gardener = next(ids("GD", card)[0] for card in cards if "Leases" not in card)
        first, second, third = ids("PL", await garden.call("list_plots", free_only=True))[:3]
        lease = ids("LE", await garden.call("lease_plot", gardener_id=gardener, plot_id=first))[0]
        await garden.call("lease_plot", gardener_id=gardener, plot_id=second)
        assert "is the limit" in await garden.refusal("lease_plot", gardener_id=gardener, plot_id=third)
        await garden.call("end_lease", lease_id=lease)
        await garden.call("lease_plot", gardener_id=gardener, plot_id=third)


async def test_amending_the_soil_enables_or_disables_sowing() -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        plot, _, _ = await leased_plot(garden)
        potatoes = ids("CR", await garden.call("search_crops", name="potatoes"))[0]
        sowing = {"plot_id": plot, "crop_id": potatoes, "square_metres": 1}
        while await acidity(garden, plot) < 6.5:
            await garden.call("amend_soil", plot_id=plot, amendment="lime")
        assert "but the range for early potatoes" in await garden.refusal("sow_crop", **sowing)
        while await acidity(garden, plot) > 6.0:
            await garden.call("amend_soil", plot_id=plot, amendment="sulphur")
        await garden.call("sow_crop", **sowing)
        await garden.call("amend_soil", plot_id=plot, amendment="lime")
        assert "but the range for early potatoes" in await garden.refusal("sow_crop", **sowing)
        while await acidity(garden, plot) <= 7.5:
            await garden.call("amend_soil", plot_id=plot, amendment="lime")
        assert "where nothing grows" in await garden.refusal("amend_soil", plot_id=plot, amendment="lime")


async def test_a_harvest_is_shared_out_once_and_released_shares_can_be_had_again() -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        _, _, valve, planting = await sown(garden)
        await garden.call("open_valve", valve_id=valve)
        await garden.call("water_planting", planting_id=planting)
        text = await garden.call("harvest_planting", planting_id=planting)
        harvest, amount = ids("HV", text)[0], float(text.split()[1])
        one, two = [ids("GD", await garden.call("find_gardener", name=name))[0] for name in ["sunil", "thorpe"]]
        whole = {"harvest_id": harvest, "kilograms": min(amount, 5)}
        share = ids("SH", await garden.call("reserve_share", gardener_id=one, **whole))[0]
        assert "are left of harvest" in await garden.refusal("reserve_share", gardener_id=two, **whole)
        await garden.call("release_share", share_id=share)
        assert "already been released" in await garden.refusal("release_share", share_id=share)
        await garden.call("reserve_share", gardener_id=two, **whole)


async def test_the_greenhouse_refuses_too_little_water_and_too_little_ground() -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        plot, _, valve, planting = await sown(garden)
        await garden.call("open_valve", valve_id=valve)
        assert "too little for 4 m2" in await garden.refusal("water_planting", planting_id=planting, litres=6)
        crop = await suited_crop(garden, plot)
        await garden.call("sow_crop", plot_id=plot, crop_id=crop, square_metres=5)
        free = re.search(r"(\d+) m2 are bare", await garden.call("describe_plot", plot_id=plot))
        assert free is not None
        for _ in range(int(free[1])):
            await garden.call("sow_crop", plot_id=plot, crop_id=crop, square_metres=1)
        assert "Only 0 m2" in await garden.refusal("sow_crop", plot_id=plot, crop_id=crop, square_metres=1)
