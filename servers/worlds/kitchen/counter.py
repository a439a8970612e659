"""The kitchen's tools, their rules, and the server that offers them."""

from __future__ import annotations

from datetime import date
from inspect import getdoc
from typing import Annotated, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from toolweave.servers.world import Row
from toolweave.servers.worlds.kitchen.tables import TODAY, Course, KitchenTables

RecipeId = Annotated[str, Field(description="Identifier of the recipe")]
IngredientId = Annotated[str, Field(description="Identifier of the ingredient")]
EventId = Annotated[str, Field(description="Identifier of the event")]
LotId = Annotated[str, Field(description="Identifier of the stock lot")]

GUESTS_A_DAY = 400
"""How many guests the kitchen can serve on one day, over all events."""
DISHES_A_MENU = 6
"""How many dishes one menu may have."""


def _mentions(text: str, wanted: str) -> bool:
    return all(word in text.lower() for word in wanted.lower().split())


def _kilograms(amount: float) -> str:
    return f"{amount:g} kg"


class Kitchen(KitchenTables):
    """A catering kitchen that buys, stores, plans menus and prepares dishes."""

    def find_recipes(
        self,
        text: Annotated[str, Field(description="Words of the title", examples=["fennel soup", "torte"])] = "",
        course: Annotated[Course | None, Field(description="Only recipes for this course")] = None,
        vegetarian_only: Annotated[bool, Field(description="Leave out recipes with meat or fish")] = False,
    ) -> str:
        """Find recipes by words of the title and by course."""
        rows = [
            row
            for row in self.recipes.values()
            if _mentions(row["title"], text)
            and course in (None, row["course"])
            and (row["vegetarian"] or not vegetarian_only)
        ]
        lines = [f"{row['id']}: {row['title']} ({self._style(row)})." for row in rows]
        return "\n".join([f"Recipes found: {len(rows)}.", *lines])

    def read_recipe(self, recipe_id: RecipeId) -> str:
        """Read one recipe: how long it takes and what each portion needs."""
        row = self.recipes.find(recipe_id)
        lines = [
            f"- {grams} g of {self.ingredients.find(key)['name']} (ingredient {key})"
            for key, grams in row["grams"].items()
        ]
        head = f"{row['title']} is a {self._style(row)} that takes {row['minutes']} minutes."
        return "\n".join([head, "One portion needs:", *lines])

    def find_ingredient(
        self,
        name: Annotated[str, Field(description="Name of the ingredient or part of it", examples=["shallots", "cream"])],
    ) -> str:
        """Find ingredients by name, with the lots that are in stock."""
        rows = [row for row in self.ingredients.values() if _mentions(row["name"], name)]
        if not rows:
            return f"No ingredient is called {name!r}."
        return "\n\n".join(self._stock_card(row) for row in rows)

    def compare_suppliers(self, ingredient_id: IngredientId) -> str:
        """Compare who sells an ingredient: price, smallest order and days until delivery."""
        name = self.ingredients.find(ingredient_id)["name"]
        lines = [
            f"{row['id']}  {row['name']:24}  {row['prices'][ingredient_id]:6.2f}  {row['minimum_kg']:6}  {row['days']}"
            for row in self.suppliers.values()
            if ingredient_id in row["prices"]
        ]
        head = f"{'supplier':8}  {'name':24}  EUR/kg  min kg  days"
        return "\n".join([f"Suppliers of {name}: {len(lines)}.", head, *lines])

    def order_ingredient(
        self,
        ingredient_id: IngredientId,
        supplier_id: Annotated[str, Field(description="Identifier of a supplier that sells the ingredient")],
        kilograms: Annotated[float, Field(description="Amount to buy", gt=0, le=200, examples=[12.5, 20])],
    ) -> str:
        """Order an ingredient from a supplier who sells it."""
        ingredient, supplier = self.ingredients.find(ingredient_id), self.suppliers.find(supplier_id)
        price = supplier["prices"].get(ingredient_id)
        if price is None:
            raise ToolError(f"{supplier['name']} does not sell {ingredient['name']}.")
        if kilograms < supplier["minimum_kg"]:
            raise ToolError(f"{supplier['name']} delivers no less than {supplier['minimum_kg']} kg of anything.")
        facts = {"ingredient_id": ingredient_id, "supplier_id": supplier_id, "kilograms": kilograms}
        order = self._add(self.orders, **facts, status="open")
        goods = f"{_kilograms(kilograms)} of {ingredient['name']} from {supplier['name']}"
        return f"Ordered {goods} for {price * kilograms:.2f} EUR under purchase order {order['id']}."

    def receive_delivery(
        self,
        order_id: Annotated[str, Field(description="Identifier of an open purchase order")],
        shelf_days: Annotated[int, Field(description="Days until best before, as printed", ge=1, le=365)] = 14,
    ) -> str:
        """Receive what was ordered and put it into stock as a new lot."""
        order = self._open_order(order_id)
        order["status"] = "received"
        lot = self._add_lot(order["ingredient_id"], order["kilograms"], shelf_days)
        name = self.ingredients.find(order["ingredient_id"])["name"]
        goods = f"{_kilograms(lot['kilograms'])} of {name}"
        return f"Put {goods} into stock as lot {lot['id']}, best before {lot['best_before']}."

    def cancel_order(
        self,
        order_id: Annotated[str, Field(description="Identifier of an open purchase order")],
    ) -> str:
        """Cancel a purchase order that has not been delivered."""
        order = self._open_order(order_id)
        order["status"] = "cancelled"
        supplier = self.suppliers.find(order["supplier_id"])
        return f"Cancelled purchase order {order_id}; {supplier['name']} has been told."

    def hold_lot(
        self,
        lot_id: LotId,
        reason: Annotated[
            str, Field(description="Why the lot must not be used", examples=["supplier recall", "damaged seal"])
        ],
    ) -> str:
        """Put a stock lot on hold; while any lot of it is held, the ingredient may not be cooked."""
        lot = self.lots.find(lot_id)
        if lot["hold"] is not None:
            raise ToolError(f"Lot {lot_id} is on hold already: {lot['hold']}.")
        lot["hold"] = reason
        return f"Lot {lot_id} of {self.ingredients.find(lot['ingredient_id'])['name']} is now on hold: {reason}."

    def release_lot(self, lot_id: LotId) -> str:
        """Release a stock lot from hold."""
        lot = self.lots.find(lot_id)
        if lot["hold"] is None:
            raise ToolError(f"Lot {lot_id} is not on hold.")
        lot["hold"] = None
        return f"Lot {lot_id} of {self.ingredients.find(lot['ingredient_id'])['name']} may be used again."

    def list_events(
        self,
        client: Annotated[str, Field(description="Words of the client's name", examples=["hartmann"])] = "",
        status: Annotated[Literal["draft", "confirmed"] | None, Field(description="Only events in this state")] = None,
    ) -> str:
        """List booked events with date, guests, state and the dishes on the menu."""
        rows = [
            row for row in self.events.values() if _mentions(row["client"], client) and status in (None, row["status"])
        ]
        return "\n".join([f"Events found: {len(rows)}.", *(self._event_line(row) for row in rows)])

    def book_event(
        self,
        client: Annotated[
            str, Field(description="For whom the event is", examples=["Vera Lindholm", "Ash Street School"])
        ],
        day: Annotated[date, Field(description="Day of the event, after today", examples=["2026-09-12", "2026-10-03"])],
        guests: Annotated[int, Field(description="Number of guests", ge=5, le=300, examples=[20, 45])],
    ) -> str:
        """Book a new event; its menu is empty and it stays a draft until it is confirmed."""
        if day <= TODAY:
            raise ToolError(f"{day} is too late for a booking; today is {TODAY}.")
        booked = sum(row["guests"] for row in self.events.values() if row["day"] == day.isoformat())
        if booked + guests > GUESTS_A_DAY:
            raise ToolError(f"The kitchen serves {GUESTS_A_DAY} guests a day and has {booked} booked for {day}.")
        facts = {"client": client, "day": day.isoformat(), "guests": guests}
        event = self._add(self.events, **facts, dishes=[], status="draft")
        return f"Booked {client} on {day} for {guests} guests as event {event['id']}."

    def add_dish(self, event_id: EventId, recipe_id: RecipeId) -> str:
        """Add a dish to the menu of an event that is still a draft."""
        event, recipe = self.events.find(event_id), self.recipes.find(recipe_id)
        if event["status"] != "draft":
            raise ToolError(f"The menu of event {event_id} is settled, for the event is {event['status']}.")
        if recipe_id in event["dishes"]:
            raise ToolError(f"{recipe['title']} is on the menu of event {event_id} already.")
        if len(event["dishes"]) >= DISHES_A_MENU:
            raise ToolError(f"The menu of event {event_id} is full: it has {DISHES_A_MENU} dishes.")
        event["dishes"] = [*event["dishes"], recipe_id]
        return f"Added {recipe['title']} as dish {len(event['dishes'])} for {event['client']}."

    def confirm_event(self, event_id: EventId) -> str:
        """Confirm a draft event; the menu needs at least one dish and cannot change afterwards."""
        event = self.events.find(event_id)
        if event["status"] != "draft":
            raise ToolError(f"Event {event_id} is {event['status']} already.")
        if not event["dishes"]:
            raise ToolError(f"There is no dish on the menu of event {event_id} yet.")
        event["status"] = "confirmed"
        return f"The event of {event['client']} on {event['day']} is confirmed with {len(event['dishes'])} dishes."

    def schedule_prep(
        self,
        event_id: EventId,
        recipe_id: RecipeId,
        cook: Annotated[str, Field(description="Who does it", examples=["Marek", "Josie Lund"])],
    ) -> str:
        """Schedule the preparation of one dish of a confirmed event, which takes its ingredients out of stock."""
        event, recipe = self.events.find(event_id), self.recipes.find(recipe_id)
        self._refuse_unplanned(event, recipe)
        needs = {key: grams * event["guests"] / 1000 for key, grams in recipe["grams"].items()}
        for key, kilograms in needs.items():
            self._refuse_unusable(self.ingredients.find(key), kilograms)
        for key, kilograms in needs.items():
            self._take(key, kilograms)
        task = self._add(self.tasks, event_id=event_id, recipe_id=recipe_id, cook=cook)
        return f"{cook} prepares {event['guests']} portions of {recipe['title']} as prep task {task['id']}."

    def _style(self, recipe: Row) -> str:
        return f"vegetarian {recipe['course']}" if recipe["vegetarian"] else recipe["course"]

    def _lots_of(self, ingredient: Row) -> list[Row]:
        lots = [row for row in self.lots.values() if row["ingredient_id"] == ingredient["id"] and row["kilograms"] > 0]
        return sorted(lots, key=lambda row: (row["best_before"], row["id"]))

    def _stock_card(self, ingredient: Row) -> str:
        lots = self._lots_of(ingredient)
        total = _kilograms(round(sum(row["kilograms"] for row in lots), 3))
        lines = [f"{row['id']}  {row['kilograms']:6.2f}  {row['best_before']}   {row['hold'] or '-'}" for row in lots]
        head = f"Ingredient {ingredient['id']} is {ingredient['name']}, {total} in stock."
        return "\n".join([head, "lot           kg  best before  on hold for", *lines])

    def _event_line(self, event: Row) -> str:
        facts = f"{event['client']} on {event['day']}, {event['guests']} guests, {event['status']}"
        return f"{event['id']}: {facts}, dishes: {', '.join(event['dishes']) or 'none'}."

    def _open_order(self, order_id: str) -> Row:
        order = self.orders.find(order_id)
        if order["status"] != "open":
            raise ToolError(f"Purchase order {order_id} has been {order['status']}.")
        return order

    def _refuse_unplanned(self, event: Row, recipe: Row) -> None:
        if event["status"] != "confirmed":
            raise ToolError(f"Event {event['id']} is a {event['status']}; nothing is prepared before it is confirmed.")
        if recipe["id"] not in event["dishes"]:
            raise ToolError(f"{recipe['title']} is not on the menu of event {event['id']}.")
        for task in self.tasks.values():
            if task["event_id"] == event["id"] and task["recipe_id"] == recipe["id"]:
                raise ToolError(f"{recipe['title']} is already prepared for this event under task {task['id']}.")

    def _refuse_unusable(self, ingredient: Row, kilograms: float) -> None:
        lots = self._lots_of(ingredient)
        for lot in lots:
            if lot["hold"] is not None:
                raise ToolError(f"The {ingredient['name']} may not be used: lot {lot['id']} is on hold.")
        usable = sum(lot["kilograms"] for lot in lots)
        if usable < kilograms:
            amounts = f"{kilograms:.2f} kg are needed and {usable:.2f} kg are in stock"
            raise ToolError(f"There is too little {ingredient['name']}: {amounts}.")

    def _take(self, ingredient_id: str, kilograms: float) -> None:
        for lot in self._lots_of(self.ingredients.find(ingredient_id)):
            taken = min(lot["kilograms"], kilograms)
            lot["kilograms"] = round(lot["kilograms"] - taken, 3)
            kilograms = round(kilograms - taken, 3)


def build(seed: int) -> MCPServer:
    """A fresh kitchen behind an MCP server."""
    world = Kitchen(seed)
    server = MCPServer("kitchen", version="1.0", instructions=f"Today is {TODAY}.", log_level="ERROR")
    hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for read in (
        world.find_recipes,
        world.read_recipe,
        world.find_ingredient,
        world.compare_suppliers,
        world.list_events,
    ):
        server.add_tool(read, description=getdoc(read), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
    buying = (world.order_ingredient, world.receive_delivery, world.hold_lot, world.release_lot)
    for write in (*buying, world.book_event, world.add_dish, world.confirm_event):
        server.add_tool(write, description=getdoc(write), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)
    for use_up in (world.cancel_order, world.schedule_prep):
        server.add_tool(use_up, description=getdoc(use_up), annotations=hints, structured_output=False)
    return server
