"""What the practice's tools return."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from toolweave.servers.worlds.clinic.care import Procedure, Species


class Owner(BaseModel):
    """A client of the practice."""

    id: str = Field(description="Identifier of the owner")
    name: str
    phone: str
    town: str
    animal_ids: list[str] = Field(description="Identifiers of the animals that belong to this owner")
    unpaid_invoice_numbers: list[str] = Field(description="Numbers of the invoices that are not paid in full")
    owed_eur: float = Field(description="What the owner owes in all, in euros")


class AnimalLine(BaseModel):
    """An animal as a search lists it."""

    animal_id: str = Field(description="Identifier of the animal")
    name: str
    species: Species
    breed: str
    owner_name: str


class AnimalHits(BaseModel):
    """What a search for animals found."""

    total: int = Field(description="How many animals match, listed or not")
    animals: list[AnimalLine]


class OwnerName(BaseModel):
    """The person to whom an animal belongs."""

    id: str = Field(description="Identifier of the owner")
    name: str


class AppointmentLine(BaseModel):
    """An appointment in an animal's record."""

    appointment_id: str = Field(description="Identifier of the appointment")
    day: date
    time: str
    vet_name: str
    status: str = Field(description="booked, checked in or cancelled")


class VisitLine(BaseModel):
    """A visit in an animal's record."""

    visit_id: str = Field(description="Identifier of the visit")
    day: date
    reason: str
    status: str = Field(description="open or billed")
    procedures: list[Procedure]
    prescription_ids: list[str] = Field(description="Prescriptions that were written in this visit and still hold")
    invoice_number: str | None = Field(description="Number of the invoice for the visit, once there is one")


class AnimalRecord(BaseModel):
    """The medical record of one animal."""

    animal_id: str = Field(description="Identifier of the animal")
    name: str
    species: Species
    breed: str
    born_in: int
    weight_kg: float = Field(description="Weight at the last check-in, in kilograms")
    allergies: list[str] = Field(description="Active substances that the animal must not be given")
    vaccinated_until: date
    owner: OwnerName
    appointments: list[AppointmentLine]
    visits: list[VisitLine]


class FreeTime(BaseModel):
    """A consultation time that can still be booked."""

    slot_id: str = Field(description="Identifier of the consultation time")
    time: str
    vet_name: str


class FreeTimes(BaseModel):
    """The consultation times that are free on a day."""

    day: date
    total: int = Field(description="How many times are free that day, listed or not")
    slots: list[FreeTime]


class Medicine(BaseModel):
    """A medicine in the practice's pharmacy."""

    id: str = Field(description="Identifier of the medicine")
    name: str
    substance: str = Field(description="Active substance")
    species: list[Species] = Field(description="Species that may be given it")
    tablet_mg: int
    price_eur: float = Field(description="Price of one tablet, in euros")
    stock: int = Field(description="Tablets in stock")


class Appointment(BaseModel):
    """An appointment after it was booked or cancelled."""

    appointment_id: str = Field(description="Identifier of the appointment")
    animal_name: str
    vet_name: str
    day: date
    time: str
    status: str


class CheckedIn(BaseModel):
    """The visit that a check-in opened."""

    visit_id: str = Field(description="Identifier of the visit that is now open")
    animal_name: str
    vet_name: str
    weight_change_kg: float = Field(description="Change since the animal was last weighed, in kilograms")


class Treatment(BaseModel):
    """A treatment that was recorded."""

    treatment_id: str = Field(description="Identifier of the treatment")
    procedure: Procedure
    amount_eur: float
    visit_total_eur: float = Field(description="What the visit costs so far, in euros")


class Prescription(BaseModel):
    """A prescription that was written."""

    prescription_id: str = Field(description="Identifier of the prescription")
    medicine_name: str
    tablets_a_day: int
    days: int
    tablets: int = Field(description="Tablets handed out in all")
    amount_eur: float


class CancelledPrescription(BaseModel):
    """A prescription that no longer holds."""

    medicine_name: str
    tablets_restocked: int


class InvoiceLine(BaseModel):
    """One position of an invoice."""

    what: str
    amount_eur: float


class Invoice(BaseModel):
    """An invoice with its positions."""

    number: str = Field(description="Number of the invoice")
    billed_to: OwnerName
    lines: list[InvoiceLine]
    discount_eur: float
    total_eur: float


class Payment(BaseModel):
    """What is left of an invoice after a payment."""

    invoice_number: str = Field(description="Number of the invoice")
    paid_eur: float = Field(description="Paid so far, in euros")
    balance_eur: float = Field(description="Still to pay, in euros")


class VoidedInvoice(BaseModel):
    """An invoice that no longer counts."""

    invoice_number: str = Field(description="Number of the invoice that is void")
    reopened_visit_id: str = Field(description="Identifier of the visit that is open again")
