"""General English of instructions: what people say for what interfaces do, and what no interface does."""

from __future__ import annotations

from toolweave.agent.offline.lexicon import VERBS
from toolweave.agent.texts.thesaurus import known_verbs

BY_HAND = frozenset(
    "ask wait wash thank greet smile remember ensure note_down memorise memorize apologise apologize breathe wipe "
    "rinse sweep dry sit stand walk knock listen relax rest think consider bear carry jot jot_down double-check "
    "double_check be have keep_in_mind take_care look_forward count stay read_back greet lean".split()
)
"""Deeds that are instructions, and no work for a tool."""
MORE_VERBS = frozenset(
    "phone ring escalate hand look click press tap pencil jot go sign wind kick figure page text nudge say "
    "state mention".split()
)
INSTRUCTING = VERBS | MORE_VERBS | BY_HAND | frozenset(verb.partition("_")[0] for verb in known_verbs())
"""Base forms that open an instruction."""
