"""The kitchen: a story that uses all of its tools, and what enables and disables what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from toolweave.servers.worlds import kitchen

if TYPE_CHECKING:
    from tests.servers.worlds.conftest import Promise, Visit, Visitor

pytestmark = pytest.mark.anyio


def ids(prefix: str, text: str) -> list[str]:
    return re.findall(rf"{prefix}-\d{{5}}", text)


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


async def test_the_kitchen_keeps_what_every_world_promises(promise: Promise) -> None:
    await promise(kitchen, cater_an_event)


@pytest.mark.parametrize("seed", range(12))
def test_two_suppliers_or_more_sell_every_ingredient(seed: int) -> None:
    world = kitchen.Kitchen(seed)
    for ingredient in world.ingredients:
        assert sum(ingredient in row["prices"] for row in world.suppliers.values()) >= 2


async def planned_event(kitchen: Visitor, guests: int = 10) -> dict[str, str]:
    """A draft event with one dish for which nothing is on hold."""
    event = ids("EV", await kitchen.call("book_event", client="Vera Lindholm", day="2026-09-12", guests=guests))[0]
    recipe = ids("RC", await kitchen.call("find_recipes", text="fennel soup"))[0]
    for line in (await kitchen.call("find_ingredient", name="")).split("\n"):
        if "cold chain" in line:
            await kitchen.call("release_lot", lot_id=line.split()[0])
    await kitchen.call("add_dish", event_id=event, recipe_id=recipe)
    return {"event_id": event, "recipe_id": recipe}


async def test_a_dish_enables_confirming_and_confirming_closes_the_menu_and_enables_the_preparation(
    visit: Visit,
) -> None:
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


async def test_a_held_lot_disables_the_preparation_and_its_release_enables_it(visit: Visit) -> None:
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


async def test_deliveries_enable_a_preparation_for_which_stock_was_short(visit: Visit) -> None:
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


async def test_an_order_is_either_delivered_or_cancelled(visit: Visit) -> None:
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


async def test_the_kitchen_refuses_suppliers_without_the_goods_late_bookings_and_too_many_guests(visit: Visit) -> None:
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
