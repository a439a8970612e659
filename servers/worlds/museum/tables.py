"""The museum's tables and how a seed fills them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, Literal

from toolweave.servers.world import Row, Table

TODAY = date(2026, 2, 9)
"""The museum's own date, a Monday; it never moves."""

Medium = Literal["oil", "watercolour", "textile", "bronze", "photograph"]
Grade = Literal["excellent", "good", "fair", "poor"]
SENSITIVE: tuple[Medium, ...] = ("watercolour", "textile", "photograph")
"""Media that may hang only in a climate-controlled room."""

TITLES: dict[Medium, str] = {
    "oil": "Harbour at First Frost;The Salt Sellers;Woman with a Green Ledger;Night Ferry;Orchard Wall;"
    "Portrait of a Bell Founder;The Quarrel;Winter Barley;Two Sisters Reading;Smoke over Lindenau",
    "watercolour": "Study of a Heron;Mill Race in April;Clouds above Tarn;Lemon Seller;Ruined Chapel;Reed Cutters;"
    "Blue Shutters;Low Tide",
    "textile": "Wedding Cloth with Storks;River Banner;Indigo Hanging;The Twelve Trades;Moth Quilt;Pilgrim Cope;"
    "Red Thread Map;Salt Road Tapestry",
    "bronze": "Kneeling Diver;Head of a Ferryman;Dancing Goat;The Listener;Small Horse;Broken Wheel;Woman Lifting Nets;"
    "Owl on a Post",
    "photograph": "Tram Depot, 1931;Dockers at Noon;Empty Ballroom;Rain on Kiln Street;Girl with Kite;"
    "The Last Glassblower;Roof Gardens;Market before Dawn",
}
ARTISTS = (
    "Elsbeth Maurer;Jonas Aldermann;Mirela Costin;Tadeusz Wrona;Ingrid Solheim;Pascal Renou;Akiko Hoshino;"
    "Bruno Castell;Leonie Falk;Amadou Sarr;Rosalind Peake;Viktor Dragan"
)
MUSEUMS = (
    "Kunsthalle Bergen,Bergen;Museo del Vetro Alto,Trento;Stadtmuseum Linz,Linz;Hall of Weavers,Ghent;"
    "Galleria Nova,Turin;Nordlicht Collection,Kiel;Museum of the Estuary,Nantes;Casa Moreira,Porto;Tallis House,Dublin;"
    "Pavilion Kos,Ljubljana;Fjord Art Centre,Tromso;Maison des Toiles,Liege;Palace of Prints,Krakow;"
    "Atelier Museum,Basel;Harbour Gallery,Aarhus;Museum of Quiet Things,Delft;Rotunda Arts,Bristol;"
    "Bastion Gallery,Valletta;Sculpture Park Lund,Lund;Museum on the Hill,Coimbra"
)
ROOMS = "Rotunda,Long Gallery,North Cabinet,South Cabinet,Lantern Room,Cloister,Print Room,Vault Hall,Tower Room,Atrium"
SHOWS = (
    "Salt and Silver;People of the River;Quiet Hours;Threads of Trade;After the Frost;Metal Breath;City in the Rain;"
    "Gifts of a Decade;Small Worlds;The Working Hand;Paper Gardens;Night Pictures;Four Ferrymen;Faces of Lindenau;"
    "Borrowed Light;The Colour of Smoke;Open Depot;Hidden Looms;Towards Noon;First Prints"
)
NOTES = ("no change since last visit", "slight craquelure", "frame loose at lower left", "two small stains on the back")


