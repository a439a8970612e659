"""The museum: a story that uses all of its tools, and what enables and disables what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from toolweave.servers.worlds import museum

if TYPE_CHECKING:
    from tests.servers.worlds.conftest import Promise, Visit, Visitor

pytestmark = pytest.mark.anyio


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


async def test_the_museum_keeps_what_every_world_promises(promise: Promise) -> None:
    await promise(museum, lend_an_artwork)


async def test_a_condition_report_enables_or_disables_loan_requests(visit: Visit) -> None:
    async with visit(museum) as house:
        artwork = await free_artwork(house)
        plan = await loan_plan(house, artwork)
        await house.call("file_condition_report", artwork_id=artwork, grade="poor")
        assert "poor condition" in await house.refusal("request_loan", **plan)
        await house.call("file_condition_report", artwork_id=artwork, grade="good")
        await house.call("request_loan", **plan)


async def test_insurance_enables_approval_and_its_end_disables_it(visit: Visit) -> None:
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


async def test_hanging_a_work_disables_sending_it_and_taking_it_down_enables_that(visit: Visit) -> None:
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


async def test_a_work_that_was_sent_out_cannot_be_hung_inspected_uninsured_or_cancelled_until_it_is_back(
    visit: Visit,
) -> None:
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


async def test_a_promised_work_is_free_again_when_the_loan_is_cancelled(visit: Visit) -> None:
    async with visit(museum) as house:
        artwork = await free_artwork(house)
        plan = await loan_plan(house, artwork)
        loan_id = await requested_loan(house, artwork)
        assert f"under loan {loan_id}" in await house.refusal("request_loan", **plan)
        await house.call("cancel_loan", loan_id=loan_id)
        assert "is cancelled" in await house.refusal("approve_loan", loan_id=loan_id)
        assert "year" in await house.refusal("request_loan", **{**plan, "ends": "2029-01-01"})
        await house.call("request_loan", **plan)


async def test_full_rooms_closed_exhibitions_and_dry_rooms_take_no_work(visit: Visit) -> None:
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
