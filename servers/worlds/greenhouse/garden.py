"""The garden's tools, their rules, and the server that offers them."""

from __future__ import annotations

from datetime import timedelta
from inspect import getdoc
from typing import Annotated, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from toolweave.servers.world import Row
from toolweave.servers.worlds.greenhouse.tables import TODAY, GreenhouseTables, Kind, Zone

GardenerId = Annotated[str, Field(description="Identifier of the gardener")]
PlotId = Annotated[str, Field(description="Identifier of the plot")]
ValveId = Annotated[str, Field(description="Identifier of the watering valve")]
PlantingId = Annotated[str, Field(description="Identifier of a planting that is in the ground")]

MOST_LEASES = 2
MOST_OPEN_VALVES = 4
"""More open valves than this and the pressure falls too low."""
MOST_SHARE_KG = 5.0
"""What one gardener may have from one harvest."""
UNRIPE_PART = 0.2
"""Of the ripe yield, what can be picked as baby greens before a crop is ripe."""
PH_LIMITS = (4.5, 8.0)


def _mentions(text: str, wanted: str) -> bool:
    return all(word in text.lower() for word in wanted.lower().split())


class Greenhouse(GreenhouseTables):
    """A community garden in which plots are leased, tended and picked, and the harvest is shared."""

    def find_gardener(
        self,
        name: Annotated[str, Field(description="Full name or part of it, in any case", examples=["thorpe", "Sunil"])],
    ) -> str:
        """Find gardeners by name, with their leases and the harvest shares that are reserved for them."""
        rows = [row for row in self.gardeners.values() if _mentions(row["name"], name)]
        if not rows:
            return f"No gardener is called {name!r}."
        return "\n\n".join(self._gardener_card(row) for row in rows)

    def list_plots(
        self,
        zone: Annotated[Zone | None, Field(description="Only plots in this part of the garden")] = None,
        free_only: Annotated[bool, Field(description="Leave out plots that are leased")] = False,
        smallest_m2: Annotated[int, Field(description="Only plots of this size or more", ge=1, le=30)] = 1,
    ) -> str:
        """List plots with their size, soil acidity and state."""
        rows = [
            row
            for row in self.plots.values()
            if zone in (None, row["zone"])
            and row["area_m2"] >= smallest_m2
            and (row["lease_id"] is None or not free_only)
        ]
        lines = [
            f"{row['id']:10}  {row['zone']:13}  {row['area_m2']:2}  {row['ph']:.1f}  {self._state(row)}" for row in rows
        ]
        head = f"{'plot':10}  {'zone':13}  m2  pH   state"
        return "\n".join([f"Plots found: {len(rows)}.", head, *lines])

    def describe_plot(self, plot_id: PlotId) -> str:
        """Describe one plot: free space, soil, valve, lease, and everything that grows on it."""
        plot = self.plots.find(plot_id)
        valve, lease = self.valves.find(plot["valve_id"]), self.leases.get(plot["lease_id"])
        tenant = "It is free to lease."
        if lease is not None:
            name = self.gardeners.find(lease["gardener_id"])["name"]
            tenant = f"It is leased to {name} under lease {lease['id']} until {lease['until']}."
        lines = [
            f"Plot {plot_id} ({plot['zone']}) measures {plot['area_m2']} m2; {self._free_m2(plot)} m2 are bare.",
            f"Its soil has pH {plot['ph']:.1f}.",
            f"It is watered through valve {valve['id']}, which is {self._position(valve)}.",
            tenant,
        ]
        return "\n".join([*lines, *(self._planting_line(row) for row in self._growing(plot))])

    def search_crops(
        self,
        name: Annotated[str, Field(description="Name of the crop or part of it", examples=["beans", "kale"])] = "",
        kind: Annotated[Kind | None, Field(description="Only crops of this kind")] = None,
    ) -> str:
        """Search the seed catalogue by name and kind: the soil that a crop takes, its days to harvest, its yield."""
        rows = [row for row in self.crops.values() if _mentions(row["name"], name) and kind in (None, row["kind"])]
        lines = [
            f"{row['id']}: {row['name']}, a {row['kind']} crop for {self._suited_ph(row)}, ripe after {row['days']} "
            f"days, {row['yield_kg']:g} kg per m2."
            for row in rows
        ]
        return "\n".join([f"Crops found: {len(rows)}.", *lines])

    def lease_plot(
        self,
        gardener_id: GardenerId,
        plot_id: PlotId,
        months: Annotated[int, Field(description="Term in months", ge=3, le=36)] = 12,
    ) -> str:
        """Lease a free plot to a gardener, who may hold two plots at most."""
        gardener, plot = self.gardeners.find(gardener_id), self.plots.find(plot_id)
        if plot["lease_id"] is not None:
            raise ToolError(f"Plot {plot_id} is leased already, under lease {plot['lease_id']}.")
        if len(self._leases_of(gardener)) >= MOST_LEASES:
            raise ToolError(f"{gardener['name']} leases {MOST_LEASES} plots, which is the limit.")
        until = (TODAY + timedelta(days=30 * months)).isoformat()
        lease = self._add(self.leases, gardener_id=gardener_id, plot_id=plot_id, until=until, over=False)
        plot["lease_id"] = lease["id"]
        return f"Leased plot {plot_id} to {gardener['name']} under lease {lease['id']} until {until}."

    def end_lease(
        self,
        lease_id: Annotated[str, Field(description="Identifier of a running lease")],
    ) -> str:
        """End a lease early; nothing may be growing on the plot any more."""
        lease = self.leases.find(lease_id)
        if lease["over"]:
            raise ToolError(f"Lease {lease_id} has already ended.")
        plot = self.plots.find(lease["plot_id"])
        growing = self._growing(plot)
        if growing:
            names = ", ".join(row["id"] for row in growing)
            raise ToolError(f"Lease {lease_id} cannot end while these still grow on plot {plot['id']}: {names}.")
        lease["over"], plot["lease_id"] = True, None
        return f"Lease {lease_id} has ended; plot {plot['id']} is free."

    def amend_soil(
        self,
        plot_id: PlotId,
        amendment: Annotated[
            Literal["lime", "sulphur", "compost"],
            Field(description="Lime raises pH by 0.5, sulphur lowers it by 0.5, compost brings it 0.2 closer to 6.5"),
        ] = "compost",
    ) -> str:
        """Work lime, sulphur or compost into the soil of a plot while its valve is closed."""
        plot = self.plots.find(plot_id)
        valve = self.valves.find(plot["valve_id"])
        if valve["open"]:
            raise ToolError(f"Valve {valve['id']} is open, and water would wash the {amendment} out of plot {plot_id}.")
        towards_neutral = max(-0.2, min(0.2, 6.5 - plot["ph"]))
        change = {"lime": 0.5, "sulphur": -0.5, "compost": towards_neutral}[amendment]
        ph = round(plot["ph"] + change, 1)
        if not PH_LIMITS[0] <= ph <= PH_LIMITS[1]:
            raise ToolError(f"More {amendment} would bring plot {plot_id} to pH {ph:.1f}, where nothing grows.")
        plot["ph"] = ph
        return f"Worked {amendment} into plot {plot_id}; its soil now has pH {ph:.1f}."

    def sow_crop(
        self,
        plot_id: PlotId,
        crop_id: Annotated[str, Field(description="Identifier of the crop")],
        square_metres: Annotated[int, Field(description="Area to sow, in square metres", ge=1, le=20)] = 2,
    ) -> str:
        """Sow a crop on bare ground of a leased plot whose soil suits it; fresh sowings are dry."""
        plot, crop = self.plots.find(plot_id), self.crops.find(crop_id)
        if plot["lease_id"] is None:
            raise ToolError(f"Plot {plot_id} is not leased to anyone, so nothing is sown there.")
        if not crop["lowest_ph"] <= plot["ph"] <= crop["highest_ph"]:
            raise ToolError(
                f"Plot {plot_id} has pH {plot['ph']:.1f}, but the range for {crop['name']} is {self._suited_ph(crop)}."
            )
        bare = self._free_m2(plot)
        if square_metres > bare:
            raise ToolError(f"Only {bare} m2 of plot {plot_id} are bare, not {square_metres}.")
        row = self._plant(plot, crop, square_metres, TODAY, dry=True)
        sown = f"{square_metres} m2 of {crop['name']} on plot {plot_id}"
        return f"Sowed {sown} as planting {row['id']}, ripe from {row['ready_on']}."

    def open_valve(self, valve_id: ValveId) -> str:
        """Open a watering valve; no more than four may be open at once."""
        valve = self.valves.find(valve_id)
        if valve["open"]:
            raise ToolError(f"Valve {valve_id} is open already.")
        others = [row["id"] for row in self.valves.values() if row["open"]]
        if len(others) >= MOST_OPEN_VALVES:
            raise ToolError(f"The pressure is too low for another valve while these are open: {', '.join(others)}.")
        valve["open"] = True
        return f"Valve {valve_id} ({valve['zone']}) is now open; {len(others) + 1} valves are open in all."

    def close_valve(self, valve_id: ValveId) -> str:
        """Close a watering valve."""
        valve = self.valves.find(valve_id)
        if not valve["open"]:
            raise ToolError(f"Valve {valve_id} is closed already.")
        valve["open"] = False
        left = sum(row["open"] for row in self.valves.values())
        return f"Valve {valve_id} ({valve['zone']}) is now closed; {left} valves are open in all."

    def water_planting(
        self,
        planting_id: PlantingId,
        litres: Annotated[
            int, Field(description="Litres to give; 5 per square metre are the least", ge=5, le=200)
        ] = 50,
    ) -> str:
        """Water a dry planting through the valve of its plot, which must be open."""
        planting = self._in_ground(planting_id)
        plot, name = self.plots.find(planting["plot_id"]), self._crop_name(planting)
        valve = self.valves.find(plot["valve_id"])
        if not valve["open"]:
            raise ToolError(f"No water reaches plot {plot['id']}: valve {valve['id']} is closed.")
        if not planting["dry"]:
            raise ToolError(f"Planting {planting_id} of {name} is moist; more water would rot the roots.")
        if litres < 5 * planting["square_metres"]:
            raise ToolError(f"{litres} litres are too little for {planting['square_metres']} m2 of {name}.")
        planting["dry"] = False
        return f"Gave {litres} litres to the {name} of planting {planting_id}; the soil is moist now."

    def harvest_planting(
        self,
        planting_id: PlantingId,
        keep_growing: Annotated[
            bool, Field(description="True: cut only half and leave the plants in the ground; false: clear the ground")
        ] = False,
    ) -> str:
        """Pick a planting that is not dry; before it is ripe it gives only baby greens, a fifth of the yield."""
        planting = self._in_ground(planting_id)
        crop = self.crops.find(planting["crop_id"])
        if planting["dry"]:
            raise ToolError(f"Planting {planting_id} of {crop['name']} is wilted; dry plants are not picked.")
        ripe = planting["ready_on"] <= TODAY.isoformat()
        part = (1.0 if ripe else UNRIPE_PART) * (0.5 if keep_growing else 1.0)
        amount = max(0.1, round(planting["square_metres"] * crop["yield_kg"] * part, 1))
        planting["cleared"], planting["dry"] = not keep_growing, True
        facts = {"planting_id": planting_id, "crop_id": crop["id"]}
        harvest = self._add(self.harvests, **facts, kilograms=amount)
        ground = "the plants grow on" if keep_growing else "the ground is bare"
        return f"Picked {amount:g} kg of {crop['name']} as harvest {harvest['id']}; {ground}."

    def reserve_share(
        self,
        gardener_id: GardenerId,
        harvest_id: Annotated[str, Field(description="Identifier of the harvest")],
        kilograms: Annotated[
            float, Field(description="Amount in kilograms, 5 at most from one harvest", gt=0, le=5, examples=[0.5, 1.5])
        ] = 0.5,
    ) -> str:
        """Reserve a share of a harvest for a gardener."""
        gardener, harvest = self.gardeners.find(gardener_id), self.harvests.find(harvest_id)
        name = self.crops.find(harvest["crop_id"])["name"]
        left = self._left_kg(harvest)
        if kilograms > left:
            raise ToolError(f"Only {left:g} kg of {name} are left of harvest {harvest_id}, not {kilograms:g} kg.")
        own = sum(row["kilograms"] for row in self._shares(harvest) if row["gardener_id"] == gardener_id)
        if own + kilograms > MOST_SHARE_KG:
            raise ToolError(f"{gardener['name']} has {own:g} kg of this harvest; {MOST_SHARE_KG:g} kg is the limit.")
        facts = {"gardener_id": gardener_id, "harvest_id": harvest_id, "kilograms": kilograms}
        share = self._add(self.shares, **facts, released=False)
        return f"Reserved {kilograms:g} kg of {name} for {gardener['name']} as share {share['id']}."

    def release_share(
        self,
        share_id: Annotated[str, Field(description="Identifier of a reserved share")],
    ) -> str:
        """Give back a reserved share, so that others can have it."""
        share = self.shares.find(share_id)
        if share["released"]:
            raise ToolError(f"Share {share_id} has already been released.")
        share["released"] = True
        harvest = self.harvests.find(share["harvest_id"])
        name = self.crops.find(harvest["crop_id"])["name"]
        left = f"{self._left_kg(harvest):g} kg of {name} are left"
        return f"Share {share_id} is released; {left} of harvest {harvest['id']}."

    def _gardener_card(self, gardener: Row) -> str:
        lines = [f"Gardener {gardener['id']} is {gardener['name']}, with us since {gardener['since']}."]
        lines += [
            f"Leases plot {lease['plot_id']} under lease {lease['id']} until {lease['until']}."
            for lease in self._leases_of(gardener)
        ]
        for share in self.shares.values():
            if share["gardener_id"] == gardener["id"] and not share["released"]:
                name = self.crops.find(self.harvests.find(share["harvest_id"])["crop_id"])["name"]
                what = f"{share['kilograms']:g} kg of {name} from harvest {share['harvest_id']}"
                lines.append(f"Has share {share['id']}: {what}.")
        return "\n".join(lines)

    def _leases_of(self, gardener: Row) -> list[Row]:
        return [row for row in self.leases.values() if row["gardener_id"] == gardener["id"] and not row["over"]]

    def _growing(self, plot: Row) -> list[Row]:
        return [row for row in self.plantings.values() if row["plot_id"] == plot["id"] and not row["cleared"]]

    def _planting_line(self, planting: Row) -> str:
        what = f"{planting['square_metres']} m2 of {self._crop_name(planting)}"
        soil = "dry" if planting["dry"] else "moist"
        dates = f"sown {planting['sown_on']}, ripe from {planting['ready_on']}"
        return f"Planting {planting['id']} is {what}, {dates}, soil {soil}."

    def _suited_ph(self, crop: Row) -> str:
        return f"pH {crop['lowest_ph']:.1f} to {crop['highest_ph']:.1f}"

    def _crop_name(self, planting: Row) -> str:
        return str(self.crops.find(planting["crop_id"])["name"])

    def _free_m2(self, plot: Row) -> int:
        taken = sum(row["square_metres"] for row in self._growing(plot))
        return int(plot["area_m2"] - taken)

    def _state(self, plot: Row) -> str:
        return "free" if plot["lease_id"] is None else f"leased, {self._free_m2(plot)} m2 bare"

    def _position(self, valve: Row) -> str:
        return "open" if valve["open"] else "closed"

    def _in_ground(self, planting_id: str) -> Row:
        planting = self.plantings.find(planting_id)
        if planting["cleared"]:
            raise ToolError(f"Planting {planting_id} has been cleared; nothing of it is in the ground.")
        return planting

    def _shares(self, harvest: Row) -> list[Row]:
        rows = self.shares.values()
        return [row for row in rows if row["harvest_id"] == harvest["id"] and not row["released"]]

    def _left_kg(self, harvest: Row) -> float:
        return round(float(harvest["kilograms"] - sum(row["kilograms"] for row in self._shares(harvest))), 2)


def build(seed: int) -> MCPServer:
    """A fresh community garden behind an MCP server."""
    world = Greenhouse(seed)
    server = MCPServer("greenhouse", version="1.0", instructions=f"Today is {TODAY}.", log_level="ERROR")
    hints = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for read in (world.find_gardener, world.list_plots, world.describe_plot, world.search_crops):
        server.add_tool(read, description=getdoc(read), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
    tending = (world.sow_crop, world.open_valve, world.close_valve, world.water_planting)
    for write in (world.lease_plot, world.amend_soil, *tending, world.reserve_share):
        server.add_tool(write, description=getdoc(write), annotations=hints, structured_output=False)
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)
    for end in (world.end_lease, world.harvest_planting, world.release_share):
        server.add_tool(end, description=getdoc(end), annotations=hints, structured_output=False)
    return server
