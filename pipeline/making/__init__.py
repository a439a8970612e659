"""One sample from its plan to its row: execute, compose, reason, assemble, gate."""
