"""What nobody would ask for in one breath is asked for in several turns."""

from __future__ import annotations

from dataclasses import replace

from toolweave.agent.trace import Call, Source, Trace, TurnTrace
from toolweave.pipeline.making.wishes import one_wish_each
from toolweave.servers.results import CallResult
from toolweave.servers.tools import Tool


def _call(number: int, name: str, *producers: int, fails: bool = False) -> Call:
    sources = {f"/{one}": Source("output", call=f"call_{one}", place="/id") for one in producers}
    arguments = {str(one): "x" for one in producers}
    tool = Tool("harbour", name, "", {"type": "object"})
    return Call(f"call_{number}", tool, arguments, sources, CallResult("ok", "ok", "ok", 0.0), fails=fails)


def _parts(turn: TurnTrace) -> list[tuple[str, str, list[str]]]:
    turns = one_wish_each(Trace((turn,))).turns
    return [(part.kind, part.relation, [call.tool.name for call in part.calls]) for part in turns]


FIND, BOOK, CANCEL = _call(1, "find_berth"), _call(2, "create_booking", 1), _call(3, "cancel_booking", 2)


def test_what_is_made_and_undone_is_wished_in_two_turns() -> None:
    assert _parts(TurnTrace((FIND, BOOK, CANCEL))) == [
        ("base", "opens", ["find_berth", "create_booking"]),
        ("base", "continues", ["cancel_booking"]),
    ]


def test_a_look_up_for_the_second_wish_belongs_to_it() -> None:
    look, last = _call(3, "list_reasons"), _call(4, "cancel_booking", 2, 3)
    assert _parts(TurnTrace((FIND, BOOK, look, last)))[1][2] == ["list_reasons", "cancel_booking"]


def test_three_wishes_stay_together_and_five_are_divided_evenly() -> None:
    deeds = [_call(number, f"create_{number}") for number in range(1, 6)]
    assert len(_parts(TurnTrace(tuple(deeds[:3])))) == 1
    assert [len(names) for *_, names in _parts(TurnTrace(tuple(deeds)))] == [3, 2]


def test_the_last_part_misses_its_tool_and_the_first_does_not() -> None:
    turn = TurnTrace((FIND, BOOK, CANCEL), "missing_function", "returns")
    assert _parts(turn) == [
        ("base", "returns", ["find_berth", "create_booking"]),
        ("missing_function", "continues", ["cancel_booking"]),
    ]


def test_a_tool_that_is_missing_is_not_called_in_an_earlier_part() -> None:
    before = _call(0, "cancel_booking")
    assert len(_parts(TurnTrace((before, BOOK, CANCEL), "missing_function"))) == 1


def test_the_part_with_the_forgotten_value_is_the_one_that_asks() -> None:
    turn = TurnTrace((FIND, BOOK, CANCEL), "missing_parameter", withheld=(("call_2", "/1"),))
    first, last = one_wish_each(Trace((turn,))).turns
    assert (first.kind, first.withheld) == ("missing_parameter", (("call_2", "/1"),))
    assert (last.kind, last.withheld) == ("base", ())


def test_a_value_that_both_parts_lack_keeps_them_together() -> None:
    turn = TurnTrace((FIND, BOOK, CANCEL), "missing_parameter", withheld=(("call_2", "/1"), ("call_3", "/2")))
    assert one_wish_each(Trace((turn,))).turns == (turn,)


def test_an_error_and_its_mending_are_not_divided() -> None:
    slip = _call(9, "cancel_booking", fails=True)
    assert _parts(TurnTrace((slip, FIND, BOOK, CANCEL), "error_recovery"))[0][0] == "error_recovery"
    assert len(_parts(TurnTrace((slip, FIND, BOOK, CANCEL), "error_recovery"))) == 1


def test_an_error_stays_with_its_mending_where_its_tool_is_called_several_times() -> None:
    slip = _call(9, "create_4", fails=True)
    deeds = [_call(number, f"create_{min(number, 4)}") for number in range(1, 7)]
    turn = TurnTrace((slip, *deeds), "error_recovery")
    assert _parts(turn) == [("error_recovery", "opens", [slip.tool.name, *(call.tool.name for call in deeds)])]


def test_calls_of_one_step_and_changes_of_mind_are_left_as_they_are() -> None:
    turn = TurnTrace((FIND, BOOK, CANCEL), "parallel")
    assert one_wish_each(Trace((turn,))).turns == (turn,)
    again = replace(turn, kind="base", relation="corrects")
    assert one_wish_each(Trace((again,))).turns == (again,)
