"""What of a text is a procedure, and what of it is a step."""

from __future__ import annotations

from toolweave.agent.texts.finding import find_procedures
from toolweave.agent.texts.instructions import Aside, Deed, read_instructions
from toolweave.agent.texts.procedures import Fact, Procedure


def deeds(text: str, *, listed: bool = True) -> list[str]:
    return [one.text for one in read_instructions(text, listed=listed) if isinstance(one, Deed)]


def reasons(text: str) -> list[str]:
    return [one.reason for one in read_instructions(text, listed=True) if isinstance(one, Aside)]


def sure(text: str, file: str) -> list[Procedure]:
    """The procedures that are told as such; others have to be borne out by tools."""
    return [one for one in find_procedures(text, file) if one.sure]


def test_a_sentence_with_two_deeds_gives_two_steps() -> None:
    assert deeds('Look up the owner Clara Voss and open her record; then bill "the visit".') == [
        "Look up the owner Clara Voss",
        "open her record",
        'bill "the visit"',
    ]


def test_two_nouns_that_could_be_verbs_are_no_two_deeds() -> None:
    assert deeds("Check the stock and order levels.") == ["Check the stock and order levels"]


def test_what_somebody_on_duty_does_is_a_step_in_the_words_of_an_order() -> None:
    assert deeds("The librarian then lends the copy to Rosa, and she renews it.") == [
        "lend the copy to Rosa",
        "renew it",
    ]


def test_a_passive_is_a_step_in_a_list_and_behind_a_word_of_order_only() -> None:
    assert deeds("Recipes with lemon are looked up.") == ["look up recipes with lemon"]
    assert deeds("Finally, the fine is waived.", listed=False) == ["waive the fine"]
    assert deeds("The museum is closed on Mondays.", listed=False) == []


def test_what_comes_before_the_order_is_no_part_of_it() -> None:
    assert deeds("Once the card is there, lend the copy to her.") == ["lend the copy to her"]
    assert deeds("Start by searching the catalogue.") == ["search the catalogue"]
    assert deeds("Have a quick look at the last 3 commits.") == ["look at the last 3 commits"]


def test_an_order_to_have_something_done_is_a_step_like_any_other() -> None:
    assert deeds("Finally have him sign off the result.") == ["sign off the result"]
    assert deeds("Ask the system for free places.") == ["look up free places"]
    assert deeds("Begin by consulting the record.") == ["consult the record"]
    assert deeds("Note that 20 euros were paid in cash.") == ["record that 20 euros were paid in cash"]
    assert deeds("Pull up the entry and make sure that he rents one plot only.") == ["Pull up the entry"]


def test_what_is_forbidden_conditional_optional_or_only_said_is_no_step() -> None:
    assert reasons("Never delete the record.") == ["it forbids"]
    assert reasons("If the card is blocked, call the manager.") == ["it depends on something"]
    assert reasons("Optionally, send a letter.") == ["optional"]
    assert reasons("Note: clerks used to cancel the hold.") == ["a remark"]
    assert reasons("The system books the room by itself.") == ["it asks for nothing"]
    assert reasons("Wash your hands.") == ["done by hand"]
    assert reasons("Make sure that the valve is closed.") == ["only to be looked at"]
    assert reasons("Write down the visit number.") == ["only to be noted"]


def test_a_numbered_list_is_a_procedure_with_the_lines_of_its_steps() -> None:
    text = "# Desk\n\n## Signing out\n\n1. Find the\n   member Rosa.\n2) Cancel her hold.\n   - Reason: moved away\n"
    (found,) = find_procedures(text, "desk.md")
    assert (found.title, found.file, found.lines) == ("Signing out", "desk.md", (3, 8))
    assert [(step.text, step.lines, step.detail) for step in found.steps] == [
        ("Find the member Rosa", (5, 6), ""),
        ("Cancel her hold", (7, 8), "Reason: moved away"),
    ]


def test_a_text_may_end_in_a_line_that_looks_like_a_heading() -> None:
    (found,) = find_procedures("# Desk\n\n1. Find the member Rosa.\n2. Cancel her hold.\n\nThe front desk", "desk.md")
    assert [step.text for step in found.steps] == ["Find the member Rosa", "Cancel her hold"]


def test_values_in_tables_and_labelled_lines_are_kept_with_their_lines() -> None:
    text = (
        "Member: Rosa Delgado\nBranch: `Harbour`\n\n| Field | Value |\n|---|---|\n| Weeks | 3 |\n\n1. Renew the loan.\n"
    )
    (found,) = find_procedures(text, "desk.md")
    assert found.facts == (Fact("Member", "Rosa Delgado", 1), Fact("Branch", "Harbour", 2), Fact("Weeks", "3", 6))


def test_odd_tables_keep_their_lines() -> None:
    steps = "1. Find the member.\n2. Cancel the hold.\n"
    for table, at in (("|---|---|\n", []), ("| Weeks | 3 |\n|---|---|\n| Days | 4 |\n", [3]), ("| Weeks | 3 |\n", [1])):
        (found,) = find_procedures(f"{table}\n{steps}", "desk.md")
        assert [fact.line for fact in found.facts] == at


