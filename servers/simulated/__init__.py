"""A stateful MCP server made from nothing but tool schemas: for tools that cannot be run here.

Contract: everything follows from the schemas, the seed and the calls, by rules; no model, no clock, no network. Outputs
fit the output schema where there is one. The same id is the same thing: what was made can be found, a change shows,
what was deleted cannot be found, and an id that nobody handed out is an error, as a real server would say it. Where
nothing lists or makes things of a kind (a dictionary, a weather service), any key is good, and the same key always
gives the same thing. What the tools *compute* is made up: samples from such a server are marked as simulated.
"""
