"""Checkers: what a trajectory is judged by, and how a checker is itself checked before its sample is kept."""
