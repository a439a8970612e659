"""The library's tools, their rules, and the server that offers them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from inspect import getdoc
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from toolweave.servers.world import Row
from toolweave.servers.worlds.library.tables import (
    FINE_A_DAY_EUR,
    HIGHEST_FINE_EUR,
    TODAY,
    Branch,
    Genre,
    LibraryTables,
)

MemberId = Annotated[str, Field(description="Identifier of the member")]
TitleId = Annotated[str, Field(description="Identifier of the title")]
LoanId = Annotated[str, Field(description="Identifier of a loan that is still out")]
FineId = Annotated[str, Field(description="Identifier of an open fine")]
Barcode = Annotated[str, Field(description="Barcode of one physical copy")]

MOST_LOANS = 4
MOST_HOLDS = 3
MOST_RENEWALS = 2
FINE_LIMIT_EUR = 10.0
"""Members who owe more than this borrow nothing."""


def _mentions(text: str, wanted: str) -> bool:
    return all(word in text.lower() for word in wanted.lower().split())


def _pick(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


class Library(LibraryTables):
    """A lending library with four branches and one catalogue."""

    def find_member(
        self,
        name: Annotated[str, Field(description="Full name or part of it, in any case", examples=["lindgren", "Rosa"])],
    ) -> str:
        """Find library members by name, with their home branch and the state of their card."""
        rows = [row for row in self.members.values() if _mentions(row["name"], name)]
        return json.dumps({"members": [_pick(row, "id", "name", "branch", "card") for row in rows]}, indent=2)

    def get_member_account(self, member_id: MemberId) -> str:
        """Get a member's account: loans that are out, waiting holds, open fines and what the member owes."""
        member = self.members.find(member_id)
        account = _pick(member, "name", "card", "joined_on")
        account["loans"] = [
            {"loan_id": row["id"], "title": self._title_of(row)["title"], **_pick(row, "barcode", "due_on", "renewals")}
            for row in self._loans_of(member_id)
        ]
        account["holds"] = [
            {"hold_id": row["id"], "title": self.titles.find(row["title_id"])["title"]}
            for row in self._waiting(member_id=member_id)
        ]
        fines = self._open_fines(member_id)
        account["fines"] = [
            {"fine_id": row["id"], **_pick(row, "reason"), "open_eur": self._left(row)} for row in fines
        ]
        account["owes_eur"] = self._owed(member_id)
        return json.dumps(account, indent=2)

    def register_member(
        self,
        name: Annotated[str, Field(description="Full name of the person", examples=["Linus Aberg", "Petra Valdez"])],
        branch: Annotated[Branch, Field(description="Home branch")] = "Harbour",
    ) -> str:
        """Enrol a new member; the card stays inactive until it is activated."""
        if any(row["name"].lower() == name.strip().lower() for row in self.members.values()):
            raise ToolError(f"{name.strip()} is a member already.")
        facts = {"card": "inactive", "reason": None, "joined_on": TODAY.isoformat()}
        member = self._add(self.members, name=name.strip(), branch=branch, **facts)
        return json.dumps({"member": _pick(member, "id", "name", "branch"), "card": "inactive"})

    def activate_card(self, member_id: MemberId) -> str:
        """Activate the card of a new member, or one that was suspended."""
        member = self.members.find(member_id)
        if member["card"] == "active":
            raise ToolError(f"The card of {member['name']} is active already.")
        member["card"], member["reason"] = "active", None
        return json.dumps({"member_id": member_id, "card": "active"})

    def suspend_card(
        self,
        member_id: MemberId,
        reason: Annotated[str, Field(description="Why", examples=["card lost", "moved away", "unpaid damage"])],
    ) -> str:
        """Suspend a member's card; the member can neither borrow nor renew nor reserve any more."""
        member = self.members.find(member_id)
        self._refuse_card(member)
        member["card"], member["reason"] = "suspended", reason
        return json.dumps({"member_id": member_id, "card": "suspended", "reason": reason})

    def search_titles(
        self,
        text: Annotated[str, Field(description="Words of title or author", examples=["winter", "Adeyinka"])] = "",
        genre: Annotated[Genre | None, Field(description="Only titles of this genre")] = None,
        published_since: Annotated[
            int | None, Field(description="Only titles of this year or later", ge=1900, le=2026)
        ] = None,
        limit: Annotated[int, Field(description="How many titles to list at most", ge=1, le=40)] = 10,
    ) -> str:
        """Search the catalogue for titles by words of the title or the author, by genre and by year."""
        found = [
            {**_pick(row, "id", "title", "author", "year"), "copies": len(self._copies_of(row["id"]))}
            for row in self.titles.values()
            if _mentions(f"{row['title']} {row['author']}", text)
            and genre in (None, row["genre"])
            and (published_since is None or row["year"] >= published_since)
        ]
        return json.dumps({"found": len(found), "titles": found[:limit]})

    def list_copies(
        self,
        title_id: TitleId,
        on_shelf_only: Annotated[bool, Field(description="Leave out copies that are lent or under repair")] = False,
    ) -> str:
        """List the physical copies of one title, with branch, shelf and whether each can be borrowed."""
        title = self.titles.find(title_id)
        copies = [
            {"barcode": row["id"], **_pick(row, "branch", "shelf"), "state": self._state(row)}
            for row in self._copies_of(title_id)
            if not on_shelf_only or self._state(row) == "on shelf"
        ]
        waiting = len(self._waiting(title_id=title_id))
        return json.dumps({"title": title["title"], "waiting_holds": waiting, "copies": copies})

    def place_hold(
        self,
        member_id: MemberId,
        title_id: TitleId,
        pickup_branch: Annotated[
            Branch | None, Field(description="Where to collect it; the home branch when left out")
        ] = None,
    ) -> str:
        """Reserve a title for a member; nobody who comes later may borrow or renew it before."""
        member, title = self.members.find(member_id), self.titles.find(title_id)
        self._refuse_card(member)
        self._refuse_hold(member, title)
        facts = {"pickup_branch": pickup_branch or member["branch"], "status": "waiting"}
        hold = self._add(self.holds, member_id=member_id, title_id=title_id, **facts)
        place = len(self._waiting(title_id=title_id))
        return json.dumps({"hold": {"id": hold["id"], "title": title["title"], **facts}, "place_in_queue": place})

    def cancel_hold(
        self,
        hold_id: Annotated[str, Field(description="Identifier of a waiting hold")],
    ) -> str:
        """Cancel a waiting hold; the next in the queue moves up."""
        hold = self.holds.find(hold_id)
        if hold["status"] != "waiting":
            raise ToolError(f"Hold {hold_id} is {hold['status']}, not waiting.")
        hold["status"] = "cancelled"
        title = self.titles.find(hold["title_id"])["title"]
        return json.dumps({"hold_id": hold_id, "status": "cancelled", "title": title})

    def check_out_copy(self, member_id: MemberId, barcode: Barcode) -> str:
        """Lend a copy to a member for three weeks; it must be on the shelf and not reserved for someone else."""
        member, copy = self.members.find(member_id), self.copies.find(barcode)
        self._refuse_card(member)
        self._refuse_borrower(member)
        title = self.titles.find(copy["title_id"])
        if self._state(copy) != "on shelf":
            raise ToolError(f"Copy {barcode} of {title['title']!r} is {self._state(copy)}.")
        self._take_from_queue(member_id, title)
        facts = {"due_on": (TODAY + timedelta(weeks=3)).isoformat(), "renewals": 0, "returned": False}
        loan = self._add(self.loans, barcode=barcode, member_id=member_id, **facts)
        copy["loan_id"] = loan["id"]
        return json.dumps({"loan": {"id": loan["id"], "title": title["title"], "due_on": loan["due_on"]}})

    def renew_loan(
        self,
        loan_id: LoanId,
        weeks: Annotated[int, Field(description="By how many weeks", ge=1, le=4)] = 3,
    ) -> str:
        """Renew a loan that nobody is waiting for, at most twice."""
        loan = self._out(loan_id)
        title, member = self._title_of(loan), self.members.find(loan["member_id"])
        self._refuse_card(member)
        waiting = [row for row in self._waiting(title_id=title["id"]) if row["member_id"] != member["id"]]
        if waiting:
            raise ToolError(f"{title['title']!r} is reserved for another member under hold {waiting[0]['id']}.")
        if loan["renewals"] >= MOST_RENEWALS:
            raise ToolError(f"Loan {loan_id} has been renewed {MOST_RENEWALS} times, which is the limit.")
        due = max(date.fromisoformat(loan["due_on"]), TODAY) + timedelta(weeks=weeks)
        loan["due_on"], loan["renewals"] = due.isoformat(), loan["renewals"] + 1
        return json.dumps(
            {"loan_id": loan_id, "due_on": loan["due_on"], "renewals_left": MOST_RENEWALS - loan["renewals"]}
        )

    def return_copy(self, barcode: Barcode) -> str:
        """Take back a copy that is out; a late one leads to a fine of 25 cents a day."""
        copy = self.copies.find(barcode)
        if copy["loan_id"] is None:
            raise ToolError(f"Copy {barcode} is not on loan.")
        loan = self.loans.find(copy["loan_id"])
        loan["returned"], copy["loan_id"] = True, None
        answer = {"closed_loan_id": loan["id"], "title": self._title_of(loan)["title"], "fine": self._fine_late(loan)}
        return json.dumps(answer)

    def pay_fine(
        self,
        fine_id: FineId,
        amount_eur: Annotated[
            float | None, Field(description="Amount paid in euros; everything when left out", gt=0)
        ] = None,
    ) -> str:
        """Take a member's payment, in full or in part, for an open fine."""
        fine = self._fine(fine_id)
        amount = amount_eur or self._left(fine)
        if amount > self._left(fine):
            raise ToolError(
                f"Only {self._left(fine):.2f} EUR of fine {fine_id} are open; {amount:.2f} EUR are too much."
            )
        fine["paid_eur"] = round(fine["paid_eur"] + amount, 2)
        fine["status"] = "open" if self._left(fine) > 0 else "paid"
        answer = {"fine_id": fine_id, "status": fine["status"], "open_eur": self._left(fine)}
        return json.dumps({**answer, "member_owes_eur": self._owed(fine["member_id"])})

    def waive_fine(
        self,
        fine_id: FineId,
        reason: Annotated[str, Field(description="Why nothing is owed", examples=["was in hospital", "our mistake"])],
    ) -> str:
        """Let a member off an open fine without payment."""
        fine = self._fine(fine_id)
        fine["status"] = "waived"
        answer = {"fine_id": fine_id, "status": "waived", "reason": reason}
        return json.dumps({**answer, "member_owes_eur": self._owed(fine["member_id"])})

    def _copies_of(self, title_id: str) -> list[Row]:
        return [row for row in self.copies.values() if row["title_id"] == title_id]

    def _loans_of(self, member_id: str) -> list[Row]:
        return [row for row in self.loans.values() if row["member_id"] == member_id and not row["returned"]]

    def _open_fines(self, member_id: str) -> list[Row]:
        return [row for row in self.fines.values() if row["member_id"] == member_id and row["status"] == "open"]

    def _waiting(self, **wanted: str) -> list[Row]:
        rows = [row for row in self.holds.values() if row["status"] == "waiting"]
        return [row for row in rows if _pick(row, *wanted) == wanted]

    def _title_of(self, loan: Row) -> Row:
        return self.titles.find(self.copies.find(loan["barcode"])["title_id"])

    def _left(self, fine: Row) -> float:
        return round(float(fine["amount_eur"] - fine["paid_eur"]), 2)

    def _owed(self, member_id: str) -> float:
        return round(sum(self._left(fine) for fine in self._open_fines(member_id)), 2)

    def _state(self, copy: Row) -> str:
        if copy["damage"] is not None:
            return f"under repair ({copy['damage']})"
        return "on shelf" if copy["loan_id"] is None else "on loan"

    def _out(self, loan_id: str) -> Row:
        loan = self.loans.find(loan_id)
        if loan["returned"]:
            raise ToolError(f"Loan {loan_id} is closed; the copy has been returned.")
        return loan

    def _fine(self, fine_id: str) -> Row:
        fine = self.fines.find(fine_id)
        if fine["status"] != "open":
            raise ToolError(f"Fine {fine_id} has already been {fine['status']}.")
        return fine

    def _fine_late(self, loan: Row) -> dict[str, Any] | None:
        late = (TODAY - date.fromisoformat(loan["due_on"])).days
        if late <= 0:
            return None
        facts = {"amount_eur": min(late * FINE_A_DAY_EUR, HIGHEST_FINE_EUR), "reason": f"returned {late} days late"}
        fine = self._add(self.fines, member_id=loan["member_id"], status="open", paid_eur=0.0, **facts)
        return _pick(fine, "id", "amount_eur", "reason")

    def _take_from_queue(self, member_id: str, title: Row) -> None:
        queue = self._waiting(title_id=title["id"])
        if queue and queue[0]["member_id"] != member_id:
            raise ToolError(f"{title['title']!r} is reserved for another member under hold {queue[0]['id']}.")
        if queue:
            queue[0]["status"] = "collected"

    def _refuse_card(self, member: Row) -> None:
        if member["card"] != "active":
            because = f" ({member['reason']})" if member["reason"] else ""
            raise ToolError(f"The card of {member['name']} is {member['card']}{because}.")

    def _refuse_borrower(self, member: Row) -> None:
        owed = self._owed(member["id"])
        if owed > FINE_LIMIT_EUR:
            raise ToolError(
                f"{member['name']} owes {owed:.2f} EUR in fines; nothing is lent above {FINE_LIMIT_EUR:.0f} EUR."
            )
        if len(self._loans_of(member["id"])) >= MOST_LOANS:
            raise ToolError(f"{member['name']} has {MOST_LOANS} copies out, which is the limit.")

    def _refuse_hold(self, member: Row, title: Row) -> None:
        holds = self._waiting(member_id=member["id"])
        if any(row["title_id"] == title["id"] for row in holds):
            raise ToolError(f"{member['name']} is waiting for {title['title']!r} already.")
        if len(holds) >= MOST_HOLDS:
            raise ToolError(f"{member['name']} is waiting for {MOST_HOLDS} titles, which is the limit.")
        if any(self._title_of(row)["id"] == title["id"] for row in self._loans_of(member["id"])):
            raise ToolError(f"{member['name']} has {title['title']!r} at home.")


def build(seed: int) -> MCPServer:
    """A fresh lending library behind an MCP server."""
    world = Library(seed)
    server = MCPServer("library", version="1.0", instructions=f"Today is {TODAY}.", log_level="ERROR")
    hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for read in (world.find_member, world.get_member_account, world.search_titles, world.list_copies):
        server.add_tool(read, description=getdoc(read), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
    lending = (world.place_hold, world.check_out_copy, world.renew_loan, world.return_copy)
    for write in (world.register_member, world.activate_card, *lending, world.pay_fine):
        server.add_tool(write, description=getdoc(write), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)
    for end in (world.suspend_card, world.cancel_hold, world.waive_fine):
        server.add_tool(end, description=getdoc(end), annotations=hints, structured_output=False)
    return server
