"""The greenhouse: a story that uses all of its tools, and what enables and disables what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from toolweave.servers.worlds import greenhouse

if TYPE_CHECKING:
    from tests.servers.worlds.conftest import Promise, Visit, Visitor

pytestmark = pytest.mark.anyio


def ids(prefix: str, text: str) -> list[str]:
    return re.findall(rf"{prefix}-\d{{5}}", text)


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


async def test_the_greenhouse_keeps_what_every_world_promises(promise: Promise) -> None:
    await promise(greenhouse, share_a_harvest)


async def test_an_open_valve_enables_watering_and_disables_work_on_the_soil(visit: Visit) -> None:
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


async def test_only_four_valves_are_open_at_once_and_closing_one_enables_another(visit: Visit) -> None:
    async with visit(greenhouse) as garden:
        await close_all_valves(garden)
        first, *others, last = list(await valves(garden))[:5]
        for valve in (first, *others):
            await garden.call("open_valve", valve_id=valve)
        assert "pressure is too low" in await garden.refusal("open_valve", valve_id=last)
        await garden.call("close_valve", valve_id=first)
        await garden.call("open_valve", valve_id=last)


async def test_watering_enables_the_harvest_and_the_harvest_enables_the_end_of_the_lease(visit: Visit) -> None:
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


async def test_a_lease_enables_sowing_and_its_end_disables_sowing_and_frees_the_plot(visit: Visit) -> None:
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


async def test_a_gardener_holds_two_plots_at_most(visit: Visit) -> None:
    async with visit(greenhouse) as garden:
        cards = (await garden.call("find_gardener", name="")).split("\n\n")
        gardener = next(ids("GD", card)[0] for card in cards if "Leases" not in card)
        first, second, third = ids("PL", await garden.call("list_plots", free_only=True))[:3]
        lease = ids("LE", await garden.call("lease_plot", gardener_id=gardener, plot_id=first))[0]
        await garden.call("lease_plot", gardener_id=gardener, plot_id=second)
        assert "is the limit" in await garden.refusal("lease_plot", gardener_id=gardener, plot_id=third)
        await garden.call("end_lease", lease_id=lease)
        await garden.call("lease_plot", gardener_id=gardener, plot_id=third)


async def test_amending_the_soil_enables_or_disables_sowing(visit: Visit) -> None:
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


async def test_a_harvest_is_shared_out_once_and_released_shares_can_be_had_again(visit: Visit) -> None:
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


async def test_the_greenhouse_refuses_too_little_water_and_too_little_ground(visit: Visit) -> None:
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
