"""General English that the offline teacher speaks with: verbs, everyday words for what interfaces call things."""

from __future__ import annotations

from toolweave.agent.offline.forms import wordings

_WORDS = wordings("lexicon")


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Words with what stands for them: `start=beginning/outset|end=close`."""
    rows = (line.partition("=") for line in text.replace("\n", "|").split("|") if "=" in line)
    return {word.strip(): tuple(item.strip() for item in others.split("/")) for word, _, others in rows}


VERBS = frozenset(" ".join(_WORDS["verbs"]).split())
"""Base forms that a description or a tool's name may open with."""

ENTERING = frozenset("open load connect access enter mount attach".split())
"""Verbs of what only gives access to the things that something is done with."""
PARTICLES = frozenset("out back in off up on down away over through".split())
DETERMINERS = frozenset(
    "a an the one any some every each all this that these those its their your our my new several multiple what which "
    "whether how".split()
)
NO_VERBS = frozenset(" ".join(_WORDS["no verbs"]).split())
"""Words that no order begins with, whatever stands behind them."""
SMALL = frozenset(" ".join(_WORDS["small"]).split())
"""Words that say nothing of what is wanted."""

SYNONYMS = table("|".join(_WORDS["synonyms"]))
"""Everyday words for what interfaces call things; tried in order, where the first choice may not be said."""

VERB_FORMS = table("|".join(_WORDS["verb forms"]))
"""Verbs of interfaces with what a person says for them."""
UNITS = table("|".join(_WORDS["units"]))
"""Last words of a parameter's name that are units, written out."""

OTHERWISE = table("|".join(_WORDS["otherwise"]))
"""What may as well be said for words of a description, without need."""
COUNTING = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MEASURES = table(
    "width=wide|height=high|length=long|depth=deep|thickness=thick|left=from the side/in from the edge"
    "|top=from above/down|age=years old"
)
"""What a person says behind a number for a size or a place."""
POINTING = "(?:(?:listed|shown|known|given|entered|filed) as|titled)"
"""What stands before the words that tell an entry from its like, as a pattern."""
SPANS = frozenset("days weeks months years hours minutes seconds day week month year hour minute second".split())
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December"
)  # fmt: skip
