"""A server with little to do, so that a short run soon repeats itself. Run as a program."""

from __future__ import annotations

from typing import Literal

from mcp.server.mcpserver import MCPServer

PARCELS = {"PX-4410": ("Oslo", 3), "PX-4982": ("Turin", 7), "PX-5127": ("Ghent", 2)}
server = MCPServer("parcels", version="1")


@server.tool()
def list_parcels() -> list[dict[str, str]]:
    """List all parcels with their towns."""
    return [{"parcel_id": name, "town": town} for name, (town, _) in PARCELS.items()]


@server.tool()
def weigh_parcel(parcel_id: str) -> dict[str, int]:
    """Weigh a parcel.

    Args:
        parcel_id: ID of the parcel.
    """
    return {"kilograms": PARCELS[parcel_id][1]}


@server.tool()
def label_parcel(parcel_id: str, colour: Literal["red", "blue"]) -> str:
    """Put a label on a parcel.

    Args:
        parcel_id: ID of the parcel.
        colour: Colour of the label.
    """
    return f"Parcel {parcel_id} to {PARCELS[parcel_id][0]} has a {colour} label now."


if __name__ == "__main__":
    server.run("stdio")
