"""Samples as episodes: any assistant may try the requests of a sample, live, and is scored by its checker."""