class MuseumTables:
    """All state of the museum."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"museum:{seed}")
        self.artworks = Table("AW", "artwork", seed)
        self.reports = Table("CR", "condition report", seed)
        self.policies = Table("IP", "insurance policy", seed)
        self.museums = Table("MU", "museum", seed)
        self.rooms = Table("RM", "room", seed)
        self.exhibitions = Table("EX", "exhibition", seed)
        self.loans = Table("LN", "loan", seed)
        self._fill_museums(chance)
        self._fill_exhibitions(chance)
        self._fill_artworks(chance)
        self._fill_loans(chance)

    def _add(self, table: Table, **row: Any) -> Row:
        key = table.new_id()
        table[key] = {"id": key, **row}
        return table[key]

    def _fill_museums(self, chance: random.Random) -> None:
        modest = chance.randrange(5)
        for place, entry in enumerate(MUSEUMS.split(";")):
            name, city = entry.split(",")
            self._add(self.museums, name=name, city=city, security_class="B" if place % 5 == modest else "A")

    def _fill_exhibitions(self, chance: random.Random) -> None:
        for place, name in enumerate(ROOMS.split(",")):
            self._add(self.rooms, name=name, places=chance.randrange(4, 9), climate_controlled=place % 3 != 0)
        rooms = list(self.rooms)
        for place, title in enumerate(SHOWS.split(";")):
            status = ("planned", "open", "closed", "open")[place % 4]
            shift = {"planned": 60, "open": -40, "closed": -260}[status]
            opens = TODAY + timedelta(days=shift + chance.randrange(30))
            closes = opens + timedelta(days=chance.randrange(90, 150))
            facts = {"title": title, "room_id": rooms[place % len(rooms)], "status": status}
            self._add(self.exhibitions, **facts, opens=opens.isoformat(), closes=closes.isoformat())

    def _fill_artworks(self, chance: random.Random) -> None:
        shows = [row for row in self.exhibitions.values() if row["status"] == "open"]
        artists = ARTISTS.split(";")
        entries = [(medium, title) for medium, titles in TITLES.items() for title in titles.split(";")]
        for place, (medium, title) in enumerate(chance.sample(entries, len(entries))):
            artwork = self._add(
                self.artworks,
                title=title,
                artist=artists[place % len(artists)],
                year=chance.randrange(1790, 1975),
                medium=medium,
                value_eur=chance.randrange(20, 900) * 1000,
                exhibition_id=None,
                lent_on=None,
                report_id=None,
                policy_number=None,
            )
            if place % 3 == 0 and medium not in SENSITIVE:
                artwork["exhibition_id"] = shows[place % len(shows)]["id"]
            if place % 5 != 4:
                self._inspect(
                    artwork, chance.choice(("excellent", "good", "good", "fair", "poor")), chance.choice(NOTES)
                )
            if place % 2 == 0:
                self._insure(artwork, artwork["value_eur"], chance.randrange(6, 30))

    def _inspect(self, artwork: Row, grade: str, notes: str) -> Row:
        facts = {"artwork_id": artwork["id"], "grade": grade, "notes": notes, "inspected_on": TODAY.isoformat()}
        report = self._add(self.reports, **facts)
        artwork["report_id"] = report["id"]
        return report

    def _insure(self, artwork: Row, amount_eur: int, months: int) -> Row:
        until = (TODAY + timedelta(days=30 * months)).isoformat()
        facts = {"artwork_id": artwork["id"], "amount_eur": amount_eur, "valid_until": until}
        policy = self._add(self.policies, **facts, premium_eur=round(amount_eur * 0.0004 * months, 2))
        artwork["policy_number"] = policy["id"]
        return policy

    def _fill_loans(self, chance: random.Random) -> None:
        for place, artwork in enumerate(chance.sample(list(self.artworks.values()), 20)):
            status = ("requested", "approved", "returned", "sent")[place % 4]
            if status == "sent":
                artwork["exhibition_id"] = None
            starts = TODAY + timedelta(days=-300 if status == "returned" else chance.randrange(5, 200))
            facts = {"museum_id": chance.choice(list(self.museums)), "starts": starts.isoformat(), "status": status}
            ends = (starts + timedelta(days=chance.randrange(60, 150))).isoformat()
            loan = self._add(self.loans, artwork_id=artwork["id"], **facts, ends=ends, courier=None)
            artwork["lent_on"] = loan["id"] if status == "sent" else None
