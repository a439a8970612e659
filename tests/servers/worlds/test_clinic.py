"""The clinic: a story that uses all of its tools, and what enables and disables what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from toolweave.servers.worlds import clinic

if TYPE_CHECKING:
    from tests.servers.worlds.conftest import Promise, Visit, Visitor

pytestmark = pytest.mark.anyio


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


async def test_the_clinic_keeps_what_every_world_promises(promise: Promise) -> None:
    await promise(clinic, treat_an_animal)


async def test_a_consultation_time_is_taken_by_booking_and_freed_by_cancelling(visit: Visit) -> None:
    async with visit(clinic) as practice:
        first, second = (await solvent_patients(practice))[:2]
        slot = await free_slot(practice, "dog")
        booked = await practice.call("book_appointment", animal_id=first["animal_id"], slot_id=slot)
        other = {"animal_id": second["animal_id"], "slot_id": slot}
        assert "is taken" in await practice.refusal("book_appointment", **other)
        await practice.call("cancel_appointment", appointment_id=booked["appointment_id"])
        await practice.call("book_appointment", **other)
        assert "is cancelled" in await practice.refusal("check_in_animal", appointment_id=booked["appointment_id"])


async def test_paying_a_debt_enables_booking(visit: Visit) -> None:
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


async def test_checking_in_disables_cancelling_the_appointment(visit: Visit) -> None:
    async with visit(clinic) as practice:
        animal = (await solvent_patients(practice))[0]["animal_id"]
        booked = await practice.call("book_appointment", animal_id=animal, slot_id=await free_slot(practice, "dog"))
        key = {"appointment_id": booked["appointment_id"]}
        assert "weigh" in await practice.refusal("check_in_animal", **key, weight_kg=110)
        await practice.call("check_in_animal", **key)
        assert "is checked in" in await practice.refusal("cancel_appointment", **key)
        assert "is checked in" in await practice.refusal("check_in_animal", **key)


async def test_an_examination_enables_x_rays_prescriptions_and_the_invoice(visit: Visit) -> None:
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


async def test_an_invoice_disables_treatment_and_voiding_it_enables_treatment_until_something_is_paid(
    visit: Visit,
) -> None:
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


async def test_a_prescription_blocks_a_second_one_of_the_same_medicine_until_it_is_cancelled(visit: Visit) -> None:
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


async def test_the_clinic_refuses_weekends_unsuited_medicines_and_overpayment(visit: Visit) -> None:
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
