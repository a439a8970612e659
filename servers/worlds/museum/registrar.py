"""The museum's tools, their rules, and the server that offers them."""

from __future__ import annotations

import json
from datetime import date
from inspect import getdoc
from typing import Annotated, Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from toolweave.servers.world import Row
from toolweave.servers.worlds.museum.tables import SENSITIVE, TODAY, Grade, Medium, MuseumTables

ArtworkId = Annotated[str, Field(description="Identifier of the artwork")]
LoanId = Annotated[str, Field(description="Identifier of the loan")]

CLASS_B_LIMIT_EUR = 500_000
"""Museums of security class B may borrow nothing that is worth more."""


def _mentions(text: str, wanted: str) -> bool:
    return all(word in text.lower() for word in wanted.lower().split())


def _pick(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


class Museum(MuseumTables):
    """A museum whose registrar inspects, insures, hangs and lends artworks."""

    def search_artworks(
        self,
        text: Annotated[str, Field(description="Words of the title or the artist", examples=["heron", "Maurer"])] = "",
        medium: Annotated[Medium | None, Field(description="Only works in this medium")] = None,
        whereabouts: Annotated[
            Literal["depot", "on view", "on loan"] | None, Field(description="Only works that are there now")
        ] = None,
    ) -> str:
        """Search the collection by title or artist, by medium and by where the works are."""
        found = [
            _pick(row, "id", "title", "artist", "year")
            for row in self.artworks.values()
            if _mentions(f"{row['title']} {row['artist']}", text)
            and medium in (None, row["medium"])
            and whereabouts in (None, self._whereabouts(row))
        ]
        return json.dumps({"found": len(found), "artworks": found}, indent=2)

    def get_artwork(self, artwork_id: ArtworkId) -> str:
        """Get the file of one artwork: facts, whereabouts, latest condition report, insurance and all its loans."""
        row = self.artworks.find(artwork_id)
        report, policy = self.reports.get(row["report_id"]), self.policies.get(row["policy_number"])
        loans = [loan for loan in self.loans.values() if loan["artwork_id"] == artwork_id]
        file = _pick(row, "title", "artist", "year", "medium", "value_eur", "exhibition_id")
        file["whereabouts"] = self._whereabouts(row)
        file["condition"] = report and _pick(report, "grade", "notes", "inspected_on")
        file["insurance"] = policy and {"policy_number": policy["id"], **_pick(policy, "amount_eur", "valid_until")}
        file["loans"] = [{"loan_id": loan["id"], **_pick(loan, "status", "starts", "ends")} for loan in loans]
        return json.dumps(file, indent=2)

    def find_museum(
        self,
        name: Annotated[str, Field(description="Words of the name or the city", examples=["Ghent", "gallery"])],
    ) -> str:
        """Find partner museums, to which works may be lent, by name or city."""
        rows = [row for row in self.museums.values() if _mentions(f"{row['name']} {row['city']}", name)]
        return json.dumps({"museums": [_pick(row, "id", "name", "city", "security_class") for row in rows]})

    def list_exhibitions(
        self,
        status: Annotated[
            Literal["planned", "open", "closed"] | None, Field(description="Only exhibitions in this state")
        ] = None,
    ) -> str:
        """List our own exhibitions with their rooms and how many places are free there."""
        shows: list[dict[str, Any]] = []
        for row in self.exhibitions.values():
            if status in (None, row["status"]):
                room = self.rooms.find(row["room_id"])
                facts = {**_pick(room, "name", "climate_controlled"), "free_places": self._free_places(row)}
                shows.append({"id": row["id"], **_pick(row, "title", "status", "opens", "closes"), "room": facts})
        return json.dumps(shows)

    def file_condition_report(
        self,
        artwork_id: ArtworkId,
        grade: Annotated[Grade, Field(description="How sound the work is; fair and poor works do not travel")],
        notes: Annotated[
            str, Field(description="What the conservator saw", examples=["surface clean, no losses"])
        ] = "",
    ) -> str:
        """File a new condition report on a work that is in the house; it replaces the previous one."""
        artwork = self._in_house(artwork_id)
        report = self._inspect(artwork, grade, notes)
        return json.dumps({"report_id": report["id"], "title": artwork["title"], "grade": grade})

    def insure_artwork(
        self,
        artwork_id: ArtworkId,
        amount_eur: Annotated[
            int | None, Field(description="Insured amount in euros; the appraised value when left out", ge=1000)
        ] = None,
        months: Annotated[int, Field(description="Term in months", ge=1, le=36)] = 12,
    ) -> str:
        """Take out an insurance policy on an artwork; the premium is 0.04 percent of the amount a month."""
        artwork = self.artworks.find(artwork_id)
        if artwork["policy_number"] is not None:
            raise ToolError(f"{artwork['title']!r} is already insured by policy {artwork['policy_number']}.")
        policy = self._insure(artwork, amount_eur or artwork["value_eur"], months)
        return json.dumps(
            {"policy": {"number": policy["id"], **_pick(policy, "amount_eur", "premium_eur", "valid_until")}}
        )

    def cancel_insurance(
        self,
        policy_number: Annotated[str, Field(description="Number of the insurance policy")],
    ) -> str:
        """End an insurance policy early; impossible while the work is away on loan."""
        policy = self.policies.find(policy_number)
        artwork = self.artworks.find(policy["artwork_id"])
        if artwork["policy_number"] != policy_number:
            raise ToolError(f"Policy {policy_number} has already been cancelled.")
        if artwork["lent_on"] is not None:
            raise ToolError(f"{artwork['title']!r} is away on loan {artwork['lent_on']} and must stay insured.")
        artwork["policy_number"] = None
        return json.dumps({"cancelled": policy_number, "refund_eur": round(policy["premium_eur"] / 2, 2)})

    def request_loan(
        self,
        artwork_id: ArtworkId,
        museum_id: Annotated[str, Field(description="Identifier of the borrowing museum")],
        starts: Annotated[date, Field(description="First day of the loan", examples=["2026-10-05", "2026-11-20"])],
        ends: Annotated[
            date, Field(description="Last day, within a year of the first", examples=["2027-01-15", "2027-03-31"])
        ],
    ) -> str:
        """Enter a loan request by another museum for a sound work that is not promised to anyone else then."""
        artwork, museum = self.artworks.find(artwork_id), self.museums.find(museum_id)
        self._refuse_period(artwork, starts, ends)
        self._refuse_unsound(artwork)
        self._refuse_borrower(artwork, museum)
        facts = {
            "artwork_id": artwork_id,
            "museum_id": museum_id,
            "starts": starts.isoformat(),
            "ends": ends.isoformat(),
        }
        loan = self._add(self.loans, **facts, status="requested", courier=None)
        return json.dumps({"loan": _pick(loan, "id", "status"), "borrower": museum["name"]})

    def approve_loan(self, loan_id: LoanId) -> str:
        """Approve a requested loan; the work must be insured for at least its appraised value."""
        loan = self._loan(loan_id, "requested")
        artwork = self.artworks.find(loan["artwork_id"])
        policy = self.policies.get(artwork["policy_number"])
        if policy is None:
            raise ToolError(f"{artwork['title']!r} is not insured, so loan {loan_id} cannot be approved.")
        if policy["amount_eur"] < artwork["value_eur"]:
            raise ToolError(f"{artwork['title']!r} is insured for less than its value of {artwork['value_eur']} EUR.")
        loan["status"] = "approved"
        return json.dumps({"loan_id": loan_id, "status": "approved", "insured_for_eur": policy["amount_eur"]})

    def cancel_loan(self, loan_id: LoanId) -> str:
        """Cancel a loan that has not been sent out; the work is free for that period again."""
        loan = self._loan(loan_id, "requested", "approved")
        loan["status"] = "cancelled"
        return json.dumps({"loan_id": loan_id, "status": "cancelled"})

    def dispatch_loan(
        self,
        loan_id: LoanId,
        courier: Annotated[
            str, Field(description="Person who travels with the work", examples=["Nils Brandt", "Carla Moretti"])
        ],
    ) -> str:
        """Send an approved loan on its way; the work must be in the depot."""
        loan = self._loan(loan_id, "approved")
        artwork = self._in_house(loan["artwork_id"])
        if artwork["exhibition_id"] is not None:
            raise ToolError(f"{artwork['title']!r} still hangs in exhibition {artwork['exhibition_id']}.")
        loan["status"], loan["courier"], artwork["lent_on"] = "sent", courier, loan_id
        museum = self.museums.find(loan["museum_id"])
        return json.dumps({"loan_id": loan_id, "status": "sent", "to": museum["name"], "courier": courier})

    def receive_loan_back(self, loan_id: LoanId) -> str:
        """Book a lent work back into the depot; its condition report lapses until a new one is filed."""
        loan = self._loan(loan_id, "sent")
        artwork = self.artworks.find(loan["artwork_id"])
        loan["status"], artwork["lent_on"], artwork["report_id"] = "returned", None, None
        return json.dumps({"loan_id": loan_id, "status": "returned", "title": artwork["title"], "inspection_due": True})

    def install_artwork(
        self,
        artwork_id: ArtworkId,
        exhibition_id: Annotated[str, Field(description="Identifier of a planned or open exhibition of ours")],
    ) -> str:
        """Hang a work from the depot in one of our exhibitions; works on paper and textiles need climate control."""
        artwork, show = self._in_house(artwork_id), self.exhibitions.find(exhibition_id)
        if artwork["exhibition_id"] is not None:
            raise ToolError(f"{artwork['title']!r} already hangs in exhibition {artwork['exhibition_id']}.")
        if show["status"] == "closed":
            raise ToolError(f"Exhibition {show['title']!r} closed on {show['closes']}.")
        room = self.rooms.find(show["room_id"])
        if artwork["medium"] in SENSITIVE and not room["climate_controlled"]:
            raise ToolError(f"The {room['name']} has no climate control, which a {artwork['medium']} needs.")
        if self._free_places(show) < 1:
            raise ToolError(f"All {room['places']} places in the {room['name']} are taken.")
        artwork["exhibition_id"] = exhibition_id
        return json.dumps({"title": artwork["title"], "room": room["name"], "free_places": self._free_places(show)})

    def deinstall_artwork(self, artwork_id: ArtworkId) -> str:
        """Take a work off the wall and back to the depot."""
        artwork = self.artworks.find(artwork_id)
        if artwork["exhibition_id"] is None:
            raise ToolError(f"{artwork['title']!r} does not hang in any exhibition.")
        artwork["exhibition_id"] = None
        return json.dumps({"title": artwork["title"], "whereabouts": "depot"})

    def _whereabouts(self, artwork: Row) -> str:
        if artwork["lent_on"] is not None:
            return "on loan"
        return "depot" if artwork["exhibition_id"] is None else "on view"

    def _free_places(self, show: Row) -> int:
        shows = [row["id"] for row in self.exhibitions.values() if row["room_id"] == show["room_id"]]
        hung = sum(row["exhibition_id"] in shows for row in self.artworks.values())
        places: int = self.rooms.find(show["room_id"])["places"]
        return places - hung

    def _in_house(self, artwork_id: str) -> Row:
        artwork = self.artworks.find(artwork_id)
        if artwork["lent_on"] is not None:
            raise ToolError(f"{artwork['title']!r} is not in the house; it is away on loan {artwork['lent_on']}.")
        return artwork

    def _loan(self, loan_id: str, *wanted: str) -> Row:
        loan = self.loans.find(loan_id)
        if loan["status"] not in wanted:
            raise ToolError(f"Loan {loan_id} is {loan['status']}, not {' or '.join(wanted)}.")
        return loan

    def _refuse_period(self, artwork: Row, starts: date, ends: date) -> None:
        if starts < TODAY:
            raise ToolError(f"The loan would start on {starts}, which is past; today is {TODAY}.")
        if not 0 < (ends - starts).days <= 366:
            raise ToolError(f"A loan from {starts} to {ends} does not last between one day and a year.")
        for loan in self.loans.values():
            alive = loan["artwork_id"] == artwork["id"] and loan["status"] in ("requested", "approved", "sent")
            if alive and starts.isoformat() <= loan["ends"] and loan["starts"] <= ends.isoformat():
                period = f"from {loan['starts']} to {loan['ends']}"
                raise ToolError(f"{artwork['title']!r} is promised {period} under loan {loan['id']}.")

    def _refuse_unsound(self, artwork: Row) -> None:
        report = self.reports.get(artwork["report_id"])
        if report is None:
            raise ToolError(f"{artwork['title']!r} has no valid condition report.")
        if report["grade"] not in ("excellent", "good"):
            raise ToolError(f"{artwork['title']!r} is in {report['grade']} condition and may not travel.")

    def _refuse_borrower(self, artwork: Row, museum: Row) -> None:
        if museum["security_class"] == "B" and artwork["value_eur"] > CLASS_B_LIMIT_EUR:
            raise ToolError(
                f"{museum['name']} is of security class B and may borrow works up to {CLASS_B_LIMIT_EUR} EUR; "
                f"{artwork['title']!r} is valued at {artwork['value_eur']} EUR."
            )


def build(seed: int) -> MCPServer:
    """A fresh museum behind an MCP server."""
    world = Museum(seed)
    server = MCPServer("museum", version="1.0", instructions=f"Today is {TODAY}.", log_level="ERROR")
    hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for read in (world.search_artworks, world.get_artwork, world.find_museum, world.list_exhibitions):
        server.add_tool(read, description=getdoc(read), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
    loans = (world.request_loan, world.approve_loan, world.dispatch_loan, world.receive_loan_back)
    for write in (*loans, world.insure_artwork, world.install_artwork, world.deinstall_artwork):
        server.add_tool(write, description=getdoc(write), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)
    for end in (world.file_condition_report, world.cancel_insurance, world.cancel_loan):
        server.add_tool(end, description=getdoc(end), annotations=hints, structured_output=False)
    return server
