"""The garden's tables and how a seed fills them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, get_args

from toolweave.servers.world import Row, Table

TODAY = date(2026, 5, 4)
"""The garden's own date, a Monday; it never moves."""

Zone = Literal["south terrace", "pond bank", "orchard side", "glasshouse"]
Kind = Literal["leaf", "root", "fruit", "herb", "legume"]

PLOTS_A_ZONE = 10
VALVES_A_ZONE = 5

GARDENERS = (
    "Mabel Thorpe, Anders Lykke, Bettina Rossi, Cyrus Navabi, Daphne Quill, Enzo Morandi, Freja Holm, Gus Petersen, "
    "Halima Yusuf, Irma Vogel, Jasper Crane, Kamila Nowak, Lorenzo Gatti, Maeve Doyle, Nikolai Baran, Oriana Paz, "
    "Percy Wood, Renske de Boer, Sunil Kapoor, Thea Lund, Ursula Beck, Viggo Strand, Wendeline Maas, Xavier Pons, "
    "Ylva Berg, Zacharias Klein, Agnes Fairley, Boris Hrvat, Celeste Amar, Dorian Pell"
)


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop: the soil that it takes, days until it is ripe, and what a ripe square metre yields in kilograms."""

    name: str
    kind: Kind
    lowest_ph: float
    highest_ph: float
    days: int
    yield_kg: float


CROPS = (
    Crop("kale", "leaf", 6.0, 7.5, 60, 2.0),
    Crop("spinach", "leaf", 6.2, 7.5, 45, 1.5),
    Crop("rainbow chard", "leaf", 6.0, 7.2, 55, 2.5),
    Crop("butterhead lettuce", "leaf", 5.8, 7.0, 50, 2.2),
    Crop("rocket", "leaf", 5.6, 7.0, 35, 1.2),
    Crop("savoy cabbage", "leaf", 6.4, 7.6, 110, 4.0),
    Crop("carrots", "root", 5.6, 6.8, 80, 3.5),
    Crop("beetroot", "root", 6.0, 7.4, 70, 3.0),
    Crop("radishes", "root", 5.6, 7.0, 28, 1.8),
    Crop("early potatoes", "root", 4.8, 6.2, 90, 3.2),
    Crop("parsnips", "root", 5.8, 7.2, 120, 2.8),
    Crop("leeks", "root", 6.0, 7.4, 130, 3.0),
    Crop("vine tomatoes", "fruit", 5.6, 6.8, 85, 5.0),
    Crop("bell peppers", "fruit", 5.8, 6.8, 90, 3.0),
    Crop("courgettes", "fruit", 5.8, 7.4, 60, 4.5),
    Crop("cucumbers", "fruit", 5.8, 7.0, 65, 5.5),
    Crop("blueberries", "fruit", 4.2, 5.4, 140, 1.0),
    Crop("strawberries", "fruit", 5.2, 6.4, 75, 1.6),
    Crop("basil", "herb", 5.6, 7.2, 50, 0.8),
    Crop("coriander", "herb", 6.2, 7.4, 40, 0.6),
    Crop("flat parsley", "herb", 5.6, 7.0, 70, 0.9),
    Crop("thyme", "herb", 6.4, 8.0, 90, 0.4),
    Crop("runner beans", "legume", 6.0, 7.2, 75, 2.4),
    Crop("sugar peas", "legume", 6.0, 7.6, 65, 1.7),
    Crop("broad beans", "legume", 6.2, 7.8, 95, 2.1),
)


class GreenhouseTables:
    """All state of the garden."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"greenhouse:{seed}")
        self.gardeners = Table("GD", "gardener", seed)
        self.valves = Table("VL", "watering valve", seed)
        self.plots = Table("PL", "plot", seed)
        self.leases = Table("LE", "lease", seed)
        self.crops = Table("CR", "crop", seed)
        self.plantings = Table("PT", "planting", seed)
        self.harvests = Table("HV", "harvest", seed)
        self.shares = Table("SH", "share", seed)
        self._fill_crops()
        self._fill_gardeners(chance)
        self._fill_plots(chance)
        self._fill_leases(chance)
        self._fill_plantings(chance)
        self._fill_shares(chance)

    def _add(self, table: Table, **row: Any) -> Row:
        key = table.new_id()
        table[key] = {"id": key, **row}
        return table[key]

    def _fill_crops(self) -> None:
        for crop in CROPS:
            facts = {"lowest_ph": crop.lowest_ph, "highest_ph": crop.highest_ph, "days": crop.days}
            self._add(self.crops, name=crop.name, kind=crop.kind, yield_kg=crop.yield_kg, **facts)

    def _fill_gardeners(self, chance: random.Random) -> None:
        names = GARDENERS.split(", ")
        for name in chance.sample(names, len(names)):
            self._add(self.gardeners, name=name, since=chance.randrange(2012, 2026))

    def _fill_plots(self, chance: random.Random) -> None:
        for zone in get_args(Zone):
            valves = [self._add(self.valves, zone=zone, open=False) for _ in range(VALVES_A_ZONE)]
            for place in range(PLOTS_A_ZONE):
                facts = {"area_m2": chance.randrange(10, 31, 2), "ph": chance.randrange(50, 77) / 10}
                self._add(self.plots, zone=zone, valve_id=valves[place % VALVES_A_ZONE]["id"], lease_id=None, **facts)
        for valve in chance.sample(list(self.valves.values()), 2):
            valve["open"] = True

    def _fill_leases(self, chance: random.Random) -> None:
        gardeners = chance.sample(list(self.gardeners), 24)
        for place, plot in enumerate(chance.sample(list(self.plots.values()), 27)):
            until = (TODAY + timedelta(days=chance.randrange(40, 500))).isoformat()
            lease = self._add(
                self.leases, gardener_id=gardeners[place % 24], plot_id=plot["id"], until=until, over=False
            )
            plot["lease_id"] = lease["id"]

    def _fill_plantings(self, chance: random.Random) -> None:
        leased = [row for row in self.plots.values() if row["lease_id"] is not None]
        tended = chance.sample(leased, 22)
        for place in range(44):
            plot = tended[place % 22]
            suited = [row for row in self.crops.values() if row["lowest_ph"] <= plot["ph"] <= row["highest_ph"]]
            crop = chance.choice(suited)
            sown = TODAY - timedelta(days=chance.randrange(10, 140))
            dry = chance.random() < 0.6
            self._plant(plot, crop, chance.randrange(1, 5), sown, dry)

    def _plant(self, plot: Row, crop: Row, square_metres: int, sown: date, dry: bool) -> Row:
        ready = (sown + timedelta(days=crop["days"])).isoformat()
        facts = {"plot_id": plot["id"], "crop_id": crop["id"], "square_metres": square_metres}
        facts |= {"sown_on": sown.isoformat(), "ready_on": ready, "dry": dry, "cleared": False}
        return self._add(self.plantings, **facts)

    def _fill_shares(self, chance: random.Random) -> None:
        for planting in chance.sample(list(self.plantings.values()), 20):
            amount = float(chance.randrange(6, 16))
            facts = {"crop_id": planting["crop_id"], "kilograms": amount}
            harvest = self._add(self.harvests, planting_id=planting["id"], **facts)
            owner = chance.choice(list(self.gardeners))
            taken = chance.randrange(1, 6) / 2
            self._add(self.shares, gardener_id=owner, harvest_id=harvest["id"], kilograms=taken, released=False)
