"""Bundled worlds: small stateful domains, each a real MCP server over stdio that ships with Toolweave."""
