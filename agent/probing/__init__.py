"""Experiments on live servers: exploring, telling identifiers from coincidences, and finding what changes what."""
