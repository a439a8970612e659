"""What the practice works out from its tables, and what it refuses."""

from __future__ import annotations

from datetime import date, timedelta

from mcp.server.mcpserver.exceptions import ToolError

from toolweave.servers.world import Row
from toolweave.servers.worlds.clinic.care import TODAY, Procedure
from toolweave.servers.worlds.clinic.records import Appointment, InvoiceLine, Owner, VisitLine
from toolweave.servers.worlds.clinic.tables import BOOKABLE_DAYS, ClinicTables

CREDIT_LIMIT_EUR = 100
"""Owners who owe more than this get no new appointment."""
BOOSTER_WINDOW = timedelta(days=60)
"""A vaccination is refreshed no earlier than this before it ends."""


class ClinicRules(ClinicTables):
    """The practice's tables with the rules that hold between them."""

    def _owner(self, row: Row) -> Owner:
        animal_ids = [key for key, animal in self.animals.items() if animal["owner_id"] == row["id"]]
        unpaid = [invoice for invoice in self.invoices.values() if self._owes(row["id"], invoice)]
        return Owner(
            id=row["id"],
            name=row["name"],
            phone=row["phone"],
            town=row["town"],
            animal_ids=animal_ids,
            unpaid_invoice_numbers=[invoice["id"] for invoice in unpaid],
            owed_eur=round(sum(self._balance(invoice) for invoice in unpaid), 2),
        )

    def _owes(self, owner_id: str, invoice: Row) -> bool:
        animal = self.animals.find(self.visits.find(invoice["visit_id"])["animal_id"])
        return animal["owner_id"] == owner_id and invoice["status"] == "issued" and self._balance(invoice) > 0

    def _balance(self, invoice: Row) -> float:
        return round(float(invoice["total_eur"] - invoice["paid_eur"]), 2)

    def _appointment(self, row: Row) -> Appointment:
        slot = self.slots.find(row["slot_id"])
        return Appointment(
            appointment_id=row["id"],
            animal_name=self.animals.find(row["animal_id"])["name"],
            vet_name=self.vets.find(slot["vet_id"])["name"],
            day=slot["day"],
            time=slot["time"],
            status=row["status"],
        )

    def _visit_line(self, visit: Row) -> VisitLine:
        return VisitLine(
            visit_id=visit["id"],
            day=visit["day"],
            reason=visit["reason"],
            status=visit["status"],
            procedures=self._procedures(visit),
            prescription_ids=[row["id"] for row in self._prescribed(visit)],
            invoice_number=visit["invoice_number"],
        )

    def _procedures(self, visit: Row) -> list[Procedure]:
        return [row["procedure"] for row in self.treatments.values() if row["visit_id"] == visit["id"]]

    def _prescribed(self, visit: Row) -> list[Row]:
        rows = self.prescriptions.values()
        return [row for row in rows if row["visit_id"] == visit["id"] and row["status"] == "valid"]

    def _bill(self, visit: Row) -> list[InvoiceLine]:
        done = [row for row in self.treatments.values() if row["visit_id"] == visit["id"]]
        lines = [InvoiceLine(what=row["procedure"], amount_eur=row["amount_eur"]) for row in done]
        for row in self._prescribed(visit):
            what = f"{row['tablets']} tablets of {self.medicines.find(row['medicine_id'])['name']}"
            lines.append(InvoiceLine(what=what, amount_eur=row["amount_eur"]))
        return lines

    def _booked(self, appointment_id: str) -> Row:
        row = self.appointments.find(appointment_id)
        if row["status"] != "booked":
            raise ToolError(f"Appointment {appointment_id} is {row['status']}, not booked.")
        return row

    def _open(self, visit_id: str) -> Row:
        visit = self.visits.find(visit_id)
        if visit["status"] != "open":
            raise ToolError(f"Visit {visit_id} is closed; it was billed with invoice {visit['invoice_number']}.")
        return visit

    def _valid_invoice(self, number: str) -> Row:
        invoice = self.invoices.find(number)
        if invoice["status"] == "void":
            raise ToolError(f"Invoice {number} is void.")
        return invoice

    def _vaccinate(self, animal: Row) -> None:
        until = animal["vaccinated_until"]
        if until > TODAY + BOOSTER_WINDOW:
            raise ToolError(f"{animal['name']} is vaccinated until {until}; it is too early for a booster.")
        animal["vaccinated_until"] = TODAY + timedelta(days=365)

    def _refuse_day(self, day: date) -> None:
        last = TODAY + timedelta(days=BOOKABLE_DAYS - 1)
        if not TODAY <= day <= last:
            raise ToolError(f"The diary is open from {TODAY} to {last}, which leaves out {day}.")
        if day.weekday() > 4:
            raise ToolError(f"The practice is closed at the weekend, as on {day}.")

    def _refuse_debt(self, row: Row) -> None:
        owner = self._owner(row)
        if owner.owed_eur > CREDIT_LIMIT_EUR:
            unpaid = ", ".join(owner.unpaid_invoice_numbers)
            raise ToolError(f"{owner.name} owes {owner.owed_eur:.2f} EUR on {unpaid} and gets no new appointment.")

    def _refuse_unexamined(self, visit: Row) -> None:
        if "physical examination" not in self._procedures(visit):
            name = self.animals.find(visit["animal_id"])["name"]
            raise ToolError(f"{name} has not been examined in visit {visit['id']} yet.")

    def _refuse_unsuited(self, animal: Row, medicine: Row) -> None:
        if animal["species"] not in medicine["species"]:
            raise ToolError(f"{medicine['name']} must not be given to a {animal['species']} such as {animal['name']}.")
        if medicine["substance"] in animal["allergies"]:
            raise ToolError(f"{animal['name']} is allergic to {medicine['substance']}, which is in {medicine['name']}.")
