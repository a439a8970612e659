"""The practice's tables and how a seed fills them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from toolweave.servers.world import Row, Table
from toolweave.servers.worlds.clinic.care import ALL, FUR, MEDICINES, PRICES_EUR, TODAY, Procedure, Species

OWNERS = (
    "Mira Holt, Tobias Lenz, Amara Nwosu, Jonas Ekdahl, Priscilla Yates, Hugo Marchetti, Wanda Kowalczyk, "
    "Samir Bensaid, Elin Forsberg, Declan Moore, Yara Haddad, Piotr Zielak, Rosalind Pike, Kenji Mori, Clara Voss, "
    "Mattias Brun, Odette Laurent, Farah Siddiqui, Gregor Novak, Lucia Bianco, Owen Tranter, Signe Dahl, Marek Duda, "
    "Beatriz Costa, Henrik Aalto, Noor Rahman, Viola Perrin, Emil Stoica, Tamsin Reed, Rafael Ortega"
)
TOWNS = ("Lindmoor", "Ashbourne Green", "Harrow Vale", "Seaton Cross", "Brackwater")
ANIMALS: dict[Species, str] = {
    "dog": "Biscuit,Rolo,Juno,Bruno,Pepper,Atlas,Nala,Otis,Willow,Hazel,Bandit,Freya,Scout,Moss,Dotty,Ziggy",
    "cat": "Miso,Luna,Figaro,Tigger,Olive,Salem,Pumpkin,Cleo,Marble,Simba,Inky,Maple,Poppy",
    "rabbit": "Clover,Thumper,Nutmeg,Bramble,Truffle,Snowball",
    "bird": "Kiwi,Rio,Sunny,Echo,Mango",
    "reptile": "Spike,Jade,Draco,Pebble",
}
BREEDS: dict[Species, tuple[str, ...]] = {
    "dog": ("border collie", "beagle", "labrador", "dachshund", "mixed breed", "whippet"),
    "cat": ("domestic shorthair", "maine coon", "siamese", "ragdoll"),
    "rabbit": ("dwarf lop", "dutch", "rex"),
    "bird": ("cockatiel", "budgerigar", "grey parrot"),
    "reptile": ("bearded dragon", "leopard gecko", "corn snake"),
}
WEIGHT_KG: dict[Species, tuple[float, float]] = {
    "dog": (6, 38),
    "cat": (3, 7),
    "rabbit": (1.2, 4),
    "bird": (0.1, 0.6),
    "reptile": (0.2, 2),
}
VETS: dict[str, tuple[Species, ...]] = {
    "Dr Ingrid Solberg": FUR,
    "Dr Paulo Teixeira": ALL,
    "Dr Hannah Okoye": FUR,
    "Dr Viktor Simak": ("dog", "cat"),
    "Dr Leonie Castell": ALL,
    "Dr Rhys Pembroke": ("rabbit", "bird", "reptile"),
}
TIMES = ("08:30", "09:15", "10:00", "11:00", "14:00", "15:30")
BOOKABLE_DAYS = 14
REASONS = ("limping on a hind leg", "yearly check", "not eating", "itchy skin", "cough", "sore ear", "follow-up")
EXTRAS: tuple[Procedure, ...] = ("vaccination", "blood test", "x-ray", "nail clipping", "wound care")


class ClinicTables:
    """All state of the practice."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"clinic:{seed}")
        self.owners = Table("OW", "owner", seed)
        self.animals = Table("AN", "animal", seed)
        self.vets = Table("VT", "veterinarian", seed)
        self.slots = Table("TS", "consultation time", seed)
        self.appointments = Table("AP", "appointment", seed)
        self.visits = Table("VS", "visit", seed)
        self.treatments = Table("TM", "treatment", seed)
        self.medicines = Table("MD", "medicine", seed)
        self.prescriptions = Table("RX", "prescription", seed)
        self.invoices = Table("IV", "invoice", seed)
        self._fill_medicines(chance)
        self._fill_owners(chance)
        self._fill_animals(chance)
        self._fill_slots(chance)
        self._fill_appointments(chance)
        self._fill_visits(chance)

    def _add(self, table: Table, **row: Any) -> Row:
        key = table.new_id()
        table[key] = {"id": key, **row}
        return table[key]

    def _fill_medicines(self, chance: random.Random) -> None:
        for place, medicine in enumerate(MEDICINES):
            self._add(
                self.medicines,
                name=medicine.name,
                substance=medicine.substance,
                species=list(medicine.species),
                dose_mg_per_kg=medicine.dose_mg_per_kg,
                tablet_mg=medicine.tablet_mg,
                price_eur=medicine.price_eur,
                stock=0 if place % 8 == 7 else chance.choice((60, 120, 200, 300, 500)),
            )

    def _fill_owners(self, chance: random.Random) -> None:
        names = OWNERS.split(", ")
        for name in chance.sample(names, len(names)):
            phone = f"0{chance.randrange(20, 99)} {chance.randrange(1000, 9999)}"
            self._add(self.owners, name=name, phone=phone, town=chance.choice(TOWNS))

    def _fill_animals(self, chance: random.Random) -> None:
        owners = list(self.owners)
        named: list[tuple[Species, str]] = [
            (species, name) for species, names in ANIMALS.items() for name in names.split(",")
        ]
        for place, (species, name) in enumerate(chance.sample(named, len(named))):
            allergies = sorted(chance.sample(["amoxicillin", "carprofen", "meloxicam"], chance.choice((0, 0, 0, 1))))
            self._add(
                self.animals,
                name=name,
                species=species,
                breed=chance.choice(BREEDS[species]),
                born_in=chance.randrange(2012, 2026),
                weight_kg=round(chance.uniform(*WEIGHT_KG[species]), 1),
                allergies=allergies,
                vaccinated_until=TODAY + timedelta(days=chance.randrange(-200, 250)),
                owner_id=owners[place] if place < len(owners) else chance.choice(owners),
            )

    def _fill_slots(self, chance: random.Random) -> None:
        off_days = {name: chance.choice((2, 3, 4)) for name in VETS}
        for name, species in VETS.items():
            self._add(self.vets, name=name, species=list(species))
        days = [TODAY + timedelta(days=n) for n in range(BOOKABLE_DAYS)]
        for day in days:
            for time in TIMES:
                for vet in self.vets.values():
                    if day.weekday() < 5 and day.weekday() != off_days[vet["name"]]:
                        facts = {"day": day, "time": time, "appointment_id": None}
                        self._add(self.slots, vet_id=vet["id"], **facts)

    def _fill_appointments(self, chance: random.Random) -> None:
        for animal in chance.sample(list(self.animals.values()), 26):
            free = [
                slot
                for slot in self.slots.values()
                if slot["appointment_id"] is None and animal["species"] in self.vets[slot["vet_id"]]["species"]
            ]
            slot = chance.choice(free)
            facts = {"animal_id": animal["id"], "slot_id": slot["id"], "status": "booked"}
            slot["appointment_id"] = self._add(self.appointments, **facts, reason=chance.choice(REASONS))["id"]

    def _fill_visits(self, chance: random.Random) -> None:
        animals = list(self.animals.values())
        debtors = list(self.owners)[::6]
        for place in range(24):
            day = TODAY - timedelta(days=chance.randrange(5, 240))
            self._fill_visit(chance, chance.choice(animals), day, "billed" if place % 6 else "open")
        for owner_id in debtors:
            animal = next(row for row in animals if row["owner_id"] == owner_id)
            visit = self._fill_visit(chance, animal, TODAY - timedelta(days=40), "billed")
            invoice = self.invoices[visit["invoice_number"]]
            facts = {"amount_eur": float(PRICES_EUR["dental cleaning"]), "procedure": "dental cleaning"}
            self._add(self.treatments, visit_id=visit["id"], **facts)
            invoice["total_eur"] += facts["amount_eur"]
            invoice["paid_eur"] = 0.0

    def _fill_visit(self, chance: random.Random, animal: Row, day: date, status: str) -> Row:
        today = TODAY if status == "open" else day
        facts = {"animal_id": animal["id"], "appointment_id": None, "day": today, "weight_kg": animal["weight_kg"]}
        visit = self._add(self.visits, **facts, reason=chance.choice(REASONS), status=status, invoice_number=None)
        if status == "open":
            return visit
        done: list[Procedure] = ["physical examination", *chance.sample(EXTRAS, chance.randrange(0, 3))]
        for procedure in done:
            price = float(PRICES_EUR[procedure])
            self._add(self.treatments, visit_id=visit["id"], procedure=procedure, amount_eur=price)
        total = float(sum(PRICES_EUR[procedure] for procedure in done))
        invoice = self._add(self.invoices, visit_id=visit["id"], total_eur=total, paid_eur=total, status="issued")
        visit["invoice_number"] = invoice["id"]
        return visit
