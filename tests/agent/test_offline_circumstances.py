"""What goes on around a request: sentences of many kinds that nobody could take for a part of what is asked for."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from toolweave.agent.offline.circumstances import because, circumstance
from toolweave.agent.offline.correcting import is_correction
from toolweave.agent.offline.forms import wordings
from toolweave.agent.offline.mentions import mentions_of
from toolweave.agent.offline.toolbox import stems
from toolweave.agent.roles import AdvancedTool, Happened, QueryAsk, Style
from toolweave.pipeline.plans.styles import PERSONAS
from toolweave.servers.tools import Tool

LIFT = Tool("works", "mend_lift", "Mend a lift; the landlord has to agree before lunch.", {"type": "object"})
EARLIER = [{"role": "user", "content": "The auditor is on the phone. Mend the lift."}]
_TELLS_APART = r"\b(?:any|first|second|next|earliest|one|some|either|whichever|whatever|same)\b"


def _said(persona: str, seed: int, history: Any = (), background: Any = "told") -> str:
    advanced = AdvancedTool(name="mend", description="Mend a lift.", output="a confirmation")
    calls = (Happened("call_1", LIFT, {}, "", {}),)
    style = Style(persona, "plain", "goal", background=background)
    ask = QueryAsk(advanced, calls, (), (), tuple(history), style, ("mend_lift", "board"), seed)
    return circumstance(ask, random.Random(seed))


SEEDS = range(120)
TEXTS = [text for at, who in enumerate(PERSONAS) for seed in SEEDS if (text := _said(who, 1000 * at + seed))]


def test_who_tells_their_background_opens_with_a_circumstance_and_hardly_two_are_alike() -> None:
    assert len(TEXTS) >= 0.98 * len(PERSONAS) * len(SEEDS)
    assert not any(_said(persona, seed, background="untold") for persona in PERSONAS for seed in SEEDS)
    assert len(set(TEXTS)) >= 0.95 * len(TEXTS)
    assert not any(re.search(r"[{}|]", text) for text in TEXTS)


@pytest.mark.parametrize("text", [*sorted(set(TEXTS))[::4]])
def test_a_circumstance_holds_no_value_and_tells_no_entry_from_another(text: str) -> None:
    assert mentions_of(text) == [] and not is_correction(text)
    assert not re.search(_TELLS_APART, text, re.IGNORECASE)


def test_a_circumstance_shares_no_word_with_the_tools_nor_with_what_was_said() -> None:
    assert not {"lift", "landlord", "board", "lunch"} & {word for text in TEXTS for word in stems(text)}
    later = [text for persona in PERSONAS for seed in range(200) if (text := _said(persona, seed, EARLIER))]
    assert later and not {"auditor", "phone"} & {word for text in later for word in stems(text)}


def test_the_same_seed_gives_the_same_words() -> None:
    assert [_said(PERSONAS[0], seed) for seed in range(20)] == [_said(PERSONAS[0], seed) for seed in range(20)]


def test_what_is_said_fits_the_persona() -> None:
    filling = "|".join(wordings("circumstances")["filling"])
    helping = re.compile(rf"I'm (?:{filling}) (?:until|while|because) ")
    found = {who for who in PERSONAS for seed in range(60) if helping.match(_said(who, seed))}
    assert found == {"a volunteer helping out for the weekend"}


def test_a_request_may_follow_in_the_sentence_of_its_circumstance() -> None:
    texts = {because("It rains.", ["I'd love a tent.", "Now."], random.Random(seed))[0] for seed in range(20)}
    assert texts == {"It rains.", "It rains, so I'd love a tent."}
    texts = {because("It rains.", ["Put up the tent."], random.Random(seed))[0] for seed in range(20)}
    assert texts == {"It rains.", "It rains, so put up the tent."}
    assert because("It rains.", ["Any tents?"], random.Random(1)) == ["It rains.", "Any tents?"]
