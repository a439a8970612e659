"""A veterinary practice: owners, animals, appointments, visits with treatments and prescriptions, invoices.

Every tool declares an output schema and returns structured content. The practice's date is fixed.
"""

from __future__ import annotations

from toolweave.servers.worlds.clinic.practice import Clinic, build

__all__ = ["Clinic", "build"]
