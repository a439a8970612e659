"""Assistants that can be put to the test: models at endpoints, the offline student, and two that should fail."""