def test_values_above_a_heading_hold_for_what_stands_below_it() -> None:
    below = "## Begin\n\n* Show the status.\n* List the branches.\n"
    text = f"# Orchard\n\nAll of it happens in the repository `orchard`.\n\n{below}"
    (found,) = find_procedures(text, "git.md")
    assert found.context == "All of it happens in the repository `orchard`."


def test_what_an_introduction_tells_beside_an_order_holds_below_it_too() -> None:
    below = "## Begin\n\n* Show the status.\n* List the branches.\n"
    text = f"# Month end\n\nAll of it is done in `plan.xlsx`. Close it on your own machine first.\n\n{below}"
    assert find_procedures(text, "x.md")[-1].context == "All of it is done in `plan.xlsx`."


def test_prose_is_a_procedure_where_words_of_order_say_so() -> None:
    told = "First you find the member. Then cancel the hold, and finally tell the branch about it."
    (found,) = find_procedures(f"Holds\n=====\n\n{told}\n", "holds.md")
    assert [step.text for step in found.steps] == ["find the member", "cancel the hold", "tell the branch about it"]
    assert sure("# Holds\n\nPlease find the member. The rest is easy.\n", "holds.md") == []


def test_an_answer_that_says_how_is_a_procedure_named_by_its_question() -> None:
    text = "Q: May dogs wait outside?\nA: Yes.\n\nQ: How do I call a visit off?\nA: Find the owner. Cancel the visit.\n"
    (found,) = find_procedures(text, "faq.txt")
    assert (found.title, [step.text for step in found.steps]) == (
        "call a visit off",
        ["Find the owner", "Cancel the visit"],
    )


def test_a_list_of_things_is_no_procedure() -> None:
    assert sure("# Menu\n\n- Soup\n- Fish\n- Something sweet\n", "menu.md") == []


def test_a_list_of_statements_with_a_passive_and_an_order_among_them_is_no_procedure() -> None:
    told = "- Plans are rehearsed first.\n- What helps is found for most pairs.\n- It has rules.\n- It is small.\n"
    text = f"# Limits\n\n{told}- On slow servers, lower the limit.\n- Linux is what we know.\n"
    assert sure(text, "limits.md") == []


def test_prose_that_only_describes_how_something_works_is_no_procedure() -> None:
    told = "Items are planned in waves. A wave is made first. Then it is counted, and blame is found. It stays lost."
    assert sure(f"# Waves\n\n{told} Nothing is cut. It all depends on the seed.\n", "waves.md") == []


def test_what_stands_in_a_code_block_or_a_comment_is_not_read() -> None:
    assert sure("# X\n\n```\n1. Delete the database.\n```\n<!--\n1. Delete it.\n-->\n", "x.md") == []


def test_every_sentence_that_is_left_out_of_a_procedure_is_listed_with_its_reason() -> None:
    (found,) = find_procedures("# X\n\n1. Find the member. Never shout.\n2. Do not run.\n", "x.md")
    assert [(one.text, one.lines, one.reason) for one in found.remarks] == [
        ("Never shout.", (3, 3), "it forbids"),
        ("Do not run.", (4, 4), "it forbids"),
    ]


def perhaps(text: str) -> list[str]:
    """What a paragraph may ask for, though it only tells."""
    return [one.perhaps for one in read_instructions(text, listed=False) if isinstance(one, Aside) and one.perhaps]


def test_a_polite_request_is_a_step_and_its_parts_are() -> None:
    assert deeds("Could you please look up Rosa?", listed=False) == ["look up Rosa"]
    assert deeds("Would you mind opening her account and renewing the loan?") == ["open her account", "renew the loan"]
    assert deeds("Can it wait?") == []


def test_what_prose_says_is_done_may_be_asked_for_and_the_tools_decide() -> None:
    assert perhaps("The lot that smells is put on hold, and the suppliers are compared.") == [
        "put the lot that smells on hold",
        "compare the suppliers",
    ]
    assert perhaps("A book that has come in is kept for a week.") == []
    assert perhaps("Marek waters the kale.") == ["water the kale"]
    assert perhaps("Marek waters the kale on Mondays.") == []


def test_what_stands_before_an_order_with_or_without_a_comma_belongs_to_it() -> None:
    assert deeds("In the list of gardeners, find Kamila.") == ["find Kamila in the list of gardeners"]
    assert deeds("From the quickest of them 12.5 kg are ordered.") == ["order 12.5 kg from the quickest of them"]
    assert deeds("Into placeholder 1 you put the title.") == ["put the title into placeholder 1"]


def test_a_deed_is_not_cut_within_what_it_only_describes() -> None:
    told = "The kale is harvested in such a way that only half is cut and the plants go on growing."
    assert deeds(told) == ["harvest the kale in such a way that only half is cut and the plants go on growing"]


def test_an_order_with_a_condition_behind_it_is_no_step() -> None:
    assert reasons("Cancel the run if she is ill.") == ["it depends on something"]
    assert deeds("See if she is on the list.") == ["look up she on the list"]


def test_a_step_that_points_back_knows_what_stands_right_before_it() -> None:
    (found,) = find_procedures('1. "The Tide Table" is out. Search for it.\n', "desk.md")
    assert [step.before.strip() for step in found.steps] == ["", '"The Tide Table" is out.']
