"""The practice's tools, their rules, and the server that offers them."""

from __future__ import annotations

import math
from datetime import date
from inspect import getdoc
from typing import Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from toolweave.servers.worlds.clinic.care import (
    AFTER_EXAMINATION,
    HEAVIEST_KG,
    PRICES_EUR,
    TODAY,
    PaymentMethod,
    Procedure,
    Species,
)
from toolweave.servers.worlds.clinic.records import (
    AnimalHits,
    AnimalLine,
    AnimalRecord,
    Appointment,
    AppointmentLine,
    CancelledPrescription,
    CheckedIn,
    FreeTime,
    FreeTimes,
    Invoice,
    Medicine,
    Owner,
    OwnerName,
    Payment,
    Prescription,
    Treatment,
    VoidedInvoice,
)
from toolweave.servers.worlds.clinic.rules import ClinicRules

AnimalId = Annotated[str, Field(description="Identifier of the animal")]
AppointmentId = Annotated[str, Field(description="Identifier of the appointment")]
VisitId = Annotated[str, Field(description="Identifier of an open visit")]
InvoiceNumber = Annotated[str, Field(description="Number of the invoice")]


def _mentions(text: str, wanted: str) -> bool:
    return all(word in text.lower() for word in wanted.lower().split())


class Clinic(ClinicRules):
    """A veterinary practice that books, examines, treats, prescribes and bills."""

    def find_owner(
        self,
        name: Annotated[str, Field(description="Full name or part of it, in any case", examples=["holt", "Kenji"])],
    ) -> list[Owner]:
        """Find pet owners by name, with their animals and what they owe."""
        return [self._owner(row) for row in self.owners.values() if _mentions(row["name"], name)]

    def search_animals(
        self,
        name: Annotated[str, Field(description="Name of the animal or part of it", examples=["biscuit", "Miso"])] = "",
        species: Annotated[Species | None, Field(description="Only animals of this species")] = None,
        owner_id: Annotated[str | None, Field(description="Only animals of the owner with this identifier")] = None,
        limit: Annotated[int, Field(description="How many animals to list at most", ge=1, le=50)] = 10,
    ) -> AnimalHits:
        """Search the register of patients by the animal's name, its species or its owner."""
        lines = [
            AnimalLine(
                animal_id=row["id"],
                name=row["name"],
                species=row["species"],
                breed=row["breed"],
                owner_name=self.owners.find(row["owner_id"])["name"],
            )
            for row in self.animals.values()
            if _mentions(row["name"], name)
            and species in (None, row["species"])
            and owner_id in (None, row["owner_id"])
        ]
        return AnimalHits(total=len(lines), animals=lines[:limit])

    def get_animal_record(self, animal_id: AnimalId) -> AnimalRecord:
        """Get the medical record of one animal: allergies, vaccination, owner, appointments and visits."""
        row = self.animals.find(animal_id)
        owner = self.owners.find(row["owner_id"])
        appointments = [a for a in self.appointments.values() if a["animal_id"] == animal_id]
        visits = [v for v in self.visits.values() if v["animal_id"] == animal_id]
        return AnimalRecord(
            animal_id=animal_id,
            name=row["name"],
            species=row["species"],
            breed=row["breed"],
            born_in=row["born_in"],
            weight_kg=row["weight_kg"],
            allergies=row["allergies"],
            vaccinated_until=row["vaccinated_until"],
            owner=OwnerName(id=owner["id"], name=owner["name"]),
            appointments=[
                AppointmentLine.model_validate(self._appointment(a).model_dump(exclude={"animal_name"}))
                for a in appointments
            ],
            visits=[self._visit_line(visit) for visit in visits],
        )

    def find_free_times(
        self,
        day: Annotated[
            date, Field(description="A weekday, today or within two weeks", examples=["2026-02-10", "2026-02-16"])
        ],
        species: Annotated[Species | None, Field(description="Only veterinarians who treat this species")] = None,
        vet_name: Annotated[str, Field(description="Words of the veterinarian's name", examples=["Teixeira"])] = "",
        limit: Annotated[int, Field(description="How many times to list at most", ge=1, le=36)] = 8,
    ) -> FreeTimes:
        """Find consultation times that are still free on a day, with the veterinarian who holds them."""
        self._refuse_day(day)
        free: list[FreeTime] = []
        for slot in self.slots.values():
            vet = self.vets.find(slot["vet_id"])
            wanted = _mentions(vet["name"], vet_name) and (species is None or species in vet["species"])
            if wanted and slot["day"] == day and slot["appointment_id"] is None:
                free.append(FreeTime(slot_id=slot["id"], time=slot["time"], vet_name=vet["name"]))
        return FreeTimes(day=day, total=len(free), slots=free[:limit])

    def search_medicines(
        self,
        text: Annotated[
            str, Field(description="Words of the name or the active substance", examples=["meloxicam", "doxi"])
        ] = "",
        species: Annotated[Species | None, Field(description="Only medicines that this species may be given")] = None,
        in_stock_only: Annotated[bool, Field(description="Leave out medicines that have run out")] = True,
    ) -> list[Medicine]:
        """Search the pharmacy by name or active substance."""
        return [
            Medicine.model_validate(row, extra="ignore")
            for row in self.medicines.values()
            if _mentions(f"{row['name']} {row['substance']}", text)
            and (species is None or species in row["species"])
            and (row["stock"] > 0 or not in_stock_only)
        ]

    def book_appointment(
        self,
        animal_id: AnimalId,
        slot_id: Annotated[str, Field(description="Identifier of a free consultation time")],
        reason: Annotated[
            str,
            Field(description="Why the animal comes", examples=["limping since Sunday", "yearly check", "sore eye"]),
        ] = "check-up",
    ) -> Appointment:
        """Book a free consultation time for an animal; its owner must not owe more than 100 euros."""
        animal, slot = self.animals.find(animal_id), self.slots.find(slot_id)
        vet = self.vets.find(slot["vet_id"])
        if slot["appointment_id"] is not None:
            raise ToolError(f"The time at {slot['time']} on {slot['day']} with {vet['name']} is taken.")
        if animal["species"] not in vet["species"]:
            raise ToolError(f"{vet['name']} does not treat a {animal['species']} such as {animal['name']}.")
        self._refuse_debt(self.owners.find(animal["owner_id"]))
        facts = {"animal_id": animal_id, "slot_id": slot_id, "reason": reason}
        appointment = self._add(self.appointments, **facts, status="booked")
        slot["appointment_id"] = appointment["id"]
        return self._appointment(appointment)

    def cancel_appointment(self, appointment_id: AppointmentId) -> Appointment:
        """Cancel an appointment before the animal is checked in; the consultation time becomes free again."""
        appointment = self._booked(appointment_id)
        appointment["status"] = "cancelled"
        self.slots.find(appointment["slot_id"])["appointment_id"] = None
        return self._appointment(appointment)

    def check_in_animal(
        self,
        appointment_id: AppointmentId,
        weight_kg: Annotated[
            float | None,
            Field(description="Weight on the scales, in kilograms; the last known one when left out", gt=0, le=120),
        ] = None,
    ) -> CheckedIn:
        """Check in an animal that has arrived for its appointment, which opens a visit."""
        appointment = self._booked(appointment_id)
        animal = self.animals.find(appointment["animal_id"])
        weight = weight_kg or animal["weight_kg"]
        if weight > HEAVIEST_KG[animal["species"]]:
            raise ToolError(f"No {animal['species']} weighs {weight:g} kg; please weigh {animal['name']} again.")
        change, animal["weight_kg"], appointment["status"] = weight - animal["weight_kg"], weight, "checked in"
        facts = {"animal_id": animal["id"], "appointment_id": appointment_id, "day": TODAY, "weight_kg": weight}
        visit = self._add(self.visits, **facts, reason=appointment["reason"], status="open", invoice_number=None)
        return CheckedIn(
            visit_id=visit["id"],
            animal_name=animal["name"],
            vet_name=self._appointment(appointment).vet_name,
            weight_change_kg=round(change, 2),
        )

    def record_treatment(
        self,
        visit_id: VisitId,
        procedure: Annotated[Procedure, Field(description="What was done")] = "physical examination",
    ) -> Treatment:
        """Record a procedure done in an open visit; imaging and dental work need an examination first."""
        visit = self._open(visit_id)
        animal, done = self.animals.find(visit["animal_id"]), self._procedures(visit)
        if procedure in done:
            raise ToolError(f"The {procedure} has already been recorded in visit {visit_id}.")
        if procedure in AFTER_EXAMINATION:
            self._refuse_unexamined(visit)
        if procedure == "vaccination":
            self._vaccinate(animal)
        price = float(PRICES_EUR[procedure])
        row = self._add(self.treatments, visit_id=visit_id, procedure=procedure, amount_eur=price)
        total = sum(line.amount_eur for line in self._bill(visit))
        return Treatment(treatment_id=row["id"], procedure=procedure, amount_eur=price, visit_total_eur=round(total, 2))

    def prescribe_medicine(
        self,
        visit_id: VisitId,
        medicine_id: Annotated[str, Field(description="Identifier of a medicine that suits the species")],
        days: Annotated[int, Field(description="For how many days", ge=1, le=28)] = 5,
    ) -> Prescription:
        """Prescribe a medicine to the animal in an open visit, once it was examined; the dose follows its weight."""
        visit, medicine = self._open(visit_id), self.medicines.find(medicine_id)
        self._refuse_unexamined(visit)
        self._refuse_unsuited(self.animals.find(visit["animal_id"]), medicine)
        if any(row["medicine_id"] == medicine_id for row in self._prescribed(visit)):
            raise ToolError(f"{medicine['name']} has already been prescribed in visit {visit_id}.")
        daily = max(1, math.ceil(visit["weight_kg"] * medicine["dose_mg_per_kg"] / medicine["tablet_mg"]))
        tablets = daily * days
        if tablets > medicine["stock"]:
            stock = medicine["stock"]
            raise ToolError(f"{tablets} tablets of {medicine['name']} are needed, but only {stock} are in stock.")
        medicine["stock"] -= tablets
        amount = round(tablets * medicine["price_eur"], 2)
        facts = {"visit_id": visit_id, "medicine_id": medicine_id, "tablets": tablets, "amount_eur": amount}
        row = self._add(self.prescriptions, **facts, status="valid")
        dose = {"tablets_a_day": daily, "days": days, "tablets": tablets}
        return Prescription(prescription_id=row["id"], medicine_name=medicine["name"], **dose, amount_eur=amount)

    def cancel_prescription(
        self,
        prescription_id: Annotated[str, Field(description="Identifier of a prescription in an open visit")],
    ) -> CancelledPrescription:
        """Cancel a prescription before its visit is billed; the tablets go back into stock."""
        row = self.prescriptions.find(prescription_id)
        if row["status"] != "valid":
            raise ToolError(f"Prescription {prescription_id} has already been cancelled.")
        self._open(row["visit_id"])
        medicine = self.medicines.find(row["medicine_id"])
        row["status"] = "cancelled"
        medicine["stock"] += row["tablets"]
        return CancelledPrescription(medicine_name=medicine["name"], tablets_restocked=row["tablets"])

    def issue_invoice(
        self,
        visit_id: VisitId,
        discount_percent: Annotated[int, Field(description="Discount on the whole invoice", ge=0, le=25)] = 0,
    ) -> Invoice:
        """Bill an open visit to the animal's owner, which closes the visit for further treatment."""
        visit = self._open(visit_id)
        lines = self._bill(visit)
        if not lines:
            raise ToolError(f"No treatment has been recorded in visit {visit_id}, so there is nothing to bill.")
        full = sum(line.amount_eur for line in lines)
        discount = round(full * discount_percent / 100, 2)
        total = round(full - discount, 2)
        row = self._add(self.invoices, visit_id=visit_id, total_eur=total, paid_eur=0.0, status="issued")
        visit["status"], visit["invoice_number"] = "billed", row["id"]
        owner = self.owners.find(self.animals.find(visit["animal_id"])["owner_id"])
        billed_to = OwnerName(id=owner["id"], name=owner["name"])
        return Invoice(number=row["id"], billed_to=billed_to, lines=lines, discount_eur=discount, total_eur=total)

    def record_payment(
        self,
        invoice_number: InvoiceNumber,
        amount_eur: Annotated[
            float | None, Field(description="Amount paid in euros; the whole balance when left out", gt=0)
        ] = None,
        method: Annotated[PaymentMethod, Field(description="How the owner pays")] = "card",
    ) -> Payment:
        """Record a payment, in full or in part, towards an invoice."""
        invoice = self._valid_invoice(invoice_number)
        balance = self._balance(invoice)
        if balance <= 0:
            raise ToolError(f"Invoice {invoice_number} is already paid in full.")
        amount = amount_eur or balance
        if amount > balance:
            raise ToolError(f"{amount:.2f} EUR is more than the {balance:.2f} EUR left to pay on {invoice_number}.")
        if method == "cash" and amount > 1000:
            raise ToolError("The practice takes no more than 1000 EUR in cash.")
        invoice["paid_eur"] = round(invoice["paid_eur"] + amount, 2)
        paid = {"paid_eur": invoice["paid_eur"], "balance_eur": self._balance(invoice)}
        return Payment(invoice_number=invoice_number, **paid)

    def void_invoice(self, invoice_number: InvoiceNumber) -> VoidedInvoice:
        """Void an invoice towards which nothing has been paid; its visit is open for treatment again."""
        invoice = self._valid_invoice(invoice_number)
        if invoice["paid_eur"] > 0:
            raise ToolError(f"{invoice['paid_eur']:.2f} EUR have been paid towards invoice {invoice_number}.")
        visit = self.visits.find(invoice["visit_id"])
        invoice["status"], visit["status"], visit["invoice_number"] = "void", "open", None
        return VoidedInvoice(invoice_number=invoice_number, reopened_visit_id=visit["id"])


def build(seed: int) -> MCPServer:
    """A fresh veterinary practice behind an MCP server."""
    world = Clinic(seed)
    server = MCPServer("clinic", version="1.0", instructions=f"Today is {TODAY}.", log_level="ERROR")
    lookups = (world.find_owner, world.search_animals, world.get_animal_record)
    hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for read in (*lookups, world.find_free_times, world.search_medicines):
        server.add_tool(read, description=getdoc(read), annotations=hints)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
    care = (world.book_appointment, world.check_in_animal, world.record_treatment, world.prescribe_medicine)
    for write in (*care, world.issue_invoice, world.record_payment):
        server.add_tool(write, description=getdoc(write), annotations=hints)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)
    for end in (world.cancel_appointment, world.cancel_prescription, world.void_invoice):
        server.add_tool(end, description=getdoc(end), annotations=hints)
    return server
