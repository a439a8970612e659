"""The library: a story that uses all of its tools, and what enables and disables what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from toolweave.servers.worlds import library

if TYPE_CHECKING:
    from tests.servers.worlds.conftest import Promise, Visit, Visitor

pytestmark = pytest.mark.anyio


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


async def test_the_library_keeps_what_every_world_promises(promise: Promise) -> None:
    await promise(library, lend_a_book)


async def test_a_card_must_be_active_to_borrow_reserve_and_renew(visit: Visit) -> None:
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
async def test_paying_or_waiving_fines_enables_lending(visit: Visit, tool: str, extra: dict[str, Any]) -> None:
    async with visit(library) as desk:
        member, fines = await indebted(desk)
        lending = {"member_id": member, "barcode": (await shelved(desk))[0][1]}
        assert "EUR in fines" in await desk.refusal("check_out_copy", **lending)
        for fine in fines:
            await desk.call(tool, fine_id=fine, **extra)
            assert "has already been" in await desk.refusal("pay_fine", fine_id=fine)
            assert "has already been" in await desk.refusal("waive_fine", fine_id=fine, reason="twice")
        await desk.call("check_out_copy", **lending)


async def test_a_copy_is_lent_to_one_member_until_it_is_returned(visit: Visit) -> None:
    async with visit(library) as desk:
        first, second = await borrower(desk), await borrower(desk, "Petra Valdez")
        barcode = (await shelved(desk))[0][1]
        assert "is not on loan" in await desk.refusal("return_copy", barcode=barcode)
        loan = (await desk.call("check_out_copy", member_id=first, barcode=barcode))["loan"]["id"]
        assert "is on loan" in await desk.refusal("check_out_copy", member_id=second, barcode=barcode)
        await desk.call("return_copy", barcode=barcode)
        assert "is closed" in await desk.refusal("renew_loan", loan_id=loan)
        await desk.call("check_out_copy", member_id=second, barcode=barcode)


async def test_a_hold_disables_renewal_and_lending_to_others_and_cancelling_it_enables_both(visit: Visit) -> None:
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


async def test_a_hold_is_collected_by_borrowing_the_title(visit: Visit) -> None:
    async with visit(library) as desk:
        member = await borrower(desk)
        title, barcode = (await shelved(desk))[0]
        hold = (await desk.call("place_hold", member_id=member, title_id=title))["hold"]["id"]
        await desk.call("check_out_copy", member_id=member, barcode=barcode)
        assert "is collected" in await desk.refusal("cancel_hold", hold_id=hold)


async def test_at_most_four_copies_and_two_renewals_and_a_return_makes_room(visit: Visit) -> None:
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


async def test_a_late_return_is_fined_by_the_day(visit: Visit) -> None:
    async with visit(library) as desk:
        for member in (await desk.call("find_member", name=""))["members"]:
            account = await desk.call("get_member_account", member_id=member["id"])
            for loan in account["loans"]:
                fine = (await desk.call("return_copy", barcode=loan["barcode"]))["fine"]
                assert (fine is not None) == (loan["due_on"] < "2026-04-20")
                if fine is not None:
                    late = int(fine["reason"].split()[1])
                    assert fine["amount_eur"] == min(late * 0.25, 15)
