"""Planning one turn: the closure of what a target needs, what grows out of it, and what each kind of turn asks for."""
