"""The laboratory's tools, their rules, and the server that offers them."""

from __future__ import annotations

from datetime import date, timedelta
from inspect import getdoc
from typing import Annotated, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from toolweave.servers.world import Row
from toolweave.servers.worlds.laboratory.methods import (
    COLDNESS,
    METHODS,
    NEEDED_STORAGE,
    TODAY,
    InstrumentKind,
    MethodName,
    SampleKind,
    Storage,
    standard_method,
)
from toolweave.servers.worlds.laboratory.records import (
    Approved,
    Calibration,
    FreeSlots,
    Instrument,
    Measured,
    Owner,
    Retrieved,
    Run,
    Sample,
    SampleHits,
    SampleLine,
    Scientist,
    Stored,
)
from toolweave.servers.worlds.laboratory.tables import LaboratoryTables

SampleId = Annotated[str, Field(description="Identifier of the sample")]
RunId = Annotated[str, Field(description="Identifier of the run")]


def _mentions(text: str, wanted: str) -> bool:
    return all(word in text.lower() for word in wanted.lower().split())


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _span(run: Row) -> tuple[int, int]:
    start = run["start_hour"] * 60
    return start, start + METHODS[run["method"]].minutes


class Laboratory(LaboratoryTables):
    """A laboratory in which samples are registered, stored, measured and reported."""

    def find_scientist(
        self,
        name: Annotated[str, Field(description="Full name or part of it, in any case", examples=["holt", "Priya"])],
    ) -> list[Scientist]:
        """Find members of the laboratory by name, with their role."""
        return [Scientist.model_validate(row) for row in self.scientists.values() if _mentions(row["name"], name)]

    def search_samples(
        self,
        text: Annotated[str, Field(description="Words of the label", examples=["titanium", "heat treated"])] = "",
        kind: Annotated[SampleKind | None, Field(description="Only samples of this kind")] = None,
        stored: Annotated[bool | None, Field(description="True: only stored samples; false: only on the bench")] = None,
        limit: Annotated[int, Field(description="How many samples to list at most", ge=1, le=50)] = 10,
    ) -> SampleHits:
        """Search the sample register by words of the label, by kind, and by whether the sample is in storage."""
        lines = [
            SampleLine(sample_id=row["id"], label=row["label"], kind=row["kind"], stored=row["slot_id"] is not None)
            for row in self.samples.values()
            if _mentions(row["label"], text) and kind in (None, row["kind"])
        ]
        hits = [line for line in lines if stored in (None, line.stored)]
        return SampleHits(total=len(hits), samples=hits[:limit])

    def get_sample(self, sample_id: SampleId) -> Sample:
        """Get one sample in full: owner, mass left, storage slot, runs and results."""
        row = self.samples.find(sample_id)
        run_ids = [run["id"] for run in self.runs.values() if run["sample_id"] == sample_id]
        return Sample(
            sample_id=sample_id,
            label=row["label"],
            kind=row["kind"],
            mass_mg=row["mass_mg"],
            needed_storage=NEEDED_STORAGE[row["kind"]],
            slot_id=row["slot_id"],
            owner=Owner.model_validate(self.scientists.find(row["owner_id"]), extra="ignore"),
            hazards=row["hazards"],
            received_on=row["received_on"],
            run_ids=run_ids,
            result_ids=[result["id"] for result in self.results.values() if result["run_id"] in run_ids],
        )

    def register_sample(
        self,
        label: Annotated[
            str, Field(description="What the sample is", examples=["brass valve, polished", "oak resin", "coral core"])
        ],
        kind: Annotated[SampleKind, Field(description="Kind of material")],
        mass_mg: Annotated[int, Field(description="Mass in milligrams", ge=1, le=500_000, examples=[850, 1200])],
        owner_id: Annotated[str, Field(description="Identifier of the scientist to whom the sample belongs")],
        hazards: Annotated[
            list[Literal["toxic", "flammable", "biohazard"]] | None, Field(description="Dangers to mark on the vial")
        ] = None,
    ) -> Sample:
        """Register a newly received sample; it starts on the bench."""
        owner = self.scientists.find(owner_id)
        facts = {"label": label.strip(), "kind": kind, "mass_mg": mass_mg, "hazards": hazards or []}
        row = self._add(self.samples, **facts, owner_id=owner["id"], received_on=TODAY, slot_id=None)
        return self.get_sample(row["id"])

    def list_free_slots(
        self,
        storage: Annotated[Storage, Field(description="Kind of storage")] = "cryo",
        limit: Annotated[int, Field(description="How many slots to list at most", ge=1, le=18)] = 5,
    ) -> FreeSlots:
        """List empty storage slots of one kind."""
        free = [row["id"] for row in self.slots.values() if row["storage"] == storage and row["sample_id"] is None]
        return FreeSlots(storage=storage, slot_ids=free[:limit])

    def store_sample(
        self,
        sample_id: SampleId,
        slot_id: Annotated[str, Field(description="Identifier of an empty storage slot that is cold enough")],
    ) -> Stored:
        """Put a sample from the bench into a storage slot."""
        sample, slot = self.samples.find(sample_id), self.slots.find(slot_id)
        if sample["slot_id"] is not None:
            raise ToolError(f"Sample {sample_id} is already in storage, in slot {sample['slot_id']}.")
        if slot["sample_id"] is not None:
            raise ToolError(f"Storage slot {slot_id} is taken by sample {slot['sample_id']}.")
        for run in self.runs.values():
            if run["sample_id"] == sample_id and run["status"] == "running":
                raise ToolError(f"Sample {sample_id} is inside an instrument: run {run['id']} is under way.")
        needed = NEEDED_STORAGE[sample["kind"]]
        if COLDNESS[slot["storage"]] < COLDNESS[needed]:
            raise ToolError(f"A {sample['kind']} sample needs {needed} storage; slot {slot_id} is {slot['storage']}.")
        sample["slot_id"], slot["sample_id"] = slot_id, sample_id
        return Stored(slot_id=slot_id, place=slot["place"], storage=slot["storage"])

    def retrieve_sample(self, sample_id: SampleId) -> Retrieved:
        """Take a stored sample back to the bench, which empties its slot."""
        sample = self.samples.find(sample_id)
        if sample["slot_id"] is None:
            raise ToolError(f"Sample {sample_id} is not in storage; it is on the bench already.")
        slot = self.slots.find(sample["slot_id"])
        sample["slot_id"] = slot["sample_id"] = None
        return Retrieved(label=sample["label"], freed_slot_id=slot["id"])

    def list_instruments(
        self,
        kind: Annotated[InstrumentKind | None, Field(description="Only instruments of this kind")] = None,
        calibrated_on: Annotated[date | None, Field(description="Only instruments calibrated on this day")] = None,
    ) -> list[Instrument]:
        """List the instruments with the last day of their calibration and the methods that they can run."""
        rows = [row for row in self.instruments.values() if kind in (None, row["kind"])]
        return [
            Instrument(**row, methods=[name for name, m in METHODS.items() if m.instrument_kind == row["kind"]])
            for row in rows
            if calibrated_on is None or row["calibrated_until"] >= calibrated_on
        ]

    def calibrate_instrument(
        self,
        instrument_id: Annotated[str, Field(description="Identifier of the instrument")],
        technician_id: Annotated[str, Field(description="Identifier of the scientist who does the calibration")],
        reference: Annotated[str, Field(description="Reference standard used")] = "house standard",
    ) -> Calibration:
        """Calibrate an instrument against a reference standard; it then holds for 180 days from today."""
        instrument, technician = self.instruments.find(instrument_id), self.scientists.find(technician_id)
        self._refuse_busy(instrument)
        instrument["calibrated_until"] = TODAY + timedelta(days=180)
        facts = {"instrument_id": instrument_id, "technician_id": technician["id"], "reference": reference}
        row = self._add(self.calibrations, **facts, valid_until=instrument["calibrated_until"])
        return Calibration(
            calibration_id=row["id"],
            instrument_name=instrument["name"],
            reference=reference,
            valid_until=row["valid_until"],
        )

    def schedule_run(
        self,
        sample_id: SampleId,
        instrument_id: Annotated[str, Field(description="Identifier of an instrument calibrated on that day")],
        operator_id: Annotated[str, Field(description="Identifier of the scientist who will run the instrument")],
        day: Annotated[date, Field(description="A weekday, today or later", examples=["2026-03-24", "2026-04-09"])],
        start_hour: Annotated[int, Field(description="Full hour of the start", ge=7, le=18)] = 9,
        method: Annotated[
            MethodName | None, Field(description="Method to run; the instrument's standard method when left out")
        ] = None,
    ) -> Run:
        """Schedule a measurement of a sample on an instrument; the instrument must be calibrated and free then."""
        sample, instrument = self.samples.find(sample_id), self.instruments.find(instrument_id)
        operator = self.scientists.find(operator_id)
        chosen = method or standard_method(instrument["kind"])
        self._refuse_method(sample, instrument, chosen)
        self._refuse_day(instrument, day)
        plan: Row = {"sample_id": sample_id, "instrument_id": instrument_id, "operator_id": operator["id"]}
        plan |= {"method": chosen, "day": day, "start_hour": start_hour, "status": "scheduled"}
        self._refuse_overlap(plan)
        return self._show(self._add(self.runs, **plan))

    def start_run(self, run_id: RunId) -> Run:
        """Start a scheduled run; the sample must be on the bench and the instrument idle."""
        run = self._run(run_id, "scheduled")
        sample, instrument = self.samples.find(run["sample_id"]), self.instruments.find(run["instrument_id"])
        if sample["slot_id"] is not None:
            raise ToolError(f"Sample {sample['id']} is still in storage slot {sample['slot_id']}.")
        self._refuse_busy(instrument)
        run["status"] = "running"
        return self._show(run)

    def cancel_run(self, run_id: RunId) -> Run:
        """Cancel a run that has not started, which frees the instrument for that time."""
        run = self._run(run_id, "scheduled")
        run["status"] = "cancelled"
        return self._show(run)

    def record_result(
        self,
        run_id: RunId,
        value: Annotated[float, Field(description="Reading in the unit of the method", examples=[42.5, 61.8])],
        remark: Annotated[str, Field(description="Anything unusual about the measurement")] = "",
    ) -> Measured:
        """Record the reading of a running run, which finishes the run and uses up some of the sample."""
        run = self._run(run_id, "running")
        method, sample = METHODS[run["method"]], self.samples.find(run["sample_id"])
        if not method.lowest <= value <= method.highest:
            limits = f"{method.lowest:g} to {method.highest:g} {method.unit}"
            raise ToolError(f"{value:g} is no believable reading for {run['method']}: it lies outside {limits}.")
        run["status"] = "finished"
        sample["mass_mg"] = max(0, sample["mass_mg"] - method.uses_mg)
        facts = {"value": value, "unit": method.unit, "remark": remark, "approved_by": None}
        row = self._add(self.results, run_id=run_id, **facts)
        return Measured(result_id=row["id"], value=value, unit=method.unit, mass_left_mg=sample["mass_mg"])

    def approve_result(
        self,
        result_id: Annotated[str, Field(description="Identifier of a recorded result")],
        reviewer_id: Annotated[
            str, Field(description="Identifier of a senior or principal scientist, not the operator")
        ],
    ) -> Approved:
        """Approve a recorded result so that it may be reported."""
        result, reviewer = self.results.find(result_id), self.scientists.find(reviewer_id)
        run = self.runs.find(result["run_id"])
        if result["approved_by"] is not None:
            raise ToolError(f"Result {result_id} has already been approved by {result['approved_by']}.")
        if reviewer["role"] == "junior":
            raise ToolError(f"{reviewer['name']} is a junior scientist; only seniors and principals approve results.")
        if reviewer["id"] == run["operator_id"]:
            raise ToolError(f"{reviewer['name']} operated run {run['id']} and cannot approve its result.")
        result["approved_by"] = reviewer["name"]
        label = self.samples.find(run["sample_id"])["label"]
        return Approved.model_validate({**result, "sample_label": label, "method": run["method"]}, extra="ignore")

    def _run(self, run_id: str, status: str) -> Row:
        run = self.runs.find(run_id)
        if run["status"] != status:
            raise ToolError(f"Run {run_id} is {run['status']}, not {status}.")
        return run

    def _refuse_busy(self, instrument: Row) -> None:
        for run in self.runs.values():
            if run["instrument_id"] == instrument["id"] and run["status"] == "running":
                raise ToolError(f"The {instrument['name']} is busy with run {run['id']}.")

    def _refuse_method(self, sample: Row, instrument: Row, method: MethodName) -> None:
        facts = METHODS[method]
        if facts.instrument_kind != instrument["kind"]:
            raise ToolError(f"A {instrument['kind']} cannot run a {method}; that takes a {facts.instrument_kind}.")
        if sample["mass_mg"] < facts.uses_mg:
            raise ToolError(
                f"A {method} uses {facts.uses_mg} mg, but only {sample['mass_mg']} mg of the sample are left."
            )

    def _refuse_day(self, instrument: Row, day: date) -> None:
        if day < TODAY:
            raise ToolError(f"{day} is in the past; today is {TODAY}.")
        if day.weekday() > 4:
            raise ToolError(f"{day} is at a weekend, when the laboratory is closed.")
        if instrument["calibrated_until"] < day:
            until = instrument["calibrated_until"]
            raise ToolError(f"The calibration of the {instrument['name']} ends on {until} and does not cover {day}.")

    def _refuse_overlap(self, plan: Row) -> None:
        start, end = _span(plan)
        for run in self.runs.values():
            same = run["instrument_id"] == plan["instrument_id"] and run["day"] == plan["day"]
            first, last = _span(run)
            if same and run["status"] in ("scheduled", "running") and start < last and first < end:
                busy = f"from {_clock(first)} to {_clock(last)} on {run['day']}"
                raise ToolError(f"The instrument is taken {busy} by run {run['id']}.")

    def _show(self, run: Row) -> Run:
        start, end = _span(run)
        facts = {"status": run["status"], "method": run["method"], "day": run["day"]}
        return Run(run_id=run["id"], **facts, starts=_clock(start), ends=_clock(end))


def build(seed: int) -> MCPServer:
    """A fresh laboratory behind an MCP server."""
    world = Laboratory(seed)
    server = MCPServer("laboratory", version="1.0", instructions=f"Today is {TODAY}.", log_level="ERROR")
    reads = (
        world.find_scientist,
        world.search_samples,
        world.get_sample,
        world.list_free_slots,
        world.list_instruments,
    )
    writes = (world.register_sample, world.store_sample, world.retrieve_sample, world.schedule_run, world.start_run)
    hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for read in reads:
        server.add_tool(read, description=getdoc(read), annotations=hints)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
    for write in (*writes, world.calibrate_instrument, world.record_result, world.approve_result):
        server.add_tool(write, description=getdoc(write), annotations=hints)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)
    server.add_tool(world.cancel_run, description=getdoc(world.cancel_run), annotations=hints)
    return server
