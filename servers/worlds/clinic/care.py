"""What the practice does, for which species, with which medicines, and at which price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

TODAY = date(2026, 2, 9)
"""The practice's own date, a Monday; it never moves."""

Species = Literal["dog", "cat", "rabbit", "bird", "reptile"]
Procedure = Literal[
    "physical examination",
    "vaccination",
    "blood test",
    "wound care",
    "nail clipping",
    "x-ray",
    "ultrasound",
    "dental cleaning",
]
PaymentMethod = Literal["card", "cash", "bank transfer"]

PRICES_EUR: dict[Procedure, int] = {
    "physical examination": 38,
    "vaccination": 29,
    "blood test": 54,
    "wound care": 62,
    "nail clipping": 14,
    "x-ray": 88,
    "ultrasound": 96,
    "dental cleaning": 145,
}
AFTER_EXAMINATION: tuple[Procedure, ...] = ("x-ray", "ultrasound", "dental cleaning")
"""Procedures that are done only once the animal has been examined in the same visit."""

HEAVIEST_KG: dict[Species, int] = {"dog": 95, "cat": 14, "rabbit": 9, "bird": 4, "reptile": 30}
"""Above this weight the scales must have been misread."""

FUR: tuple[Species, ...] = ("dog", "cat", "rabbit")
ALL: tuple[Species, ...] = ("dog", "cat", "rabbit", "bird", "reptile")


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine as the wholesaler lists it; the dose is a day's, in milligrams per kilogram of body weight."""

    name: str
    substance: str
    species: tuple[Species, ...]
    dose_mg_per_kg: float
    tablet_mg: int
    price_eur: float


MEDICINES = (
    Medicine("Amoxivet 50", "amoxicillin", ALL, 20, 50, 0.45),
    Medicine("Amoxivet 250", "amoxicillin", FUR, 20, 250, 0.95),
    Medicine("Clavubac", "amoxicillin", FUR, 25, 125, 1.10),
    Medicine("Doxiban", "doxycycline", ALL, 10, 100, 0.80),
    Medicine("Enroflor", "enrofloxacin", ALL, 5, 50, 1.25),
    Medicine("Metrogard", "metronidazole", FUR, 25, 250, 0.60),
    Medicine("Cephalin", "cephalexin", FUR, 30, 300, 0.90),
    Medicine("Carprodyl", "carprofen", ("dog", "rabbit"), 4, 50, 1.05),
    Medicine("Meloxin", "meloxicam", ALL, 0.1, 1, 0.70),
    Medicine("Robenfel", "robenacoxib", ("dog", "cat"), 1, 10, 1.40),
    Medicine("Gabapaw", "gabapentin", FUR, 20, 100, 0.55),
    Medicine("Tramavet", "tramadol", ("dog",), 8, 50, 0.50),
    Medicine("Prednicor", "prednisolone", FUR, 1, 5, 0.30),
    Medicine("Apoquil", "oclacitinib", ("dog",), 1, 16, 2.10),
    Medicine("Famotin", "famotidine", FUR, 1, 10, 0.25),
    Medicine("Maropet", "maropitant", ("dog", "cat"), 2, 24, 3.20),
    Medicine("Sucralvet", "sucralfate", ALL, 50, 500, 0.65),
    Medicine("Milbex", "milbemycin", ("dog", "cat"), 0.5, 4, 4.50),
    Medicine("Fenbenda", "fenbendazole", ALL, 50, 250, 0.75),
    Medicine("Praziclear", "praziquantel", ALL, 5, 50, 1.80),
    Medicine("Pimocard", "pimobendan", ("dog", "cat"), 0.5, 5, 1.15),
    Medicine("Furosol", "furosemide", FUR, 4, 40, 0.35),
    Medicine("Thyrobal", "thiamazole", ("cat",), 1, 5, 0.85),
    Medicine("Itrafung", "itraconazole", ALL, 5, 50, 1.95),
)
