"""Rewording kept samples: only words change, every gate decides again, and what fails leaves the sample as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from toolweave.agent.endpoint.checks import check_refinement
from toolweave.agent.endpoint.replies import BadReply
from toolweave.agent.offline.teacher import OfflineTeacher
from toolweave.agent.reviewing import RefineAsk, Refinement, Reworded
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.refining.refine import Outcome, Rewording
from toolweave.pipeline.refining.wording import ask_for, drafts, reworded
from toolweave.pipeline.sample import Refined, Sample
from toolweave.pipeline.verify import live

if TYPE_CHECKING:
    from tests.pipeline.gym.conftest import PostOffice

pytestmark = pytest.mark.anyio

BETTER = Reworded(number=0, content="Would you send Ada's parcel, and fast?")


@dataclass(frozen=True)
class Scripted:
    """A refiner that replies what it was given."""

    reply: Refinement
    name: str = "scripted"

    async def refine(self, ask: RefineAsk) -> Refinement:
        return self.reply


async def outcome(post: PostOffice, *messages: Reworded) -> Outcome:
    async with live({"post": post.spec}) as again:
        return await Rewording(Scripted(Refinement(messages=messages)), again, None, 0)(post.sample)


async def test_better_words_are_taken_and_the_old_ones_kept_as_a_draft(sound: PostOffice) -> None:
    found = await outcome(sound, BETTER)
    assert found.dropped is None
    made = found.kept
    assert made.messages[0]["content"] == BETTER.content
    assert made.messages[1:] == sound.sample.messages[1:]
    assert made.refined == Refined(by="scripted", original=sound.sample.id, messages=(0,))
    assert made.id != sound.sample.id
    (draft,) = drafts(sound.sample, made)
    assert (draft["messages"], draft["draft"]["answer"]) == (0, "Please send Ada's parcel fast.")


async def test_words_that_lose_a_value_leave_the_sample_as_it_was(sound: PostOffice) -> None:
    found = await outcome(sound, Reworded(number=0, content="Would you send Ada's parcel?"))
    assert found.kept == sound.sample
    assert found.as_json()["outcome"] == "dropped"
    assert found.dropped is not None
    assert found.dropped.gate == "grounding"


async def test_an_answer_that_claims_something_else_leaves_the_sample_as_it_was(sound: PostOffice) -> None:
    found = await outcome(sound, Reworded(number=5, content="Parcel P-47 is on its way, it costs 12.50 euros."))
    assert found.kept == sound.sample
    assert found.dropped is not None
    assert found.dropped.gate == "answer"


async def test_a_thought_that_mentions_hints_leaves_the_sample_as_it_was(sound: PostOffice) -> None:
    found = await outcome(sound, Reworded(number=1, reasoning_content="The hint says to list the parcels first."))
    assert found.dropped is not None
    assert found.dropped.gate == "leak"


@pytest.mark.parametrize(
    "bent",
    [
        Reworded(number=2, content='{"parcels": []}'),
        Reworded(number=1, content="I look."),
        Reworded(number=2, reasoning_content="The list."),
        Reworded(number=40, content="More."),
    ],
)
def test_nothing_but_words_can_be_changed(post_sample: Sample, bent: Reworded) -> None:
    found = reworded(post_sample, Refinement(messages=(bent,)), "scripted")
    assert isinstance(found, Rejection)
    assert found.gate == "structure"


def test_no_other_word_is_no_other_row(post_sample: Sample) -> None:
    same = Reworded(number=0, content=post_sample.messages[0]["content"])
    assert reworded(post_sample, Refinement(messages=(same,)), "scripted") is None


def test_a_refiner_is_told_which_words_have_to_stay(post_sample: Sample) -> None:
    ask = ask_for(post_sample, 1)
    assert ask.keep == {0: ("fast",), 8: ("slow",)}
    with pytest.raises(BadReply, match="'fast' word for word"):
        check_refinement(Refinement(messages=(Reworded(number=0, content="Please send it."),)), ask)
    with pytest.raises(BadReply, match="may be reworded"):
        check_refinement(Refinement(messages=(Reworded(number=2, content="Nothing."),)), ask)
    check_refinement(Refinement(messages=(BETTER,)), ask)


async def test_the_offline_refiner_says_the_same_for_the_same_seed_and_keeps_what_has_to_stay(
    post_sample: Sample,
) -> None:
    asked = {"role": "user", "content": 'Could you take "and then " and then send it?'}
    ask = RefineAsk(post_sample.tools, (asked, *post_sample.messages[1:]), {0: ("Could you",)}, 4)
    found = await OfflineTeacher().refine(ask)
    assert found == await OfflineTeacher().refine(ask)
    (one,) = found.messages
    assert one.content == 'Could you take "and then " and after that send it?'
