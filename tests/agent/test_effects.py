from __future__ import annotations

from toolweave.agent.probing.complaints import Complaint
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.trials import START, WORKED


def test_a_changed_complaint_is_an_edge_when_it_names_what_the_step_acted_on() -> None:
    effects = Effects()
    bill, treat = ("s/bill", '{"visit":"VS-1"}'), ("s/treat", '{"visit":"VS-1"}')
    effects.manners[bill, treat] = "visit="
    effects.note((START,), treat, 1)
    effects.note((START,), bill, WORKED)
    effects.note((START, bill), treat, 2)
    effects.complaints[(START,), treat] = Complaint(frozenset({"recorded", "already"}))
    effects.complaints[(START, bill), treat] = Complaint(frozenset({"closed", "since"}), frozenset({"IV-7"}))
    effects.refresh()
    assert effects.edges() == []
    effects.about[START, bill] = frozenset({"VS-1", "IV-7"})
    effects.refresh()
    assert [(edge.source, edge.target, edge.effect) for edge in effects.edges()] == [("s/bill", "s/treat", "disables")]
