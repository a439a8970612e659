"""How servers come into an `mcp.json`: from other clients, packages, by hand; and what is wrong with them."""
