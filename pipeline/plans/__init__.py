"""Which trajectories to make: drawn by coverage, in waves that learn from the waves before."""
