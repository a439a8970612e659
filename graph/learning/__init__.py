"""Learning from observed calls: which values are identifiers, where they come from, and who takes them."""
