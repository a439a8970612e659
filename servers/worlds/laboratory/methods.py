"""What the laboratory measures, with which kind of instrument, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

TODAY = date(2026, 3, 16)
"""The laboratory's own date, a Monday; it never moves."""

SampleKind = Literal["alloy", "polymer", "ceramic", "tissue", "culture"]
Storage = Literal["ambient", "freezer", "cryo"]
InstrumentKind = Literal["electron microscope", "diffractometer", "thermal analyser", "chromatograph", "load frame"]
MethodName = Literal[
    "surface imaging",
    "grain sizing",
    "phase scan",
    "mass loss ramp",
    "purity assay",
    "residue assay",
    "tensile pull",
]

COLDNESS: dict[Storage, int] = {"ambient": 0, "freezer": 1, "cryo": 2}
NEEDED_STORAGE: dict[SampleKind, Storage] = {
    "alloy": "ambient",
    "polymer": "ambient",
    "ceramic": "ambient",
    "tissue": "cryo",
    "culture": "freezer",
}


@dataclass(frozen=True, slots=True)
class Method:
    """One way to measure: duration in minutes, sample used up in milligrams, and the range of a believable reading."""

    instrument_kind: InstrumentKind
    minutes: int
    uses_mg: int
    unit: str
    lowest: float
    highest: float


METHODS: dict[MethodName, Method] = {
    "surface imaging": Method("electron microscope", 90, 5, "nm", 1, 5000),
    "grain sizing": Method("electron microscope", 120, 5, "um", 0.05, 900),
    "phase scan": Method("diffractometer", 150, 40, "percent", 0, 100),
    "mass loss ramp": Method("thermal analyser", 180, 15, "percent", 0, 100),
    "purity assay": Method("chromatograph", 60, 10, "percent", 0, 100),
    "residue assay": Method("chromatograph", 75, 10, "percent", 0, 100),
    "tensile pull": Method("load frame", 30, 60, "MPa", 1, 3000),
}


def standard_method(kind: InstrumentKind) -> MethodName:
    """The method that this kind of instrument runs when nobody names one."""
    return next(name for name, method in METHODS.items() if method.instrument_kind == kind)
