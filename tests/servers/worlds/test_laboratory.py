"""The laboratory: a story that uses all of its tools, and what enables and disables what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from toolweave.servers.worlds import laboratory

if TYPE_CHECKING:
    from tests.servers.worlds.conftest import Promise, Visit, Visitor

pytestmark = pytest.mark.anyio


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


async def planned_run(lab: Visitor, start_hour: int = 9, label: str = "pine resin") -> dict[str, Any]:
    owner = (await lab.call("find_scientist", name="holt"))[0]["id"]
    sample = await lab.call("register_sample", label=label, kind="polymer", mass_mg=500, owner_id=owner)
    instrument = (await lab.call("list_instruments", kind="load frame", calibrated_on="2026-04-15"))[0]["id"]
    arguments = {"sample_id": sample["sample_id"], "instrument_id": instrument, "operator_id": owner}
    run = await lab.call("schedule_run", **arguments, day="2026-04-15", start_hour=start_hour)
    return {**arguments, "run_id": run["run_id"]}


async def test_the_laboratory_keeps_what_every_world_promises(promise: Promise) -> None:
    await promise(laboratory, measure_a_sample)


async def test_calibrating_an_instrument_enables_runs_on_it(visit: Visit) -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        instruments = await lab.call("list_instruments")
        late = next(row["id"] for row in instruments if row["calibrated_until"] < "2026-03-16")
        plan = {"sample_id": run["sample_id"], "instrument_id": late, "operator_id": run["operator_id"]}
        assert "does not cover 2026-05-04" in await lab.refusal("schedule_run", **plan, day="2026-05-04")
        await lab.call("calibrate_instrument", instrument_id=late, technician_id=run["operator_id"])
        await lab.call("schedule_run", **plan, day="2026-05-04")


async def test_storing_a_sample_disables_its_run_and_retrieving_it_enables_the_run(visit: Visit) -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        slot = (await lab.call("list_free_slots"))["slot_ids"][0]
        await lab.call("store_sample", sample_id=run["sample_id"], slot_id=slot)
        assert "still in storage" in await lab.refusal("start_run", run_id=run["run_id"])
        await lab.call("retrieve_sample", sample_id=run["sample_id"])
        await lab.call("start_run", run_id=run["run_id"])
        assert "inside an instrument" in await lab.refusal("store_sample", sample_id=run["sample_id"], slot_id=slot)


async def test_a_stored_sample_blocks_its_slot_until_it_is_retrieved(visit: Visit) -> None:
    async with visit(laboratory) as lab:
        first, second = await planned_run(lab), await planned_run(lab, 11, "oak resin")
        slot = (await lab.call("list_free_slots", storage="freezer"))["slot_ids"][0]
        assert "not in storage" in await lab.refusal("retrieve_sample", sample_id=first["sample_id"])
        await lab.call("store_sample", sample_id=first["sample_id"], slot_id=slot)
        assert "is taken by" in await lab.refusal("store_sample", sample_id=second["sample_id"], slot_id=slot)
        await lab.call("retrieve_sample", sample_id=first["sample_id"])
        await lab.call("store_sample", sample_id=second["sample_id"], slot_id=slot)


async def test_starting_a_run_enables_its_result_and_disables_its_cancelling(visit: Visit) -> None:
    async with visit(laboratory) as lab:
        run_id = (await planned_run(lab))["run_id"]
        assert "not running" in await lab.refusal("record_result", run_id=run_id, value=10)
        await lab.call("start_run", run_id=run_id)
        assert "not scheduled" in await lab.refusal("cancel_run", run_id=run_id)
        assert "no believable reading" in await lab.refusal("record_result", run_id=run_id, value=9999)
        await lab.call("record_result", run_id=run_id, value=10)
        assert "is finished" in await lab.refusal("record_result", run_id=run_id, value=10)


async def test_a_running_instrument_takes_no_second_run_and_no_calibration_until_the_result_is_in(visit: Visit) -> None:
    async with visit(laboratory) as lab:
        first, second = await planned_run(lab), await planned_run(lab, 11, "oak resin")
        care = {"instrument_id": first["instrument_id"], "technician_id": first["operator_id"]}
        await lab.call("start_run", run_id=first["run_id"])
        assert "is busy with run" in await lab.refusal("start_run", run_id=second["run_id"])
        assert "is busy with run" in await lab.refusal("calibrate_instrument", **care)
        await lab.call("record_result", run_id=first["run_id"], value=10)
        await lab.call("calibrate_instrument", **care)
        await lab.call("start_run", run_id=second["run_id"])


async def test_cancelling_a_run_disables_its_start_and_frees_the_instrument(visit: Visit) -> None:
    async with visit(laboratory) as lab:
        run = await planned_run(lab)
        run_id = run.pop("run_id")
        assert "is taken from 09:00 to 09:30" in await lab.refusal("schedule_run", **run, day="2026-04-15")
        await lab.call("cancel_run", run_id=run_id)
        await lab.call("schedule_run", **run, day="2026-04-15")
        assert "is cancelled" in await lab.refusal("start_run", run_id=run_id)


async def test_results_are_approved_once_by_a_senior_who_did_not_measure(visit: Visit) -> None:
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


async def test_the_laboratory_refuses_weekends_wrong_methods_and_warm_storage(visit: Visit) -> None:
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
