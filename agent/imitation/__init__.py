"""Simulated tools whose answers a model helps to write: the rules keep the state, the model fills what they leave open.

Contract: see `servers/simulated/writing.py` for what is open. Every reply is on record beside `mcp.json`, and what is
on record is never asked again: later starts, replays and other machines that have the file get the same answers,
without the model. What the model did not get right in several attempts is left to the rules, and the record says so. An
endpoint that does not answer ends the server: nothing that an outage leaves behind may pass for an answer.
"""
