"""MCP servers: configuration, processes, isolation, policy and bundled worlds. The only MCP client."""
