"""The API graph: tools, fields, parameters and edges with their evidence. Pure and synchronous."""
