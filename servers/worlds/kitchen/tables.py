"""The kitchen's tables and how a seed fills them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, Literal

from toolweave.servers.world import Row, Table

TODAY = date(2026, 5, 11)
"""The kitchen's own date, a Monday; it never moves."""

Course = Literal["starter", "main", "side", "dessert"]

INGREDIENTS = (
    "fennel,shallots,leeks,carrots,celeriac,beetroot,spinach,asparagus,new potatoes,tomatoes,lemons,apples,rhubarb,"
    "strawberry,butter,cream,goat cheese,eggs,yoghurt,flour,sugar,rice,lentils,chickpeas,almonds,dark chocolate,"
    "lamb shoulder,chicken,trout,prawns,smoked ham,beef cheek"
)
MEAT_FROM = 26
"""Index of the first ingredient that no vegetarian eats."""

RECIPES: dict[Course, str] = {
    "starter": "Roast fennel soup;Beetroot carpaccio;Trout rillettes;Leek tart;Asparagus with egg butter;"
    "Chickpea fritters;Smoked ham terrine",
    "main": "Braised lamb shoulder;Lentil and celeriac pie;Chicken with lemon;Spinach gnocchi;Prawn rice;"
    "Slow beef cheek;Stuffed tomatoes;Grilled trout with almonds",
    "side": "Buttered new potatoes;Glazed carrots;Warm lentil salad;Creamed spinach;Herb rice;Shallot confit",
    "dessert": "Rhubarb crumble;Chocolate torte;Strawberry fool;Apple galette;Lemon posset;Almond cake",
}
SUPPLIERS = (
    "Marsh Lane Growers;Hartwell Dairy;Old Quay Fish;Brook and Sons Butchers;Green Barrow;Northfield Mills;"
    "Valley Cold Store;Pomona Orchard;Castle Provisions;Three Bridges Farm;Silver Spoon Wholesale;Kestrel Foods;"
    "Lowland Larder;Bellweather Produce;Tidewater Supply;Granary Row;Copper Kettle Trade;Meadow and Moor;"
    "Union Street Market;Saltmarsh Company"
)
CLIENTS = (
    "Nadia Brandt;Hartmann wedding;Rivera anniversary;Lindqvist and Partners;Okafor christening;Tallis College;"
    "Choir of St Anne;Dunmore Regatta;Peake retirement;Solheim wedding;Costin Architects;Falk family reunion;"
    "Summer School Board;Haddad graduation;Orchard Press;Byrne wedding;Sarr exhibition opening;Town Archive;"
    "Wrona birthday;Quist Foundation;Alder Hospital staff;Maurer golden jubilee"
)


class KitchenTables:
    """All state of the kitchen."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"kitchen:{seed}")
        self.ingredients = Table("IG", "ingredient", seed)
        self.lots = Table("LT", "stock lot", seed)
        self.suppliers = Table("SU", "supplier", seed)
        self.orders = Table("PO", "purchase order", seed)
        self.recipes = Table("RC", "recipe", seed)
        self.events = Table("EV", "event", seed)
        self.tasks = Table("TK", "prep task", seed)
        self._fill_stock(chance)
        self._fill_suppliers(chance)
        self._fill_recipes(chance)
        self._fill_events(chance)

    def _add(self, table: Table, **row: Any) -> Row:
        key = table.new_id()
        table[key] = {"id": key, **row}
        return table[key]

    def _fill_stock(self, chance: random.Random) -> None:
        for place, name in enumerate(INGREDIENTS.split(",")):
            ingredient = self._add(self.ingredients, name=name, meat=place >= MEAT_FROM)
            for _ in range(1 + place % 2):
                self._add_lot(ingredient["id"], chance.randrange(16, 80) / 2, chance.randrange(4, 40))
        for lot in chance.sample(list(self.lots.values()), 3):
            lot["hold"] = "suspected cold chain break"

    def _add_lot(self, ingredient_id: str, kilograms: float, days: int) -> Row:
        facts = {"ingredient_id": ingredient_id, "kilograms": kilograms, "hold": None}
        return self._add(self.lots, **facts, best_before=(TODAY + timedelta(days=days)).isoformat())

    def _fill_suppliers(self, chance: random.Random) -> None:
        ingredients = list(self.ingredients)
        for place, name in enumerate(SUPPLIERS.split(";")):
            sold = sorted({(place * 5 + step * 3) % len(ingredients) for step in range(6)})
            prices = {ingredients[index]: round(chance.uniform(0.9, 18), 2) for index in sold}
            facts = {"minimum_kg": chance.choice((2, 5, 10)), "days": chance.randrange(1, 5)}
            self._add(self.suppliers, name=name, prices=prices, **facts)

    def _fill_recipes(self, chance: random.Random) -> None:
        plants = [row for row in self.ingredients.values() if not row["meat"]]
        for course, titles in RECIPES.items():
            for title in titles.split(";"):
                named = [
                    row for row in self.ingredients.values() if row["name"].split()[-1].rstrip("s") in title.lower()
                ]
                chosen = {row["id"]: row for row in [*named, *chance.sample(plants, 3)]}
                grams = {key: chance.randrange(30, 160, 10) for key in chosen}
                vegetarian = not any(row["meat"] for row in chosen.values())
                facts = {"course": course, "minutes": chance.randrange(25, 150, 5), "vegetarian": vegetarian}
                self._add(self.recipes, title=title, grams=grams, **facts)

    def _fill_events(self, chance: random.Random) -> None:
        recipes = list(self.recipes)
        for place, client in enumerate(CLIENTS.split(";")):
            facts = {"guests": chance.randrange(30, 160, 5), "dishes": chance.sample(recipes, place % 4)}
            day = (TODAY + timedelta(days=chance.randrange(2, 80))).isoformat()
            status = "confirmed" if place % 4 > 1 else "draft"
            self._add(self.events, client=client, day=day, status=status, **facts)
