from __future__ import annotations

from toolweave.agent.probing.complaints import Complaint
from toolweave.agent.probing.crossings import MOST_CROSSED, Crossings
from toolweave.agent.probing.effects import Effects
from toolweave.agent.probing.trials import START, WORKED

LEND, RETURN = ("s/lend", '{"copy":"CP-1"}'), ("s/return", '{"copy":"CP-1"}')


def library() -> Effects:
    effects = Effects()
    effects.note((START,), LEND, WORKED)
    effects.note((START,), RETURN, 1)
    effects.note((START, LEND), RETURN, WORKED)
    effects.note((START, LEND, RETURN), LEND, WORKED)
    return effects


def test_the_tool_crossed_least_comes_next_by_the_shortest_path_and_no_path_twice() -> None:
    crossings = Crossings(library())
    paths = [crossings.next() for _ in range(4)]
    assert paths == [(START, LEND), (START, LEND, RETURN), (START, LEND, RETURN, LEND), None]


def test_one_tool_is_crossed_so_often_and_no_oftener() -> None:
    effects = Effects()
    for number in range(MOST_CROSSED + 3):
        effects.note((START,), ("s/lend", f'{{"copy":"CP-{number}"}}'), WORKED)
    crossings = Crossings(effects)
    paths = [crossings.next() for _ in range(MOST_CROSSED + 3)]
    assert len([path for path in paths if path is not None]) == MOST_CROSSED


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
