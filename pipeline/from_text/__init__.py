"""Samples from texts: each procedure becomes a plan, which is executed, told, checked and kept like any other."""
