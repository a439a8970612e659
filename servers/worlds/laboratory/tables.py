"""The laboratory's tables and how a seed fills them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, get_args

from toolweave.servers.world import Row, Table
from toolweave.servers.worlds.laboratory.methods import (
    COLDNESS,
    METHODS,
    NEEDED_STORAGE,
    TODAY,
    InstrumentKind,
    SampleKind,
    Storage,
    standard_method,
)

PEOPLE = (
    "Mira Holt, Anselm Roth, Yuki Tanabe, Priya Raman, Oskar Lindqvist, Chidi Okafor, Lena Vogt, Tomas Havel, "
    "Salma Haddad, Joris de Wit, Nora Quist, Emeka Balogun, Greta Sand, Ivo Petrov, Hana Sato, Luca Ferri, "
    "Aoife Byrne, Mateo Rivas, Zofia Krol, Dev Menon, Ruth Adler, Pekka Salo, Ines Duarte, Karim Aziz"
)
TEAMS = ("metallurgy", "polymers", "biomaterials", "analytics")
ROLES = ("principal", "senior", "junior")
SUBJECTS: dict[SampleKind, str] = {
    "alloy": "titanium coupon,nickel blade section,magnesium bracket,aluminium weld,tool steel pin,copper busbar",
    "polymer": "nylon gear,epoxy film,silicone gasket,polyamide fibre,recycled PET flake,foam panel",
    "ceramic": "zirconia crown,alumina tube,silicon nitride ball,glazed tile,carbide insert,porous filter",
    "tissue": "bovine tendon,porcine cartilage,rat aorta,mussel byssus,sheep cornea,chicken skin",
    "culture": "yeast pellet,fibroblast plate,kelp gametophyte,biofilm swab,algae slurry,mycelium mat",
}
TREATMENTS = ("as received", "heat treated", "aged 500 h", "freeze dried", "polished", "rinsed in ethanol")
MODELS: dict[InstrumentKind, str] = {
    "electron microscope": "Halden E3,Halden E5,Orbis Nanoview,Corvin SE-2,Halden E3 annex",
    "diffractometer": "Brandl X9,Brandl X7,Lattice One,Corvin Prism",
    "thermal analyser": "Thermex 40,Thermex 60,Ember TG,Calder Ramp",
    "chromatograph": "Fluvia LC,Fluvia GC,Corvin Column,Sepra 12,Sepra 14",
    "load frame": "Atlas 50 kN,Atlas 5 kN,Tensor Mini,Calder Pull",
}
HAZARDS = ("toxic", "flammable", "biohazard")


class LaboratoryTables:
    """All state of the laboratory."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"laboratory:{seed}")
        self.scientists = Table("SC", "scientist", seed)
        self.samples = Table("SM", "sample", seed)
        self.slots = Table("SL", "storage slot", seed)
        self.instruments = Table("IN", "instrument", seed)
        self.calibrations = Table("CB", "calibration", seed)
        self.runs = Table("RN", "run", seed)
        self.results = Table("RS", "result", seed)
        self._fill_people(chance)
        self._fill_samples(chance)
        self._fill_slots(chance)
        self._fill_instruments(chance)
        self._fill_runs(chance)

    def _add(self, table: Table, **row: Any) -> Row:
        key = table.new_id()
        table[key] = {"id": key, **row}
        return table[key]

    def _fill_people(self, chance: random.Random) -> None:
        names = PEOPLE.split(", ")
        for place, name in enumerate(chance.sample(names, len(names))):
            self._add(self.scientists, name=name, team=chance.choice(TEAMS), role=ROLES[place % 3])

    def _fill_samples(self, chance: random.Random) -> None:
        first: list[tuple[SampleKind, str]] = []
        again: list[tuple[SampleKind, str]] = []
        for kind, subjects in SUBJECTS.items():
            for subject in subjects.split(","):
                once, twice = chance.sample(TREATMENTS, 2)
                first.append((kind, f"{subject}, {once}"))
                again.append((kind, f"{subject}, {twice}"))
        for kind, label in [*first, *chance.sample(again, 18)]:
            self._add(
                self.samples,
                label=label,
                kind=kind,
                mass_mg=chance.randrange(80, 4000, 20),
                received_on=TODAY - timedelta(days=chance.randrange(3, 200)),
                owner_id=chance.choice(list(self.scientists)),
                hazards=chance.sample(HAZARDS, chance.choice((0, 0, 1, 2))),
                slot_id=None,
            )

    def _fill_slots(self, chance: random.Random) -> None:
        for storage in get_args(Storage):
            for shelf in ("A", "B", "C"):
                for place in range(1, 7):
                    self._add(self.slots, storage=storage, place=f"{shelf}{place}", sample_id=None)
        for sample in chance.sample(list(self.samples.values()), 24):
            needed = NEEDED_STORAGE[sample["kind"]]
            free = (
                s for s in self.slots.values() if s["sample_id"] is None and COLDNESS[s["storage"]] >= COLDNESS[needed]
            )
            slot = next(free)
            slot["sample_id"], sample["slot_id"] = sample["id"], slot["id"]

    def _fill_instruments(self, chance: random.Random) -> None:
        for kind, models in MODELS.items():
            for place, model in enumerate(models.split(",")):
                days = chance.randrange(60, 170) if place % 2 == 0 else -chance.randrange(2, 60)
                row = self._add(self.instruments, name=model, kind=kind, room=f"L{chance.randrange(1, 4)}.{place + 10}")
                row["calibrated_until"] = TODAY + timedelta(days=days)

    def _fill_runs(self, chance: random.Random) -> None:
        instruments = list(self.instruments.values())
        for place, sample in enumerate(chance.sample(list(self.samples.values()), 30)):
            instrument = instruments[place % len(instruments)]
            first_round = place < len(instruments)
            status = "scheduled" if first_round else chance.choice(("finished", "finished", "cancelled"))
            days = chance.randrange(1, 5) if status == "scheduled" else -chance.randrange(3, 60)
            run = self._add_run(chance, sample["id"], instrument, TODAY + timedelta(days=days), status)
            if status == "finished":
                self._add_result(chance, run)

    def _add_run(self, chance: random.Random, sample_id: str, instrument: Row, day: date, status: str) -> Row:
        return self._add(
            self.runs,
            sample_id=sample_id,
            instrument_id=instrument["id"],
            operator_id=chance.choice(list(self.scientists)),
            method=standard_method(instrument["kind"]),
            day=day,
            start_hour=chance.choice((8, 10, 13, 15)),
            status=status,
        )

    def _add_result(self, chance: random.Random, run: Row) -> None:
        method = METHODS[run["method"]]
        value = round(method.lowest + (method.highest - method.lowest) * chance.uniform(0.1, 0.9), 2)
        approved_by = chance.choice((None, None, "Anselm Roth"))
        self._add(self.results, run_id=run["id"], value=value, unit=method.unit, remark="", approved_by=approved_by)
