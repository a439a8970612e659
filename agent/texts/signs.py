"""Identifiers as servers give them out, in the words of a text: which of them a parameter may mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from toolweave.agent.argument_values import is_identifying
from toolweave.agent.offline.fitting import Slot
from toolweave.agent.offline.wording import REMARKS, SEEKING

_SIGN = re.compile(
    r"\b(?=[\w-]*\d)(?:[A-Za-z]{1,6}[-_]?\d[\w-]*|\d{3,}-\d[\d-]*)\b(?<!\dth)(?<!\dst)(?<!\dnd)(?<!\drd)"
)
"""An identifier as servers give them out."""


def can_be(value: Any, slot: Slot, named: Collection[str]) -> bool:
    """Whether a text may be an identifier, where one is wanted, or a remark."""
    if value in named and set(slot.own) & (REMARKS - SEEKING):
        return False
    return not (isinstance(value, str) and takes_sign(slot) and slot.own[-1:] != ("name",)) or is_sign(value)


def takes_sign(slot: Slot) -> bool:
    """Whether a parameter takes an identifier that servers give out."""
    return is_identifying(slot.parameter) or (
        "string" in slot.kinds and slot.own[-1:] in (("number",), ("barcode",), ("no",))
    )


def is_sign(text: str) -> bool:
    """Whether a text is an identifier as servers give them out."""
    return bool(_SIGN.fullmatch(text))


def signs_in(text: str, slots: Sequence[Slot]) -> dict[str, str]:
    """Identifiers that a text says, each for the parameter that its letters abbreviate, or for the only one."""
    wanted = [slot for slot in slots if takes_sign(slot) and "string" in slot.kinds]
    found: dict[str, str] = {}
    for sign in dict.fromkeys(match.group() for match in _SIGN.finditer(text)):
        letters = re.match(r"[A-Za-z]*", sign).group().lower()  # type: ignore[union-attr]
        ranked = sorted(wanted, key=lambda slot: -_abbreviates(letters, slot))
        open_slots = [slot for slot in ranked if slot.path not in found]
        if open_slots and (_abbreviates(letters, open_slots[0]) or len(wanted) == 1):
            found[open_slots[0].path] = sign
    return found


def abbreviated(text: str, slot: Slot) -> bool:
    """Whether a text is an identifier whose letters stand for what a parameter identifies."""
    return is_sign(text) and _abbreviates(re.match(r"[A-Za-z]*", text).group().lower(), slot) > 0.0  # type: ignore[union-attr]


def _abbreviates(letters: str, slot: Slot) -> float:
    """How far the letters of an identifier stand for what a parameter identifies: `AP` for an appointment."""
    if len(letters) < len("id"):
        return 0.0
    own = [word for word in slot.own if word not in ("id", "number", "code")]
    return max(
        (1.0 for word in own if stands_for(letters, word)),
        default=max((0.5 for word in slot.nouns if not own and stands_for(letters, word)), default=0.0),
    )


def stands_for(letters: str, word: str) -> bool:
    """Whether letters stand in a word in their order, the first one at its start: `ap` in `appointment`."""
    rest = iter(word)
    return word[:1] == letters[:1] and all(letter in rest for letter in letters)
