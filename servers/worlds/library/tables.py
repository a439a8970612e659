"""The library's tables and how a seed fills them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, Literal, get_args

from toolweave.servers.world import Row, Table

TODAY = date(2026, 4, 20)
"""The library's own date, a Monday; it never moves."""

Genre = Literal["novel", "crime", "science", "history", "cookery", "children"]
Branch = Literal["Harbour", "Millfield", "Old Town", "Northgate"]

FINE_A_DAY_EUR = 0.25
HIGHEST_FINE_EUR = 15.0

MEMBERS = (
    "Ada Lindgren, Bashir Qasim, Caroline Ott, Dmitri Volkov, Esther Njoroge, Finn Gallagher, Gwen Parry, "
    "Hideo Tamura, Ilse Brandt, Jamal Whitfield, Katja Rusu, Leopold Hess, Mariam Diallo, Nils Sandberg, "
    "Olga Petrenko, Pascal Renaud, Quentin Shaw, Rosa Delgado, Stefan Meier, Tilda Nygren, Umar Farooq, "
    "Vera Kostova, Walter Finch, Xenia Papas, Yusuf Demir, Zora Milic, Alba Romero, Bruno Keller, Chiara Rinaldi, "
    "Derya Aksoy, Edmund Hale, Fiona Drummond, Georg Winter, Hanne Solvang, Isaac Adeyemi, Jolanta Wolska"
)
TITLES: dict[Genre, str] = {
    "novel": "The Salt Orchard|Ines Marrow;A House of Reeds|Tobin Ashe;Winter Ferry|Katrin Vale;"
    "The Glass Harvest|Moses Adeyinka;Letters to Ostrava|Pavla Horska;The Quiet Mile|Ewan Strand;"
    "Saffron Street|Leila Noor;Nine Kinds of Rain|Hollis Grey",
    "crime": "Death at Low Tide|Maud Carrick;The Lacquer Box|Simon Teague;A Witness in Winter|Katrin Vale;"
    "Cold Ledger|Ruben Falk;The Clockmaker's Alibi|Maud Carrick;No Lamp at Pier Six|Dara Quill",
    "science": "The Patient Reef|Odile Marchand;How Moss Remembers|Bryn Tallow;A Field Guide to Dust|Nadia Ferro;"
    "Bridges and Why They Stand|Carl Oestergaard;The Tidal Mind|Priya Sen;Small Engines of Life|Bryn Tallow",
    "history": "The Copper Road|Anton Weiss;Queens of the Marsh|Gilda Thorne;A Short History of Salt|Moses Adeyinka;"
    "The Weavers' Strike|Una Kerr;Maps of Vanished Rivers|Anton Weiss;Harbour Lights 1890|Gilda Thorne",
    "cookery": "Bread for Beginners|Elsa Grain;One Pot Evenings|Tariq Benali;The Preserving Year|Elsa Grain;"
    "Lentils and Lemons|Sunita Rao;Fire and Flatbread|Tariq Benali",
    "children": "The Owl Who Counted|Pia Lund;Marvin and the Paper Boat|Joss Kettle;Seven Small Dragons|Pia Lund;"
    "The Moon's Spare Key|Amina Sol;A Bear in the Attic|Joss Kettle;Button's Long Walk|Freda Moss",
}
FIRST_WORN_COPY = 11


class LibraryTables:
    """All state of the library."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"library:{seed}")
        self.members = Table("MB", "member", seed)
        self.titles = Table("TI", "title", seed)
        self.copies = Table("CP", "copy", seed)
        self.loans = Table("LN", "loan", seed)
        self.holds = Table("HD", "hold", seed)
        self.fines = Table("FN", "fine", seed)
        self._fill_members(chance)
        self._fill_titles(chance)
        self._fill_loans(chance)
        self._fill_holds(chance)
        self._fill_fines(chance)

    def _add(self, table: Table, **row: Any) -> Row:
        key = table.new_id()
        table[key] = {"id": key, **row}
        return table[key]

    def _fill_members(self, chance: random.Random) -> None:
        names = MEMBERS.split(", ")
        for place, name in enumerate(chance.sample(names, len(names))):
            joined = (TODAY - timedelta(days=chance.randrange(30, 900))).isoformat()
            card = "suspended" if place % 9 == 4 else "active"
            facts = {"branch": chance.choice(get_args(Branch)), "joined_on": joined}
            self._add(self.members, name=name, card=card, reason="lost card" if card == "suspended" else None, **facts)

    def _fill_titles(self, chance: random.Random) -> None:
        for genre, titles in TITLES.items():
            for entry in titles.split(";"):
                name, author = entry.split("|")
                facts = {"genre": genre, "year": chance.randrange(1998, 2026), "pages": chance.randrange(90, 620, 10)}
                title = self._add(self.titles, title=name, author=author, **facts)
                for _ in range(chance.choice((1, 2, 2, 3))):
                    self._add_copy(chance, title)

    def _add_copy(self, chance: random.Random, title: Row) -> None:
        shelf = f"{title['genre'][:3].upper()} {title['author'].split()[-1][:3].upper()}"
        worn = len(self.copies) % FIRST_WORN_COPY == FIRST_WORN_COPY - 1
        facts = {"branch": chance.choice(get_args(Branch)), "shelf": shelf, "damage": "loose spine" if worn else None}
        self._add(self.copies, title_id=title["id"], loan_id=None, **facts)

    def _fill_loans(self, chance: random.Random) -> None:
        members = [row for row in self.members.values() if row["card"] == "active"]
        sound = [row for row in self.copies.values() if row["damage"] is None]
        for place, copy in enumerate(chance.sample(sound, 28)):
            days = -chance.randrange(1, 30) if place % 4 == 0 else chance.randrange(1, 20)
            due = (TODAY + timedelta(days=days)).isoformat()
            facts = {"due_on": due, "renewals": chance.choice((0, 0, 1)), "returned": False}
            member = members[place % 20]
            copy["loan_id"] = self._add(self.loans, barcode=copy["id"], member_id=member["id"], **facts)["id"]

    def _fill_holds(self, chance: random.Random) -> None:
        lent = [row for row in self.copies.values() if row["loan_id"] is not None]
        waiting = [row for row in self.members.values() if row["card"] == "active"][20:]
        for place, copy in enumerate(chance.sample(lent, 9)):
            facts = {"pickup_branch": chance.choice(get_args(Branch)), "status": "waiting"}
            self._add(self.holds, member_id=waiting[place % len(waiting)]["id"], title_id=copy["title_id"], **facts)

    def _fill_fines(self, chance: random.Random) -> None:
        for place, member in enumerate(chance.sample(list(self.members.values()), 22)):
            amount = chance.randrange(42, 60) / 4 if place % 3 == 0 else chance.randrange(1, 30) / 4
            facts = {"amount_eur": amount, "reason": chance.choice(("returned late", "stained cover", "torn page"))}
            self._add(self.fines, member_id=member["id"], status="open", paid_eur=0.0, **facts)
