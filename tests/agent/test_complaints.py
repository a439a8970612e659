from __future__ import annotations

from toolweave.agent.probing.complaints import Complaint, Reasons, akin


def complaint(text: str, *names: str) -> Complaint:
    return Complaint(frozenset(text.lower().split()), frozenset(names))


CLOSED = complaint("Visit is closed it was billed with invoice", "IV-7")
DONE = complaint("The examination has already been recorded")
ON_LOAN = complaint("The copy is on loan")
SUSPENDED = complaint("The card is suspended")


def test_a_new_complaint_that_names_what_the_step_made_shows_that_the_step_disables() -> None:
    assert Reasons().effect("s/send_bill", {"IV-7", "VS-1"}, DONE, CLOSED) == "disables"


def test_a_complaint_that_is_gone_and_named_what_the_step_acted_on_shows_that_the_step_enables() -> None:
    assert Reasons().effect("s/drop_bill", {"IV-7"}, CLOSED, DONE) == "enables"


def test_a_complaint_that_speaks_of_what_the_step_does_tells_the_direction() -> None:
    assert Reasons().effect("s/suspend_card", (), ON_LOAN, SUSPENDED) == "disables"
    assert Reasons().effect("s/suspend_card", (), SUSPENDED, ON_LOAN) == "enables"


def test_what_a_step_is_known_to_bring_to_one_tool_it_brings_to_another() -> None:
    reasons = Reasons()
    reasons.note("s/lend", "disables", ON_LOAN)
    assert reasons.effect("s/lend", (), DONE, ON_LOAN) == "disables"
    assert reasons.effect("s/lend", (), ON_LOAN, DONE) is None


def test_a_change_that_tells_nothing_of_its_cause_stays_undecided() -> None:
    assert Reasons().effect("s/polish", (), DONE, ON_LOAN) is None
    assert Reasons().effect("s/polish", {"IV-7"}, CLOSED, CLOSED) is None


def test_stems_are_compared_and_short_words_are_not() -> None:
    assert akin("insure", "insured")
    assert not akin("sow", "sowed")
    assert not akin("hold", "held")
