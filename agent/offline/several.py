"""How a request says that the same is wanted for several things."""

from __future__ import annotations

import re

from toolweave.agent.choices import ORDINALS
from toolweave.agent.offline.lexicon import POINTING

SAME_FOR = ("the same for {}", "do the same for {}", "likewise for {}")
SAME_AGAIN = ("the same again {}", "the same once more {}")
_SEVERAL = re.compile(r"\band (?:do )?(?:the same (?:for|again|once more)|likewise for)\b", re.IGNORECASE)
_ENTRY = re.compile(
    rf"\b{POINTING}\b|\bwhose\b|\bnamely\b|\bI mean\b|\bthe (?:next|other|{'|'.join(ORDINALS)}) one\b"
    rf"|\bthe one\b(?! (?:that is )?{POINTING})"
)
_STOP = re.compile(r"[.?!](?:\s|$)|, (?:and |then )+(?=[a-z]+ )|,? and (?:then|after that|finally)\b|$")


def behind_several(request: str) -> tuple[int, int] | None:
    """Where a request names the further things that the same is wanted for; `None` where it does not."""
    found = _SEVERAL.search(request)
    if found is None:
        return None
    stop = _STOP.search(request, found.end())
    return found.end(), stop.start() if stop else len(request)


def things_named(request: str) -> int:
    """How many further things the words behind "the same for" name; one where they only list values."""
    start, end = behind_several(request) or (0, 0)
    return max(1, len(_ENTRY.findall(request[start:end])))
