"""What the laboratory's tools return."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from toolweave.servers.worlds.laboratory.methods import InstrumentKind, MethodName, SampleKind, Storage


class Scientist(BaseModel):
    """A member of the laboratory."""

    id: str = Field(description="Identifier of the scientist")
    name: str
    team: str
    role: str = Field(description="principal, senior or junior; juniors cannot approve results")


class SampleLine(BaseModel):
    """A sample as a search lists it."""

    sample_id: str = Field(description="Identifier of the sample")
    label: str
    kind: SampleKind
    stored: bool = Field(description="Whether the sample lies in a storage slot")


class SampleHits(BaseModel):
    """What a search for samples found."""

    total: int = Field(description="How many samples match, listed or not")
    samples: list[SampleLine]


class Owner(BaseModel):
    """The scientist to whom a sample belongs."""

    id: str = Field(description="Identifier of the scientist")
    name: str


class Sample(BaseModel):
    """Everything that is known about one sample."""

    sample_id: str = Field(description="Identifier of the sample")
    label: str
    kind: SampleKind
    mass_mg: int = Field(description="Mass left, in milligrams")
    needed_storage: Storage = Field(description="The warmest storage that keeps the sample well")
    slot_id: str | None = Field(description="Storage slot in which the sample lies; null when it is on the bench")
    owner: Owner
    hazards: list[str]
    received_on: date
    run_ids: list[str] = Field(description="Runs that are planned, under way or done on this sample")
    result_ids: list[str] = Field(description="Results measured on this sample")


class Instrument(BaseModel):
    """An instrument and how long its calibration holds."""

    id: str = Field(description="Identifier of the instrument")
    name: str
    kind: InstrumentKind
    room: str
    calibrated_until: date = Field(description="Last day covered by the calibration")
    methods: list[MethodName] = Field(description="Methods it can run; the first is its standard one")


class FreeSlots(BaseModel):
    """Empty places of one kind of storage."""

    storage: Storage
    slot_ids: list[str] = Field(description="Identifiers of empty slots")


class Stored(BaseModel):
    """Where a sample was put."""

    slot_id: str = Field(description="Slot that now holds the sample")
    place: str = Field(description="Shelf and position, for people")
    storage: Storage


class Retrieved(BaseModel):
    """A sample that was taken out of storage."""

    label: str
    freed_slot_id: str = Field(description="Slot that is now empty")


class Calibration(BaseModel):
    """Proof that an instrument measures right."""

    calibration_id: str = Field(description="Identifier of the calibration record")
    instrument_name: str
    reference: str
    valid_until: date


class Run(BaseModel):
    """A measurement of one sample on one instrument."""

    run_id: str = Field(description="Identifier of the run")
    status: str = Field(description="scheduled, running, finished or cancelled")
    method: MethodName
    day: date
    starts: str = Field(description="Start as HH:MM")
    ends: str = Field(description="End as HH:MM")


class Measured(BaseModel):
    """A result that awaits approval."""

    result_id: str = Field(description="Identifier of the result")
    value: float
    unit: str
    mass_left_mg: int = Field(description="Mass of the sample that is left, in milligrams")


class Approved(BaseModel):
    """A result that may leave the laboratory."""

    sample_label: str
    method: MethodName
    value: float
    unit: str
    approved_by: str = Field(description="Name of the scientist who approved it")
